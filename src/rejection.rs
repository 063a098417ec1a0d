//! Every message of a rejection.
//!
//! No message quotes the request but for the few values named here (an annotation's value, the names of modes,
//! ServiceAccounts, Secrets, volumes, containers, Namespaces and clusters), and those are cut when long: environments
//! hold secrets, and whoever reads an event or an audit log must not find them there.

use thiserror::Error;

use crate::mode::AccessMode;
use crate::pod::path::Path;
use crate::wording::{on_one_line, quoted, shown};

/// What most functions of the policy return: a value, or why the request is rejected.
pub(crate) type Result<T, E = Box<Rejection>> = std::result::Result<T, E>;

/// Why a request is rejected. The path comes first, then what was found and what would be right.
#[derive(Debug, Error)]
pub(crate) enum Rejection {
    #[error("the request is not UTF-8 text: see byte {at}")]
    NotText { at: usize },
    /// The error of serde_json is one of syntax or of depth (128 levels): it names the place and quotes nothing.
    #[error("the request cannot be parsed: {0}")]
    NotJson(serde_json::Error),
    #[error("the policy's settings are not valid: {problems}")]
    Settings { problems: String },
    #[error("{path}: expected {expected}, found {found}")]
    Shape { path: String, expected: &'static str, found: &'static str },
    #[error("{path}: {value} is not a mode; {expected}{question}")]
    UnknownMode { path: String, value: String, expected: String, question: String },
    #[error("{path}: \"home\" is not a valid value; home is the default mode, leave the annotation unset")]
    HomeIsDefault { path: String },
    #[error("{path}: {mode} mode is not allowed; allowed modes: {allowed}")]
    ModeNotAllowed { path: String, mode: AccessMode, allowed: String },
    #[error(
        "{path}: {} is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters",
        quoted(.value)
    )]
    ServiceAccountName { path: String, value: String },
    #[error("{path}: ServiceAccount {} is not allowed in remote mode; allowed: {allowed}{hint}", quoted(.name))]
    ServiceAccountNotAllowed { path: String, name: String, allowed: String, hint: &'static str },
    #[error(
        "{path}: ServiceAccount {}, kept for a token of keptTokenAudiences, is not allowed; allowed: {allowed}",
        quoted(.name)
    )]
    KeptServiceAccountNotAllowed { path: String, name: String, allowed: String },
    #[error(
        "metadata.labels[\"{key}\"]: the pod comes from cluster {}, but this policy serves cluster {}; use one policy \
         for each home cluster, or homeClusters",
        quoted(.label),
        quoted(.setting)
    )]
    OtherOrigin { key: String, label: String, setting: String },
    #[error(
        "metadata.labels[\"{key}\"]: the label names cluster {}, but the pod's namespace belongs to cluster {}",
        quoted(.label),
        quoted(.namespace)
    )]
    ForgedLabel { key: String, label: String, namespace: String },
    #[error(
        "request.namespace: Namespace {} belongs to cluster {}, but this policy serves cluster {}; use one \
         policy for each home cluster, or homeClusters",
        quoted(.name),
        quoted(.origin),
        quoted(.setting)
    )]
    OtherNamespace { name: String, origin: String, setting: String },
    #[error(
        "request.namespace: Namespace {} could not be read: {}; namespaceLookup needs v1/Namespace in \
         contextAwareResources, and policy-server permission to read it",
        quoted(.name),
        on_one_line(.reason, 256)
    )]
    NamespaceLookup { name: String, reason: String },
    #[error(
        "metadata.labels: no label names the pod's home cluster, and the policy serves {known}; set originLabel or \
         namespaceLookup"
    )]
    OriginUnknown { known: usize },
    #[error(
        "request.namespace: the Namespace's label liqo.io/remote-cluster-id is not a cluster id, so the home cluster is \
         unknown, and the policy serves {known}"
    )]
    NamespaceWithoutOrigin { known: usize },
    #[error("the pod comes from cluster {}, which is none of the {known} in the policy's homeClusters", quoted(.origin))]
    OriginWithoutEntry { origin: String, known: usize },
    #[error(
        "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; a pod with \
         generateName needs the setting homeCredentialsSecret"
    )]
    NameNeeded,
    #[error(
        "metadata.name: expected at most 247 characters, found more; the Secret that Liqo reflects has a longer name, and \
         none can be that long; shorten the name, or set homeCredentialsSecret"
    )]
    LongSecretName,
    #[error("{path}: expected at most {limit} {what}, found more")]
    TooMany { path: String, limit: usize, what: &'static str },
    #[error(
        "{path}: was prepared for home mode and must not reach the foreign API server; recreate the pod with the \
         annotation liqo.io/api-server-support: remote"
    )]
    ForgedForHome { path: String },
    #[error("{path}: leads to the home API server, which a pod in remote mode must not reach; remove it")]
    LeadsHome { path: String },
    #[error(
        "spec: the containers' variables name several API servers ({}); set {setting}",
        .endpoints.iter().map(|endpoint| shown(endpoint)).collect::<Vec<_>>().join(", ")
    )]
    SeveralApiServers { endpoints: Vec<String>, setting: &'static str },
    #[error("{path}: shows a file where the home cluster's credentials must be; move it to another path or volume")]
    PathTaken { path: String },
    #[error("{path}: {problem}; another webhook changed the pod after this policy")]
    NotAsLeft { path: String, problem: &'static str },
    #[error("rejected because strict is set: {problems}")]
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
