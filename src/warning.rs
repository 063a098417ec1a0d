//! Every warning, and how many of them an answer has.

use thiserror::Error;

use crate::mode::AccessMode;
use crate::wording::{cut, on_one_line};

/// A warning for the client and the audit log about an accepted request.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum Warning {
    #[error("liqo.io/remote-service-account-name is ignored in {mode} mode")]
    NameIgnored { mode: AccessMode },
    #[error("{path}: {annotation} has no effect, set it in the pod template")]
    Misplaced { annotation: &'static str, path: &'static str },
    #[error("annotation {} is not read, did you mean {meant}?", on_one_line(.key, 40))]
    MisspeltAnnotation { key: String, meant: &'static str },
    #[error("{} is the foreign API server; set homeApiServerAddresses or homeApiServerHost", cut(.host, 44))]
    HomeIsForeign { host: String },
    #[error("{} is the foreign API server; set homeApiServerAddresses for clients that use it", cut(.name, 40))]
    NameIsForeign { name: String },
    #[error("{} leads to other addresses than {}; set homeApiServerAddresses", cut(.name, 36), cut(.other, 24))]
    NamesDiffer { name: String, other: String },
    #[error("variables name {}, but a host alias kubernetes.default; set homeApiServerHost", on_one_line(.named, 40))]
    VariablesDiffer { named: String },
    #[error("a host alias leads {} away from the foreign API server", on_one_line(.name, 60))]
    AliasElsewhere { name: String },
    #[error("container {} mounts /etc/hosts, which hides the host aliases of the home API server", on_one_line(.container, 36))]
    HostsMounted { container: String },
    #[error("volume {} at the API path is not projected; its credentials cannot be checked", on_one_line(.volume, 44))]
    UnknownCredentials { volume: String },
    #[error(
        "token for audience {} is removed from volume {}; see keptTokenAudiences",
        on_one_line(.audience, 28),
        on_one_line(.volume, 24)
    )]
    AudienceRemoved { audience: String, volume: String },
    #[error(
        "Secret {} is created by Liqo's API server support; if that is off, set homeCredentialsSecret",
        on_one_line(.name, 28)
    )]
    ReflectedSecret { name: String },
    // The end of the key distinguishes it, so it is the Secret's name that is cut.
    #[error("Secret {} must have key {}", on_one_line(.secret, 26), on_one_line(.key, 70))]
    TokenKey { secret: String, key: String },
    #[error(
        "Secret {} lacks key {}; see keptTokenAudiences",
        on_one_line(.secret, room_beside(.key)),
        on_one_line(.key, 70)
    )]
    LateToken { secret: String, key: String },
    #[error("home cluster unknown: kube-root-ca.crt stays the foreign cluster's; set homeClusterId")]
    UnknownHomeCluster,
    #[error("volume {} has no token for the API server; set homeCredentialsSecret", on_one_line(.volume, 48))]
    NoToken { volume: String },
}

/// How long a warning should be at most, as the API of admission webhooks has it.
const MAX_LENGTH: usize = 120;

/// How many warnings an answer has. The API server itself passes on only so many characters of them.
const MAX_WARNINGS: usize = 16;

/// How many characters of a Secret's name a warning of [`Warning::LateToken`] has room for.
fn room_beside(key: &str) -> usize {
    MAX_LENGTH.saturating_sub("Secret  lacks key ; see keptTokenAudiences".len() + key.chars().count()).max(8)
}

/// The warnings of a request: each once, and not more than a reader can use.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<Warning>);

impl Warnings {
    pub(crate) fn add(&mut self, warning: Warning) {
        if self.0.len() < MAX_WARNINGS && !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    pub(crate) fn append(&mut self, others: Self) {
        others.0.into_iter().for_each(|warning| self.add(warning));
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|warning| cut(&warning.to_string(), MAX_LENGTH)).collect()
    }

    /// All warnings in one text; `None` if there are none.
    pub(crate) fn joined(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.texts().join("; "))
    }
}
