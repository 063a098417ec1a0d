//! Any bytes as settings: `validate_settings` has an answer, and `validate` agrees with it. What is valid when a policy
//! is deployed is never called invalid by a request later, and what is not valid is reported with the same words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy::validate_settings;
use liqo_api_access_policy_fuzz::{Host, answer};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A pod of the home cluster `milan`.
const REQUEST: &str = concat!(
    r#"{"kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","namespace":"demo","#,
    r#""object":{"metadata":{"name":"p","labels":{"offloading.liqo.io/origin":"milan"}},"#,
    r#""spec":{"containers":[{"name":"c"}]}}}"#
);

const NAMESPACE: &str = r#"{"metadata":{"labels":{"liqo.io/remote-cluster-id":"milan"}}}"#;

const INVALID: &str = "the policy's settings are not valid: ";

/// The answer about settings. A field that it never writes is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checked {
    valid: bool,
    message: Option<String>,
}

fuzz_target!(|settings: &[u8]| {
    let bytes = validate_settings(settings);
    let Checked { valid, message: problems } = serde_json::from_slice(&bytes)
        .unwrap_or_else(|error| panic!("no response ({error}): {}", String::from_utf8_lossy(&bytes)));
    assert_eq!(valid, problems.is_none());

    // Bytes that are no JSON by themselves could be part of JSON.
    let Ok(text) = serde_json::from_slice::<&RawValue>(settings) else {
        assert!(!valid, "valid, and no JSON");
        return;
    };
    let host = Host(Ok(NAMESPACE.to_owned()));
    let message = answer(format!(r#"{{"request":{REQUEST},"settings":{text}}}"#).as_bytes(), &host).message;
    let found = message.as_deref().and_then(|message| message.strip_prefix(INVALID));
    let Some(problems) = problems else {
        assert_eq!(found, None);
        return;
    };
    // Half of a surrogate pair in the name of a member.
    if problems.starts_with("they are not JSON: ") {
        let message = message.unwrap_or_default();
        assert!(message.starts_with("the request is not JSON: "), "{message}");
        return;
    }
    // A request opens no entry of `homeClusters` but its own.
    if !problems.contains("homeClusters") && !problems.contains("home_clusters") {
        assert_eq!(found, Some(problems.as_str()));
    }
});
