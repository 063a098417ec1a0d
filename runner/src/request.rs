//! Admission requests, in the form in which kwctl passes them to a policy.

use serde_json::{Map, Value, json};

use crate::Settings;

/// The `request` of an AdmissionReview, reduced to the fields that kwctl passes on.
#[derive(Clone, Debug, PartialEq)]
pub struct AdmissionRequest(Value);

/// Why a value is not an admission request, or none can be made for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It is an object that the policy is not called for.
    #[error("the policy handles pods and workloads, not {0}")]
    Unhandled(String),
    /// It has not the form of a request or an object.
    #[error("{0}")]
    Form(String),
}

impl RequestError {
    /// The value is of no kind that is supported.
    #[must_use]
    pub fn unknown() -> Self {
        Self::Form("expected a Pod, a workload such as a Deployment, a List, or an AdmissionReview".to_owned())
    }
}

/// A field of an admission/v1 `AdmissionRequest` that kwctl passes on. In an optional one null is the same as absent.
struct Field {
    name: &'static str,
    required: bool,
    shape: Shape,
}

enum Shape {
    Text,
    Flag,
    Any,
    Object(&'static [Field]),
}

const REQUEST: [Field; 15] = [
    required("uid", Shape::Text),
    required("kind", Shape::Object(&KIND)),
    required("resource", Shape::Object(&RESOURCE)),
    optional("subResource", Shape::Text),
    optional("requestKind", Shape::Object(&KIND)),
    optional("requestResource", Shape::Object(&RESOURCE)),
    optional("requestSubResource", Shape::Text),
    optional("name", Shape::Text),
    optional("namespace", Shape::Text),
    required("operation", Shape::Text),
    required("userInfo", Shape::Object(&USER)),
    optional("object", Shape::Any),
    optional("oldObject", Shape::Any),
    optional("dryRun", Shape::Flag),
    optional("options", Shape::Any),
];
const KIND: [Field; 3] = [text("group"), text("version"), text("kind")];
const RESOURCE: [Field; 3] = [text("group"), text("version"), text("resource")];
const USER: [Field; 4] = [
    optional("extra", Shape::Any),
    optional("groups", Shape::Any),
    optional("uid", Shape::Text),
    optional("username", Shape::Text),
];

/// The kinds that the policy handles, with their groups and resources.
const HANDLED: [(&str, &str, &str); 8] = [
    ("", "Pod", "pods"),
    ("", "ReplicationController", "replicationcontrollers"),
    ("apps", "DaemonSet", "daemonsets"),
    ("apps", "Deployment", "deployments"),
    ("apps", "ReplicaSet", "replicasets"),
    ("apps", "StatefulSet", "statefulsets"),
    ("batch", "CronJob", "cronjobs"),
    ("batch", "Job", "jobs"),
];

const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, required: true, shape }
}

const fn optional(name: &'static str, shape: Shape) -> Field {
    Field { name, required: false, shape }
}

const fn text(name: &'static str) -> Field {
    required(name, Shape::Text)
}

impl AdmissionRequest {
    /// Takes an AdmissionReview or its request.
    pub fn from_value(value: Value) -> Result<Self, RequestError> {
        let Value::Object(mut object) = value else { return Err(RequestError::unknown()) };
        let request = match object.get("kind").and_then(Value::as_str) {
            Some("AdmissionReview") => match object.remove("request") {
                Some(Value::Object(request)) => request,
                _ => return Err(RequestError::Form("the AdmissionReview has no request".to_owned())),
            },
            _ => object,
        };
        Ok(Self(known_fields(request, &REQUEST, "")?))
    }

    /// Makes the request by which a user creates an object. It has the fields that the playground's requests have.
    pub fn to_create(object: Value) -> Result<Self, RequestError> {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let kind = text("/kind").ok_or_else(RequestError::unknown)?;
        let api_version =
            text("/apiVersion").ok_or_else(|| RequestError::Form(format!("the {kind} has no apiVersion")))?;
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let handled = HANDLED.iter().find(|handled| (handled.0, handled.1) == (group, kind));
        let Some((_, _, resource)) = handled else {
            return Err(RequestError::Unhandled(format!("{kind} of {api_version}")));
        };
        Ok(Self(json!({
            "uid": "00000000-0000-0000-0000-000000000000",
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": resource},
            "name": text("/metadata/name").unwrap_or_default(),
            "namespace": text("/metadata/namespace").unwrap_or("default"),
            "operation": "CREATE",
            "userInfo": {"username": "runner", "groups": ["system:authenticated"]},
            "dryRun": false,
            "options": {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1"},
            "object": object,
        })))
    }

    /// The request's `uid`.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.0.get("uid").and_then(Value::as_str).unwrap_or_default()
    }

    /// The object to admit; none on DELETE.
    #[must_use]
    pub fn object(&self) -> Option<&Value> {
        self.0.get("object")
    }

    /// The request as the guest sees it.
    #[must_use]
    pub fn as_value(&self) -> &Value {
        &self.0
    }

    /// The bytes that a policy's `validate` is called with.
    #[must_use]
    pub fn payload(&self, settings: &Settings) -> Vec<u8> {
        json!({ "request": self.0, "settings": settings.0 }).to_string().into_bytes()
    }
}

/// The fields of an object that are known, which are checked.
fn known_fields(mut object: Map<String, Value>, fields: &[Field], parent: &str) -> Result<Value, RequestError> {
    let mut known = Map::new();
    for Field { name, required, shape } in fields {
        let path = format!("{parent}{name}");
        let expected = match (object.remove(*name), shape) {
            (None | Some(Value::Null), _) if *required => {
                return Err(RequestError::Form(format!("the admission request has no {path}")));
            }
            (None | Some(Value::Null), _) => continue,
            (Some(Value::Object(members)), Shape::Object(fields)) => {
                Ok(known_fields(members, fields, &format!("{path}."))?)
            }
            (Some(value @ Value::String(_)), Shape::Text) | (Some(value @ Value::Bool(_)), Shape::Flag) => Ok(value),
            (Some(value), Shape::Any) => Ok(value),
            (Some(_), Shape::Text) => Err("a string"),
            (Some(_), Shape::Flag) => Err("true or false"),
            (Some(_), Shape::Object(_)) => Err("an object"),
        };
        let value = expected
            .map_err(|expected| RequestError::Form(format!("the admission request's {path} is not {expected}")))?;
        known.insert((*name).to_owned(), value);
    }
    Ok(Value::Object(known))
}
