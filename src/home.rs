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
use serde_json::json;

use crate::endpoint::{Block, cluster_names};
use crate::pod::{
    CA, Fields, HostAlias, Mounts, Object, Path, ROOT_CA, SERVICE_ACCOUNT_PATH, SPEC, TOKEN, TOKEN_SECONDS, Volumes,
    containers, edit_containers, edit_projected_volumes, fragment, is_foreign, list_or_new, object_or_new,
};
use crate::rejection::Result;
use crate::response::Audit;
use crate::review::{Context, Review};
use crate::service_account::{AUTOMOUNT, DEFAULT, release_service_account, service_account_of};
use crate::warning::Warning;
use crate::wording::on_one_line;
use api_server::{all_named, home_api_server};
use credentials::Credentials;
use namespace::{NAMESPACE, NAMESPACE_FIELD};

/// How many characters of a host the audit log keeps.
const MAX_SHOWN_HOST: usize = 264;

/// The name of the volume that is added if the API server added none.
const ADDED_VOLUME: &str = "kube-api-access-home";

/// Edits a pod for home mode, and returns what the audit log keeps.
pub(crate) fn edit(pod: &mut Object, review: &mut Review) -> Result<Audit> {
    let context = review.context;
    let foreign = &context.settings.foreign_containers;
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields::of_spec(spec);
    fields.required_list("containers")?;
    let account = service_account_of(&fields)?.map(str::to_owned);
    let mut mounts = Mounts::read(&fields)?;
    let named = all_named(&containers(&fields, foreign)?)?;
    let is_aliased = is_aliased(&fields, context)?;

    let block = Block::new(home_api_server(&named, is_aliased, review)?);
    edit_containers(spec, &mut |container, path| match is_foreign(&Fields { object: container, path }, foreign)? {
        true => Ok(()),
        false => env::set_block(container, path, &block, account.as_deref().unwrap_or(DEFAULT), review),
    })?;
    host_aliases::alias_home_api_server(spec, &block.endpoint, review)?;
    for container in mounts.over_hosts.iter().filter(|name| !foreign.contains(name)) {
        review.warn(Warning::HostsMounted { container: container.clone() });
    }
    if account.is_none() {
        add_volume(spec, &mut mounts, review)?;
    }
    let volumes = Volumes::read(&Fields::of_spec(spec))?;
    review.warn_of_unknown_credentials(&volumes, &mounts);
    let mut credentials = Credentials::new(review, &volumes.projected, !named.is_empty())?;
    edit_projected_volumes(spec, &mounts, &mut |volume, sources| credentials.edit_volume(volume, sources))?;
    let home_namespace = credentials.finish();
    release_service_account(spec, review)?;
    if let Some(home_namespace) = home_namespace {
        home_namespace.annotate(pod, review)?;
    }
    Ok(Audit::Home { home_api_server: on_one_line(&block.endpoint.authority(), MAX_SHOWN_HOST) })
}

/// Whether a host alias has one of the cluster names, and no address in the settings decides about those.
fn is_aliased(spec: &Fields, context: &Context) -> Result<bool> {
    let names = cluster_names(context.home_cluster);
    let has_name = HostAlias::read_all(spec)?.iter().any(|alias| alias.first_of(&names).is_some());
    Ok(has_name && context.home_cluster.api_server_addresses.is_empty())
}

/// Adds the volume that the API server adds to a pod, and mounts it in the containers that have nothing mounted where
/// clients look for credentials. The other rules then lead it to the home cluster. A pod that opted out stays without.
/// Source: `TokenVolumeSource` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
fn add_volume(spec: &mut Object, mounts: &mut Mounts, review: &mut Review) -> Result<()> {
    let fields = Fields::of_spec(spec);
    if fields.boolean(AUTOMOUNT)? == Some(false) || !mounts.lack_api.contains(&true) {
        return Ok(());
    }
    let mut taken = BTreeSet::new();
    for volume in fields.list("volumes")?.objects() {
        taken.extend(volume?.string("name")?);
    }
    let mut name = ADDED_VOLUME.to_owned();
    let mut number = 1;
    while taken.contains(name.as_str()) {
        number += 1;
        name = format!("{ADDED_VOLUME}-{number}");
    }
    list_or_new(spec, "volumes", SPEC)?.push(json!({"name": name, "projected": {"defaultMode": 0o644, "sources": [
        {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": TOKEN}},
        {"configMap": {"items": [{"key": CA, "path": CA}], "name": ROOT_CA}},
        {"downwardAPI": {"items": [
            {"fieldRef": {"apiVersion": "v1", "fieldPath": NAMESPACE_FIELD}, "path": NAMESPACE}
        ]}},
    ]}}));
    let mount = fragment(VolumeMount {
        mount_path: SERVICE_ACCOUNT_PATH.to_owned(),
        name: name.clone(),
        read_only: Some(true),
        ..VolumeMount::default()
    });
    // The containers come in the same order as when their mounts were read.
    let mut lack_api = mounts.lack_api.iter();
    edit_containers(spec, &mut |container, path| {
        if lack_api.next() == Some(&true) {
            list_or_new(container, "volumeMounts", path)?.push(mount.clone());
            review.note(path.member("volumeMounts"), "lacks the credentials of the home cluster");
        }
        Ok(())
    })?;
    mounts.add_whole(name);
    Ok(())
}
