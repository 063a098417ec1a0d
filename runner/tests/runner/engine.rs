//! The library: instances, fresh and kept, and their memory.

use runner::{Instance, Policy};

use crate::guest::{ACCEPTED, Reply, guest, validating};

const PAGE: usize = 65536;

/// A policy that counts its calls, and needs a page more each time.
fn counting() -> Policy {
    Policy::from_bytes(&validating(Reply::Grow("call 0"))).unwrap()
}

/// What the function answers, or the error.
fn call(instance: &Instance, function: &str, payload: &str) -> Result<String, String> {
    let answer = instance.call(function, payload.as_bytes()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(answer).unwrap())
}

#[test]
fn an_instance_keeps_its_memory_and_shares_it_with_none() {
    let policy = counting();
    let kept = policy.instance().unwrap();
    assert_eq!(call(&kept, "validate", ""), Ok("call 1".to_owned()));
    assert_eq!(call(&kept, "validate", ""), Ok("call 2".to_owned()));
    assert_eq!(call(&policy.instance().unwrap(), "validate", ""), Ok("call 1".to_owned()));
    assert_eq!(call(&kept, "validate", ""), Ok("call 3".to_owned()));
}

#[test]
fn a_memory_limit_stops_growth() {
    let instance = counting().with_memory_limit(18 * PAGE).instance().unwrap();
    assert_eq!(call(&instance, "validate", ""), Ok("call 1".to_owned()));
    assert_eq!(call(&instance, "validate", ""), Ok("call 2".to_owned()));
    let trap = "Guest call failure: wasm `unreachable` instruction executed";
    assert_eq!(call(&instance, "validate", ""), Err(trap.to_owned()));
    assert!(counting().with_memory_limit(15 * PAGE).instance().is_err());
}

#[test]
fn an_instance_answers_after_a_failure() {
    let policy = Policy::from_bytes(&guest(Reply::Trap, Reply::Answer(ACCEPTED))).unwrap();
    let instance = policy.instance().unwrap();
    assert!(call(&instance, "validate_settings", "{}").is_err());
    assert_eq!(call(&instance, "validate", "{}"), Ok(ACCEPTED.to_owned()));
}

#[test]
fn the_host_that_is_given_answers_calls() {
    let module = validating(Reply::Relay(["kubewarden", "kubernetes", "get_resource", "{}"]));
    let policy = Policy::from_bytes(&module).unwrap();
    let answer = |policy: &Policy| call(&policy.instance().unwrap(), "validate", "");
    let asked = policy.with_host(|binding, namespace, operation, payload| {
        Ok(format!("{binding} {namespace} {operation} {}", String::from_utf8_lossy(payload)).into_bytes())
    });
    assert_eq!(answer(&asked), Ok("kubewarden kubernetes get_resource {}".to_owned()));
    let refused = policy.with_host(|_, _, _, _| Err("not found".to_owned()));
    assert_eq!(answer(&refused), Err("Guest call failure: not found".to_owned()));
    let none = "Guest call failure: the policy has no host";
    assert_eq!(answer(&policy), Err(none.to_owned()));
}
