//! Which API server a pod may talk to, decided from its annotations and the settings.
//!
//! The decision comes before any change, and it is the same for a pod and for the template of a workload.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use crate::fields::{Fields, string};
use crate::json::{Object, Value};
use crate::names::is_dns1123_subdomain;
use crate::outcome::{Rejection, Warning, Warnings};
use crate::path::Path;
use crate::settings::HomeCluster;
use crate::wording::{closest, cut, quoted, shown};

/// The annotation that chooses the mode. Source: `APIServerSupportAnnotation` in Liqo's `pkg/consts`.
pub(crate) const API_SERVER_SUPPORT: &str = "liqo.io/api-server-support";

/// The annotation that names the ServiceAccount in mode remote.
/// Source: `RemoteServiceAccountNameAnnotation` in Liqo's `pkg/consts`.
pub(crate) const REMOTE_SERVICE_ACCOUNT_NAME: &str = "liqo.io/remote-service-account-name";

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

/// What was decided for a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access<'a> {
    Home,
    Remote {
        /// The ServiceAccount that the annotation names. Without one the pod's own counts: see [`own_service_account`].
        annotated: Option<Cow<'a, str>>,
    },
    Disabled,
}

/// Decides for the pod (or the template of pods) at `path`, by its annotations.
///
/// # Errors
///
/// Of several problems the first is reported, in the order annotation, allowed modes, name in the annotation.
pub(crate) fn decide<'a>(
    path: Path,
    annotations: Option<&Object<'a>>,
    home_cluster: &HomeCluster,
    warnings: &mut Warnings,
) -> Result<Access<'a>, Box<Rejection>> {
    let metadata_path = path.member("metadata");
    let annotations_path = metadata_path.member("annotations");
    let mode_path = annotations_path.member(API_SERVER_SUPPORT);

    let mode = match annotations.and_then(|annotations| annotations.get(API_SERVER_SUPPORT)) {
        None => home_cluster.default_mode,
        Some(value) => parse_mode(value, mode_path, home_cluster)?,
    };
    if !home_cluster.allowed_modes.contains(&mode) {
        let allowed = home_cluster.allowed_modes.iter().map(|mode| mode.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Rejection::ModeNotAllowed { path: mode_path.to_string(), mode, allowed }.into());
    }

    let name = annotations.and_then(|annotations| annotations.get(REMOTE_SERVICE_ACCOUNT_NAME));
    let name = match mode {
        AccessMode::Remote => name,
        AccessMode::Home | AccessMode::Disabled => {
            if name.is_some() {
                warnings.add(Warning::NameIgnored { mode });
            }
            return Ok(if mode == AccessMode::Home { Access::Home } else { Access::Disabled });
        }
    };
    let Some(name) = name else { return Ok(Access::Remote { annotated: None }) };
    let path = annotations_path.member(REMOTE_SERVICE_ACCOUNT_NAME);
    let name = string(name, path)?;
    if !is_dns1123_subdomain(&name) {
        return Err(Rejection::ServiceAccountName { path: path.to_string(), value: name.into_owned() }.into());
    }
    if let Some(allowed) = refusal(&name, home_cluster) {
        let (path, name) = (path.to_string(), name.into_owned());
        return Err(Rejection::ServiceAccountNotAllowed { path, name, allowed }.into());
    }
    Ok(Access::Remote { annotated: Some(name) })
}

/// The pod's own ServiceAccount, for mode remote; `None` when it names none, which counts as `default`.
///
/// # Errors
///
/// The ServiceAccount is not allowed.
pub(crate) fn own_service_account<'a>(
    spec: Option<&Fields<'_, 'a>>,
    path: Path,
    home_cluster: &HomeCluster,
) -> Result<Option<Cow<'a, str>>, Box<Rejection>> {
    let own = match spec {
        Some(spec) => service_account_of(spec)?,
        None => None,
    };
    let name = own.as_deref().unwrap_or("default");
    match refusal(name, home_cluster) {
        None => Ok(own),
        Some(allowed) => Err(Rejection::OwnServiceAccountNotAllowed {
            path: path.member("serviceAccountName").to_string(),
            name: name.to_owned(),
            allowed,
        }
        .into()),
    }
}

/// The ServiceAccount that a pod names, also by the deprecated twin of the field.
pub(crate) fn service_account_of<'a>(spec: &Fields<'_, 'a>) -> Result<Option<Cow<'a, str>>, Box<Rejection>> {
    for field in ["serviceAccountName", "serviceAccount"] {
        if let Some(name) = spec.string(field)?.filter(|name| !name.is_empty()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn parse_mode(value: &Value, path: Path, home_cluster: &HomeCluster) -> Result<AccessMode, Box<Rejection>> {
    let home_is_default = home_cluster.default_mode == AccessMode::Home;
    match value.as_str().map(|name| name.parse()) {
        Ok(Ok(AccessMode::Home)) if home_is_default => Err(Rejection::HomeIsDefault { path: path.to_string() }.into()),
        Ok(Ok(mode)) => Ok(mode),
        Ok(Err(())) | Err(_) => Err(unknown_mode(value, path, home_cluster)),
    }
}

/// The rejection that says what would be right: only modes that are allowed.
fn unknown_mode(value: &Value, path: Path, home_cluster: &HomeCluster) -> Box<Rejection> {
    let home_is_default = home_cluster.default_mode == AccessMode::Home;
    let modes = home_cluster.allowed_modes.iter().filter(|mode| !(home_is_default && **mode == AccessMode::Home));
    let modes: Vec<_> = modes.map(|mode| mode.as_str()).collect();
    let likely = value.as_str().ok().and_then(|name| closest(&name, &modes));
    let modes = modes.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(" or ");
    let expected = match (home_is_default, modes.is_empty()) {
        (true, true) => "leave it unset for home".to_owned(),
        (true, false) => format!("set {modes}, or leave it unset for home"),
        (false, _) => format!("set {modes}"),
    };
    let question = likely.map(|mode| format!(" (did you mean \"{mode}\"?)")).unwrap_or_default();
    let value = match value.as_str() {
        Ok(name) => quoted(&name),
        Err(kind) => value.text().map_or_else(|| kind.to_owned(), shown),
    };
    Rejection::UnknownMode { path: path.to_string(), value, expected, question }.into()
}

/// The list that does not have a ServiceAccount, as a message shows it; `None` when the ServiceAccount is allowed.
fn refusal(name: &str, home_cluster: &HomeCluster) -> Option<String> {
    let allowed = home_cluster.allowed_remote_service_accounts.as_ref()?;
    if allowed.iter().any(|allowed| allowed == name) {
        return None;
    }
    Some(if allowed.is_empty() { "none".to_owned() } else { cut(&allowed.join(", "), 256) })
}
