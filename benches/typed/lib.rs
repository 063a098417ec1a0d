//! A policy as most are written: the pod goes through the types of the Kubernetes API, which drop what they do not know.
//! It sets one field.

use k8s_openapi::api::core::v1::Pod;
use kubewarden_policy_sdk::request::ValidationRequest;
use kubewarden_policy_sdk::{accept_request, mutate_request, protocol_version_guest};
use serde_json::Value;
use wapc_guest::{CallResult, register_function};

/// Registers the functions of the policy.
#[unsafe(no_mangle)]
pub extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let request: ValidationRequest<Value> = ValidationRequest::new(payload)?;
    let mut pod: Pod = serde_json::from_value(request.request.object)?;
    let Some(spec) = &mut pod.spec else {
        return accept_request();
    };
    spec.automount_service_account_token = Some(false);
    mutate_request(serde_json::to_value(&pod)?)
}
