//! Pods that are nearly right, made of what the policy reads, with settings: the policy leaves alone what it has
//! changed, no pod that talks to home or to nobody keeps a token of the foreign cluster but one for an audience that the
//! settings name, `validateOnly` and `verifyOnly` change nothing, `strict` accepts nothing with a warning, nothing that
//! was in an environment is told, and with `namespaceLookup` a pod whose Namespace is unknown is rejected, and one whose
//! Namespace is the foreign cluster's own is left alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy_fuzz::case::{Case, SECRET};
use liqo_api_access_policy_fuzz::{answer, assert_idempotent};
use serde_json::Value;

fuzz_target!(|case: Case| {
    let payload = case.payload();
    let payload = payload.as_bytes();
    let host = case.host();
    let answer = answer(payload, &host);
    assert!(!answer.told().contains(SECRET), "{answer:?}");
    assert_idempotent(payload, &host, &answer);

    assert!(!case.is_strict() || answer.warnings.is_empty(), "{answer:?}");
    assert!(!case.is_refused() || !answer.accepted, "{answer:?}");

    let Some(after) = &answer.mutated_object else { return };
    assert!(!case.is_read_only() && !case.is_local(), "{after}");
    if answer.audit_annotations["mode"] == "remote" {
        return;
    }
    // Half of a surrogate pair is no text for `serde_json`.
    let Ok(after) = serde_json::from_str::<Value>(after.get()) else { return };
    let list = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned();
    for volume in list(&after, "/spec/volumes").unwrap_or_default() {
        for source in list(&volume, "/projected/sources").unwrap_or_default() {
            let Some(token) = source.get("serviceAccountToken").filter(|token| !token.is_null()) else { continue };
            let audience = token.get("audience").and_then(Value::as_str).unwrap_or_default();
            assert!(case.keeps_tokens_for(audience), "{source}");
        }
    }
});
