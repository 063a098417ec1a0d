//! The library: instances, fresh and kept, and their memory.

use runner::{AdmissionRequest, AdmissionResponse, LoadError, Policy, Settings};
use serde_json::json;

use crate::guest::{ACCEPTED, Reply, VALID, guest, validating};

const PAGE: usize = 65536;

/// Every guest here starts with so many pages.
const INITIAL_PAGES: usize = 16;

fn request() -> AdmissionRequest {
    AdmissionRequest::from_value(json!({
        "uid": "u1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "userInfo": {},
    }))
    .unwrap()
}

fn accepted(warnings: Option<&str>) -> AdmissionResponse {
    AdmissionResponse {
        uid: "u1".to_owned(),
        allowed: true,
        patch: None,
        status: None,
        audit_annotations: None,
        warnings: warnings.map(|warning| vec![warning.to_owned()]),
    }
}

fn policy(module: &[u8]) -> Policy {
    Policy::from_bytes(module).unwrap()
}

#[test]
fn an_instance_keeps_its_memory_and_shares_it_with_none() {
    let counter = r#"{"accepted":true,"warnings":["call 0"]}"#;
    let (request, settings) = (request(), Settings::default());
    let policy = policy(&validating(Reply::Count(counter)));
    let kept = policy.instance().unwrap();
    assert_eq!(kept.validate(&request, &settings), accepted(Some("call 1")));
    assert_eq!(kept.validate(&request, &settings), accepted(Some("call 2")));

    let fresh = policy.instance().unwrap();
    assert_eq!(fresh.validate(&request, &settings), accepted(Some("call 1")));
    assert_eq!(kept.validate(&request, &settings), accepted(Some("call 3")));
}

#[test]
fn an_instance_answers_after_a_failure() {
    let policy = policy(&guest(Reply::Trap, Reply::Answer(ACCEPTED)));
    let instance = policy.instance().unwrap();
    let settings = Settings::default();
    assert!(!instance.validate_settings(&settings).valid);
    assert_eq!(instance.validate(&request(), &settings), accepted(None));
}

#[test]
fn a_memory_limit_stops_growth() {
    let policy = policy(&validating(Reply::Grow(ACCEPTED)));
    let policy = policy.with_memory_limit((INITIAL_PAGES + 2) * PAGE);
    let allowed_calls = |count| {
        let instance = policy.instance().unwrap();
        let settings = Settings::default();
        (0..count).filter(|_| instance.validate(&request(), &settings).allowed).count()
    };
    assert_eq!(allowed_calls(2), 2);
    assert_eq!(allowed_calls(5), 2);
}

#[test]
fn a_memory_limit_below_the_start_is_an_error() {
    let policy = policy(&validating(Reply::Answer(ACCEPTED)));
    let policy = policy.with_memory_limit((INITIAL_PAGES - 1) * PAGE);
    assert!(policy.instance().is_err());
}

#[test]
fn the_host_that_is_given_answers_calls() {
    let module = validating(Reply::Relay(["kubewarden", "kubernetes", "get_resource", "{}"]));
    let answer = |policy: &Policy| policy.instance().unwrap().call("validate", b"");
    let policy = policy(&module);
    let asked = policy.with_host(|binding, namespace, operation, payload| {
        Ok(format!("{binding} {namespace} {operation} {}", String::from_utf8_lossy(payload)).into_bytes())
    });
    assert_eq!(answer(&asked).unwrap(), b"kubewarden kubernetes get_resource {}");

    let refused = policy.with_host(|_, _, _, _| Err("not found".to_owned()));
    assert_eq!(answer(&refused).unwrap_err().to_string(), "Guest call failure: not found");

    let none = "Guest call failure: the runner has no host capability kubernetes/get_resource";
    assert_eq!(answer(&policy).unwrap_err().to_string(), none);
}

#[test]
fn a_function_is_called_with_the_bytes_given() {
    let policy = policy(&guest(Reply::Answer(VALID), Reply::FailWithPayload));
    let instance = policy.instance().unwrap();
    assert_eq!(instance.call("validate_settings", b"").unwrap(), VALID.as_bytes());
    assert_eq!(instance.call("anything", b"not json").unwrap_err().to_string(), "Guest call failure: not json");
}

#[test]
fn a_module_is_refused_with_a_reason() {
    assert_eq!(Policy::from_bytes(b"text").unwrap_err(), LoadError::NotWasm);
    assert!(matches!(Policy::from_bytes(b"\0asm"), Err(LoadError::Invalid(_))));
}
