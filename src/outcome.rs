//! What the policy answers: accepted, accepted with a change, or rejected, and every message that goes with it.
//!
//! No message quotes the request but for the few values named here (an annotation's value, the names of modes,
//! ServiceAccounts, Secrets, volumes and clusters), and those are cut when long: environments hold secrets, and whoever
//! reads an event or an audit log must not find them there.

use std::fmt;

use crate::access_mode::AccessMode;
use crate::json::{Malformed, Value};
use crate::path::Path;
use crate::wording::{cut, quoted};

/// The answer to one admission request.
#[derive(Debug)]
pub(crate) enum Outcome<'a> {
    Accepted(Accepted<'a>),
    Rejected(Rejection),
}

/// An accepted request; the default is the plain accept.
#[derive(Debug, Default)]
pub(crate) struct Accepted<'a> {
    /// The whole object, where something in it has changed.
    pub(crate) mutated_object: Option<Value<'a>>,
    pub(crate) audit: Option<Audit>,
    pub(crate) warnings: Warnings,
}

/// What the audit log keeps of an accepted pod. The API server puts the webhook's name and a `/` before each key.
#[derive(Debug)]
pub(crate) enum Audit {
    Home {
        /// Host and port, an IPv6 host in brackets.
        api_server: String,
    },
    Remote {
        service_account: String,
    },
    Disabled,
}

/// Why a request is rejected. Nearly every function of the policy can give one, so it is kept as small as a pointer.
#[derive(Debug)]
pub(crate) struct Rejection(Box<Reason>);

/// Each message of a rejection. The path or the annotation comes first, then what was found and what would be right.
#[derive(Debug)]
pub(crate) enum Reason {
    NotText { at: usize },
    NotJson { expected: &'static str, at: usize },
    Settings { problems: String },
    Shape { path: String, expected: &'static str, found: &'static str },
    SourceKinds { path: String },
    UnknownMode { path: String, value: String, expected: String, likely: Option<&'static str> },
    HomeIsDefault { path: String },
    ModeNotAllowed { path: String, mode: AccessMode, allowed: String },
    ServiceAccountName { path: String, value: String },
    ServiceAccountNotAllowed { path: String, name: String, allowed: String },
    OtherOrigin { label: String, setting: String },
    NameNeeded,
    ForgedForHome { path: String },
    ManyContainers { path: String, limit: usize },
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
}

/// What the client and the audit log are told about an accepted request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Warning {
    NameIgnored { mode: AccessMode },
    Misplaced { annotation: &'static str, path: &'static str },
    HomeIsForeign { host: &'static str },
    ReflectedSecret { name: String },
    TokenKey { secret: String, key: String },
    UnknownHomeCluster,
    NoToken { volume: String },
}

/// How long a warning should be at most, as the API of admission webhooks has it.
const WARNING_LENGTH: usize = 120;

/// How many warnings are told. The API server itself passes on only so many characters of them.
const WARNINGS: usize = 16;

impl Rejection {
    /// Something that must be read is missing or has another shape.
    #[cold]
    pub(crate) fn shape(path: Path, expected: &'static str, found: &'static str) -> Self {
        Reason::Shape { path: path.to_string(), expected, found }.into()
    }
}

impl From<Reason> for Rejection {
    #[cold]
    fn from(reason: Reason) -> Self {
        Self(Box::new(reason))
    }
}

impl From<Malformed> for Rejection {
    fn from(Malformed { expected, at }: Malformed) -> Self {
        Reason::NotJson { expected, at }.into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotText { at } => write!(f, "the request is not UTF-8 text: see byte {at}"),
            Self::NotJson { expected, at } => write!(f, "the request is not JSON: expected {expected} at byte {at}"),
            Self::Settings { problems } => write!(f, "the policy's settings are not valid: {problems}"),
            Self::Shape { path, expected, found } => write!(f, "{path}: expected {expected}, found {found}"),
            Self::SourceKinds { path } => write!(f, "{path}: expected one kind of volume source, found several"),
            Self::UnknownMode { path, value, expected, likely } => {
                write!(f, "{path}: {value} is not a mode; {expected}")?;
                likely.map_or(Ok(()), |likely| write!(f, " (did you mean \"{likely}\"?)"))
            }
            Self::HomeIsDefault { path } => {
                write!(f, "{path}: \"home\" is not a value here; home is the default, leave the annotation unset")
            }
            Self::ModeNotAllowed { path, mode, allowed } => {
                write!(f, "{path}: mode \"{mode}\" is not allowed here; allowed: {allowed}")
            }
            Self::ServiceAccountName { path, value } => write!(
                f,
                "{path}: {} is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters",
                quoted(value)
            ),
            Self::ServiceAccountNotAllowed { path, name, allowed } => {
                write!(f, "{path}: ServiceAccount {} is not allowed in mode \"remote\"; allowed: {allowed}", quoted(name))
            }
            Self::OtherOrigin { label, setting } => write!(
                f,
                "metadata.labels[\"offloading.liqo.io/origin\"]: the pod comes from cluster {}, but this policy serves \
                 cluster {}; select the pods of one home cluster for each policy",
                quoted(label),
                quoted(setting)
            ),
            Self::NameNeeded => f.write_str(
                "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; a pod with \
                 generateName needs the setting homeCredentialsSecret",
            ),
            Self::ForgedForHome { path } => write!(
                f,
                "{path}: was made for mode \"home\" and must not reach the foreign API server; recreate the pod with \
                 the annotation liqo.io/api-server-support: remote set from the start"
            ),
            Self::ManyContainers { path, limit } => write!(f, "{path}: expected at most {limit} containers, found more"),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::NameIgnored { mode } => {
                format!("liqo.io/remote-service-account-name is ignored in mode \"{mode}\"")
            }
            Self::Misplaced { annotation, path } => {
                format!("{path}: {annotation} has no effect, set it in the pod template's metadata")
            }
            Self::HomeIsForeign { host } => {
                format!("{host} is the foreign API server here, set homeApiServerAddresses or homeApiServerHost")
            }
            Self::ReflectedSecret { name } => {
                let name = cut(name, 36);
                format!("Secret {name} comes from Liqo's API server support, without it set homeCredentialsSecret")
            }
            // The end of the key is what tells it apart, so it is the Secret's name that is cut.
            Self::TokenKey { secret, key } => format!("Secret {} must have key {key}", cut(secret, 26)),
            Self::UnknownHomeCluster => {
                "home cluster unknown: kube-root-ca.crt stays the foreign cluster's, set homeClusterId".to_owned()
            }
            Self::NoToken { volume } => {
                format!("volume {} has no token for the API server, set homeCredentialsSecret", cut(volume, 48))
            }
        };
        f.write_str(&cut(&text, WARNING_LENGTH))
    }
}

impl Outcome<'_> {
    /// The response that policy-server reads: `accepted`, and of `message`, `mutated_object`, `audit_annotations` and
    /// `warnings` those that have something to say. `size` is the size of the request in bytes.
    pub(crate) fn to_json(&self, size: usize) -> String {
        match self {
            Self::Rejected(rejection) => {
                let mut out = r#"{"accepted":false,"message":"#.to_owned();
                write_string(&mut out, &rejection.0.to_string());
                out.push('}');
                out
            }
            Self::Accepted(accepted) => accepted.to_json(size),
        }
    }
}

