//! What a policy answers, as kwctl hands it to the API server and prints it.

use std::{collections::BTreeMap, fmt::Display};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use json_patch::Patch;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::Value;

use crate::AdmissionRequest;

/// What a policy says of its settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SettingsResponse {
    /// Whether the policy can work with them.
    pub valid: bool,
    /// Why it cannot.
    pub message: Option<String>,
}

/// What the API server is told, as kwctl prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionResponse {
    /// The `uid` of the request.
    pub uid: String,
    /// Whether the request is admitted.
    pub allowed: bool,
    /// The changes to the request's object, absent when there are none. On the wire these are
    /// two fields, `patchType` and the patch in base64.
    #[serde(flatten, serialize_with = "patch_fields", skip_serializing_if = "Option::is_none")]
    pub patch: Option<Patch>,
    /// The message and the code of the policy, usually of a rejection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The audit annotations, sorted by key; `null` on the wire when the policy gave none.
    pub audit_annotations: Option<BTreeMap<String, String>>,
    /// The warnings for the client; `null` on the wire when the policy gave none.
    pub warnings: Option<Vec<String>>,
}

/// The `status` of an [`AdmissionResponse`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Why the request is rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The HTTP status code, where the policy chose one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
}

impl AdmissionResponse {
    /// Makes the response out of what a policy's `validate` returned for this request.
    #[must_use]
    pub fn from_answer(request: &AdmissionRequest, answer: &[u8]) -> Self {
        let answer: ValidationResponse = match serde_json::from_slice(answer) {
            Ok(answer) => answer,
            Err(error) => {
                return Self::internal_error(request, format_args!("invalid response from policy: {error}"));
            }
        };
        let patch = match (request.object(), &answer.mutated_object) {
            (_, None) => None,
            (None, Some(_)) => return Self::mutated_nothing(request),
            (Some(object), Some(mutated)) => Some(json_patch::diff(object, mutated)).filter(|patch| !patch.is_empty()),
        };
        let status = Status { message: answer.message, code: answer.code };
        Self {
            uid: request.uid().to_owned(),
            allowed: answer.accepted,
            patch,
            status: Some(status).filter(|status| *status != Status::default()),
            audit_annotations: answer.audit_annotations,
            warnings: answer.warnings,
        }
    }

    /// The response to a call that failed: a rejection with code 500.
    #[must_use]
    pub fn internal_error(request: &AdmissionRequest, error: impl Display) -> Self {
        let message = format!("internal server error: {error}");
        Self::rejection(request, message, Some(500))
    }

    fn mutated_nothing(request: &AdmissionRequest) -> Self {
        let message = "Incoming object is null, which happens only with DELETE operations, \
                       but the policy is attempting a mutation. This is not allowed";
        Self::rejection(request, message.to_owned(), None)
    }

    fn rejection(request: &AdmissionRequest, message: String, code: Option<u16>) -> Self {
        Self {
            uid: request.uid().to_owned(),
            allowed: false,
            patch: None,
            status: Some(Status { message: Some(message), code }),
            audit_annotations: None,
            warnings: None,
        }
    }
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

fn patch_fields<S: Serializer>(patch: &Option<Patch>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Fields {
        patch_type: &'static str,
        patch: String,
    }

    let patch = serde_json::to_string(patch).map_err(S::Error::custom)?;
    let fields = Fields { patch_type: "JSONPatch", patch: BASE64.encode(patch) };
    fields.serialize(serializer)
}
