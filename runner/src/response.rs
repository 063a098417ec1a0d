//! What a policy answers, as kwctl hands it to the API server and prints it.

use std::collections::BTreeMap;

use anyhow::Result;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use runner::WapcError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::request::AdmissionRequest;

/// What the API server is told.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdmissionResponse {
    uid: String,
    pub(crate) allowed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<String>,
    /// The message and the code of the policy, usually of a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<Status>,
    pub(crate) audit_annotations: Option<BTreeMap<String, String>>,
    pub(crate) warnings: Option<Vec<String>>,
    /// The object that the patch makes of the request's.
    #[serde(skip)]
    pub(crate) patched: Option<Value>,
}

#[derive(Default, PartialEq, Serialize)]
pub(crate) struct Status {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
}

/// What a policy says of a request. The policies' SDK has a type like this, and brings so many crates that the first
/// build of the program would take half as long again.
#[derive(Deserialize)]
struct ValidationResponse {
    accepted: bool,
    message: Option<String>,
    code: Option<u16>,
    mutated_object: Option<Value>,
    audit_annotations: Option<BTreeMap<String, String>>,
    warnings: Option<Vec<String>>,
}

impl AdmissionResponse {
    /// Makes the response out of what a policy's `validate` returned for this request. A call that fails is a rejection.
    pub(crate) fn new(request: &AdmissionRequest, answer: Result<Vec<u8>, WapcError>) -> Result<Self> {
        let rejection = |message: String, code| {
            let status = Some(Status { message: Some(message), code });
            Ok(Self { uid: request.uid.clone(), status, ..Self::default() })
        };
        let failure = |error: String| rejection(format!("internal server error: {error}"), Some(500));
        let answer: ValidationResponse = match answer.map(|answer| serde_json::from_slice(&answer)) {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return failure(format!("invalid response from policy: {error}")),
            Err(error) => return failure(error.to_string()),
        };
        let patched = answer.mutated_object.filter(|object| request.object.as_ref() != Some(object));
        let patch = match (&request.object, &patched) {
            (_, None) => None,
            (None, Some(_)) => {
                let message = "Incoming object is null, which happens only with DELETE operations, \
                               but the policy is attempting a mutation. This is not allowed";
                return rejection(message.to_owned(), None);
            }
            (Some(object), Some(patched)) => {
                Some(BASE64.encode(serde_json::to_string(&json_patch::diff(object, patched))?))
            }
        };
        Ok(Self {
            uid: request.uid.clone(),
            allowed: answer.accepted,
            patch_type: patch.is_some().then_some("JSONPatch"),
            patch,
            status: Some(Status { message: answer.message, code: answer.code })
                .filter(|status| *status != Status::default()),
            audit_annotations: answer.audit_annotations,
            warnings: answer.warnings,
            patched,
        })
    }
}

/// Why a policy refuses its settings, of what its `validate_settings` returned. A call that fails is a refusal.
pub(crate) fn settings_problem(answer: Result<Vec<u8>, WapcError>) -> Option<String> {
    #[derive(Deserialize)]
    struct SettingsResponse {
        valid: bool,
        message: Option<String>,
    }

    match answer.map(|answer| serde_json::from_slice(&answer)) {
        Ok(Ok(SettingsResponse { valid, message })) => (!valid).then(|| message.unwrap_or_default()),
        Ok(Err(error)) => Some(format!("error: InvalidResponseWithError({error:?})")),
        Err(error) => Some(format!("Error invoking settings validation callback: {error:?}")),
    }
}
