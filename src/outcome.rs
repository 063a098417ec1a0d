//! What the policy answers: accepted, accepted with a change, or rejected, and every message that goes with it.
//!
//! No message quotes the request but for the few values named here (an annotation's value, the names of modes,
//! ServiceAccounts, Secrets, volumes, containers, Namespaces and clusters), and those are cut when long: environments
//! hold secrets, and whoever reads an event or an audit log must not find them there.

use serde::Serialize;
use thiserror::Error;

use crate::access_mode::AccessMode;
use crate::changes::Changes;
use crate::json::Value;
use crate::path::Path;
use crate::wording::{cut, on_one_line, quoted};

/// An accepted request; the default is the plain accept.
#[derive(Debug, Default)]
pub(crate) struct Accepted {
    /// What must become of the pod.
    pub(crate) changes: Changes,
    pub(crate) audit: Option<Audit>,
    pub(crate) warnings: Warnings,
}

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

/// Why a request is rejected. The path comes first, then what was found and what would be right.
#[derive(Debug, Error)]
pub(crate) enum Rejection {
    #[error("the request is not UTF-8 text: see byte {at}")]
    NotText { at: usize },
    /// The error of serde_json is one of syntax, which tells the place and what was expected there.
    #[error("the request is not JSON: {0}")]
    NotJson(serde_json::Error),
    #[error("the policy's settings are not valid: {problems}")]
    Settings { problems: String },
    #[error("{path}: expected {expected}, found {found}")]
    Shape { path: String, expected: &'static str, found: &'static str },
    #[error("{path}: expected one kind of volume source, found several")]
    SourceKinds { path: String },
    #[error("{path}: {value} is not a mode; {expected}{question}")]
    UnknownMode { path: String, value: String, expected: String, question: String },
    #[error("{path}: \"home\" is not a value here; home is the default, leave the annotation unset")]
    HomeIsDefault { path: String },
    #[error("{path}: mode \"{mode}\" is not allowed here; allowed: {allowed}")]
    ModeNotAllowed { path: String, mode: AccessMode, allowed: String },
    #[error(
        "{path}: {} is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters",
        quoted(.value)
    )]
    ServiceAccountName { path: String, value: String },
    #[error("{path}: ServiceAccount {} is not allowed in mode \"remote\"; allowed: {allowed}", quoted(.name))]
    ServiceAccountNotAllowed { path: String, name: String, allowed: String },
    #[error(
        "{path}: ServiceAccount {} is not allowed in mode \"remote\"; allowed: {allowed}; Liqo keeps the name only of \
         pods annotated liqo.io/api-server-support: remote",
        quoted(.name)
    )]
    OwnServiceAccountNotAllowed { path: String, name: String, allowed: String },
    #[error(
        "metadata.labels[\"{key}\"]: the pod comes from cluster {}, but this policy serves cluster {}; select the pods \
         of one home cluster for each policy",
        quoted(.label),
        quoted(.setting)
    )]
    OtherOrigin { key: String, label: String, setting: String },
    #[error(
        "metadata.labels[\"{key}\"]: the pod says that it comes from cluster {}, but its namespace belongs to cluster {}",
        quoted(.label),
        quoted(.namespace)
    )]
    ForgedLabel { key: String, label: String, namespace: String },
    #[error(
        "request.namespace: Namespace {} belongs to cluster {}, but this policy serves cluster {}; select the \
         namespaces of one home cluster for each policy",
        quoted(.name),
        quoted(.origin),
        quoted(.setting)
    )]
    OtherNamespace { name: String, origin: String, setting: String },
    #[error(
        "request.namespace: Namespace {} could not be read: {}; namespaceLookup needs v1/Namespace in \
         contextAwareResources, and policy-server the right to read it",
        quoted(.name),
        on_one_line(.reason, 256)
    )]
    NamespaceLookup { name: String, reason: String },
    #[error(
        "metadata.labels: no label says which home cluster the pod comes from, and the policy serves {known}; set its \
         originLabel or namespaceLookup"
    )]
    OriginUnknown { known: usize },
    #[error("the pod comes from cluster {}, which is none of the {known} in the policy's homeClusters", quoted(.origin))]
    OriginWithoutEntry { origin: String, known: usize },
    #[error(
        "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; a pod with \
         generateName needs the setting homeCredentialsSecret"
    )]
    NameNeeded,
    #[error(
        "{path}: was made for mode \"home\" and must not reach the foreign API server; recreate the pod with the \
         annotation liqo.io/api-server-support: remote set from the start"
    )]
    ForgedForHome { path: String },
    #[error("{path}: expected at most {limit} containers, found more")]
    ManyContainers { path: String, limit: usize },
    #[error("{path}: {problem}; another webhook changed the pod after this policy")]
    NotAsLeft { path: String, problem: &'static str },
    #[error("the policy is strict, and there are problems: {problems}")]
    Strict { problems: String },
}

