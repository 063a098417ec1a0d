//! Any bytes as a payload: there is an answer, it has the form of a response, and the policy leaves alone what it has
//! changed. Nothing that is not JSON is accepted.
//!
//! What follows the last zero byte is the Namespace that the host answers with; without one the host refuses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy_fuzz::{Host, answer};
use serde::de::IgnoredAny;
use serde_json::Value;

fuzz_target!(|input: &[u8]| {
    let (payload, host) = match input.iter().rposition(|byte| *byte == 0) {
        Some(at) => (&input[..at], Ok(String::from_utf8_lossy(&input[at + 1..]).into_owned())),
        None => (input, Err("namespaces \"demo\" not found".to_owned())),
    };
    let host = Host(host);
    let first = answer(payload, &host);
    // Settings that no rule reads may have half a surrogate pair, which JSON allows and a `Value` does not.
    let is_json = serde_json::from_slice::<IgnoredAny>(payload).is_ok();
    assert!(!first.accepted || is_json, "accepted, and no JSON");
    if let (Ok(mut payload), Some(object)) = (serde_json::from_slice::<Value>(payload), first.mutated_object) {
        payload["request"]["object"] = object;
        let second = answer(payload.to_string().as_bytes(), &host);
        assert!(second.accepted && second.mutated_object.is_none(), "{payload} became {second:?}");
    }
});
