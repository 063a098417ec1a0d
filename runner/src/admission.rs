//! Requests, settings and responses, as kwctl hands them to a policy and as it prints them.
//!
//! A request and its settings are checked where they are made: an [`AdmissionRequest`] has every
//! field that kwctl demands and none that it does not know, [`Settings`] are an object. Keys are
//! sorted everywhere, since `serde_json` is used without `preserve_order`.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use json_patch::Patch;
use serde::{Deserialize, Serialize, Serializer, ser::Error as _};
use serde_json::{Value, json};

/// The `request` of an `AdmissionReview`, reduced to the fields that kwctl passes on.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmissionRequest {
    uid: String,
    envelope: Value,
}

/// Why a JSON value is no admission request.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The value is a list, a string or another scalar.
    #[error("not a JSON object")]
    NotAnObject,
    /// The value says `kind: AdmissionReview` and carries no `request`.
    #[error("an AdmissionReview without a request")]
    EmptyReview,
    /// A field is missing or has the wrong type.
    #[error("not an admission request: {0}")]
    Field(#[from] serde_json::Error),
}

/// The settings of a policy: always an object, by default an empty one.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings(Value);

/// The settings are neither an object nor null.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("settings must be an object or null")]
pub struct SettingsError;

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

impl AdmissionRequest {
    /// Takes a bare request or a whole `AdmissionReview`.
    pub fn from_value(value: Value) -> Result<Self, RequestError> {
        let Value::Object(mut object) = value else {
            return Err(RequestError::NotAnObject);
        };
        let request = if object.get("kind").and_then(Value::as_str) == Some("AdmissionReview") {
            object.remove("request").ok_or(RequestError::EmptyReview)?
        } else {
            Value::Object(object)
        };
        let envelope: Envelope = serde_json::from_value(request)?;
        Ok(Self { uid: envelope.uid.clone(), envelope: serde_json::to_value(envelope)? })
    }

    /// The request's `uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// The object to admit; none on DELETE.
    #[must_use]
    pub fn object(&self) -> Option<&Value> {
        self.envelope.get("object")
    }

    /// The request as the guest sees it.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.envelope
    }

    /// The bytes that a policy's `validate` is called with.
    #[must_use]
    pub fn payload(&self, settings: &Settings) -> Vec<u8> {
        json!({ "request": self.envelope, "settings": settings.0 }).to_string().into_bytes()
    }
}

impl Settings {
    /// Takes an object, or null for none.
    pub fn from_value(value: Value) -> Result<Self, SettingsError> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(_) => Ok(Self(value)),
            _ => Err(SettingsError),
        }
    }

    /// The bytes that a policy's `validate_settings` is called with.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self(json!({}))
    }
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
            uid: request.uid.clone(),
            allowed: answer.accepted,
            patch,
            status: Some(status).filter(|status| *status != Status::default()),
            audit_annotations: answer.audit_annotations,
            warnings: answer.warnings,
        }
    }

    /// The response to a call that failed: a rejection with code 500.
    #[must_use]
    pub fn internal_error(request: &AdmissionRequest, error: impl std::fmt::Display) -> Self {
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
            uid: request.uid.clone(),
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

/// The fields of an admission/v1 `AdmissionRequest` that kwctl knows. Null is the same as absent
/// where a field is optional.
#[derive(Deserialize, Serialize)]
#[serde(expecting = "an object", rename_all = "camelCase")]
struct Envelope {
    uid: String,
    kind: GroupVersionKind,
    resource: GroupVersionResource,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_kind: Option<GroupVersionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_resource: Option<GroupVersionResource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    operation: String,
    user_info: UserInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}

#[derive(Deserialize, Serialize)]
struct GroupVersionKind {
    group: String,
    version: String,
    kind: String,
}

#[derive(Deserialize, Serialize)]
struct GroupVersionResource {
    group: String,
    version: String,
    resource: String,
}

#[derive(Deserialize, Serialize)]
struct UserInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
}
