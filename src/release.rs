//! What home and disabled mode share: the ServiceAccount, which exists in the home cluster only, goes, and nothing of the
//! foreign API server is mounted.

use crate::decide::check_kept_service_account;
use crate::edits::Edits;
use crate::pod::fields::{Fields, Object};
use crate::pod::mounts::Mounts;
use crate::pod::path::Path;
use crate::pod::service_account::{remove_service_account, set_automount};
use crate::pod::volumes::Volumes;
use crate::rejection::Result;
use crate::settings::HomeCluster;
use crate::warning::{Warning, Warnings};

/// Takes the ServiceAccount away, unless the pod keeps a token: the kubelet makes that for the pod's ServiceAccount, and
/// a cloud, Vault or a mesh accept no other.
pub(crate) fn release_service_account(
    spec: &mut Object,
    keeps_token: bool,
    home_cluster: &HomeCluster,
    edits: &mut Edits,
) -> Result<()> {
    if keeps_token {
        check_kept_service_account(&Fields { object: spec, path: Path::Root.member("spec") }, home_cluster)?;
    } else {
        remove_service_account(spec, edits)?;
    }
    set_automount(spec, false, edits)
}

/// Warns of volumes that are mounted at the API path and are not projected: whose credentials they show cannot be checked.
pub(crate) fn warn_of_unknown_credentials(volumes: &Volumes, mounts: &Mounts, warnings: &mut Warnings) {
    for volume in volumes.others.iter().filter(|name| mounts.api_volumes.contains_key(**name)) {
        warnings.add(Warning::UnknownCredentials { volume: (*volume).to_owned() });
    }
}
