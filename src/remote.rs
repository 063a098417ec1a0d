//! Remote mode: the pod reaches the API server of the foreign cluster, with a ServiceAccount of the foreign cluster.
//!
//! A pod that holds credentials of the home cluster, or whose environment was made to lead there, is rejected: neither
//! cluster's credentials may reach the other's API server.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::endpoint::{DEFAULT_HOST, HOST, cluster_names, same_name};
use crate::forged::{named_endpoints, shows_token};
use crate::names::MAX_SUBDOMAIN;
use crate::pod::{
    Container, Fields, HostAlias, Mounts, Object, Path, ProjectedVolume, ROOT_CA, Source, TOKEN_SECONDS, Volume,
    Volumes, containers, edit_projected_volumes, object_or_new, set_source_name,
};
use crate::rejection::{Rejection, Result};
use crate::response::Audit;
use crate::review::{Context, Review};
use crate::service_account::{DEFAULT, own_service_account, set_automount, set_service_account};
use crate::settings::Host;
use crate::warning::Warning;
use crate::wording::on_one_line;

/// How the names of the volumes start that the API server adds.
/// Source: `ServiceAccountVolumeName` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
const API_ACCESS: &str = "kube-api-access-";

/// Edits a pod for remote mode, and returns what the audit log keeps.
///
/// # Errors
///
/// The pod was forged for home, or names a ServiceAccount that is not allowed.
pub(crate) fn edit(
    pod: &mut Object,
    annotated: Option<String>,
    is_explicit: bool,
    review: &mut Review,
) -> Result<Audit> {
    let context = review.context;
    let spec = object_or_new(pod, "spec", Path::Root)?;
    let fields = Fields::of_spec(spec);
    let mut mounts = Mounts::read(&fields)?;
    let containers = containers(&fields, &context.settings.foreign_containers)?;
    let volumes = Volumes::read(&fields)?;
    // The API server takes such a volume for its own, mounts it where it finds nothing mounted, and fills in nothing.
    let is_taken = |name: &&str| name.starts_with(API_ACCESS);
    let taken = volumes.projected.iter().map(|volume| volume.name).find(is_taken);
    for name in taken.into_iter().chain(volumes.others.iter().copied().find(is_taken)) {
        mounts.add_whole(name.to_owned());
    }
    check_endpoints(&containers, &fields, review)?;
    volumes.projected.iter().try_for_each(|volume| check_credentials(volume, context))?;
    let account = match annotated {
        Some(name) => Some(name),
        None => own_service_account(Some(&fields), fields.path, context.home_cluster, is_explicit)?.map(str::to_owned),
    };
    review.warn_of_unknown_credentials(&volumes, &mounts);

    edit_projected_volumes(spec, &mounts, &mut |volume, sources| restore_credentials(volume, sources, review))?;
    if let Some(name) = &account {
        set_service_account(spec, name, review)?;
    }
    set_automount(spec, true, review)?;
    let service_account = on_one_line(account.as_deref().unwrap_or(DEFAULT), MAX_SUBDOMAIN);
    Ok(Audit::Remote { service_account })
}

/// Rejects variables and host aliases that lead home. Whatever else names an API server is the author's or the
/// platform's business.
fn check_endpoints(containers: &[Container], spec: &Fields, review: &mut Review) -> Result<()> {
    for container in containers {
        if !named_endpoints(container)?.is_empty() {
            return Err(Rejection::ForgedForHome { path: container.env_path.clone() }.into());
        }
    }
    let home_cluster = review.context.home_cluster;
    let names = cluster_names(home_cluster);
    let aliases = HostAlias::read_all(spec)?;
    let is_aliased = |name: &str| aliases.iter().any(|alias| alias.has(name));
    let host = home_cluster.api_server_host.as_ref().map_or(DEFAULT_HOST, Host::as_str);
    let is_home_address = |text: &str| address(text).is_some_and(|ip| home_cluster.api_server_addresses.contains(&ip));
    let leads_home = |value: &str| {
        // A cluster name without an alias is the foreign API server.
        let is_host = same_host(value, host) && (!names.iter().any(|name| name == host) || is_aliased(host));
        is_host || is_home_address(value)
    };
    for container in containers {
        let mut hosts = container.env.iter().filter(|variable| variable.name == HOST).filter_map(|host| host.value);
        if hosts.any(leads_home) {
            return Err(Rejection::LeadsHome { path: container.env_path.clone() }.into());
        }
    }
    for (index, alias) in aliases.iter().enumerate() {
        let Some(name) = alias.first_of(&names) else { continue };
        if is_home_address(alias.ip) {
            let path = spec.path.member("hostAliases").item(index).to_string();
            return Err(Rejection::LeadsHome { path }.into());
        }
        review.warn(Warning::AliasElsewhere { name: name.clone() });
    }
    Ok(())
}

/// Whether two hosts are the same as resolvers and clients compare them.
fn same_host(one: &str, other: &str) -> bool {
    match (address(one), address(other)) {
        (Some(one), Some(other)) => one == other,
        _ => same_name(one, other),
    }
}

/// The address that a text means, also in brackets, with a zone, or as an IPv4 address in the form of IPv6.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_start_matches('[').trim_end_matches(']');
    let (text, _) = text.split_once('%').unwrap_or((text, ""));
    match text.parse().ok()? {
        IpAddr::V6(v6) => Some(v6.to_ipv4().map_or(IpAddr::V6(v6), IpAddr::V4)),
        v4 => Some(v4),
    }
}

/// A Secret of Liqo's name is enough: whatever is in it, it is not for the foreign API server.
fn check_credentials(volume: &ProjectedVolume, context: &Context) -> Result<()> {
    let is_for_home = |name: &str| context.is_token_secret(name) || context.is_own_secret(name);
    match volume.sources.iter().position(|source| source.secret_name().is_some_and(is_for_home)) {
        Some(source) => Err(Rejection::ForgedForHome { path: volume.path_of_secret(source) }.into()),
        None => Ok(()),
    }
}

/// Gives a volume at the API path back what a virtual kubelet took from it: its certificates, and without API server
/// support the token. The API server fills in neither where a volume is mounted already.
fn restore_credentials(volume: Volume, sources: &mut Vec<Value>, review: &mut Review) -> Result<()> {
    let Volume { mounted: Some(mounted), path, .. } = volume else { return Ok(()) };
    let context = review.context;
    let lacks_token = !shows_token(sources, path, mounted, context)?;
    for (index, source) in sources.iter_mut().enumerate() {
        let path = path.item(index);
        if Source::read(source, path)?.config_map_name().is_some_and(|name| context.is_reflected_ca(name)) {
            set_source_name(source, "configMap", ROOT_CA, path)?;
            review.note(path, "shows the certificates of the home cluster");
        }
    }
    if let Some(file) = mounted.token_path().filter(|_| lacks_token) {
        sources.push(json!({"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": file}}));
        review.note(path, "do not show a token of the foreign cluster");
    }
    Ok(())
}
