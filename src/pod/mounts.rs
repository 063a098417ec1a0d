//! What containers mount where clients look for API credentials, and over `/etc/hosts`.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::pod::containers::each_container;
use crate::pod::fields::Fields;
use crate::pod::files::{normalized, same_path, segments};
use crate::rejection::Result;

/// Where containers find the API credentials, the API path.
/// Source: `DefaultAPITokenMountPath` in Kubernetes' `plugin/pkg/admission/serviceaccount`.
pub(crate) const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The file, in a volume with API credentials, that holds the token.
/// Source: `ServiceAccountTokenKey` in Kubernetes' `pkg/apis/core`.
pub(crate) const TOKEN: &str = "token";

/// The mounts of a pod's containers.
#[derive(Debug, Default)]
pub(crate) struct Mounts {
    /// The volumes that are mounted at the API path or below.
    pub(crate) api_volumes: BTreeMap<String, ApiVolume>,
    /// For each container, in their order, whether nothing is mounted at its API path.
    pub(crate) lack_api: Vec<bool>,
    /// The containers that mount something at `/etc/hosts`.
    pub(crate) over_hosts: Vec<String>,
}

/// A volume that is mounted at the API path or below.
#[derive(Debug, Default)]
pub(crate) struct ApiVolume {
    /// The files in it that clients find at the API path as `token`.
    tokens: BTreeSet<String>,
    /// Whether a `subPathExpr` that refers to variables decides what clients find, so that it may be any file.
    is_unknown: bool,
}

impl Mounts {
    /// Reads the mounts of all containers.
    pub(crate) fn read(spec: &Fields) -> Result<Self> {
        let mut mounts = Self::default();
        each_container(spec, &mut |container| {
            let (mut lacks_api, mut hides_hosts) = (true, false);
            for mount in container.list("volumeMounts")?.objects() {
                let mount = mount?;
                let Some(path) = mount.string("mountPath")? else { continue };
                hides_hosts |= same_path(path, "/etc/hosts");
                let Some(below) = below_api_path(path) else { continue };
                lacks_api &= !below.is_empty();
                let Some(name) = mount.string("name")? else { continue };
                let part = match mount.string("subPath")?.filter(|part| !part.is_empty()) {
                    Some(part) => part,
                    None => mount.string("subPathExpr")?.unwrap_or_default(),
                };
                // Clients read nothing in a directory below the API path. `token` may be a file of the host, without a subPath.
                if matches!(below.as_str(), "" | TOKEN) || !part.is_empty() {
                    mounts.api_volumes.entry(name.to_owned()).or_default().add(&below, part);
                }
            }
            if hides_hosts {
                mounts.over_hosts.push(container.string("name")?.unwrap_or_default().to_owned());
            }
            mounts.lack_api.push(lacks_api);
            Ok(())
        })?;
        Ok(mounts)
    }

    /// Adds a volume that is mounted at the API path.
    pub(crate) fn add_whole(&mut self, volume: String) {
        self.api_volumes.entry(volume).or_default().add("", "");
    }
}

impl ApiVolume {
    /// Adds a mount of a part of the volume (all of it if empty) at a path below the API path.
    fn add(&mut self, below: &str, part: &str) {
        let file = match below {
            "" => normalized(&format!("{part}/{TOKEN}")),
            TOKEN => normalized(part),
            _ => return,
        };
        if part.contains('$') {
            self.is_unknown = true;
        } else if !file.is_empty() {
            // A directory as `token` is none.
            self.tokens.insert(file);
        }
    }

    /// The file that has to be a token: clients look for one, and find nothing else there.
    pub(crate) fn token_path(&self) -> Option<&str> {
        self.tokens.get(TOKEN).or(self.tokens.first()).map(String::as_str)
    }

    /// Whether clients may take a file of the volume for the API's token.
    pub(crate) fn is_token(&self, path: &str) -> bool {
        self.is_unknown || self.tokens.contains(&normalized(path))
    }
}

/// Whether clients take a file of a volume, mounted at the API path or not, for the API's token.
pub(crate) fn is_api_token(mounted: Option<&ApiVolume>, path: Option<&str>) -> bool {
    mounted.zip(path).is_some_and(|(mounted, path)| mounted.is_token(path))
}

/// The part of a path below the API path, without which there is nothing. In images `/var/run` is a link to `/run`.
fn below_api_path(path: &str) -> Option<String> {
    let segments = segments(path);
    let below_var = segments.strip_prefix(&["var"]).unwrap_or(&segments);
    Some(below_var.strip_prefix(&["run", "secrets", "kubernetes.io", "serviceaccount"])?.join("/"))
}
