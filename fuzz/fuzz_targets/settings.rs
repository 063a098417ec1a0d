//! Any bytes as settings: `validate_settings` has an answer, and `validate` agrees with it. What is valid when a policy
//! is deployed never fails a request later, and what is not valid is reported with the same words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy::validate_settings;
use liqo_api_access_policy_fuzz::answer;
use serde_json::value::RawValue;

/// A request that every mode accepts, but for a list of ServiceAccounts without `default`.
const REQUEST: &str = concat!(
    r#"{"kind":{"group":"","version":"v1","kind":"Pod"},"operation":"CREATE","#,
    r#""object":{"metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}}}"#
);

const INVALID: &str = "the policy's settings are not valid: ";

fuzz_target!(|settings: &[u8]| {
    let problems = validate_settings(settings).err();
    // Bytes that are no JSON by themselves could be part of JSON.
    let Ok(text) = serde_json::from_slice::<&RawValue>(settings) else {
        assert!(problems.is_some(), "valid, and no JSON");
        return;
    };
    let message = answer(format!(r#"{{"request":{REQUEST},"settings":{text}}}"#).as_bytes()).message;
    match (problems, message) {
        (None, None) => {}
        (None, Some(message)) => assert!(message.contains("ServiceAccount"), "{message}"),
        // The settings may nest as deep as a payload may, and they are part of one here.
        (Some(_), Some(message)) if message.contains("128 levels") => {}
        (Some(problems), message) => assert_eq!(message, Some(format!("{INVALID}{problems}"))),
    }
});
