//! Which API server is the home cluster's: one endpoint for the whole pod.
//!
//! Host and port each come from the settings, else from what Liqo chose, else they are `kubernetes.default` and 443.
//! Liqo's choice is found by evidence, since platforms and other webhooks set variables too.

use std::collections::BTreeSet;

use crate::endpoint::{DEFAULT_HOST, DEFAULT_PORT, Endpoint, cluster_names, same_name};
use crate::forged::named_endpoints;
use crate::pod::Container;
use crate::rejection::{Rejection, Result};
use crate::review::Review;
use crate::warning::Warning;

/// The different endpoints that the environments of containers name, in the order of the containers.
pub(crate) fn all_named(containers: &[Container]) -> Result<Vec<Endpoint>> {
    let (mut endpoints, mut seen) = (Vec::new(), BTreeSet::new());
    for container in containers {
        for endpoint in named_endpoints(container)? {
            if seen.insert(endpoint.clone()) {
                endpoints.push(endpoint);
            }
        }
    }
    Ok(endpoints)
}

/// Decides on the endpoint. `is_aliased` is whether a host alias of the pod has one of the cluster names, and no
/// address in the settings decides about those: the virtual kubelet makes such an alias only if it was given no host.
///
/// # Errors
///
/// Several endpoints are named, and no setting decides between them.
pub(crate) fn home_api_server(named: &[Endpoint], is_aliased: bool, review: &mut Review) -> Result<Endpoint> {
    let home_cluster = review.context.home_cluster;
    let is_host_open = home_cluster.api_server_host.is_none();
    let of_host = |host: &str| named.iter().filter(|endpoint| endpoint.host == host).collect::<Vec<_>>();
    let liqos = if is_aliased { of_host(DEFAULT_HOST) } else { named.iter().collect() };
    let host = match &home_cluster.api_server_host {
        Some(host) => host.as_str(),
        None if is_aliased => DEFAULT_HOST,
        None => named.first().map_or(DEFAULT_HOST, |first| first.host.as_str()),
    };
    // A port that the settings leave open is the one of their host, else of Liqo's choice.
    let of_setting = if is_host_open { Vec::new() } else { of_host(host) };
    let candidates = if of_setting.is_empty() { liqos } else { of_setting };
    if let Some(other) = named.first()
        && is_host_open
        && candidates.is_empty()
    {
        review.warn(Warning::VariablesDiffer { named: other.authority() });
    }
    let several = |setting| {
        let endpoints = candidates.iter().take(4).map(|endpoint| endpoint.authority()).collect();
        Err(Rejection::SeveralApiServers { endpoints, setting }.into())
    };
    if is_host_open && candidates.iter().any(|endpoint| endpoint.host != host) {
        return several("homeApiServerHost");
    }
    let port = candidates.first().map_or(DEFAULT_PORT, |first| first.port);
    if home_cluster.api_server_port.is_none() && candidates.iter().any(|endpoint| endpoint.port != port) {
        return several("homeApiServerPort");
    }
    let endpoint = Endpoint { host: host.to_owned(), port: home_cluster.api_server_port.unwrap_or(port) };
    // The cluster names lead to the addresses of the settings. No alias leads another address there, nor a cluster name that
    // is written as no alias can be, such as one with a dot at its end.
    let addresses = &home_cluster.api_server_addresses;
    let is_elsewhere = || match host.parse() {
        Ok(ip) => !addresses.contains(&ip),
        Err(_) => cluster_names(home_cluster).iter().any(|name| name != host && same_name(host, name)),
    };
    if is_host_open && !addresses.is_empty() && is_elsewhere() {
        review.warn(Warning::VariablesDiffer { named: endpoint.authority() });
    }
    Ok(endpoint)
}
