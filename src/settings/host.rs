//! Hosts: DNS names and IP addresses.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use crate::names::is_dns1123_subdomain;

/// The host of an API server: a DNS name or an IP address, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    text: String,
    is_address: bool,
}

impl Host {
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn is_dns_name(&self) -> bool {
        !self.is_address
    }

    /// Reads a host; the error is what is wrong with it.
    pub(crate) fn parse(host: &str) -> Result<Self, &'static str> {
        let address = host.parse().ok();
        let problem = address.map_or_else(|| problem_of_name(host), problem_of_address);
        match problem {
            Some(problem) => Err(problem),
            None => Ok(Self { text: host.to_owned(), is_address: address.is_some() }),
        }
    }
}

/// Why another cluster cannot be reached at an address; `None` if it can.
/// Source: `ValidateHostAliases` in Kubernetes' `pkg/apis/core/validation` refuses IPv4-mapped addresses.
pub(super) fn problem_of_address(address: IpAddr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("an unspecified address leads nowhere");
    }
    if address.is_loopback() {
        return Some("a loopback address leads to the pod itself");
    }
    if address.is_multicast() {
        return Some("a multicast address leads to no API server");
    }
    match address {
        IpAddr::V4(v4) if v4.octets()[0] == 0 => Some("an address in 0.0.0.0/8 leads nowhere"),
        IpAddr::V4(v4) if v4.is_broadcast() => Some("the broadcast address leads to no API server"),
        IpAddr::V4(v4) if v4.is_link_local() => Some("a link-local address leads to the node's own network"),
        IpAddr::V6(v6) if v6.to_ipv4().is_some() => Some("write an IPv4-mapped or IPv4-compatible address as IPv4"),
        IpAddr::V6(v6) if v6.is_unicast_link_local() => Some("a link-local address leads to the node's own network"),
        _ => None,
    }
}

/// Why a host is not a DNS name as certificates have them, in lower case and not to be taken for an IPv4 address; `None`
/// if it is.
fn problem_of_name(host: &str) -> Option<&'static str> {
    let problem = if is_dns1123_subdomain(host) {
        if host.split('.').any(|label| label.len() > 63) {
            "a label is longer than 63 characters"
        } else if host.bytes().rev().take_while(|byte| *byte != b'.').all(|byte| byte.is_ascii_digit()) {
            "the last label is all digits, and that is no IPv4 address"
        } else if host == "localhost" || host.ends_with(".localhost") {
            "it leads to the pod itself"
        } else {
            return None;
        }
    } else if host.is_empty() {
        "it is empty"
    } else if host.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//")) {
        "leave the scheme out"
    } else if host.starts_with('[') {
        "leave the brackets out"
    } else if host.contains('/') {
        "leave the path out"
    } else if host.matches(':').count() > 1 && !host.contains('%') {
        "that is no IPv6 address"
    } else if host.contains('%') {
        "leave the zone out"
    } else if host.contains(':') {
        "leave the port out, it is set in homeApiServerPort"
    } else if !host.is_ascii() {
        "write it in its ASCII form (punycode)"
    } else if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        "write it in lower case"
    } else if host.ends_with('.') {
        "leave the last dot out"
    } else if host.len() > 253 {
        "it is longer than 253 characters"
    } else {
        "labels hold letters, digits and inner hyphens only"
    };
    Some(problem)
}
