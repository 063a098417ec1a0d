//! Host aliases in mode home: the names of the API server lead to the home cluster's addresses.
//!
//! They are needed beside the environment: clients that do not read it connect to `https://kubernetes.default.svc`, and
//! Apache Ignite to the long name, without checking certificates. All three names lead to one place, or a warning says
//! which one does not.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::HostAlias;

use crate::changes::AliasEntry;
use crate::fields::Fields;
use crate::home::env::Endpoints;
use crate::json::Value;
use crate::outcome::{Rejection, Warning, Warnings};
use crate::settings::{HomeCluster, Host};

/// The names of a cluster's own API server. Inside the foreign cluster they mean the foreign one, unless aliased.
const CLUSTER_NAMES: [&str; 3] =
    ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];

/// An entry of `hostAliases`.
#[derive(Debug)]
struct Alias<'a> {
    ip: Cow<'a, str>,
    hostnames: Vec<Cow<'a, str>>,
}

/// Decides what the host aliases of a pod must be; `None` when they are right.
pub(crate) fn decide(
    spec: &Fields,
    home_cluster: &HomeCluster,
    endpoints: &Endpoints,
    warnings: &mut Warnings,
) -> Result<Option<Vec<AliasEntry>>, Box<Rejection>> {
    let aliases = spec.list("hostAliases")?;
    let aliases = aliases.objects().map(|alias| Alias::read(&alias?)).collect::<Result<Vec<_>, _>>()?;
    let addresses = &home_cluster.api_server_addresses;
    if addresses.is_empty() {
        return Ok(complete(&aliases, endpoints, warnings));
    }
    let host = endpoints.pod.host.as_str();
    // The virtual kubelet's host may be one that no alias can have.
    let is_dns_name = Host::parse(host).is_ok_and(|host| host.is_dns_name());
    let own_name = Some(host).filter(|name| is_dns_name && !CLUSTER_NAMES.contains(name));
    let names: Vec<_> = own_name.into_iter().chain(CLUSTER_NAMES).collect();
    Ok(point(&aliases, addresses, &names))
}

/// Without addresses in the settings: an alias of one of the names is one of the home API server, so it gets the names
/// that no alias has. Liqo makes one alias, or one for each endpoint, with two of the names.
fn complete(aliases: &[Alias], endpoints: &Endpoints, warnings: &mut Warnings) -> Option<Vec<AliasEntry>> {
    let (aliased, lacking): (Vec<_>, Vec<_>) =
        CLUSTER_NAMES.into_iter().partition(|name| aliases.iter().any(|alias| alias.has(name)));
    let Some(first) = aliased.first().copied() else {
        warn_of_foreign_names(endpoints, warnings);
        return None;
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
        return None;
    }
    let entries = aliases.iter().enumerate().map(|(index, alias)| {
        if !CLUSTER_NAMES.iter().any(|name| alias.has(name)) {
            return AliasEntry::Kept(index);
        }
        let kept = (0..alias.hostnames.len()).collect();
        AliasEntry::Renamed { index, kept, added: lacking.iter().map(|name| (*name).to_owned()).collect() }
    });
    Some(entries.collect())
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
fn point(aliases: &[Alias], addresses: &[IpAddr], names: &[&str]) -> Option<Vec<AliasEntry>> {
    let mut is_changed = false;
    let mut found = BTreeSet::new();
    let mut entries = Vec::with_capacity(aliases.len() + addresses.len());
    for (index, alias) in aliases.iter().enumerate() {
        // An address in a form that only older API servers take (leading zeros) is none of the settings'.
        let address = alias.ip.parse().ok().filter(|ip: &IpAddr| addresses.contains(ip));
        let all = 0..alias.hostnames.len();
        let (kept, added): (Vec<_>, Vec<_>) = match address {
            Some(address) if !found.insert(address.to_string()) => (all.collect(), Vec::new()),
            Some(_) => (all.collect(), names.iter().filter(|name| !alias.has(name)).collect()),
            None => (all.filter(|at| !names.contains(&alias.hostnames[*at].as_ref())).collect(), Vec::new()),
        };
        if added.is_empty() && kept.len() == alias.hostnames.len() {
            entries.push(AliasEntry::Kept(index));
            continue;
        }
        is_changed = true;
        // An alias that has lost its last name goes.
        if !kept.is_empty() || !added.is_empty() {
            let added = added.into_iter().map(|name| (*name).to_owned()).collect();
            entries.push(AliasEntry::Renamed { index, kept, added });
        }
    }
    for address in addresses {
        if found.insert(address.to_string()) {
            let hostnames = names.iter().map(|name| (*name).to_owned()).collect();
            let alias = HostAlias { hostnames: Some(hostnames), ip: address.to_string() };
            entries.push(AliasEntry::Added(Value::written(&alias)));
            is_changed = true;
        }
    }
    is_changed.then_some(entries)
}

impl<'a> Alias<'a> {
    fn read(alias: &Fields<'_, 'a>) -> Result<Self, Box<Rejection>> {
        let hostnames = alias.list("hostnames")?;
        Ok(Self { ip: alias.required_string("ip")?, hostnames: hostnames.strings().collect::<Result<_, _>>()? })
    }

    fn has(&self, name: &str) -> bool {
        self.hostnames.iter().any(|hostname| hostname == name)
    }

    /// The address as one of several spellings; one that is none is compared as text.
    fn address(&self) -> String {
        self.ip.parse::<IpAddr>().map_or_else(|_| self.ip.to_string(), |ip| ip.to_string())
    }
}
