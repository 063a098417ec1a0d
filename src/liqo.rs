//! The names of the objects that Liqo's virtual kubelet reflects from the home cluster.
//!
//! They are Liqo's to choose: whoever changes them here breaks every pod that Liqo forged.

#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use crate::pod::ROOT_CA;

/// The label that names the cluster which a pod comes from.
pub(crate) const ORIGIN: &str = "offloading.liqo.io/origin";

/// The Secret that holds the tokens of a pod. Source: `ServiceAccountSecretName` in `pkg/virtualKubelet/forge/secrets.go`.
pub(crate) fn token_secret(pod: &str) -> String {
    format!("{pod}-token")
}

/// The key, in that Secret, of the token that a volume shows at a path: volume and path tell tokens of different
/// audiences apart. Source: `ServiceAccountTokenKey` in `pkg/virtualKubelet/forge/secrets.go`.
pub(crate) fn token_key(volume: &str, path: &str) -> String {
    let digest = Sha256::digest(path.as_bytes());
    format!("{volume}-{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2])
}

/// The ConfigMap that holds the home cluster's CA certificates. Its first five characters may end with a
/// hyphen, which no name may. Source: `RemoteConfigMapName` in `pkg/virtualKubelet/forge/configmaps.go`.
pub(crate) fn root_ca(origin: &str) -> String {
    let start: String = origin.chars().take(5).collect();
    let filler = if start.ends_with(|last: char| last.is_ascii_alphanumeric()) { "" } else { "a" };
    format!("{ROOT_CA}.{start}{filler}")
}
