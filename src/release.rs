//! What home and disabled mode share: the ServiceAccount, which exists in the home cluster only, goes, and nothing of the
//! foreign API server is mounted.

use crate::context::Review;
use crate::decide::check_kept_service_account;
use crate::pod::{Fields, Mounts, Object, Volumes, remove_service_account, set_automount};
use crate::rejection::Result;
use crate::warning::Warning;

/// Takes the ServiceAccount away, unless the pod keeps a token: the kubelet makes that for the pod's ServiceAccount, and
/// a cloud, Vault or a mesh accept no other.
pub(crate) fn release_service_account(spec: &mut Object, keeps_token: bool, review: &mut Review) -> Result<()> {
    if keeps_token {
        check_kept_service_account(&Fields::of_spec(spec), review.context.home_cluster)?;
    } else {
        remove_service_account(spec, &mut review.edits)?;
    }
    set_automount(spec, false, &mut review.edits)
}

/// Warns of volumes that are mounted at the API path and are not projected: whose credentials they show cannot be checked.
pub(crate) fn warn_of_unknown_credentials(volumes: &Volumes, mounts: &Mounts, review: &mut Review) {
    for volume in volumes.others.iter().filter(|name| mounts.api_volumes.contains_key(**name)) {
        review.warn(Warning::UnknownCredentials { volume: (*volume).to_owned() });
    }
}
