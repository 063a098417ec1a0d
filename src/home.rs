//! Mode home: the pod reaches the API server of the home cluster, with credentials of the home cluster.
//!
//! Environment and host aliases say where the API server is, projected volumes hold token and certificates. Where a
//! token of the foreign cluster cannot be replaced the pod is rejected.

mod block;
mod credentials;
mod env;
mod forged;
mod host_aliases;
mod namespace;
mod references;
mod shadowed;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::VolumeMount;

use crate::access_mode::service_account_of;
use crate::changes::{Changes, ContainerChange};
use crate::fields::Fields;
use crate::json::Value;
use crate::liqo;
use crate::outcome::{Audit, Rejection, Warnings};
use crate::path::Path;
use crate::pod::{self, Container, Context, SERVICE_ACCOUNT_PATH, detached};
use crate::volumes::{self, ProjectedVolume, TOKEN};
use credentials::{CA, Credentials};
use env::Endpoints;

pub(crate) use block::HOST;
pub(crate) use credentials::{is_liqos_item, provides_token};
pub(crate) use forged::endpoint_of;
pub(crate) use namespace::HOME_NAMESPACE;

/// The name of the volume that is added where the API server added none.
const ADDED_VOLUME: &str = "kube-api-access-home";

/// How long a token lives, in seconds, and the mode of the files beside it.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`, and the API's default mode.
pub(crate) const TOKEN_SECONDS: i64 = 3607;
const FILE_MODE: i32 = 0o644;

/// Decides what must become of a pod in mode home, and what the audit log keeps.
pub(crate) fn decide(
    spec: &Fields,
    context: &Context,
    warnings: &mut Warnings,
) -> Result<(Changes, Audit), Box<Rejection>> {
    spec.required_list("containers")?;
    let service_account = service_account_of(spec)?;
    let containers = pod::containers(spec)?;
    let mut changes = Changes::default();

    let endpoints = Endpoints::decide(&containers, context.home_cluster);
    let environments = endpoints.changes(&containers, service_account.as_deref().unwrap_or("default"));
    changes.containers = containers
        .iter()
        .zip(environments)
        .filter_map(|(container, env)| Some(ContainerChange { at: container.at, env: Some(env?), mount: None }))
        .collect();
    changes.host_aliases = host_aliases::decide(spec, context.home_cluster, &endpoints, warnings)?;

    let mut volumes = volumes::projected(spec)?;
    let mut mounted = pod::api_volumes(&containers);
    let added = match service_account {
        None => added_volume(spec, &containers)?,
        Some(_) => None,
    };
    if let Some(added) = &added {
        mounted.insert(added.name.clone());
        let path = Path::Root.member("the added volume");
        volumes.extend(ProjectedVolume::read(&Fields::of(&added.volume, path)?, added.index)?);
    }
    let mut credentials = Credentials::new(context, &volumes, endpoints.is_forged, warnings);
    for volume in &volumes {
        changes.volumes.extend(credentials.volume(volume, mounted.contains(volume.name.as_ref()))?);
    }
    changes.annotation = credentials.finish();
    if let Some(added) = added {
        added.mount(&containers, &mut changes);
    }
    (changes.service_account, changes.automount) = detached(spec)?;
    Ok((changes, Audit::Home { home_api_server: endpoints.pod.authority() }))
}

/// A volume like the API server's own, for a pod that has none.
#[derive(Debug)]
struct AddedVolume {
    name: String,
    /// The place that it gets in the list of volumes.
    index: usize,
    volume: Value<'static>,
}

/// The volume that a pod which names no ServiceAccount needs for the containers that have nothing mounted where clients
/// look for credentials. A pod that opted out stays without.
fn added_volume(spec: &Fields, containers: &[Container]) -> Result<Option<AddedVolume>, Box<Rejection>> {
    let opted_out = spec.boolean(crate::changes::AUTOMOUNT)? == Some(false);
    if opted_out || !containers.iter().any(|container| container.lacks_api_mount) {
        return Ok(None);
    }
    let volumes = spec.list("volumes")?;
    let mut taken = BTreeSet::new();
    for volume in volumes.objects() {
        taken.extend(volume?.string("name")?.map(Cow::into_owned));
    }
    let mut name = ADDED_VOLUME.to_owned();
    let mut number = 1;
    while taken.contains(name.as_str()) {
        number += 1;
        name = format!("{ADDED_VOLUME}-{number}");
    }
    let volume = volumes::volume(&name, FILE_MODE, api_access());
    Ok(Some(AddedVolume { name, index: volumes.len(), volume }))
}

/// The sources of the volume that the API server adds to a pod. The other rules turn them to the home cluster.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
fn api_access() -> Vec<Value<'static>> {
    // These are read again, and changed, so they are objects and not the types of the API.
    let token = [("expirationSeconds", Value::written(&TOKEN_SECONDS)), ("path", Value::written(TOKEN))];
    let certificates = [("key", Value::written(CA)), ("path", Value::written(CA))];
    let namespace = [("apiVersion", Value::written("v1")), ("fieldPath", Value::written("metadata.namespace"))];
    let namespace = [("fieldRef", Value::object(namespace)), ("path", Value::written(namespace::NAMESPACE))];
    let with_items = |item| ("items", Value::List(vec![item]));
    let config_map = [with_items(Value::object(certificates)), ("name", Value::written(liqo::ROOT_CA))];
    vec![
        Value::object([("serviceAccountToken", Value::object(token))]),
        Value::object([("configMap", Value::object(config_map))]),
        Value::object([("downwardAPI", Value::object([with_items(Value::object(namespace))]))]),
    ]
}

impl AddedVolume {
    /// Adds the volume, and mounts it in each container that has nothing mounted there.
    fn mount(self, containers: &[Container], changes: &mut Changes) {
        let mount = Value::written(&VolumeMount {
            mount_path: SERVICE_ACCOUNT_PATH.to_owned(),
            name: self.name,
            read_only: Some(true),
            ..VolumeMount::default()
        });
        let mut changed = std::mem::take(&mut changes.containers).into_iter().peekable();
        for container in containers {
            let change = changed.next_if(|change| change.at == container.at);
            let mount = container.lacks_api_mount.then(|| mount.clone());
            changes.containers.extend(match (change, mount) {
                (Some(change), mount) => Some(ContainerChange { mount, ..change }),
                (None, Some(mount)) => Some(ContainerChange { at: container.at, env: None, mount: Some(mount) }),
                (None, None) => None,
            });
        }
        changes.added_volume = Some(self.volume);
    }
}
