//! The origin of a pod: its home cluster, and its namespace there.
//!
//! Anyone can set a label of the pod; the setting is the administrator's; a controller of the foreign cluster labels the
//! Namespace. If two of them differ, the request is rejected.

use serde_json::Value;

use crate::names::{is_cluster_id, is_dns1123_label};
use crate::pod::{Fields, Path, required, string};
use crate::rejection::{Rejection, Result};
use crate::settings::Settings;

/// The foreign cluster, as far as the policy asks it.
pub trait Cluster {
    /// The JSON of a Namespace.
    ///
    /// # Errors
    ///
    /// The reason why it cannot be read: it is not there, the policy may not read it, or there is nobody to ask.
    fn namespace(&self, name: &str) -> Result<String, String>;
}

/// The origin of a pod, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// The id of the home cluster, from the Namespace or the settings.
    known: Option<String>,
    /// Whether that id is the Namespace's.
    is_of_namespace: bool,
    /// The id of the home cluster, from the pod's label.
    label: Option<String>,
    /// The namespace in the foreign cluster, if it was looked up.
    pub(crate) namespace: Option<String>,
    /// The namespace in the home cluster, if the Namespace was looked up and has it.
    pub(crate) home_namespace: Option<String>,
}

impl Origin {
    /// The origin of a pod; `None` if its Namespace holds no offloaded pods.
    pub(crate) fn of_pod(
        namespace: Option<&Value>,
        metadata: &Fields,
        settings: &Settings,
        cluster: &dyn Cluster,
    ) -> Result<Option<Self>> {
        let Some(origin) = Self::of_workload(namespace, settings, cluster)? else { return Ok(None) };
        let label = metadata.string_in(&["labels"], &settings.origin_label)?;
        // An empty or invalid label counts as none.
        let label = label.filter(|label| is_cluster_id(label)).map(str::to_owned);
        Ok(Some(Self { label, ..origin }))
    }

    /// The origin of a workload: as [`Origin::of_pod`], but workloads have no label for it.
    pub(crate) fn of_workload(
        namespace: Option<&Value>,
        settings: &Settings,
        cluster: &dyn Cluster,
    ) -> Result<Option<Self>> {
        let setting = settings.home_cluster_id.clone();
        if !settings.namespace_lookup {
            return Ok(Some(Self { known: setting, ..Self::default() }));
        }
        let path = Path::Root.member("request");
        let path = path.member("namespace");
        let name = string(required(namespace, path, "a string")?, path)?;
        // The host may add a backtrace of its own, on further lines.
        let first_line = |reason: &str| reason.lines().next().unwrap_or_default().trim_end_matches('.').to_owned();
        let failed = |reason: String| Rejection::NamespaceLookup { name: name.to_owned(), reason: first_line(&reason) };
        let answer = cluster.namespace(name).map_err(failed)?;
        let Some(namespace) = OffloadedNamespace::read(&answer).map_err(failed)? else { return Ok(None) };
        match (namespace.remote_cluster_id, setting) {
            (Some(origin), Some(setting)) if origin != setting => {
                Err(Rejection::OtherNamespace { name: name.to_owned(), origin, setting }.into())
            }
            (origin, setting) => Ok(Some(Self {
                is_of_namespace: origin.is_some(),
                known: origin.or(setting),
                label: None,
                namespace: Some(name.to_owned()),
                home_namespace: namespace.original_name,
            })),
        }
    }

    /// The id of the home cluster. A label that a tenant chose counts only if no Namespace was asked.
    pub(crate) fn home_cluster(&self) -> Option<&str> {
        let label = self.label.as_deref().filter(|_| self.namespace.is_none());
        self.known.as_deref().or(label)
    }

    /// Rejects a pod whose label differs from its Namespace or the settings.
    pub(crate) fn check_label(&self, settings: &Settings) -> Result<()> {
        let (Some(known), Some(label)) = (&self.known, &self.label) else { return Ok(()) };
        if known == label {
            return Ok(());
        }
        let (key, label) = (settings.origin_label.to_string(), label.clone());
        Err(match self.is_of_namespace {
            true => Rejection::ForgedLabel { key, label, namespace: known.clone() },
            false => Rejection::OtherOrigin { key, label, setting: known.clone() },
        }
        .into())
    }
}

/// What the policy reads of a Namespace.
#[derive(Debug)]
struct OffloadedNamespace {
    remote_cluster_id: Option<String>,
    original_name: Option<String>,
}

impl OffloadedNamespace {
    /// The label that Liqo gives the namespaces which it makes for another cluster, with the id of that cluster.
    /// Source: `RemoteClusterID` in Liqo's `pkg/consts`.
    const REMOTE_CLUSTER_ID: &str = "liqo.io/remote-cluster-id";

    /// The label of the namespaces in which Liqo's own pods for a peer run: gateways and virtual kubelets. They have
    /// [`Self::REMOTE_CLUSTER_ID`], too. Source: `TenantNamespaceLabel` in Liqo's `pkg/consts`.
    const TENANT_NAMESPACE: &str = "liqo.io/tenant-namespace";

    /// The annotation with the name of the namespace in the home cluster.
    /// Source: `RemoteNamespaceOriginalNameAnnotationKey` in Liqo's `pkg/consts`.
    const ORIGINAL_NAME: &str = "liqo.io/original-name";

    /// Reads a Namespace; `None` if it is one of the foreign cluster's own.
    fn read(text: &str) -> Result<Option<Self>, String> {
        let namespace = serde_json::from_str(text).map_err(|error| format!("the answer is not JSON: {error}"))?;
        Self::of(&namespace).map_err(|rejection| rejection.to_string())
    }

    fn of(namespace: &Value) -> Result<Option<Self>> {
        let namespace = Fields::of(namespace, Path::Root.member("the answer"))?;
        let metadata = namespace.required_object("metadata")?;
        let Some(origin) = metadata.string_in(&["labels"], Self::REMOTE_CLUSTER_ID)? else { return Ok(None) };
        if metadata.object("labels")?.is_some_and(|labels| labels.get(Self::TENANT_NAMESPACE).is_some()) {
            return Ok(None);
        }
        let original_name = metadata.string_in(&["annotations"], Self::ORIGINAL_NAME)?;
        Ok(Some(Self {
            remote_cluster_id: Some(origin).filter(|id| is_cluster_id(id)).map(str::to_owned),
            original_name: original_name.filter(|name| is_dns1123_label(name)).map(str::to_owned),
        }))
    }
}
