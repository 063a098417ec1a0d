//! Pods that are nearly right, made of what the policy reads, with settings: the policy leaves alone what it has
//! changed, no pod that talks to home or to nobody keeps a token of the foreign cluster, `validateOnly` changes nothing,
//! and nothing that was in an environment is told.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy_fuzz::case::{Case, SECRET};
use liqo_api_access_policy_fuzz::{answer, assert_idempotent};
use serde_json::Value;

fuzz_target!(|case: Case| {
    let payload = case.payload();
    let payload = payload.as_bytes();
    let answer = answer(payload);
    assert!(!answer.told().contains(SECRET), "{answer:?}");
    assert_idempotent(payload, &answer);

    let Some(after) = &answer.mutated_object else { return };
    assert!(!case.is_validate_only(), "{after}");
    if answer.audit_annotations["mode"] == "remote" {
        return;
    }
    // Half of a surrogate pair is no text for `serde_json`.
    let Ok(after) = serde_json::from_str::<Value>(after.get()) else { return };
    let list = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned();
    for volume in list(&after, "/spec/volumes").unwrap_or_default() {
        for source in list(&volume, "/projected/sources").unwrap_or_default() {
            assert!(source.get("serviceAccountToken").is_none_or(Value::is_null), "{source}");
        }
    }
});
