//! The values of settings: each reader gives the checked value, or says what was expected and what was found.

use std::borrow::Cow;
use std::net::IpAddr;

use super::Host;
use crate::access_mode::AccessMode;
use crate::json::Value;
use crate::names::{is_cluster_id, is_dns1123_subdomain, is_label_key};
use crate::wording::{closest, cut, quoted};

const CLUSTER_ID: &str = "the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens)";

fn string<'a>(value: &Value<'a>, expected: &str) -> Result<Cow<'a, str>, String> {
    value.as_str().map_err(|found| format!("expected {expected}, found {found}"))
}

/// The string that a value must be, if it is of the expected form.
fn checked(value: &Value, expected: &str, is_right: fn(&str) -> bool) -> Result<String, String> {
    let text = string(value, expected)?;
    if is_right(&text) { Ok(text.into_owned()) } else { Err(format!("expected {expected}, found {}", quoted(&text))) }
}

pub(super) fn host(value: &Value) -> Result<Host, String> {
    const EXPECTED: &str = "a DNS name or an IP address";
    let host = string(value, EXPECTED)?;
    Host::parse(&host).map_err(|problem| format!("expected {EXPECTED}, found {}: {problem}", quoted(&host)))
}

pub(super) fn port(value: &Value) -> Result<u16, String> {
    const EXPECTED: &str = "a number from 1 to 65535";
    // The text of a JSON number and the content of a numeric string read alike.
    let (shown, digits) = match (value.as_str(), value.text()) {
        (Ok(text), _) => (quoted(&text), text),
        (Err("a number"), Some(text)) => (cut(text, 24), Cow::Borrowed(text)),
        (Err(found), _) => return Err(format!("expected {EXPECTED}, found {found}")),
    };
    port_number(&digits).ok_or_else(|| format!("expected {EXPECTED}, found {shown}"))
}

/// A port in its usual form: digits only, no leading zero.
pub(crate) fn port_number(digits: &str) -> Option<u16> {
    let usual = digits.starts_with(|first: char| first.is_ascii_digit() && first != '0');
    digits.parse().ok().filter(|_| usual)
}

/// An address that a host alias can have and that another cluster can be reached at.
/// Source: `ValidateHostAliases` in Kubernetes' `pkg/apis/core/validation` refuses IPv4-mapped addresses.
pub(super) fn address(value: &Value) -> Result<IpAddr, String> {
    let text = string(value, "an IP address")?;
    let address = text.parse().map_err(|_| format!("expected an IP address, found {}", quoted(&text)))?;
    let problem = match address {
        IpAddr::V6(mapped) if mapped.to_ipv4_mapped().is_some() => "write an IPv4-mapped address as IPv4",
        _ if address.is_unspecified() => "an unspecified address leads nowhere",
        _ if address.is_loopback() => "a loopback address leads to the pod itself",
        _ if address.is_multicast() => "a multicast address leads to no API server",
        _ => return Ok(address),
    };
    Err(format!("expected an IP address, found {}: {problem}", quoted(&text)))
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
    checked(value, "an audience other than the API server's", |audience| !audience.is_empty())
}

pub(super) fn mode(value: &Value) -> Result<AccessMode, String> {
    const EXPECTED: &str = "\"home\", \"remote\" or \"disabled\"";
    let name = string(value, EXPECTED)?;
    name.parse().map_err(|()| {
        let likely = closest(&name, &AccessMode::ALL.map(AccessMode::as_str));
        let question = likely.map(|mode| format!(" (did you mean \"{mode}\"?)")).unwrap_or_default();
        format!("expected {EXPECTED}, found {}{question}", quoted(&name))
    })
}

pub(super) fn boolean(value: &Value) -> Result<bool, String> {
    match value.text() {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(format!("expected true or false, found {}", value.kind())),
    }
}