impl Accepted<'_> {
    fn to_json(&self, size: usize) -> String {
        let warnings: Vec<String> = self.warnings.0.iter().map(Warning::to_string).collect();
        let room = if self.mutated_object.is_some() { size + size / 8 + 4096 } else { 512 };
        let mut out = String::with_capacity(room);
        out.push_str(r#"{"accepted":true"#);
        if let Some(object) = &self.mutated_object {
            out.push_str(r#","mutated_object":"#);
            object.write(&mut out);
        }
        if let Some(audit) = &self.audit {
            out.push_str(r#","audit_annotations":{"mode":"#);
            write_string(&mut out, audit.mode().as_str());
            match audit {
                Audit::Home { api_server } => {
                    out.push_str(r#","home-api-server":"#);
                    write_string(&mut out, api_server);
                }
                Audit::Remote { service_account } => {
                    out.push_str(r#","service-account":"#);
                    write_string(&mut out, service_account);
                }
                Audit::Disabled => {}
            }
            if !warnings.is_empty() {
                out.push_str(r#","problems":"#);
                write_string(&mut out, &warnings.join("; "));
            }
            out.push('}');
        }
        let mut separator = r#","warnings":["#;
        for warning in &warnings {
            out.push_str(separator);
            write_string(&mut out, warning);
            separator = ",";
        }
        if !warnings.is_empty() {
            out.push(']');
        }
        out.push('}');
        out
    }
}

/// The response to `validate_settings`: `valid`, and what is wrong as `message`.
pub(crate) fn settings_response(checked: Result<(), String>) -> String {
    let mut out = String::new();
    match checked {
        Ok(()) => out.push_str(r#"{"valid":true}"#),
        Err(problems) => {
            out.push_str(r#"{"valid":false,"message":"#);
            write_string(&mut out, &problems);
            out.push('}');
        }
    }
    out
}

impl Audit {
    fn mode(&self) -> AccessMode {
        match self {
            Self::Home { .. } => AccessMode::Home,
            Self::Remote { .. } => AccessMode::Remote,
            Self::Disabled => AccessMode::Disabled,
        }
    }
}

/// Appends a JSON string.
fn write_string(out: &mut String, text: &str) {
    Value::string(text).write(out);
}
