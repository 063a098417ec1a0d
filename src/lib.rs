//! Which Kubernetes API server may an offloaded pod talk to, and with whose credentials? This Kubewarden policy answers
//! for each pod that a foreign cluster is about to run.
//!
//! Data flows one way: bytes → `guest` → [`request`] (which requests, and which parts of them) → [`access_mode`]
//! decides → [`home`], [`remote`] or [`disabled`] change the pod, [`workload`] only checks a template → [`outcome`] →
//! bytes. [`settings`] is read on the way; [`json`] keeps everything that is not changed as the text it came in.
//!
//! ARCHITECTURE.md explains why it is made this way.

mod access_mode;
#[cfg(target_family = "wasm")]
mod arena;
mod disabled;
mod fields;
#[cfg(target_family = "wasm")]
mod guest;
mod home;
mod json;
mod liqo;
mod names;
mod outcome;
mod path;
mod pod;
mod remote;
mod request;
mod settings;
mod volumes;
mod wording;
mod workload;

use outcome::{Outcome, Reason, settings_response};
use settings::Settings;

/// Calls one of the functions that every policy has, by the name that the host knows it by; `None` when there is no such
/// function. Source: `kubewarden-policy-sdk`, whose helpers policies register under these names.
pub fn call(function: &[u8], payload: &[u8]) -> Option<Vec<u8>> {
    match function {
        b"validate" => Some(validate(payload)),
        b"validate_settings" => Some(settings_response(validate_settings(payload)).into_bytes()),
        b"protocol_version" => Some(br#""v1""#.to_vec()),
        _ => None,
    }
}

/// Evaluates an admission request: the JSON `{"request": …, "settings": …}` that policy-server hands to a policy, with
/// the `request` of an `AdmissionReview`. Gives the JSON of a response: `accepted`, and where they have something to say
/// `message`, `mutated_object`, `audit_annotations` and `warnings`. Every input has an answer; one that cannot be read
/// is a rejection.
pub fn validate(payload: &[u8]) -> Vec<u8> {
    let outcome = match str::from_utf8(payload) {
        Ok(text) => request::evaluate(text),
        Err(error) => Outcome::Rejected(Reason::NotText { at: error.valid_up_to() }.into()),
    };
    outcome.to_json(payload.len()).into_bytes()
}

/// Checks the JSON of settings.
///
/// # Errors
///
/// The text lists every problem with the key it is about, separated by `; `.
pub fn validate_settings(payload: &[u8]) -> Result<(), String> {
    let text =
        str::from_utf8(payload).map_err(|error| format!("expected UTF-8 text, see byte {}", error.valid_up_to()))?;
    Settings::parse(text).map(drop)
}
