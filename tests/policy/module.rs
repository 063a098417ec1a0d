//! The module that `make policy.wasm` builds: it answers what the native code answers, byte for byte, in one instance for
//! very many evaluations, as `kwctl bench` keeps it, and about requests of any size.
//!
//! The tests run it interpreted, as `make run` does: that is built in seconds.

use std::cell::RefCell;
use std::sync::LazyLock;

use proptest::prelude::*;
use runner::{Instance, Policy};
use serde_json::{Value, json};

use crate::cases::payloads;
use crate::pods;
use crate::properties::config;
use crate::support::{Case, Namespaces, root};

/// Linear memory grows by pages of this many bytes.
const PAGE: usize = 64 * 1024;

/// The module, read once for all tests of a binary.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let path = root().join("policy.wasm");
    Policy::load(&path).unwrap_or_else(|error| panic!("{error} (run `make policy.wasm` first)"))
});

thread_local! {
    static INSTANCE: Instance = POLICY.with_host(answer).instance().expect("the module starts");

    /// What the host of this thread's instance answers.
    static NAMESPACES: RefCell<Namespaces> = RefCell::default();
}

/// Answers a call of the host as kwctl and policy-server would.
fn answer(binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    assert_eq!((binding, namespace, operation), ("kubewarden", "kubernetes", "get_resource"));
    let request: Value = serde_json::from_slice(payload).expect("a request");
    let name = request["name"].as_str().expect("a name").to_owned();
    assert_eq!(
        request,
        json!({"api_version": "v1", "kind": "Namespace", "name": name, "namespace": null, "disable_cache": false, "field_masks": null})
    );
    NAMESPACES.with_borrow(|namespaces| namespaces.get(&name)).map(String::into_bytes)
}

/// What a function of the module answers, with a host that has these Namespaces.
fn call(function: &str, payload: &[u8], namespaces: &Namespaces) -> Result<Vec<u8>, String> {
    NAMESPACES.set(namespaces.clone());
    INSTANCE.with(|instance| instance.call(function, payload)).map_err(|error| error.to_string())
}

#[track_caller]
fn assert_same(payload: &[u8], namespaces: &Namespaces) {
    let native = liqo_api_access_policy::validate(payload, namespaces);
    let module = call("validate", payload, namespaces).expect("the module answers");
    let [native, module] = [native, module].map(|answer| String::from_utf8(answer).expect("text"));
    assert_eq!(module, native);
}

#[test]
fn every_case_has_the_same_outcome() {
    payloads().iter().for_each(|(payload, namespaces)| assert_same(payload, namespaces));
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn every_pod_has_the_same_outcome(case in pods::case()) {
        assert_same(&case.payload(), &case.namespaces);
        let settings = case.settings.to_string();
        let native = liqo_api_access_policy::validate_settings(settings.as_bytes());
        prop_assert_eq!(call("validate_settings", settings.as_bytes(), &case.namespaces), Ok(native));
    }
}

#[test]
fn an_unknown_function_is_an_error() {
    let error = call("mutate", b"{}", &Namespaces::default()).expect_err("no such function");
    assert_eq!(error, "Guest call failure: No handler registered for function mutate");
}

/// Every node that runs policy-server pulls it.
#[test]
fn it_is_small() {
    let size = std::fs::metadata(root().join("policy.wasm")).expect("the module").len();
    assert!(size <= 370_000, "{size} bytes");
}

#[test]
fn the_protocol_is_the_sdks() {
    let expected = kubewarden_policy_sdk::protocol_version_guest(b"").expect("a version");
    assert_eq!(call("protocol_version", b"", &Namespaces::default()), Ok(expected));
}

/// The answer of a fresh instance that has this much memory for a payload; `None` when it does not suffice.
fn answer_within(bytes: usize, payload: &[u8]) -> Option<Vec<u8>> {
    let policy = POLICY.with_memory_limit(bytes.next_multiple_of(PAGE));
    policy.instance().ok()?.call("validate", payload).ok()
}

/// Requests of every outcome: changed in each mode, accepted, rejected, and not readable at all.
#[test]
fn memory_does_not_grow() {
    let names =
        ["named-service-account", "remote-other-sa", "disabled", "delete", "generate-name", "unknown-annotation-value"];
    let recorded = names.into_iter().map(|name| Case::recorded(name).payload());
    let payloads: Vec<_> = recorded.chain([b"{\"request\":".to_vec(), b"\xff".to_vec(), Vec::new()]).collect();
    let fresh = payloads.iter().map(|payload| answer_within(32 * PAGE, payload)).collect::<Vec<_>>();
    let instance = POLICY.with_memory_limit(32 * PAGE).instance().expect("the module starts");
    for evaluation in 0..20_000 {
        let which = evaluation % payloads.len();
        let answer = instance.call("validate", &payloads[which]).ok();
        assert_eq!(answer, fresh[which], "evaluation {evaluation}");
    }
}

/// What a fresh instance takes follows the request, beside one megabyte for the module itself. The largest
/// request that an API server takes is 3 MB.
#[test]
fn memory_follows_the_request() {
    let env: Vec<Value> = (0..1000)
        .map(|index| json!({"name": format!("V{index}"), "value": format!("$(KUBERNETES_SERVICE_HOST)\n{}", "x".repeat(2900))}))
        .collect();
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "env": env}], "serviceAccountName": "s"}});
    let large = Case::pod(pod).settings(json!({"homeApiServerHost": "h"}));
    let pod = |containers: Value| Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": containers}}));
    let many = pod(json!(vec![json!({}); 1_000_000]));
    // A name that a warning shows, and nothing limits.
    let mounts = vec![json!({"mountPath": "/etc/hosts"}); 10_000];
    let named = pod(json!([{"name": "n".repeat(100_000), "volumeMounts": mounts}]));
    let real = ["plain-web", "tekton-taskrun", "large"].map(Case::recorded);
    let real = real.into_iter().chain([large]).map(|case| (case, 15));
    // The smallest containers and mounts there are.
    for (case, times) in real.chain([(many, 40), (named, 40)]) {
        let payload = case.payload();
        assert!(payload.len() < 3_145_728, "{} bytes", payload.len());
        let answer = answer_within(times * payload.len() + 1024 * 1024, &payload);
        let native = liqo_api_access_policy::validate(&payload, &case.namespaces);
        assert!(answer == Some(native), "{times} times {} bytes do not suffice", payload.len());
    }
}
