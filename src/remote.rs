//! Mode remote: the pod reaches the API server of the foreign cluster, with a ServiceAccount of the foreign cluster.
//!
//! A pod that holds credentials of the home cluster, or whose environment was made to lead there, is rejected: neither
//! cluster's credentials may reach the other's API server.

use k8s_openapi::api::core::v1::ServiceAccountTokenProjection;

use crate::access_mode::own_service_account;
use crate::changes::{Changes, SERVICE_ACCOUNT_NAMES, ServiceAccountChange, SourceChange, SourceEdit, VolumeChange};
use crate::fields::Fields;
use crate::home::{self, HOST, TOKEN_SECONDS, provides_token};
use crate::json::Value;
use crate::liqo;
use crate::outcome::{Audit, Rejection, Warning, Warnings};
use crate::pod::{self, Container, Context};
use crate::volumes::{self, ProjectedVolume, TOKEN};

/// Decides what must become of a pod in mode remote, and what the audit log keeps.
///
/// # Errors
///
/// The pod was forged for home, or names a ServiceAccount that is not allowed.
pub(crate) fn decide(
    spec: &Fields,
    context: &Context,
    annotated: Option<&str>,
    warnings: &mut Warnings,
) -> Result<(Changes, Audit), Box<Rejection>> {
    let containers = pod::containers(spec)?;
    for container in &containers {
        if home::endpoint_of(&container.env).is_some() {
            return Err(Rejection::ForgedForHome { path: container.at.path_of("env") }.into());
        }
    }
    let volumes = volumes::projected(spec)?;
    volumes.iter().try_for_each(|volume| refuse_home_credentials(volume, context))?;
    let service_account = match annotated {
        Some(name) => Some(name.to_owned()),
        None => own_service_account(Some(spec), spec.path, context.home_cluster)?.map(|name| name.into_owned()),
    };
    containers.iter().for_each(|container| warn_of_other_api_server(container, warnings));

    let mounted = pod::api_volumes(&containers);
    let mounted = volumes.iter().filter(|volume| mounted.contains(volume.name.as_ref()));
    let mut changes = Changes {
        volumes: mounted.filter_map(|volume| complete(volume, context)).collect(),
        automount: pod::automount(spec, true)?,
        ..Changes::default()
    };
    let audit = Audit::Remote { service_account: service_account.clone().unwrap_or_else(|| "default".to_owned()) };
    if let Some(name) = service_account {
        let mut is_right = true;
        for field in SERVICE_ACCOUNT_NAMES {
            is_right &= spec.string(field)?.is_some_and(|own| own == name);
        }
        changes.service_account = (!is_right).then_some(ServiceAccountChange::Set(name));
    }
    Ok((changes, audit))
}

/// A Secret of Liqo's name is enough: whatever is in it, it is not for the foreign API server.
fn refuse_home_credentials(volume: &ProjectedVolume, context: &Context) -> Result<(), Box<Rejection>> {
    let own = context.home_cluster.credentials_secret.as_deref();
    let is_for_home = |name: &str| Some(name) == context.token_secret.as_deref() || Some(name) == own;
    match volume.sources.iter().position(|source| source.secret_name().is_some_and(is_for_home)) {
        Some(source) => Err(Rejection::ForgedForHome { path: volume.path_of(source) }.into()),
        None => Ok(()),
    }
}

/// A pod that names another API server by itself does what its author wants, but not what the mode says.
fn warn_of_other_api_server(container: &Container, warnings: &mut Warnings) {
    if container.env.iter().any(|variable| variable.name == HOST) {
        let name = container.name.as_deref().unwrap_or_default().to_owned();
        warnings.add(Warning::OtherApiServer { container: name });
    }
}

/// Gives a volume back what a virtual kubelet without API server support took from it: the API server fills in neither a
/// token nor its own certificates where a volume is mounted already.
fn complete(volume: &ProjectedVolume, context: &Context) -> Option<VolumeChange> {
    if volume.sources.iter().any(|source| provides_token(source, context)) {
        return None;
    }
    let sources = volume.sources.iter().map(|source| {
        let is_reflected = source.config_map_name().is_some_and(|name| Some(name) == context.root_ca.as_deref());
        let edit = || SourceEdit { name: Some(liqo::ROOT_CA.to_owned()), ..SourceEdit::default() };
        is_reflected.then(|| SourceChange::Edited(edit()))
    });
    let sources = sources.collect();
    let token = ServiceAccountTokenProjection {
        audience: None,
        expiration_seconds: Some(TOKEN_SECONDS),
        path: TOKEN.to_owned(),
    };
    let added = vec![Value::object([("serviceAccountToken", Value::written(&token))])];
    let problem = "do not show a token of the foreign cluster";
    Some(VolumeChange { index: volume.index, sources, added, problem })
}
