//! The response: accepted, accepted with an edited object, or rejected.

use serde::Serialize;
use serde_json::Value;

use crate::rejection::Rejection;
use crate::warning::Warnings;

/// What the audit log keeps of an accepted pod. The API server puts the webhook's name and a `/` before each key.
#[derive(Debug, Serialize)]
#[serde(tag = "mode", rename_all = "lowercase", rename_all_fields = "kebab-case")]
pub(crate) enum Audit {
    Home {
        /// Host and port, an IPv6 host in brackets.
        home_api_server: String,
    },
    Remote {
        service_account: String,
    },
    Disabled,
}

/// The response that policy-server reads: the SDK's [`ValidationResponse`] without nulls, and with audit annotations in an
/// order that is the same each time.
///
/// [`ValidationResponse`]: https://docs.rs/kubewarden-policy-sdk/latest/kubewarden_policy_sdk/response/struct.ValidationResponse.html
#[derive(Debug, Default, Serialize)]
pub(crate) struct Response<'r> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutated_object: Option<&'r Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit_annotations: Option<AuditAnnotations>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AuditAnnotations {
    #[serde(flatten)]
    audit: Audit,
    /// The warnings, which otherwise reach only the client that creates the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<String>,
}

impl<'r> Response<'r> {
    /// The response to an accepted request. `object` is the object where something in it has changed.
    pub(crate) fn accepted(audit: Option<Audit>, warnings: &Warnings, object: Option<&'r Value>) -> Self {
        let audit_annotations = audit.map(|audit| AuditAnnotations { audit, problems: warnings.joined() });
        let warnings = warnings.texts();
        Self { accepted: true, message: None, mutated_object: object, audit_annotations, warnings }
    }

    pub(crate) fn rejected(rejection: &Rejection) -> Self {
        Self { message: Some(rejection.to_string()), ..Self::default() }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // Text, maps of text and what was read can always be written.
        serde_json::to_vec(self).unwrap_or_default()
    }
}
