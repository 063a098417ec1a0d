//! Which API server a pod may talk to, decided from its annotations and the settings.
//!
//! The decision comes before any edit, and it is the same for a pod and for the template of a workload.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::mode::AccessMode;
use crate::names::is_dns1123_subdomain;
use crate::pod::fields::{Fields, Object, string};
use crate::pod::path::Path;
use crate::pod::service_account::service_account_of;
use crate::rejection::{Rejection, Result};
use crate::settings::HomeCluster;
use crate::warning::{Warning, Warnings};
use crate::wording::{closest, cut, quoted, shown};

/// The annotation that chooses the mode. Source: `APIServerSupportAnnotation` in Liqo's `pkg/consts`.
pub(crate) const API_SERVER_SUPPORT: &str = "liqo.io/api-server-support";

/// The annotation that names the ServiceAccount in remote mode.
/// Source: `RemoteServiceAccountNameAnnotation` in Liqo's `pkg/consts`.
pub(crate) const REMOTE_SERVICE_ACCOUNT_NAME: &str = "liqo.io/remote-service-account-name";

/// The annotations that the policy reads.
pub(crate) const ANNOTATIONS: [&str; 2] = [API_SERVER_SUPPORT, REMOTE_SERVICE_ACCOUNT_NAME];

/// The lengths that a key near one of [`ANNOTATIONS`] can have, where hyphens do not count.
const NEAR_KEY: RangeInclusive<usize> = 14..=64;

/// How many letters of a near key differ.
const MAX_DISTANCE: usize = 2;

/// What was decided for a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Home,
    Remote {
        /// The ServiceAccount that the annotation names. Without one the pod's own counts: see [`own_service_account`].
        annotated: Option<String>,
        /// Whether the annotation chose the mode, and not the settings.
        is_explicit: bool,
    },
    Disabled,
}

/// Decides for the pod (or the template of pods) at `path`, by its annotations.
///
/// # Errors
///
/// Of several problems the first is reported, in the order annotation, allowed modes, name in the annotation.
pub(crate) fn decide(
    path: Path,
    annotations: Option<&Object>,
    home_cluster: &HomeCluster,
    warnings: &mut Warnings,
) -> Result<Access> {
    for key in annotations.into_iter().flatten().map(|(key, _)| key) {
        if let Some(meant) = meant_annotation(key) {
            warnings.add(Warning::MisspeltAnnotation { key: key.clone(), meant });
        }
    }
    let metadata_path = path.member("metadata");
    let annotations_path = metadata_path.member("annotations");
    let mode_path = annotations_path.member(API_SERVER_SUPPORT);

    let value = annotations.and_then(|annotations| annotations.get(API_SERVER_SUPPORT));
    let is_explicit = value.is_some();
    let mode = match value {
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
    let Some(name) = name else { return Ok(Access::Remote { annotated: None, is_explicit }) };
    let path = annotations_path.member(REMOTE_SERVICE_ACCOUNT_NAME);
    let name = string(name, path)?;
    if !is_dns1123_subdomain(name) {
        return Err(Rejection::ServiceAccountName { path: path.to_string(), value: name.to_owned() }.into());
    }
    if let Some(allowed) = refusal(name, home_cluster) {
        let (path, name) = (path.to_string(), name.to_owned());
        return Err(Rejection::ServiceAccountNotAllowed { path, name, allowed }.into());
    }
    Ok(Access::Remote { annotated: Some(name.to_owned()), is_explicit })
}

/// The annotation that was likely meant by a key that nobody reads. A misspelt key must not pass for an unset one.
pub(crate) fn meant_annotation(key: &str) -> Option<&'static str> {
    if !NEAR_KEY.contains(&key.len()) || ANNOTATIONS.contains(&key) {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let key = plain(key);
    // The distance is at least the difference in length, and far quicker to see.
    let is_near = |word: &str| {
        key.chars().count().abs_diff(word.len()) <= MAX_DISTANCE && strsim::osa_distance(&key, word) <= MAX_DISTANCE
    };
    ANNOTATIONS.into_iter().find(|annotation| {
        let full = plain(annotation);
        is_near(&full) || is_near(full.trim_start_matches("liqo.io/"))
    })
}

/// The pod's own ServiceAccount, for remote mode; `None` if it names none, which counts as `default`.
///
/// # Errors
///
/// The ServiceAccount is not allowed.
pub(crate) fn own_service_account<'v>(
    spec: Option<&Fields<'v, '_>>,
    path: Path,
    home_cluster: &HomeCluster,
    is_explicit: bool,
) -> Result<Option<&'v str>> {
    let own = match spec {
        Some(spec) => service_account_of(spec)?,
        None => None,
    };
    let name = own.unwrap_or("default");
    let Some(allowed) = refusal(name, home_cluster) else { return Ok(own) };
    let (path, name) = (path.member("serviceAccountName").to_string(), name.to_owned());
    Err(match is_explicit {
        true => Rejection::ServiceAccountNotAllowed { path, name, allowed },
        false => Rejection::OwnServiceAccountNotAllowed { path, name, allowed },
    }
    .into())
}

