//! Admission requests, in the form in which kwctl passes them to a policy.

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The `request` of an AdmissionReview, reduced to the fields that kwctl passes on. In an optional one null is the same as
/// absent.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AdmissionRequest {
    pub(crate) uid: String,
    pub(crate) kind: Kind,
    resource: Resource,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_kind: Option<Kind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_resource: Option<Resource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_sub_resource: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    pub(crate) operation: String,
    user_info: UserInfo,
    /// The object to admit; none on DELETE.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_object: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Value>,
}

#[derive(Deserialize, Serialize)]
pub(crate) struct Kind {
    group: String,
    version: String,
    pub(crate) kind: String,
}

#[derive(Deserialize, Serialize)]
struct Resource {
    group: String,
    version: String,
    resource: String,
}

#[derive(Deserialize, Serialize)]
struct UserInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
}

impl AdmissionRequest {
    /// Takes an AdmissionReview, its request, or an object, for which it makes the request to create it; `None` for an object
    /// that the policy is not called for.
    pub(crate) fn new(value: &Value) -> Result<Option<Self>> {
        let read = |request: &Value| serde_path_to_error::deserialize(request).context("not an admission request");
        match value.get("kind").and_then(Value::as_str) {
            Some("AdmissionReview") => {
                read(value.get("request").context("the AdmissionReview has no request")?).map(Some)
            }
            Some(_) => creation(value).map(|request| read(&request)).transpose(),
            None => read(value).map(Some),
        }
    }

    /// The bytes that a policy's `validate` is called with.
    pub(crate) fn payload(&self, settings: &Value) -> Vec<u8> {
        json!({ "request": self, "settings": settings }).to_string().into_bytes()
    }
}

/// The request by which a user creates an object. It has the fields that the playground's requests have.
fn creation(object: &Value) -> Option<Value> {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
    let (kind, api_version) = (text("/kind")?, text("/apiVersion")?);
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    match (group, kind) {
        ("", "Pod" | "ReplicationController")
        | ("apps", "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet")
        | ("batch", "CronJob" | "Job") => {}
        _ => return None,
    }
    Some(json!({
        "uid": "00000000-0000-0000-0000-000000000000",
        "kind": {"group": group, "version": version, "kind": kind},
        "resource": {"group": group, "version": version, "resource": kind.to_lowercase() + "s"},
        "name": text("/metadata/name").unwrap_or_default(),
        "namespace": text("/metadata/namespace").unwrap_or("default"),
        "operation": "CREATE",
        "userInfo": {"username": "runner", "groups": ["system:authenticated"]},
        "dryRun": false,
        "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
        "object": object,
    }))
}
