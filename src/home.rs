//! Mode home: the pod reaches the API server of the home cluster, with credentials of the home cluster.
//!
//! Environment and host aliases say where the API server is, projected volumes hold token and certificates. A pod in
//! which a token of the foreign cluster cannot be replaced is rejected.

mod credentials;
mod env;
mod host_aliases;
mod namespace;
mod references;
mod shadowed;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::VolumeMount;
use serde_json::{Value, json};

use crate::context::Context;
use crate::edits::Edits;
use crate::liqo;
use crate::pod::containers::{self, Container, Mounts, SERVICE_ACCOUNT_PATH, edit_containers};
use crate::pod::fields::{Fields, Object, fragment, list_or_new, object_or_new};
use crate::pod::path::Path;
use crate::pod::service_account::{AUTOMOUNT, remove_service_account, service_account_of};
use crate::pod::volumes::{CA, TOKEN, TOKEN_SECONDS, edit_projected_volumes, projected_volumes};
use crate::rejection::Result;
use crate::response::Audit;
use crate::warning::Warnings;
use credentials::Credentials;
use env::Endpoints;
use namespace::NAMESPACE;

/// The name of the volume that is added if the API server added none.
const ADDED_VOLUME: &str = "kube-api-access-home";

/// Edits a pod for mode home, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, context: &Context, edits: &mut Edits, warnings: &mut Warnings) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let path = Path::Root.member("spec");
    let fields = Fields { object: spec, path };
    fields.required_list("containers")?;
    let account = service_account_of(&fields)?.map(str::to_owned);
    let containers = containers::containers(&fields)?;
    let endpoints = Endpoints::decide(&containers, context.home_cluster);
    let mut mounted = containers::api_volumes(&containers);
    let added = if account.is_none() { added_volume(&fields, &containers)? } else { None };

    let mut blocks = endpoints.blocks.iter();
    edit_containers(spec, &mut |container, path| {
        let Some(block) = blocks.next() else { return Ok(()) };
        env::lead_home(container, path, block, account.as_deref().unwrap_or("default"), edits)
    })?;
    host_aliases::lead_home(spec, context.home_cluster, &endpoints, edits, warnings)?;
    if let Some(name) = added {
        add_volume(spec, path, &name, edits)?;
        mounted.insert(name);
    }
    let volumes = projected_volumes(&Fields { object: spec, path })?;
    let mut credentials = Credentials::new(context, &volumes, endpoints.is_forged, warnings);
    edit_projected_volumes(spec, &mut |sources| {
        let is_mounted = mounted.contains(sources.volume);
        credentials.edit_volume(sources, is_mounted, edits)
    })?;
    let annotation = credentials.finish();
    remove_service_account(spec, edits)?;
    if let Some((name, value)) = annotation {
        let metadata = object_or_new(pod, "metadata", Path::Root)?;
        let path = Path::Root.member("metadata");
        object_or_new(metadata, "annotations", path)?.insert(name.to_owned(), Value::from(value));
        edits.note(path.member("annotations").member(name), "is not the home namespace");
    }
    Ok(Audit::Home { home_api_server: endpoints.pod.authority() })
}

/// The name of the volume that a pod which names no ServiceAccount needs for the containers that have nothing mounted
/// where clients look for credentials. A pod that opted out stays without.
fn added_volume(spec: &Fields, containers: &[Container]) -> Result<Option<String>> {
    let opted_out = spec.boolean(AUTOMOUNT)? == Some(false);
    if opted_out || !containers.iter().any(|container| container.mounts.lacks_api) {
        return Ok(None);
    }
    let mut taken = BTreeSet::new();
    for volume in spec.list("volumes")?.objects() {
        taken.extend(volume?.string("name")?);
    }
    let mut name = ADDED_VOLUME.to_owned();
    let mut number = 1;
    while taken.contains(name.as_str()) {
        number += 1;
        name = format!("{ADDED_VOLUME}-{number}");
    }
    Ok(Some(name))
}

/// Adds a volume like the API server's own, and mounts it in each container that has nothing mounted there. The other
/// rules then lead it to the home cluster.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
fn add_volume(spec: &mut Object, path: Path, name: &str, edits: &mut Edits) -> Result<()> {
    let volume = json!({"name": name, "projected": {"defaultMode": 0o644, "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": TOKEN}},
        {"configMap": {"items": [{"key": CA, "path": CA}], "name": liqo::ROOT_CA}},
        {"downwardAPI": {"items": [
            {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": NAMESPACE},
        ]}},
    ]}});
    list_or_new(spec, "volumes", path)?.push(volume);
    let mount = fragment(VolumeMount {
        mount_path: SERVICE_ACCOUNT_PATH.to_owned(),
        name: name.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    });
    edit_containers(spec, &mut |container, path| {
        if Mounts::read(&Fields { object: container, path })?.lacks_api {
            list_or_new(container, "volumeMounts", path)?.push(mount.clone());
            edits.note(path.member("volumeMounts"), "lacks the credentials of the home cluster");
        }
        Ok(())
    })
}