/// Checks the ServiceAccount that a pod keeps in home or disabled mode, since a token for it stays.
pub(crate) fn check_kept_service_account(spec: &Fields, home_cluster: &HomeCluster) -> Result<()> {
    let name = service_account_of(spec)?.unwrap_or("default");
    let Some(allowed) = refusal(name, home_cluster) else { return Ok(()) };
    let path = spec.path.member("serviceAccountName").to_string();
    Err(Rejection::KeptServiceAccountNotAllowed { path, name: name.to_owned(), allowed }.into())
}

fn parse_mode(value: &Value, path: Path, home_cluster: &HomeCluster) -> Result<AccessMode> {
    let home_is_default = home_cluster.default_mode == AccessMode::Home;
    match value.as_str().map(str::parse) {
        Some(Ok(AccessMode::Home)) if home_is_default => {
            Err(Rejection::HomeIsDefault { path: path.to_string() }.into())
        }
        Some(Ok(mode)) => Ok(mode),
        Some(Err(())) | None => Err(unknown_mode(value, path, home_cluster)),
    }
}

/// The rejection that says what would be right: only modes that are allowed.
fn unknown_mode(value: &Value, path: Path, home_cluster: &HomeCluster) -> Box<Rejection> {
    let home_is_default = home_cluster.default_mode == AccessMode::Home;
    let modes = home_cluster.allowed_modes.iter().filter(|mode| !(home_is_default && **mode == AccessMode::Home));
    let modes: Vec<_> = modes.map(|mode| mode.as_str()).collect();
    let likely = value.as_str().and_then(|name| closest(name, &modes));
    let modes = modes.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(" or ");
    let expected = match (home_is_default, modes.is_empty()) {
        (true, true) => "leave it unset for home".to_owned(),
        (true, false) => format!("set {modes}, or leave it unset for home"),
        (false, _) => format!("set {modes}"),
    };
    let question = likely.map(|mode| format!(" (did you mean \"{mode}\"?)")).unwrap_or_default();
    let value = match value.as_str() {
        Some(name) => quoted(name),
        None => shown(&value.to_string()),
    };
    Rejection::UnknownMode { path: path.to_string(), value, expected, question }.into()
}

/// The list that does not have a ServiceAccount, as a message shows it; `None` if the ServiceAccount is allowed.
fn refusal(name: &str, home_cluster: &HomeCluster) -> Option<String> {
    let allowed = home_cluster.allowed_remote_service_accounts.as_ref()?;
    if allowed.iter().any(|allowed| allowed == name) {
        return None;
    }
    Some(if allowed.is_empty() { "none".to_owned() } else { cut(&allowed.join(", "), 256) })
}
