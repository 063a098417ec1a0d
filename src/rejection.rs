//! Every message of a rejection.
//!
//! No message quotes the request but for the few values named here (an annotation's value, the names of modes,
//! ServiceAccounts, Secrets, volumes, containers, Namespaces and clusters), and those are cut when long: environments
//! hold secrets, and whoever reads an event or an audit log must not find them there.

use thiserror::Error;

use crate::mode::AccessMode;
use crate::pod::path::Path;
use crate::wording::{on_one_line, quoted};

/// What most functions of the policy return: a value, or why the request is rejected.
pub(crate) type Result<T, E = Box<Rejection>> = std::result::Result<T, E>;

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
