//! Mode remote: the pod reaches the API server of the foreign cluster, with a ServiceAccount of the foreign cluster.
//!
//! A pod that holds credentials of the home cluster, or whose environment was made to lead there, is rejected: neither
//! cluster's credentials may reach the other's API server.

use serde_json::{Value, json};

use crate::context::Context;
use crate::decide::own_service_account;
use crate::edits::Edits;
use crate::endpoint::HOST;
use crate::forged::{endpoint_of, provides_token};
use crate::liqo;
use crate::pod::containers::{self, Container};
use crate::pod::fields::{Fields, Object, object_or_new};
use crate::pod::path::Path;
use crate::pod::service_account::{set_automount, set_service_account};
use crate::pod::volumes::{
    ProjectedVolume, Source, Sources, TOKEN, TOKEN_SECONDS, body_mut, edit_projected_volumes, projected_volumes,
};
use crate::rejection::{Rejection, Result};
use crate::response::Audit;
use crate::warning::{Warning, Warnings};

/// Edits a pod for mode remote, and returns what the audit log keeps.
///
/// # Errors
///
/// The pod was forged for home, or names a ServiceAccount that is not allowed.
pub(crate) fn edit(
    pod: &mut Object,
    context: &Context,
    annotated: Option<String>,
    edits: &mut Edits,
    warnings: &mut Warnings,
) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields { object: spec, path: Path::Root.member("spec") };
    let containers = containers::containers(&fields)?;
    if let Some(container) = containers.iter().find(|container| endpoint_of(&container.env).is_some()) {
        return Err(Rejection::ForgedForHome { path: container.path_of("env") }.into());
    }
    let volumes = projected_volumes(&fields)?;
    volumes.iter().try_for_each(|volume| refuse_home_credentials(volume, context))?;
    let account = match annotated {
        Some(name) => Some(name),
        None => own_service_account(Some(&fields), fields.path, context.home_cluster)?.map(str::to_owned),
    };
    containers.iter().for_each(|container| warn_of_other_api_server(container, warnings));
    let mounted = containers::api_volumes(&containers);

    edit_projected_volumes(spec, &mut |sources| match mounted.contains(sources.volume) {
        true => restore_token(sources, context, edits),
        false => Ok(()),
    })?;
    if let Some(name) = &account {
        set_service_account(spec, name, edits)?;
    }
    set_automount(spec, true, edits)?;
    Ok(Audit::Remote { service_account: account.unwrap_or_else(|| "default".to_owned()) })
}

/// A Secret of Liqo's name is enough: whatever is in it, it is not for the foreign API server.
fn refuse_home_credentials(volume: &ProjectedVolume, context: &Context) -> Result<()> {
    let is_for_home = |name: &str| context.is_token_secret(name) || context.is_own_secret(name);
    match volume.sources.iter().position(|source| source.secret_name().is_some_and(is_for_home)) {
        Some(source) => Err(Rejection::ForgedForHome { path: volume.path_of(source) }.into()),
        None => Ok(()),
    }
}

/// A pod that names another API server by itself does what its author wants, but not what the mode says.
fn warn_of_other_api_server(container: &Container, warnings: &mut Warnings) {
    if container.env.iter().any(|variable| variable.name == HOST) {
        warnings.add(Warning::OtherApiServer { container: container.name.unwrap_or_default().to_owned() });
    }
}

/// Gives a volume back what a virtual kubelet without API server support took from it: the API server fills in neither a
/// token nor its own certificates where a volume is mounted already.
fn restore_token(sources: Sources, context: &Context, edits: &mut Edits) -> Result<()> {
    let Sources { list, path, .. } = sources;
    let mut are_reflected = Vec::with_capacity(list.len());
    for (index, source) in list.iter().enumerate() {
        let source = Source::read(&Fields::of(source, path.item(index))?)?;
        if provides_token(&source, context) {
            return Ok(());
        }
        are_reflected.push(source.config_map_name().is_some_and(|name| context.is_reflected_ca(name)));
    }
    for (source, _) in list.iter_mut().zip(are_reflected).filter(|(_, is_reflected)| *is_reflected) {
        body_mut(source, "configMap", path)?.insert("name".to_owned(), Value::from(liqo::ROOT_CA));
    }
    list.push(json!({"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": TOKEN}}));
    edits.note(path, "do not show a token of the foreign cluster");
    Ok(())
}
