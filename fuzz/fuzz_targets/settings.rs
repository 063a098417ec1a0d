//! Any bytes as settings: `validate_settings` has an answer, and `validate` agrees with it. What is valid when a policy
//! is deployed is never called invalid by a request later, and what is not valid is reported with the same words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liqo_api_access_policy::validate_settings;
use liqo_api_access_policy_fuzz::{Host, answer};
use serde_json::{Value, json};

const INVALID: &str = "the policy's settings are not valid: ";

fuzz_target!(|settings: &[u8]| {
    let checked: Value = serde_json::from_slice(&validate_settings(settings)).expect("a response");
    let problems = checked["message"].as_str();
    assert_eq!(checked["valid"], problems.is_none());

    // Bytes that are no JSON by themselves could be part of JSON.
    let Ok(settings) = serde_json::from_slice::<Value>(settings) else {
        assert!(problems.is_some(), "valid, and no JSON");
        return;
    };
    let pod = json!({
        "metadata": {"name": "p", "labels": {"offloading.liqo.io/origin": "milan"}},
        "spec": {"containers": [{"name": "c"}]},
    });
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let request = json!({"kind": kind, "operation": "CREATE", "namespace": "demo", "object": pod});
    let host = Host(Ok(json!({"metadata": {"labels": {"liqo.io/remote-cluster-id": "milan"}}}).to_string()));
    let message = answer(json!({"request": request, "settings": settings}).to_string().as_bytes(), &host).message;
    let found = message.as_deref().and_then(|message| message.strip_prefix(INVALID));
    // A request opens no entry of `homeClusters` but its own.
    let is_of_one_entry = |problems: &str| problems.contains("homeClusters") || problems.contains("home_clusters");
    if !problems.is_some_and(is_of_one_entry) {
        assert_eq!(found, problems);
    }
});
