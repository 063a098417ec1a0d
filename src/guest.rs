//! The waPC functions that policy-server and kwctl call. Nothing else knows of the SDK.

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use wapc_guest::{CallResult, register_function};

/// Registers the functions. The host calls this once for each instance of the module.
#[unsafe(no_mangle)]
#[expect(unsafe_code, reason = "the host finds this function by its name")]
pub(crate) extern "C" fn wapc_init() {
    register_function("validate", |payload| Ok(crate::validate(payload)));
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate_settings(payload: &[u8]) -> CallResult {
    let message = crate::validate_settings(payload).err();
    Ok(serde_json::to_vec(&SettingsValidationResponse { valid: message.is_none(), message })?)
}
