//! Any bytes as a payload: there is an answer, it has the form of a response, and the policy leaves alone what it has
//! changed. Nothing that is not JSON is accepted.
//!
//! What follows the last zero byte is the Namespace that the host answers with; without one the host refuses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy_fuzz::{Host, answer, assert_idempotent};
use serde_json::value::RawValue;

fuzz_target!(|input: &[u8]| {
    let (payload, host) = match input.iter().rposition(|byte| *byte == 0) {
        Some(at) => (&input[..at], Ok(String::from_utf8_lossy(&input[at + 1..]).into_owned())),
        None => (input, Err("namespaces \"demo\" not found".to_owned())),
    };
    let host = Host(host);
    let answer = answer(payload, &host);
    if answer.accepted {
        assert!(serde_json::from_slice::<&RawValue>(payload).is_ok(), "accepted, and no JSON");
    }
    assert_idempotent(payload, &host, &answer);
});
