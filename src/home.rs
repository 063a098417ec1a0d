//! Mode home: the pod reaches the API server of the home cluster, with credentials of the home cluster.
//!
//! Environment and host aliases say where the API server is, projected volumes hold token and certificates. After this
//! no projected volume has a `serviceAccountToken`, which would be one of the foreign cluster: where one cannot be
//! replaced the pod is rejected.

mod credentials;
pub(crate) mod env;
mod host_aliases;

use crate::access_mode::service_account_of;
use crate::fields::absence;
use crate::json::Object;
use crate::outcome::{Audit, Rejection, Warnings};
use crate::path::Path;
use crate::pod::{self, ApiMounts, CONTAINER_LISTS, Context};
use env::Endpoints;

/// Changes a pod's spec for mode home; tells whether anything changed, and what the audit log keeps.
pub(crate) fn apply<'a>(
    spec: &mut Object<'a>,
    path: Path,
    context: &Context,
    warnings: &mut Warnings,
) -> Result<(bool, Audit), Rejection> {
    if spec.present("containers").is_none() {
        return Err(Rejection::shape(path.member("containers"), "a list", absence(spec, "containers")));
    }
    let service_account = service_account_of(spec, path)?;
    let mut mounts = ApiMounts::default();
    let mut endpoints = Endpoints::new(context.settings);
    for list in CONTAINER_LISTS {
        pod::containers(spec, path, list, &mut |container, path| {
            endpoints.read(container, path)?;
            mounts.add(container, path)
        })?;
    }
    let mut changed = endpoints.apply(spec, path, service_account.as_deref().unwrap_or("default"))?;
    changed |= host_aliases::apply(spec, path, context.settings, &endpoints, warnings)?;
    if service_account.is_none() {
        changed |= credentials::add_volume(spec, path, &mut mounts)?;
    }
    changed |= credentials::apply(spec, path, context, &mounts, warnings)?;
    changed |= pod::detach_service_account(spec, path)?;
    Ok((changed, Audit::Home { api_server: endpoints.for_pod().authority() }))
}
