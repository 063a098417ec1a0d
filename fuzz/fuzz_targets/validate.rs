//! Any bytes as a payload: there is an answer, it has the form of a response, and the policy leaves alone what it has
//! changed. Nothing that is not JSON is accepted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy_fuzz::{answer, assert_idempotent};
use serde_json::value::RawValue;

fuzz_target!(|payload: &[u8]| {
    let answer = answer(payload);
    if answer.accepted {
        assert!(serde_json::from_slice::<&RawValue>(payload).is_ok(), "accepted, and no JSON");
    }
    assert_idempotent(payload, &answer);
});
