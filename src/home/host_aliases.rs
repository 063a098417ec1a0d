//! Host aliases in mode home: the names of the API server lead to the home cluster's addresses.
//!
//! They are needed beside the environment: clients that do not read it connect to `https://kubernetes.default.svc`, and
//! Apache Ignite to the long name, without checking certificates. All three names lead to one place, or a warning says
//! which one does not.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::HostAlias;
use serde_json::Value;

use crate::edits::Edits;
use crate::home::env::Endpoints;
use crate::pod::fields::{Fields, Object, fragment, items_mut, list_or_new, object_mut};
use crate::pod::path::Path;
use crate::rejection::Result;
use crate::settings::{HomeCluster, Host};
use crate::warning::{Warning, Warnings};

/// The names of a cluster's own API server. Inside the foreign cluster they mean the foreign one, unless aliased.
const CLUSTER_NAMES: [&str; 3] =
    ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// An entry of `hostAliases`.
#[derive(Debug)]
struct Alias<'v> {
    ip: &'v str,
    hostnames: Vec<&'v str>,
}

/// Makes the host aliases of a pod lead to the home API server.
pub(crate) fn lead_home(
    spec: &mut Object,
    home_cluster: &HomeCluster,
    endpoints: &Endpoints,
    edits: &mut Edits,
    warnings: &mut Warnings,
) -> Result<()> {
    let path = Path::Root.member("spec");
    let addresses = &home_cluster.api_server_addresses;
    let is_edited = if addresses.is_empty() {
        add_missing_names(spec, path, endpoints, warnings)?
    } else {
        let host = endpoints.pod.host.as_str();
        // The virtual kubelet's host may be one that no alias can have.
        let is_dns_name = Host::parse(host).is_ok_and(|host| host.is_dns_name());
        let own_name = Some(host).filter(|name| is_dns_name && !CLUSTER_NAMES.contains(name));
        let names: Vec<_> = own_name.into_iter().chain(CLUSTER_NAMES).collect();
        alias_names_to(addresses, &names, spec, path)?
    };
    if is_edited {
        edits.note(path.member("hostAliases"), "do not lead to the home API server");
    }
    Ok(())
}

/// Without addresses in the settings: an alias of one of the names is one of the home API server, so it gets the names
/// that no alias has. Liqo makes one alias, or one for each endpoint, with two of the names.
fn add_missing_names(spec: &mut Object, path: Path, endpoints: &Endpoints, warnings: &mut Warnings) -> Result<bool> {
    let fields = Fields { object: spec, path };
    let aliases = fields.list("hostAliases")?;
    let aliases = aliases.objects().map(|alias| Alias::read(&alias?)).collect::<Result<Vec<_>>>()?;
    let (aliased, lacking): (Vec<_>, Vec<_>) =
        CLUSTER_NAMES.into_iter().partition(|name| aliases.iter().any(|alias| alias.has(name)));
    let Some(first) = aliased.first().copied() else {
        warn_of_foreign_names(endpoints, warnings);
        return Ok(false);
    };
    let addresses = |name: &str| {
        let mut addresses = BTreeSet::new();
        addresses.extend(aliases.iter().filter(|alias| alias.has(name)).map(Alias::address));
        addresses
    };
    let expected = addresses(first);
    if let Some(name) = aliased.iter().copied().find(|name| addresses(name) != expected) {
        warnings.add(Warning::NamesDiffer { name, other: first });
    }
    if lacking.is_empty() {
        return Ok(false);
    }
    let are_home: Vec<_> = aliases.iter().map(|alias| CLUSTER_NAMES.iter().any(|name| alias.has(name))).collect();
    let aliases = items_mut(spec, "hostAliases", path)?.iter_mut().zip(are_home);
    for (alias, _) in aliases.filter(|(_, is_home)| *is_home) {
        list_or_new(object_mut(alias, path)?, "hostnames", path)?.extend(lacking.iter().copied().map(Value::from));
    }
    Ok(true)
}

/// No alias has any of the names, so they all mean the foreign API server: also the host, where it is one of them.
fn warn_of_foreign_names(endpoints: &Endpoints, warnings: &mut Warnings) {
    let mut is_told = false;
    for host in CLUSTER_NAMES {
        if endpoints.hosts().any(|used| used.trim_end_matches('.').eq_ignore_ascii_case(host)) {
            warnings.add(Warning::HomeIsForeign { host });
            is_told = true;
        }
    }
    if !is_told && endpoints.hosts().next().is_some() {
        let [name, ..] = CLUSTER_NAMES;
        warnings.add(Warning::NameIsForeign { name });
    }
}

/// Makes the names lead to the addresses, and to nothing else.
fn alias_names_to(addresses: &[IpAddr], names: &[&str], spec: &mut Object, path: Path) -> Result<bool> {
    let mut is_edited = false;
    let mut found = BTreeSet::new();
    let aliases = std::mem::take(list_or_new(spec, "hostAliases", path)?);
    let list_path = path.member("hostAliases");
    let mut kept = Vec::with_capacity(aliases.len() + addresses.len());
    for (index, mut value) in aliases.into_iter().enumerate() {
        let path = list_path.item(index);
        let alias = Alias::read(&Fields::of(&value, path)?)?;
        // An address in a form that only older API servers take (leading zeros) is none of the settings'.
        let address = alias.ip.parse().ok().filter(|ip: &IpAddr| addresses.contains(ip));
        let mut hostnames = alias.hostnames.clone();
        match address {
            // Each address gets the names once.
            Some(address) if !found.insert(address.to_string()) => {}
            Some(_) => hostnames.extend(names.iter().filter(|name| !alias.has(name))),
            None => hostnames.retain(|hostname| !names.contains(hostname)),
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
            let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
            kept.push(fragment(HostAlias { hostnames: Some(hostnames), ip: address.to_string() }));
            is_edited = true;
        }
    }
    spec.insert("hostAliases".to_owned(), Value::Array(kept));
    Ok(is_edited)
}

impl<'v> Alias<'v> {
    fn read(alias: &Fields<'v, '_>) -> Result<Self> {
        let hostnames = alias.list("hostnames")?;
        Ok(Self { ip: alias.required_string("ip")?, hostnames: hostnames.strings().collect::<Result<_>>()? })
    }

    fn has(&self, name: &str) -> bool {
        self.hostnames.contains(&name)
    }

    /// The address as one of several spellings; one that is none is compared as text.
    fn address(&self) -> String {
        self.ip.parse::<IpAddr>().map_or_else(|_| self.ip.to_owned(), |ip| ip.to_string())
    }
}
