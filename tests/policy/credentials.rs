//! What a file in a projected volume is to clients of an API server, by what the settings mean for a pod.

use std::collections::BTreeSet;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::kubelet::{CLUSTER_NAMES, Projected, Shown, containers, items, projected, text};
use crate::support::{Case, ORIGIN};

/// A file with credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    ForeignToken,
    /// A token of the foreign cluster for somebody else than an API server, by the administrator's word.
    KeptToken,
    ForeignCertificates,
    /// Of Liqo's Secret or ConfigMap.
    ReflectedToken,
    ReflectedCertificates,
    /// Of the user's own Secret.
    OwnToken,
    OwnCertificates,
}

/// What the settings mean for one pod.
#[derive(Debug)]
pub(crate) struct Meant {
    /// With those of the pod's home cluster.
    pub(crate) settings: Value,
    pub(crate) origin: Option<String>,
    /// Whether the pod is shown another namespace than its own.
    pub(crate) home_namespace: bool,
    /// The Secret that Liqo reflects.
    pub(crate) secret: String,
    /// The files that clients take for the API's token: volumes and paths in them.
    tokens: BTreeSet<(String, String)>,
}

impl Meant {
    pub(crate) fn of(case: &Case) -> Self {
        let metadata = &case.request["object"]["metadata"];
        let mut settings = case.settings.clone();
        let looks_up = settings["namespaceLookup"] == true;
        let namespace = looks_up.then(|| case.namespaces.get(text(&case.request["namespace"])).ok()).flatten();
        let namespace: Value = namespace.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let label = settings["originLabel"].as_str().unwrap_or(ORIGIN);
        let label = metadata["labels"][label].as_str().filter(|_| !looks_up);
        let origin = namespace["metadata"]["labels"]["liqo.io/remote-cluster-id"].as_str();
        let origin = origin.filter(|id| is_cluster_id(id)).or(settings["homeClusterId"].as_str()).or(label);
        let origin = origin.filter(|id| is_cluster_id(id)).map(str::to_owned);
        let entry = origin.as_ref().and_then(|id| settings["homeClusters"].get(id)).cloned();
        for (key, value) in entry.iter().filter_map(Value::as_object).flatten() {
            if !value.is_null() {
                settings[key] = value.clone();
            }
        }
        let secret = format!("{}-token", text(&metadata["name"]));
        let tokens = containers(&case.request["object"]).into_iter().flat_map(|container| container.tokens);
        let tokens = tokens.map(|(volume, path)| (volume.to_owned(), path)).collect();
        Self { settings, origin, home_namespace: looks_up, secret, tokens }
    }

    /// The names of the API server in the cluster's DNS, and in that of the home cluster.
    pub(crate) fn cluster_names(&self) -> Vec<String> {
        let long = self.settings["clusterDomain"].as_str().map(|domain| format!("kubernetes.default.svc.{domain}"));
        CLUSTER_NAMES.map(str::to_owned).into_iter().chain(long).collect()
    }

    /// Whether a container is the foreign cluster's own.
    pub(crate) fn is_foreign(&self, container: &str) -> bool {
        items(&self.settings["foreignContainers"]).iter().any(|foreign| foreign == container)
    }

    /// Whether clients take a file for the API's token.
    pub(crate) fn is_token(&self, volume: &str, path: &str) -> bool {
        self.tokens.contains(&(volume.to_owned(), path.to_owned()))
    }

    /// Whether the pod keeps a token of the foreign cluster. Another one that is shown at its path takes its place.
    pub(crate) fn keeps_token(&self, pod: &Value) -> bool {
        self.projected(pod).iter().any(|volume| {
            let credential = |path: &str, shown| self.credential(volume.name, path, shown);
            let is_kept = |credential| credential == Some(Credential::KeptToken);
            let mut files = volume.sources.iter().flat_map(|(_, files)| files);
            files.any(|(path, shown)| {
                let last = credential(path, &volume.files[path]);
                is_kept(credential(path, shown)) && (last.is_none() || is_kept(last))
            })
        })
    }

    /// Whether a ServiceAccount of the foreign cluster may be used.
    pub(crate) fn is_allowed(&self, account: &str) -> bool {
        let allowed = self.settings["allowedRemoteServiceAccounts"].as_array();
        allowed.is_none_or(|allowed| allowed.iter().any(|allowed| allowed == account))
    }

    pub(crate) fn own_secret(&self) -> Option<&str> {
        self.settings["homeCredentialsSecret"].as_str()
    }

    /// The ConfigMap with the home cluster's certificates; `None` where the policy cannot know the home cluster.
    pub(crate) fn reflected_root_ca(&self) -> Option<String> {
        let start: String = self.origin.as_ref()?.chars().take(5).collect();
        let filler = if start.ends_with('-') { "a" } else { "" };
        Some(format!("kube-root-ca.crt.{start}{filler}"))
    }

    fn is_kept(&self, audience: &str) -> bool {
        items(&self.settings["keptTokenAudiences"]).iter().any(|kept| kept == audience)
    }

    /// The projected volumes of a pod.
    pub(crate) fn projected<'p>(&self, pod: &'p Value) -> Vec<Projected<'p>> {
        let (reflected, own) = (self.reflected_root_ca(), self.own_secret());
        projected(pod, |kind, name| match kind {
            "secret" if own == Some(name) => Some(&["token", "ca.crt"]),
            "configMap" if name == "kube-root-ca.crt" || reflected.as_deref() == Some(name) => Some(&["ca.crt"]),
            _ => None,
        })
    }

    /// What a file is; `None` for a file of the user's.
    pub(crate) fn credential(&self, volume: &str, path: &str, shown: &Shown) -> Option<Credential> {
        let reflected = self.reflected_root_ca();
        match shown {
            Shown::Token { audience } if self.is_kept(audience) && !self.is_token(volume, path) => {
                Some(Credential::KeptToken)
            }
            Shown::Token { .. } => Some(Credential::ForeignToken),
            Shown::Secret { name, key, .. } if self.own_secret() == Some(name) => {
                Some(if key == "ca.crt" { Credential::OwnCertificates } else { Credential::OwnToken })
            }
            Shown::Secret { name, key, path: raw } if *name == self.secret && *key == token_key(volume, raw) => {
                Some(Credential::ReflectedToken)
            }
            Shown::ConfigMap { name, .. } if name == "kube-root-ca.crt" => Some(Credential::ForeignCertificates),
            Shown::ConfigMap { name, .. } if reflected.as_deref() == Some(name) => {
                Some(Credential::ReflectedCertificates)
            }
            _ => None,
        }
    }
}

/// The key of a token in Liqo's Secret.
pub(crate) fn token_key(volume: &str, path: &str) -> String {
    let hash = Sha256::digest(path.as_bytes());
    format!("{volume}-{:02x}{:02x}{:02x}", hash[0], hash[1], hash[2])
}

fn is_cluster_id(id: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_worded = id.trim_end_matches('-').bytes().all(is_part) && !id.trim_end_matches('-').is_empty();
    is_worded && id.len() <= 63 && !id.starts_with('-')
}
