//! A Kubewarden policy for foreign clusters: it decides which cluster's API server an offloaded pod uses, and gives the pod
//! matching credentials.
//!
//! Data flows one way: bytes → `guest` → [`request`] (which requests) → [`origin`] (from which home cluster) →
//! [`decide`] → [`home`], [`remote`] or [`disabled`] edit the pod in place and note what was not right ([`review`]);
//! [`workload`] only checks a template → [`response`] or [`rejection`] → bytes. [`settings`] are read on the way.
//!
//! ARCHITECTURE.md explains why it is made this way.

mod decide;
mod disabled;
mod endpoint;
mod forged;
#[cfg(target_family = "wasm")]
mod guest;
mod home;
mod liqo;
mod mode;
mod names;
mod origin;
mod pod;
mod rejection;
mod remote;
mod request;
mod response;
mod review;
mod service_account;
mod settings;
#[cfg(test)]
mod tests;
mod warning;
mod wording;
mod workload;

use kubewarden_policy_sdk::settings::SettingsValidationResponse;

pub use origin::Cluster;

/// Evaluates an admission request: the JSON `{"request": …, "settings": …}` that policy-server hands to a policy, with
/// the `request` of an `AdmissionReview`. Returns the JSON of a response: `accepted`, and as needed
/// `message`, `mutated_object`, `audit_annotations` and `warnings`. Every input has an answer; one that cannot be read
/// is a rejection. `cluster` is asked for the pod's Namespace if the settings require it.
pub fn validate(payload: &[u8], cluster: &dyn Cluster) -> Vec<u8> {
    request::evaluate(payload, cluster)
}

/// Checks the JSON of settings. Returns the JSON of a response: `valid`, and as `message` every problem with the key it is
/// about, separated by `; `.
pub fn validate_settings(payload: &[u8]) -> Vec<u8> {
    let checked = str::from_utf8(payload)
        .map_err(|error| format!("expected UTF-8 text, see byte {}", error.valid_up_to()))
        .and_then(settings::check);
    let response = SettingsValidationResponse { valid: checked.is_ok(), message: checked.err() };
    // Two fields of plain types can always be written.
    serde_json::to_vec(&response).unwrap_or_default()
}
