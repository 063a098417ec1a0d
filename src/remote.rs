//! Mode remote: the pod reaches the API server of the foreign cluster, with a ServiceAccount of the foreign cluster.
//!
//! A pod that holds credentials of the home cluster is never sent there: it is rejected.

use k8s_openapi::api::core::v1::{ServiceAccountTokenProjection, VolumeProjection};

use crate::json::{Object, Value};
use crate::liqo;
use crate::outcome::{Audit, Rejection};
use crate::path::Path;
use crate::pod::{self, ApiMounts, Context};
use crate::volumes::{self, Projected, SourceKind, TOKEN, provide_token, with_source};

/// How long a token lives, in seconds. Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
const TOKEN_SECONDS: i64 = 60 * 60 + 7;

/// Changes a pod's spec for mode remote; tells whether anything changed, and what the audit log keeps.
pub(crate) fn apply(
    spec: &mut Object,
    path: Path,
    context: &Context,
    service_account: Option<&str>,
) -> Result<(bool, Audit), Rejection> {
    let mounts = ApiMounts::read(spec, path)?;
    let mut changed = volumes::projected(spec, path, |mut volume| {
        let is_mounted = mounts.volumes.contains(&volume.name);
        refuse_home_credentials(&mut volume, is_mounted, context)?;
        if is_mounted { complete(&mut volume, context) } else { Ok(false) }
    })?;
    if let Some(name) = service_account {
        for field in ["serviceAccount", "serviceAccountName"] {
            changed |= spec.set_string(field, name);
        }
    }
    changed |= pod::set_automount(spec, path, "true")?;
    Ok((changed, Audit::Remote { service_account: service_account.unwrap_or("default").to_owned() }))
}

/// Liqo's Secret anywhere, and the user's own where clients look for their credentials, are for the home cluster only.
fn refuse_home_credentials(volume: &mut Projected, is_mounted: bool, context: &Context) -> Result<(), Rejection> {
    let own = context.settings.home_credentials_secret.as_deref().filter(|_| is_mounted);
    for (index, source) in volume.sources.iter_mut().enumerate() {
        with_source(source, volume.path.item(index), |source| {
            let is_reflected = source.is_named(SourceKind::Secret, context.token_secret.as_deref())?;
            if is_reflected || source.is_named(SourceKind::Secret, own)? {
                return Err(Rejection::ForgedForHome { path: source.path.to_string() });
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Gives a volume back what a virtual kubelet without API server support took from it: the API server fills in neither a
/// token nor its own certificates where a volume is mounted already.
fn complete(volume: &mut Projected, context: &Context) -> Result<bool, Rejection> {
    if provide_token(volume.sources, volume.path)? {
        return Ok(false);
    }
    for (index, source) in volume.sources.iter_mut().enumerate() {
        with_source(source, volume.path.item(index), |source| {
            if source.is_named(SourceKind::ConfigMap, context.root_ca.as_deref())? {
                source.body.set_string("name", liqo::ROOT_CA);
            }
            Ok(())
        })?;
    }
    let token = ServiceAccountTokenProjection {
        audience: None,
        expiration_seconds: Some(TOKEN_SECONDS),
        path: TOKEN.to_owned(),
    };
    let service_account_token = Some(token);
    volume.sources.push(Value::new(&VolumeProjection { service_account_token, ..VolumeProjection::default() }));
    Ok(true)
}
