//! The module that `make policy.wasm` builds, beside the native code.

use std::cell::RefCell;
use std::sync::LazyLock;

use runner::{Instance, Policy};
use serde_json::{Value, json};

use crate::support::{Namespaces, root};

/// The module, compiled once for all tests of a binary.
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

/// The module, for tests that start instances of their own.
pub(crate) fn policy() -> &'static Policy {
    &POLICY
}

/// What a function of the module answers.
pub(crate) fn call(function: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    call_with(function, payload, &Namespaces::default())
}

/// As [`call`], with a host that has these Namespaces.
pub(crate) fn call_with(function: &str, payload: &[u8], namespaces: &Namespaces) -> Result<Vec<u8>, String> {
    NAMESPACES.set(namespaces.clone());
    INSTANCE.with(|instance| instance.call(function, payload)).map_err(|error| error.to_string())
}

#[test]
fn an_unknown_function_is_an_error() {
    let error = call("mutate", b"{}").expect_err("no such function");
    assert_eq!(error, "Guest call failure: No handler registered for function mutate");
}

/// Every node that runs policy-server pulls it. benches/README.md has the size as it is.
#[test]
fn it_is_small() {
    let size = std::fs::metadata(root().join("policy.wasm")).expect("the module").len();
    assert!(size <= 260_000, "{size} bytes");
}

#[test]
fn the_protocol_is_the_sdks() {
    let expected = kubewarden_policy_sdk::protocol_version_guest(b"").expect("a version");
    assert_eq!(call("protocol_version", b""), Ok(expected));
}
