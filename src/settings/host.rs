//! Hosts: DNS names and IP addresses.

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

    /// Reads a host; the error says what is wrong with it.
    pub(crate) fn parse(host: &str) -> Result<Self, &'static str> {
        match problem_of_name(host) {
            Some(problem) if host.parse::<IpAddr>().is_err() => Err(problem),
            problem => Ok(Self { text: host.to_owned(), is_address: problem.is_some() }),
        }
    }
}

/// What keeps a host from being a DNS name as certificates have them: in lower case, and not to be taken for an IPv4
/// address.
fn problem_of_name(host: &str) -> Option<&'static str> {
    let problem = if is_dns1123_subdomain(host) {
        if host.split('.').any(|label| label.len() > 63) {
            "a label is longer than 63 characters"
        } else if host.bytes().rev().take_while(|byte| *byte != b'.').all(|byte| byte.is_ascii_digit()) {
            "the last label is all digits, and that is no IPv4 address"
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
