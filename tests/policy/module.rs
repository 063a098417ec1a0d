//! The module that `make policy.wasm` builds, beside the native code.

use std::sync::LazyLock;

use runner::{Engine, Instance, Policy};

use crate::support::root;

/// The module, compiled once for all tests of a binary.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let path = root().join("policy.wasm");
    Policy::load(Engine::Wasmtime, &path).unwrap_or_else(|error| panic!("{error} (run `make policy.wasm` first)"))
});

thread_local! {
    static INSTANCE: Instance = POLICY.instance().expect("the module starts");
}

/// The module, for tests that start instances of their own.
pub(crate) fn policy() -> &'static Policy {
    &POLICY
}

/// What a function of the module answers.
pub(crate) fn call(function: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    INSTANCE.with(|instance| instance.call(function, payload)).map_err(|error| error.to_string())
}

#[test]
fn an_unknown_function_is_an_error() {
    assert_eq!(liqo_api_access_policy::call(b"mutate", b"{}"), None);
    let error = call("mutate", b"{}").expect_err("no such function");
    assert_eq!(error, "Guest call failure: no such function: expected validate, validate_settings or protocol_version");
}

/// Every node that runs policy-server pulls it. benches/README.md has the size as it is.
#[test]
fn it_is_small() {
    let size = std::fs::metadata(root().join("policy.wasm")).expect("the module").len();
    assert!(size <= 150_000, "{size} bytes");
}
