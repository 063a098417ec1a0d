//! Host aliases in mode home: the names of the API server lead to the home cluster's addresses.
//!
//! They are needed beside the environment: clients that do not read it connect to `https://kubernetes.default.svc`.

use std::net::IpAddr;

use crate::fields::{as_object, as_string, list_of, list_or_new, required_string};
use crate::json::{Object, Value};
use crate::outcome::{Rejection, Warning, Warnings};
use crate::path::Path;
use crate::settings::{Host, Settings};

use super::env::Endpoints;

/// The names of a cluster's own API server. Inside the foreign cluster they mean the foreign one, unless aliased.
const CLUSTER_NAMES: [&str; 3] =
    ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// Sets the host aliases of a pod, and tells whether that changed anything.
pub(crate) fn apply(
    spec: &mut Object,
    path: Path,
    settings: &Settings,
    endpoints: &Endpoints,
    warnings: &mut Warnings,
) -> Result<bool, Rejection> {
    let addresses = &settings.home_api_server_addresses;
    let mut absent = Vec::new();
    let present = list_of(spec, "hostAliases", path)?;
    let path = path.member("hostAliases");
    let is_present = present.is_some();
    let aliases = present.unwrap_or(&mut absent);

    if addresses.is_empty() {
        for host in CLUSTER_NAMES {
            if endpoints.is_host(host) && !is_aliased(aliases, path, host)? {
                warnings.add(Warning::HomeIsForeign { host });
            }
        }
        return Ok(false);
    }
    let host = endpoints.for_pod().host;
    let is_dns_name = match &settings.home_api_server_host {
        Some(host) => host.is_dns_name(),
        None => Host::parse(&host).is_ok_and(|host| host.is_dns_name()),
    };
    let changed = point(aliases, path, addresses, &names(is_dns_name.then_some(host.as_str())))?;
    if changed && !is_present {
        spec.set("hostAliases", Value::Array(absent));
    }
    Ok(changed)
}

/// The names that must lead home: the API server's own, when it has one, and those of the cluster's own API server.
fn names(dns_name: Option<&str>) -> Vec<&str> {
    let mut names = Vec::with_capacity(4);
    names.extend(dns_name.filter(|name| !CLUSTER_NAMES.contains(name)));
    names.extend(CLUSTER_NAMES);
    names
}

fn is_aliased(aliases: &mut [Value], path: Path, host: &str) -> Result<bool, Rejection> {
    for (index, alias) in aliases.iter_mut().enumerate() {
        let path = path.item(index);
        let mut aliased = false;
        if let Some(hostnames) = list_of(as_object(alias, path)?, "hostnames", path)? {
            let path = path.member("hostnames");
            for (index, name) in hostnames.iter().enumerate() {
                aliased |= as_string(name, path.item(index))? == host;
            }
        }
        if aliased {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Makes the names lead to the addresses, and to nothing else.
fn point(aliases: &mut Vec<Value>, path: Path, addresses: &[IpAddr], names: &[&str]) -> Result<bool, Rejection> {
    let mut changed = false;
    let mut found = Vec::new();
    let mut kept = Vec::with_capacity(aliases.len());
    for (index, alias) in aliases.iter_mut().enumerate() {
        let path = path.item(index);
        let alias = as_object(alias, path)?;
        // An address in a form that only older API servers take (leading zeros) is none of the settings'.
        let address = required_string(alias, "ip", path)?.parse().ok().filter(|ip| addresses.contains(ip));
        let mut is_kept = true;
        match address {
            Some(address) if found.contains(&address) => {}
            Some(address) => {
                changed |= add_names(alias, path, names)?;
                found.push(address);
            }
            None => {
                let left = take_names(alias, path, names)?;
                changed |= left.is_some();
                is_kept = left != Some(0);
            }
        }
        kept.push(is_kept);
    }
    let mut kept = kept.into_iter();
    aliases.retain(|_| kept.next().unwrap_or(true));
    for address in addresses {
        if !found.contains(address) {
            let hostnames = names.iter().map(|name| Value::string(name)).collect();
            let ip = Value::string(&address.to_string());
            aliases.push(Value::object([("hostnames", Value::Array(hostnames)), ("ip", ip)]));
            found.push(*address);
            changed = true;
        }
    }
    Ok(changed)
}

/// Adds the names that an alias lacks, and tells whether there was one.
fn add_names(alias: &mut Object, path: Path, names: &[&str]) -> Result<bool, Rejection> {
    let hostnames = list_or_new(alias, "hostnames", path)?;
    let path = path.member("hostnames");
    let mut lacking = names.to_vec();
    for (index, name) in hostnames.iter().enumerate() {
        let name = as_string(name, path.item(index))?;
        lacking.retain(|lacking| *lacking != name);
    }
    hostnames.extend(lacking.iter().map(|name| Value::string(name)));
    Ok(!lacking.is_empty())
}

/// Takes the names away from an alias. Tells how many others are left, `None` when it had none of them.
fn take_names(alias: &mut Object, path: Path, names: &[&str]) -> Result<Option<usize>, Rejection> {
    let Some(hostnames) = list_of(alias, "hostnames", path)? else { return Ok(None) };
    let path = path.member("hostnames");
    let mut kept = Vec::with_capacity(hostnames.len());
    for (index, name) in hostnames.iter().enumerate() {
        kept.push(!names.contains(&as_string(name, path.item(index))?.as_ref()));
    }
    if kept.iter().all(|kept| *kept) {
        return Ok(None);
    }
    let mut kept = kept.into_iter();
    hostnames.retain(|_| kept.next().unwrap_or(true));
    Ok(Some(hostnames.len()))
}
