//! The values of settings: each reader returns the checked value, or what was expected and what was found.

use std::net::IpAddr;

use serde_json::Value;

use super::host::{Host, problem_of_address};
use crate::mode::AccessMode;
use crate::names::{is_cluster_id, is_dns1123_label, is_dns1123_subdomain, is_label_key};
use crate::pod::json_type;
use crate::wording::{cut, question, quoted};

const CLUSTER_ID: &str = "the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens)";

fn string<'v>(value: &'v Value, expected: &str) -> Result<&'v str, String> {
    value.as_str().ok_or_else(|| format!("expected {expected}, found {}", json_type(value)))
}

/// The string that a value must be, if it is of the expected form.
fn checked(value: &Value, expected: &str, is_right: fn(&str) -> bool) -> Result<String, String> {
    let text = string(value, expected)?;
    if is_right(text) { Ok(text.to_owned()) } else { Err(format!("expected {expected}, found {}", quoted(text))) }
}

pub(super) fn host(value: &Value) -> Result<Host, String> {
    const EXPECTED: &str = "a DNS name or an IP address";
    let host = string(value, EXPECTED)?;
    Host::parse(host).map_err(|problem| format!("expected {EXPECTED}, found {}: {problem}", quoted(host)))
}

pub(super) fn port(value: &Value) -> Result<u16, String> {
    const EXPECTED: &str = "a number from 1 to 65535";
    // A JSON number and a numeric string read alike.
    let (shown, digits) = match value {
        Value::String(text) => (quoted(text), text.clone()),
        Value::Number(number) => (cut(&number.to_string(), 24), number.to_string()),
        other => return Err(format!("expected {EXPECTED}, found {}", json_type(other))),
    };
    port_number(&digits).ok_or_else(|| format!("expected {EXPECTED}, found {shown}"))
}

/// A port in its usual form: digits only, no leading zero.
pub(crate) fn port_number(digits: &str) -> Option<u16> {
    let usual = digits.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    digits.parse().ok().filter(|_| usual)
}

/// An address that a host alias can have and that another cluster can be reached at.
pub(super) fn address(value: &Value) -> Result<IpAddr, String> {
    let text = string(value, "an IP address")?;
    let address = text.parse().map_err(|_| format!("expected an IP address, found {}", quoted(text)))?;
    match problem_of_address(address) {
        None => Ok(address),
        Some(problem) => Err(format!("expected an IP address, found {}: {problem}", quoted(text))),
    }
}

/// The cluster domain, which must leave room for `kubernetes.default.svc.` before it.
pub(super) fn cluster_domain(value: &Value) -> Result<String, String> {
    const EXPECTED: &str = "a DNS name of at most 230 characters";
    let domain = string(value, EXPECTED)?;
    match Host::parse(domain) {
        Ok(host) if host.is_dns_name() && domain.len() <= 230 => Ok(domain.to_owned()),
        Ok(_) => Err(format!("expected {EXPECTED}, found {}", quoted(domain))),
        Err(problem) => Err(format!("expected {EXPECTED}, found {}: {problem}", quoted(domain))),
    }
}

pub(super) fn cluster_id(value: &Value) -> Result<String, String> {
    checked(value, CLUSTER_ID, is_cluster_id)
}

/// What is said of a key of `homeClusters` that is no cluster id.
pub(super) fn not_a_cluster_id(id: &str) -> String {
    format!("expected {CLUSTER_ID}, found {}", quoted(id))
}

pub(super) fn object_name(value: &Value) -> Result<String, String> {
    checked(value, "a name (a DNS-1123 subdomain of at most 253 characters)", is_dns1123_subdomain)
}

pub(super) fn label_key(value: &Value) -> Result<String, String> {
    checked(value, "the key of a label", is_label_key)
}

/// An audience. A token without one is for the API server, and the empty string would mean that.
pub(super) fn audience(value: &Value) -> Result<String, String> {
    checked(value, "an audience other than the API server's", |audience| {
        !matches!(audience, "" | "https://kubernetes") && !audience.starts_with("https://kubernetes.default")
    })
}

pub(super) fn container_name(value: &Value) -> Result<String, String> {
    checked(value, "the name of a container (a DNS-1123 label)", is_dns1123_label)
}

pub(super) fn mode(value: &Value) -> Result<AccessMode, String> {
    const EXPECTED: &str = "\"home\", \"remote\" or \"disabled\"";
    let name = string(value, EXPECTED)?;
    let question = || question(name, &AccessMode::ALL.map(AccessMode::as_str));
    name.parse().map_err(|()| format!("expected {EXPECTED}, found {}{}", quoted(name), question()))
}

pub(super) fn boolean(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("expected true or false, found {}", json_type(value)))
}
