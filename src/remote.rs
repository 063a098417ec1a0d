//! Mode remote: the pod reaches the API server of the foreign cluster, with a ServiceAccount of the foreign cluster.
//!
//! A pod that holds credentials of the home cluster, or whose environment was made to lead there, is rejected: neither
//! cluster's credentials may reach the other's API server.

use crate::home::env::Endpoints;
use crate::json::{Object, Value};
use crate::liqo;
use crate::outcome::{Audit, Reason, Rejection};
use crate::path::Path;
use crate::pod::{self, ApiMounts, Context};
use crate::volumes::{self, Projected, Source, SourceKind, TOKEN, any_provides_token};

/// How long a token lives, in seconds. Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
const TOKEN_SECONDS: &str = "3607";

/// Changes a pod's spec for mode remote; tells whether anything changed, and what the audit log keeps.
pub(crate) fn apply(
    spec: &mut Object,
    path: Path,
    context: &Context,
    service_account: Option<&str>,
) -> Result<(bool, Audit), Rejection> {
    let mut mounts = ApiMounts::default();
    let mut endpoints = Endpoints::new(context.settings);
    for list in pod::CONTAINER_LISTS {
        pod::containers(spec, path, list, &mut |container, path| {
            endpoints.read(container, path)?;
            if endpoints.is_forged() {
                return Err(Reason::ForgedForHome { path: path.member("env").to_string() }.into());
            }
            mounts.add(container, path)
        })?;
    }
    let mut changed = volumes::projected(spec, path, &mut |mut volume| {
        refuse_home_credentials(&mut volume, context)?;
        if mounts.volumes.contains(&volume.name) { complete(&mut volume, context) } else { Ok(false) }
    })?;
    if let Some(name) = service_account {
        for field in ["serviceAccount", "serviceAccountName"] {
            changed |= spec.set_string(field, name);
        }
    }
    changed |= pod::set_automount(spec, path, "true")?;
    Ok((changed, Audit::Remote { service_account: service_account.unwrap_or("default").to_owned() }))
}

fn refuse_home_credentials(volume: &mut Projected, context: &Context) -> Result<(), Rejection> {
    for (index, source) in volume.sources.iter_mut().enumerate() {
        if let Some(mut source) = Source::of(source, volume.path.item(index))?
            && context.is_for_home(&mut source)?
        {
            return Err(Reason::ForgedForHome { path: source.path().to_string() }.into());
        }
    }
    Ok(())
}

/// Gives a volume back what a virtual kubelet without API server support took from it: the API server fills in neither a
/// token nor its own certificates where a volume is mounted already.
fn complete(volume: &mut Projected, context: &Context) -> Result<bool, Rejection> {
    if any_provides_token(volume.sources, volume.path)? {
        return Ok(false);
    }
    for (index, source) in volume.sources.iter_mut().enumerate() {
        if let Some(mut source) = Source::of(source, volume.path.item(index))?
            && source.is_named(SourceKind::ConfigMap, context.root_ca.as_deref())?
        {
            source.body.set_string("name", liqo::ROOT_CA);
        }
    }
    let token = Value::object([("expirationSeconds", Value::Text(TOKEN_SECONDS)), ("path", Value::string(TOKEN))]);
    volume.sources.push(Value::object([("serviceAccountToken", token)]));
    Ok(true)
}
