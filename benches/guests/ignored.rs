//! Reads a request as fast as serde_json can, into nothing, and accepts it.

use kubewarden_policy_sdk::{accept_request, protocol_version_guest};
use serde::de::IgnoredAny;
use wapc_guest::{CallResult, register_function};

/// Registers the functions of the policy.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the host finds this function by its name")]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    serde_json::from_slice::<IgnoredAny>(payload)?;
    accept_request()
}
