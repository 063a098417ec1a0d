//! Host aliases in home mode: the names of the API server lead to the home cluster's addresses.
//!
//! They are needed beside the environment: clients that do not read it connect to `https://kubernetes.default.svc`, and
//! Apache Ignite to the long name, without checking certificates. All cluster names lead to one place, or a warning names
//! the one that does not.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1;
use serde_json::Value;

use crate::endpoint::{Endpoint, cluster_names, same_name};
use crate::pod::{Fields, HostAlias, Object, SPEC, fragment, items_mut, list_or_new, object_mut};
use crate::rejection::Result;
use crate::review::Review;
use crate::settings::Host;
use crate::warning::Warning;

/// Makes the host aliases of a pod lead to the home API server.
pub(crate) fn alias_home_api_server(spec: &mut Object, endpoint: &Endpoint, review: &mut Review) -> Result<()> {
    let home_cluster = review.context.home_cluster;
    let mut names = cluster_names(home_cluster);
    let addresses = &home_cluster.api_server_addresses;
    let is_edited = if addresses.is_empty() {
        add_missing_names(spec, &names, endpoint, review)?
    } else {
        let host = &endpoint.host;
        // The virtual kubelet's host may be one that no alias can have.
        if Host::parse(host).is_ok_and(|host| host.is_dns_name()) && !names.contains(host) {
            names.insert(0, host.clone());
        }
        alias_names_to(addresses, &names, spec)?
    };
    if is_edited {
        review.note(SPEC.member("hostAliases"), "do not lead to the home API server");
    }
    Ok(())
}

/// Without addresses in the settings: an alias of one of the names is one of the home API server, so it gets the names
/// that no alias has. Liqo makes one alias, or one for each endpoint, with two of the names.
fn add_missing_names(spec: &mut Object, names: &[String], endpoint: &Endpoint, review: &mut Review) -> Result<bool> {
    let aliases = HostAlias::read_all(&Fields::of_spec(spec))?;
    let (aliased, lacking): (Vec<_>, Vec<_>) =
        names.iter().partition(|name| aliases.iter().any(|alias| alias.has(name)));
    let Some(first) = aliased.first().copied() else {
        // No cluster name has an alias, so all of them lead to the foreign API server.
        review.warn(match names.iter().find(|name| same_name(&endpoint.host, name)) {
            Some(host) => Warning::HomeIsForeign { host: host.clone() },
            None => Warning::NameIsForeign { name: names.first().cloned().unwrap_or_default() },
        });
        return Ok(false);
    };
    // One address in several spellings is one; what is no address is compared as text.
    let addresses = |name: &str| {
        let mut addresses = BTreeSet::new();
        let of_name = aliases.iter().filter(|alias| alias.has(name));
        addresses.extend(of_name.map(|alias| alias.address().map_or_else(|| alias.ip.to_owned(), |ip| ip.to_string())));
        addresses
    };
    let expected = addresses(first);
    if let Some(name) = aliased.iter().copied().find(|name| addresses(name) != expected) {
        review.warn(Warning::NamesDiffer { name: name.clone(), other: first.clone() });
    }
    if lacking.is_empty() {
        return Ok(false);
    }
    let are_home: Vec<_> = aliases.iter().map(|alias| alias.first_of(names).is_some()).collect();
    let aliases = items_mut(spec, "hostAliases", SPEC)?.iter_mut().zip(are_home);
    for (alias, _) in aliases.filter(|(_, is_home)| *is_home) {
        let hostnames = list_or_new(object_mut(alias, SPEC)?, "hostnames", SPEC)?;
        hostnames.extend(lacking.iter().map(|name| Value::from(name.as_str())));
    }
    Ok(true)
}

/// Makes the names lead to the addresses, and to nothing else.
fn alias_names_to(addresses: &[IpAddr], names: &[String], spec: &mut Object) -> Result<bool> {
    let mut is_edited = false;
    let mut found = BTreeSet::new();
    let aliases = std::mem::take(list_or_new(spec, "hostAliases", SPEC)?);
    let list_path = SPEC.member("hostAliases");
    let mut kept = Vec::with_capacity(aliases.len() + addresses.len());
    for (index, mut value) in aliases.into_iter().enumerate() {
        let path = list_path.item(index);
        let alias = HostAlias::read(&Fields::of(&value, path)?)?;
        let address = alias.address().filter(|ip| addresses.contains(ip));
        let mut hostnames = alias.hostnames.clone();
        match address {
            // Each address gets the names once.
            Some(address) if !found.insert(address.to_string()) => {}
            Some(_) => hostnames.extend(names.iter().map(String::as_str).filter(|name| !alias.has(name))),
            None => hostnames.retain(|hostname| !names.iter().any(|name| name == hostname)),
        }
        if hostnames == alias.hostnames {
            kept.push(value);
            continue;
        }
        is_edited = true;
        // An alias that has lost its last name goes.
        if !hostnames.is_empty() {
            let hostnames = hostnames.into_iter().map(Value::from).collect();
            object_mut(&mut value, path)?.insert("hostnames".to_owned(), Value::Array(hostnames));
            kept.push(value);
        }
    }
    for address in addresses {
        if found.insert(address.to_string()) {
            kept.push(fragment(v1::HostAlias { hostnames: Some(names.to_vec()), ip: address.to_string() }));
            is_edited = true;
        }
    }
    spec.insert("hostAliases".to_owned(), Value::Array(kept));
    Ok(is_edited)
}
