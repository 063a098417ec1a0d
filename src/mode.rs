//! The API access modes, by the names that annotations and settings use.

use std::fmt;
use std::str::FromStr;

/// The API access mode of a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessMode {
    /// The pod talks to the home cluster's API server.
    Home,
    /// The pod talks to the foreign cluster's API server, with a ServiceAccount of the foreign cluster.
    Remote,
    /// The pod has no API credentials.
    Disabled,
}

impl AccessMode {
    pub(crate) const ALL: [Self; 3] = [Self::Home, Self::Remote, Self::Disabled];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Remote => "remote",
            Self::Disabled => "disabled",
        }
    }
}

impl FromStr for AccessMode {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name).ok_or(())
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
