//! The module that `make policy.wasm` builds, beside the native code.

use std::sync::LazyLock;

use runner::{Instance, Policy};

use crate::support::root;

/// The module, compiled once for all tests of a binary.
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let path = root().join("policy.wasm");
    Policy::load(&path).unwrap_or_else(|error| panic!("{error} (run `make policy.wasm` first)"))
});

thread_local! {
    static INSTANCE: Instance = POLICY.instance().expect("the module starts");
}

/// The module, for tests that start instances of their own.
pub(crate) fn policy() -> &'static Policy {
    &POLICY
}

/// What a function of the module answers.
#[track_caller]
pub(crate) fn call(function: &str, payload: &[u8]) -> Vec<u8> {
    INSTANCE.with(|instance| instance.call(function, payload)).expect("the module answers")
}