impl Rejection {
    /// Something that must be read is missing or has another shape.
    pub(crate) fn shape(path: Path, expected: &'static str, found: &'static str) -> Box<Self> {
        Self::Shape { path: path.to_string(), expected, found }.into()
    }

    pub(crate) fn settings(problems: String) -> Box<Self> {
        Self::Settings { problems }.into()
    }
}

/// What the client and the audit log are told about an accepted request.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Warning {
    #[error("liqo.io/remote-service-account-name is ignored in mode \"{mode}\"")]
    NameIgnored { mode: AccessMode },
    #[error("{path}: {annotation} has no effect, set it in the pod template's metadata")]
    Misplaced { annotation: &'static str, path: &'static str },
    #[error("{host} is the foreign API server here, set homeApiServerAddresses or homeApiServerHost")]
    HomeIsForeign { host: &'static str },
    #[error("{name} is the foreign API server here, set homeApiServerAddresses for clients that use it")]
    NameIsForeign { name: &'static str },
    #[error("{name} leads to other addresses than {other}, set homeApiServerAddresses")]
    NamesDiffer { name: &'static str, other: &'static str },
    #[error(
        "Secret {} comes from Liqo's API server support, without it set homeCredentialsSecret",
        cut(.name, 36)
    )]
    ReflectedSecret { name: String },
    // The end of the key is what tells it apart, so it is the Secret's name that is cut.
    #[error("Secret {} must have key {key}", cut(.secret, 26))]
    TokenKey { secret: String, key: String },
    #[error("Secret {} lacks key {key}: see keptTokenAudiences", cut(.secret, room_beside(.key)))]
    LateToken { secret: String, key: String },
    #[error("home cluster unknown: kube-root-ca.crt stays the foreign cluster's, set homeClusterId")]
    UnknownHomeCluster,
    #[error("volume {} has no token for the API server, set homeCredentialsSecret", cut(.volume, 48))]
    NoToken { volume: String },
    #[error("container {} does not talk to the foreign API server: it sets KUBERNETES_SERVICE_HOST", cut(.container, 37))]
    OtherApiServer { container: String },
}

/// How long a warning should be at most, as the API of admission webhooks has it.
const WARNING_LENGTH: usize = 120;

/// How many warnings are told. The API server itself passes on only so many characters of them.
const WARNINGS: usize = 16;

/// How many characters of a Secret's name a warning of [`Warning::LateToken`] has room for.
fn room_beside(key: &str) -> usize {
    WARNING_LENGTH.saturating_sub("Secret  lacks key : see keptTokenAudiences".len() + key.chars().count()).max(8)
}

/// The warnings of a request: each once, and not more than a reader can use.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    pub(crate) fn add(&mut self, warning: Warning) {
        if self.0.len() < WARNINGS && !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    pub(crate) fn append(&mut self, others: Self) {
        others.0.into_iter().for_each(|warning| self.add(warning));
    }

    fn texts(&self) -> Vec<String> {
        self.0.iter().map(|warning| cut(&warning.to_string(), WARNING_LENGTH)).collect()
    }

    /// The warnings as one text; `None` when there are none.
    pub(crate) fn problems(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.texts().join("; "))
    }
}

/// The response that policy-server reads. It is what [`ValidationResponse`] of the SDK reads too, which cannot write it:
/// it would hold the object as a tree, in which numbers lose their precision.
///
/// [`ValidationResponse`]: https://docs.rs/kubewarden-policy-sdk/latest/kubewarden_policy_sdk/response/struct.ValidationResponse.html
#[derive(Debug, Serialize)]
struct Response<'r, 'a> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mutated_object: Option<&'r Value<'a>>,
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

/// The JSON of the response to an accepted request. `object` is the object where something in it has changed, and
/// `room` is how many bytes the response will take at most in most cases.
pub(crate) fn accept(audit: Option<Audit>, warnings: &Warnings, object: Option<&Value>, room: usize) -> Vec<u8> {
    let problems = warnings.problems();
    let response = Response {
        accepted: true,
        message: None,
        mutated_object: object,
        audit_annotations: audit.map(|audit| AuditAnnotations { audit, problems }),
        warnings: warnings.texts(),
    };
    write(&response, room)
}

/// The JSON of the response to a rejected request.
pub(crate) fn reject(rejection: &Rejection) -> Vec<u8> {
    let response = Response {
        accepted: false,
        message: Some(rejection.to_string()),
        mutated_object: None,
        audit_annotations: None,
        warnings: Vec::new(),
    };
    write(&response, 0)
}

fn write(response: &Response, room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(room);
    // Writing into memory does not fail, and neither does writing text, maps of text and what was read.
    let _ = serde_json::to_writer(&mut out, response);
    out
}
