//! Which API server a pod may talk to, decided from its annotations and the settings.
//!
//! The decision comes before any change, and it is the same for a pod and for the template of a workload.

use std::borrow::Cow;
use std::fmt;

use crate::fields::{as_object, as_string, string_of};
use crate::json::{Object, Value};
use crate::names::is_dns1123_subdomain;
use crate::outcome::{Reason, Rejection, Warning, Warnings};
use crate::path::Path;
use crate::settings::Settings;
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

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == name)
    }
}

impl fmt::Display for AccessMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What was decided for a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Home,
    Remote {
        /// The ServiceAccount of the foreign cluster; `None` when neither annotation nor pod names one.
        service_account: Option<String>,
    },
    Disabled,
}

/// Decides for the pod (or the template of pods) at `path`, with these annotations and this spec.
///
/// Several problems: the first is reported, in the order annotation, allowed modes, ServiceAccount name.
pub(crate) fn decide(
    path: Path,
    mut annotations: Option<&mut Object>,
    spec: Option<&mut Value>,
    settings: &Settings,
    warnings: &mut Warnings,
) -> Result<Access, Rejection> {
    let (metadata_path, spec_path) = (path.member("metadata"), path.member("spec"));
    let annotations_path = metadata_path.member("annotations");
    let mode_path = annotations_path.member(API_SERVER_SUPPORT);
    let name_path = annotations_path.member(REMOTE_SERVICE_ACCOUNT_NAME);

    let mode = match annotations.as_mut().and_then(|annotations| annotations.get(API_SERVER_SUPPORT)) {
        None => settings.default_mode,
        Some(value) => parse_mode(value, mode_path, settings)?,
    };
    if !settings.allowed_modes.contains(&mode) {
        let allowed = settings.allowed_modes.iter().map(|mode| mode.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Reason::ModeNotAllowed { path: mode_path.to_string(), mode, allowed }.into());
    }

    let name = annotations.and_then(|annotations| annotations.get(REMOTE_SERVICE_ACCOUNT_NAME));
    if mode != AccessMode::Remote {
        if name.is_some() {
            warnings.add(Warning::NameIgnored { mode });
        }
        return Ok(if mode == AccessMode::Home { Access::Home } else { Access::Disabled });
    }
    let service_account = match name {
        Some(value) => {
            let name = as_string(value, name_path)?;
            if !is_dns1123_subdomain(&name) {
                return Err(Reason::ServiceAccountName { path: name_path.to_string(), value: name.into_owned() }.into());
            }
            allow(&name, name_path, settings)?;
            Some(name)
        }
        None => {
            let own = match spec {
                Some(spec) => service_account_of(as_object(spec, spec_path)?, spec_path)?,
                None => None,
            };
            allow(own.as_deref().unwrap_or("default"), spec_path.member("serviceAccountName"), settings)?;
            own
        }
    };
    Ok(Access::Remote { service_account: service_account.map(Cow::into_owned) })
}

fn parse_mode(value: &Value, path: Path, settings: &Settings) -> Result<AccessMode, Rejection> {
    let home_is_default = settings.default_mode == AccessMode::Home;
    let name = value.as_str();
    match name.as_deref().ok().and_then(AccessMode::from_name) {
        Some(AccessMode::Home) if home_is_default => Err(Reason::HomeIsDefault { path: path.to_string() }.into()),
        Some(mode) => Ok(mode),
        None => Err(unknown_mode(value, path, settings)),
    }
}

/// The rejection that says what would be right: only modes that are allowed.
#[cold]
fn unknown_mode(value: &Value, path: Path, settings: &Settings) -> Rejection {
    let home_is_default = settings.default_mode == AccessMode::Home;
    let modes = settings.allowed_modes.iter().filter(|mode| !(home_is_default && **mode == AccessMode::Home));
    let modes: Vec<_> = modes.map(|mode| mode.as_str()).collect();
    let likely = value.as_str().ok().and_then(|name| closest(&name, &modes));
    let modes = modes.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(" or ");
    let expected = match (home_is_default, modes.is_empty()) {
        (true, true) => "leave it unset for home".to_owned(),
        (true, false) => format!("set {modes}, or leave it unset for home"),
        (false, _) => format!("set {modes}"),
    };
    let value = match value.as_str() {
        Ok(name) => quoted(&name),
        Err(_) => shown(value.text().unwrap_or_default()),
    };
    Reason::UnknownMode { path: path.to_string(), value, expected, likely }.into()
}

fn allow(name: &str, path: Path, settings: &Settings) -> Result<(), Rejection> {
    match &settings.allowed_remote_service_accounts {
        Some(allowed) if !allowed.iter().any(|allowed| allowed == name) => Err(Reason::ServiceAccountNotAllowed {
            path: path.to_string(),
            name: name.to_owned(),
            allowed: if allowed.is_empty() { "none".to_owned() } else { cut(&allowed.join(", "), 256) },
        }
        .into()),
        _ => Ok(()),
    }
}

/// The ServiceAccount that a pod names, also by the deprecated twin of the field.
pub(crate) fn service_account_of<'a>(spec: &mut Object<'a>, path: Path) -> Result<Option<Cow<'a, str>>, Rejection> {
    for field in ["serviceAccountName", "serviceAccount"] {
        if let Some(name) = string_of(spec, field, path)?.filter(|name| !name.is_empty()) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
