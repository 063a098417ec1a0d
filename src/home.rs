//! Home mode: the pod reaches the API server of the home cluster, with credentials of the home cluster.
//!
//! Environment and host aliases lead to the API server, projected volumes hold token and certificates. A pod in
//! which a token of the foreign cluster cannot be replaced is rejected.

mod api_server;
mod credentials;
mod env;
mod host_aliases;
mod namespace;
mod references;
mod shadowed;

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::VolumeMount;
use serde_json::Value;

use crate::context::{Context, HOME_NAMESPACE};
use crate::edits::Edits;
use crate::endpoint::{Block, cluster_names};
use crate::pod::containers::{containers, edit_containers};
use crate::pod::fields::{Fields, Object, fragment, list_or_new, object_or_new};
use crate::pod::host_aliases::HostAlias;
use crate::pod::mounts::{Mounts, SERVICE_ACCOUNT_PATH};
use crate::pod::path::Path;
use crate::pod::service_account::{AUTOMOUNT, service_account_of};
use crate::pod::volumes::{Volumes, edit_projected_volumes};
use crate::rejection::Result;
use crate::release::{release_service_account, warn_of_unknown_credentials};
use crate::response::Audit;
use crate::warning::{Warning, Warnings};
use crate::wording::on_one_line;
use api_server::{all_named, home_api_server};
use credentials::{Credentials, Finished};

/// How many characters of a host the audit log keeps.
const MAX_SHOWN_HOST: usize = 264;

/// The name of the volume that is added if the API server added none.
const ADDED_VOLUME: &str = "kube-api-access-home";

/// Edits a pod for home mode, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, context: &Context, edits: &mut Edits, warnings: &mut Warnings) -> Result<Audit> {
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let path = Path::Root.member("spec");
    let fields = Fields { object: spec, path };
    fields.required_list("containers")?;
    let account = service_account_of(&fields)?.map(str::to_owned);
    let mut mounts = Mounts::read(&fields)?;
    let containers = containers(&fields, &context.settings.foreign_containers)?;
    let named = all_named(&containers)?;
    let are_foreign: Vec<_> = containers.iter().map(|container| container.is_foreign).collect();
    let is_aliased = is_aliased(&fields, context)?;
    let added = if account.is_none() { added_volume(&fields, &mounts)? } else { None };

    let block = Block::new(home_api_server(&named, is_aliased, context.home_cluster, warnings)?);
    let mut are_foreign = are_foreign.into_iter();
    edit_containers(spec, &mut |container, path| match are_foreign.next() {
        Some(true) => Ok(()),
        _ => env::lead_home(container, path, &block, account.as_deref().unwrap_or("default"), edits),
    })?;
    host_aliases::lead_home(spec, context.home_cluster, &block.endpoint, edits, warnings)?;
    for container in std::mem::take(&mut mounts.over_hosts) {
        if !context.settings.foreign_containers.contains(&container) {
            warnings.add(Warning::HostsMounted { container });
        }
    }
    if let Some(name) = added {
        add_volume(spec, path, &name, &mounts.lack_api, edits)?;
        mounts.add_whole(name);
    }
    let volumes = Volumes::read(&Fields { object: spec, path })?;
    warn_of_unknown_credentials(&volumes, &mounts, warnings);
    let mut credentials = Credentials::new(context, &volumes.projected, !named.is_empty(), warnings)?;
    edit_projected_volumes(spec, &mut |sources| {
        let mounted = mounts.api_volumes.get(sources.volume);
        credentials.edit_volume(sources, mounted, edits)
    })?;
    let Finished { annotation, keeps_token } = credentials.finish();
    release_service_account(spec, keeps_token, context.home_cluster, edits)?;
    if let Some(value) = annotation {
        let metadata = object_or_new(pod, "metadata", Path::Root)?;
        let path = Path::Root.member("metadata");
        object_or_new(metadata, "annotations", path)?.insert(HOME_NAMESPACE.to_owned(), Value::from(value));
        edits.note(path.member("annotations").member(HOME_NAMESPACE), "is not the home namespace");
    }
    Ok(Audit::Home { home_api_server: on_one_line(&block.endpoint.authority(), MAX_SHOWN_HOST) })
}

/// Whether a host alias has one of the cluster names, and no address in the settings decides about those.
fn is_aliased(spec: &Fields, context: &Context) -> Result<bool> {
    let names = cluster_names(context.home_cluster.cluster_domain.as_deref());
    let aliases = HostAlias::read_all(spec)?;
    let has_name = |alias: &HostAlias| names.iter().any(|name| alias.has(name));
    Ok(context.home_cluster.api_server_addresses.is_empty() && aliases.iter().any(has_name))
}

/// The name of the volume that a pod which names no ServiceAccount needs for the containers that have nothing mounted
/// where clients look for credentials. A pod that opted out stays without.
fn added_volume(spec: &Fields, mounts: &Mounts) -> Result<Option<String>> {
    let opted_out = spec.boolean(AUTOMOUNT)? == Some(false);
    if opted_out || !mounts.lack_api.contains(&true) {
        return Ok(None);
    }
    let mut taken = BTreeSet::new();
    for volume in spec.list("volumes")?.objects() {
        taken.extend(volume?.string("name")?.map(str::to_owned));
    }
    let mut name = ADDED_VOLUME.to_owned();
    let mut number = 1;
    while taken.contains(&name) {
        number += 1;
        name = format!("{ADDED_VOLUME}-{number}");
    }
    Ok(Some(name))
}

/// The volume that the API server adds to a pod. The other rules then lead it to the home cluster.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
const API_ACCESS: &str = r#"{"projected": {"defaultMode": 420, "sources": [
    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
    {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
    {"downwardAPI": {"items": [
        {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    ]}}
]}}"#;

/// Adds the volume, and mounts it in each container that has nothing mounted there.
fn add_volume(spec: &mut Object, path: Path, name: &str, lack_api: &[bool], edits: &mut Edits) -> Result<()> {
    let mut volume: Object = serde_json::from_str(API_ACCESS).unwrap_or_default();
    volume.insert("name".to_owned(), Value::from(name));
    let volume = Value::Object(volume);
    list_or_new(spec, "volumes", path)?.push(volume);
    let mount = fragment(VolumeMount {
        mount_path: SERVICE_ACCOUNT_PATH.to_owned(),
        name: name.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    });
    let mut lack_api = lack_api.iter();
    edit_containers(spec, &mut |container, path| {
        if lack_api.next() == Some(&true) {
            list_or_new(container, "volumeMounts", path)?.push(mount.clone());
            edits.note(path.member("volumeMounts"), "lacks the credentials of the home cluster");
        }
        Ok(())
    })
}
