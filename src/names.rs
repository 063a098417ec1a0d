//! The shapes of names, each checked as Kubernetes or Liqo checks them.

#[cfg(test)]
mod tests;

use std::fmt::Display;

use crate::rejection::{Rejection, Result};

/// How long a DNS-1123 subdomain can be.
pub(crate) const MAX_SUBDOMAIN: usize = 253;

/// Rejects a name that is longer than any can be: it is written several times, so that it could multiply the answer.
pub(crate) fn check_length(name: &str, limit: usize, path: impl Display) -> Result<()> {
    if name.len() <= limit {
        return Ok(());
    }
    Err(Rejection::TooMany { path: path.to_string(), limit, what: "characters" }.into())
}

/// A DNS-1123 subdomain: the form of the names of ServiceAccounts and Secrets.
/// Source: `IsDNS1123Subdomain` in k8s.io/apimachinery `pkg/util/validation`.
pub(crate) fn is_dns1123_subdomain(name: &str) -> bool {
    name.len() <= MAX_SUBDOMAIN && name.split('.').all(is_dns1123_word)
}

/// A DNS-1123 label: the form of the names of Namespaces.
/// Source: `IsDNS1123Label` in k8s.io/apimachinery `pkg/util/validation`.
pub(crate) fn is_dns1123_label(name: &str) -> bool {
    name.len() <= 63 && is_dns1123_word(name)
}

/// The id of a Liqo cluster. It is also the value of a label, which limits its length.
/// Source: `ClusterID` in Liqo's `apis/core/v1beta1`. A hyphen at the end, which that pattern refuses, is let through:
/// what Liqo's forging code makes of such an id is right.
pub(crate) fn is_cluster_id(id: &str) -> bool {
    id.len() <= 63 && is_dns1123_word(id.trim_end_matches('-'))
}

/// The key of a label: a name of at most 63 characters, with or without a DNS-1123 subdomain and a slash before it.
/// Source: `IsQualifiedName` in k8s.io/apimachinery `pkg/util/validation`.
pub(crate) fn is_label_key(key: &str) -> bool {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let bytes = name.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    prefix.is_none_or(is_dns1123_subdomain)
        && name.len() <= 63
        && ends.iter().all(|end| end.is_some_and(u8::is_ascii_alphanumeric))
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// A DNS-1123 label of any length.
fn is_dns1123_word(label: &str) -> bool {
    let bytes = label.as_bytes();
    !label.starts_with('-')
        && !label.ends_with('-')
        && !bytes.is_empty()
        && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}
