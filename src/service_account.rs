//! The ServiceAccount of a pod: the fields that name it, and which ones `allowedRemoteServiceAccounts` admits.

use serde_json::Value;

use crate::names::{MAX_SUBDOMAIN, check_length};
use crate::pod::{Fields, Object, Path, SPEC, Source, Volumes};
use crate::rejection::{Rejection, Result};
use crate::review::Review;
use crate::settings::HomeCluster;
use crate::wording::cut;

/// The ServiceAccount of a pod that names none.
pub(crate) const DEFAULT: &str = "default";

/// The field with the name, and its deprecated twin. The API server copies one to the other.
const NAMES: [&str; 2] = ["serviceAccountName", "serviceAccount"];

/// The field that controls whether the API server mounts a token.
pub(crate) const AUTOMOUNT: &str = "automountServiceAccountToken";

/// The ServiceAccount that a pod names, also by the deprecated twin of the field.
pub(crate) fn service_account_of<'v>(spec: &Fields<'v, '_>) -> Result<Option<&'v str>> {
    for field in NAMES {
        if let Some(name) = spec.string(field)?.filter(|name| !name.is_empty()) {
            check_length(name, MAX_SUBDOMAIN, spec.path.member(field))?;
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// The pod's own ServiceAccount, for remote mode; `None` if it names none, which counts as `default`. `is_explicit` is
/// whether the annotation chose the mode, and not the settings.
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
    check_allowed(own.unwrap_or(DEFAULT), path.member(NAMES[0]), home_cluster, is_explicit)?;
    Ok(own)
}

/// Checks a ServiceAccount for remote mode.
pub(crate) fn check_allowed(name: &str, path: Path, home_cluster: &HomeCluster, is_explicit: bool) -> Result<()> {
    let Some(allowed) = list_without(name, home_cluster) else { return Ok(()) };
    let hint = match is_explicit {
        true => "",
        false => "; Liqo keeps the name only on pods annotated liqo.io/api-server-support: remote",
    };
    Err(Rejection::ServiceAccountNotAllowed { path: path.to_string(), name: name.to_owned(), allowed, hint }.into())
}

/// The allowed ServiceAccounts as a message shows them; `None` if `name` is one of them.
fn list_without(name: &str, home_cluster: &HomeCluster) -> Option<String> {
    let allowed = home_cluster.allowed_remote_service_accounts.as_ref()?;
    match allowed.is_empty() {
        true => Some("none".to_owned()),
        false => (!allowed.iter().any(|allowed| allowed == name)).then(|| cut(&allowed.join(", "), 256)),
    }
}

/// Removes the ServiceAccount, which exists in the home cluster only. A pod that keeps a token keeps it too: the kubelet
/// makes the token for the pod's ServiceAccount, and a cloud, Vault or a mesh accept no other.
pub(crate) fn release_service_account(spec: &mut Object, review: &mut Review) -> Result<()> {
    let fields = Fields::of_spec(spec);
    let is_token = |source: &Source| matches!(source, Source::ServiceAccountToken { .. });
    if Volumes::read(&fields)?.projected.iter().any(|volume| volume.sources.iter().any(is_token)) {
        let name = service_account_of(&fields)?.unwrap_or(DEFAULT).to_owned();
        if let Some(allowed) = list_without(&name, review.context.home_cluster) {
            let path = SPEC.member(NAMES[0]).to_string();
            return Err(Rejection::KeptServiceAccountNotAllowed { path, name, allowed }.into());
        }
    } else {
        let mut is_named = false;
        for field in NAMES {
            is_named |= fields.string(field)?.is_some_and(|name| !matches!(name, "" | DEFAULT));
        }
        // The API server fills in `default`; if the pod names that already, it stays.
        if is_named {
            NAMES.iter().for_each(|field| drop(spec.remove(*field)));
            review.note(SPEC.member(NAMES[0]), "names a ServiceAccount that the mode takes away");
        }
    }
    set_automount(spec, false, review)
}

/// Sets both names.
pub(crate) fn set_service_account(spec: &mut Object, name: &str, review: &mut Review) -> Result<()> {
    for field in NAMES {
        if Fields::of_spec(spec).string(field)? != Some(name) {
            spec.insert(field.to_owned(), Value::from(name));
            review.note(SPEC.member(NAMES[0]), "is not the ServiceAccount of remote mode");
        }
    }
    Ok(())
}

/// Sets whether the API server mounts a token.
pub(crate) fn set_automount(spec: &mut Object, automount: bool, review: &mut Review) -> Result<()> {
    if Fields::of_spec(spec).boolean(AUTOMOUNT)? != Some(automount) {
        spec.insert(AUTOMOUNT.to_owned(), Value::from(automount));
        review.note(SPEC.member(AUTOMOUNT), if automount { "is not true" } else { "is not false" });
    }
    Ok(())
}
