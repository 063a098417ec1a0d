//! Host aliases: what the kubelet writes into `/etc/hosts` of the containers.

use std::net::IpAddr;

use crate::pod::fields::Fields;
use crate::rejection::Result;

/// An entry of `hostAliases`.
#[derive(Debug)]
pub(crate) struct HostAlias<'v> {
    pub(crate) ip: &'v str,
    pub(crate) hostnames: Vec<&'v str>,
}

impl<'v> HostAlias<'v> {
    /// Reads the host aliases of a pod.
    pub(crate) fn read_all(spec: &Fields<'v, '_>) -> Result<Vec<Self>> {
        spec.list("hostAliases")?.objects().map(|alias| Self::read(&alias?)).collect()
    }

    pub(crate) fn read(alias: &Fields<'v, '_>) -> Result<Self> {
        let hostnames = alias.list("hostnames")?;
        Ok(Self { ip: alias.required_string("ip")?, hostnames: hostnames.strings().collect::<Result<_>>()? })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.hostnames.contains(&name)
    }

    /// The first of some names that the alias has.
    pub(crate) fn first_of<'n>(&self, names: &'n [String]) -> Option<&'n String> {
        names.iter().find(|name| self.has(name))
    }

    /// The address, whatever its spelling. A form that only older API servers take (leading zeros) is none.
    pub(crate) fn address(&self) -> Option<IpAddr> {
        self.ip.parse().ok()
    }
}
