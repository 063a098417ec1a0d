//! Which API server a pod may talk to, decided from its annotations and the settings.
//!
//! The decision comes before any edit, and it is the same for a pod and for the template of a workload.

use std::ops::RangeInclusive;

use serde_json::Value;

use crate::mode::AccessMode;
use crate::names::is_dns1123_subdomain;
use crate::pod::{Object, Path, string};
use crate::rejection::{Rejection, Result};
use crate::service_account::check_allowed;
use crate::settings::HomeCluster;
use crate::warning::{Warning, Warnings};
use crate::wording::{question, quoted, shown};

/// The annotation that chooses the mode. Source: `APIServerSupportAnnotation` in Liqo's `pkg/consts`.
pub(crate) const API_SERVER_SUPPORT: &str = "liqo.io/api-server-support";

/// The annotation that names the ServiceAccount in remote mode.
/// Source: `RemoteServiceAccountNameAnnotation` in Liqo's `pkg/consts`.
pub(crate) const REMOTE_SERVICE_ACCOUNT_NAME: &str = "liqo.io/remote-service-account-name";

/// The annotations that the policy reads.
pub(crate) const ANNOTATIONS: [&str; 2] = [API_SERVER_SUPPORT, REMOTE_SERVICE_ACCOUNT_NAME];

/// The lengths that a key near one of [`ANNOTATIONS`] can have, without hyphens.
const NEAR_KEY: RangeInclusive<usize> = 14..=64;

/// How many letters of a near key may differ.
const MAX_DISTANCE: usize = 2;

/// What was decided for a pod.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Home,
    Remote {
        /// The ServiceAccount that the annotation names. Without one the pod's own counts: see [`own_service_account`](crate::service_account::own_service_account).
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
    for key in annotations.into_iter().flat_map(Object::keys) {
        if let Some(meant) = meant_annotation(key) {
            warnings.add(Warning::MisspeltAnnotation { key: key.clone(), meant });
        }
    }
    let path = path.member("metadata");
    let path = path.member("annotations");
    let annotation = |key| annotations.and_then(|annotations| annotations.get(key));

    let mode_path = path.member(API_SERVER_SUPPORT);
    let value = annotation(API_SERVER_SUPPORT);
    let mode = match value {
        None => home_cluster.default_mode,
        Some(value) => parse_mode(value, mode_path, home_cluster)?,
    };
    if !home_cluster.allowed_modes.contains(&mode) {
        let allowed = home_cluster.allowed_modes.iter().map(|mode| mode.as_str()).collect::<Vec<_>>().join(", ");
        return Err(Rejection::ModeNotAllowed { path: mode_path.to_string(), mode, allowed }.into());
    }
    let name = annotation(REMOTE_SERVICE_ACCOUNT_NAME);
    if mode != AccessMode::Remote && name.is_some() {
        warnings.add(Warning::NameIgnored { mode });
    }
    let path = path.member(REMOTE_SERVICE_ACCOUNT_NAME);
    Ok(match mode {
        AccessMode::Home => Access::Home,
        AccessMode::Disabled => Access::Disabled,
        AccessMode::Remote => Access::Remote {
            annotated: name.map(|name| annotated_service_account(name, path, home_cluster)).transpose()?,
            is_explicit: value.is_some(),
        },
    })
}

/// The mode that an annotation names.
fn parse_mode(value: &Value, path: Path, home_cluster: &HomeCluster) -> Result<AccessMode> {
    let path = path.to_string();
    let home_is_default = home_cluster.default_mode == AccessMode::Home;
    let name = value.as_str();
    match name.and_then(|name| name.parse().ok()) {
        Some(AccessMode::Home) if home_is_default => return Err(Rejection::HomeIsDefault { path }.into()),
        Some(mode) => return Ok(mode),
        None => {}
    }
    // What would be right is only what is allowed.
    let modes = home_cluster.allowed_modes.iter().filter(|mode| !(home_is_default && **mode == AccessMode::Home));
    let modes: Vec<_> = modes.map(|mode| mode.as_str()).collect();
    let question = name.map(|name| question(name, &modes)).unwrap_or_default();
    let modes = modes.iter().map(|mode| format!("\"{mode}\"")).collect::<Vec<_>>().join(" or ");
    let expected = match (home_is_default, modes.is_empty()) {
        (true, true) => "leave it unset for home".to_owned(),
        (true, false) => format!("set {modes}, or leave it unset for home"),
        (false, _) => format!("set {modes}"),
    };
    let value = name.map_or_else(|| shown(&value.to_string()), quoted);
    Err(Rejection::UnknownMode { path, value, expected, question }.into())
}

/// The ServiceAccount that an annotation names.
fn annotated_service_account(name: &Value, path: Path, home_cluster: &HomeCluster) -> Result<String> {
    let name = string(name, path)?.to_owned();
    if !is_dns1123_subdomain(&name) {
        return Err(Rejection::ServiceAccountName { path: path.to_string(), value: name }.into());
    }
    check_allowed(&name, path, home_cluster, true)?;
    Ok(name)
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
