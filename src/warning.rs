//! Every warning, and how many of them an answer has.

use thiserror::Error;

use crate::mode::AccessMode;
use crate::wording::cut;

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

    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|warning| cut(&warning.to_string(), WARNING_LENGTH)).collect()
    }

    /// The warnings as one text; `None` when there are none.
    pub(crate) fn problems(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.texts().join("; "))
    }
}
