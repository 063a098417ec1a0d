//! What the policy is asked: recorded pods, and hostile ones.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

/// The home cluster that the pods' label names.
const ORIGIN: &str = "milan";

const PAGE: usize = 65536;

/// A request with settings, and the bytes that a guest gets for both.
pub(crate) struct Input {
    pub(crate) request: Value,
    pub(crate) settings: Value,
    pub(crate) payload: Vec<u8>,
}

/// Makes a pod of about so many bytes. The host stands in it four times.
type Make = fn(usize) -> Value;

/// Pods whose evaluation would take more than linear time or memory in a policy that writes a long value once for each
/// of many places.
pub(crate) const HOSTILE: [(&str, Make); 6] = [
    ("long host, many containers", |bytes| pod("web", "v", &"h".repeat(bytes / 8), bytes / 2 / 60, 1)),
    ("long name, many tokens", |bytes| pod(&"n".repeat(bytes / 2), "v", "host", 1, bytes / 2 / 60)),
    ("long name of a volume, many tokens", |bytes| pod("web", &"v".repeat(bytes / 2), "host", 1, bytes / 2 / 60)),
    ("many containers", |bytes| pod("web", "v", "host", bytes / 60, 1)),
    ("many volumes", |bytes| volumes(bytes / 150)),
    ("many tokens", |bytes| pod("web", "v", "host", 1, bytes / 60)),
];

impl Input {
    pub(crate) fn new(request: Value, settings: Value) -> Result<Self> {
        let payload = serde_json::to_vec(&json!({"request": &request, "settings": &settings}))?;
        Ok(Self { request, settings, payload })
    }

    /// A recorded request in mode home.
    pub(crate) fn recorded(name: &str, settings: Value) -> Result<Self> {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../test_data/requests").join(name).with_extension("json");
        let mut request: Value = serde_json::from_slice(&fs::read(path)?)?;
        let metadata = request.pointer_mut("/object/metadata").context("the pod has no metadata")?;
        metadata["labels"]["offloading.liqo.io/origin"] = json!(ORIGIN);
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("liqo.io/api-server-support");
        }
        Self::new(request, settings)
    }

    /// The least linear memory in which a fresh instance answers, beyond the 1 MB of its stack, as a multiple of the
    /// request. It is searched in pages, which is what small requests show.
    pub(crate) fn memory(&self, module: &[u8]) -> Result<f64> {
        let policy = runner::Policy::from_bytes(module)?;
        let suffices = |pages: &usize| {
            let instance = policy.with_memory_limit(*pages * PAGE).instance();
            instance.is_ok_and(|instance| instance.call("validate", &self.payload).is_ok())
        };
        let (mut too_few, mut enough) = (0, 4096);
        while enough - too_few > 1 {
            let middle = usize::midpoint(too_few, enough);
            if suffices(&middle) { enough = middle } else { too_few = middle }
        }
        Ok((enough * PAGE).saturating_sub(1 << 20) as f64 / self.payload.len() as f64)
    }
}

/// Settings with so many home clusters, of which the one in the middle is the pods' origin.
pub(crate) fn home_clusters(entries: usize) -> Value {
    let id = |index| if index == entries / 2 { ORIGIN.to_owned() } else { format!("cluster-{index:04}") };
    json!({"homeClusters": Map::from_iter((0..entries).map(|index| (id(index), home_cluster(index))))})
}

/// The settings of a home cluster.
pub(crate) fn home_cluster(index: usize) -> Value {
    json!({
        "homeApiServerHost": format!("api.cluster-{index:04}.example.org"),
        "homeApiServerAddresses": ["203.0.113.10"],
        "homeCredentialsSecret": "home-credentials",
    })
}

/// A pod as Liqo makes it for home, with this host.
fn pod(name: &str, volume: &str, host: &str, containers: usize, tokens: usize) -> Value {
    let url = format!("tcp://{host}:443");
    let variables = [
        ("KUBERNETES_SERVICE_PORT", "443"),
        ("KUBERNETES_SERVICE_HOST", host),
        ("KUBERNETES_PORT", &url),
        ("KUBERNETES_PORT_443_TCP", &url),
        ("KUBERNETES_PORT_443_TCP_PROTO", "tcp"),
        ("KUBERNETES_PORT_443_TCP_ADDR", host),
        ("KUBERNETES_PORT_443_TCP_PORT", "443"),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    let container = |index| {
        let env = if index == 0 { variables.clone() } else { Vec::new() };
        json!({"name": format!("c{index}"), "image": "registry/image", "env": env})
    };
    let token = |index| json!({"serviceAccountToken": {"path": format!("t{index}"), "audience": "a"}});
    request(
        name,
        (0..containers).map(container).collect(),
        json!([{"name": volume, "projected": {"sources": (0..tokens).map(token).collect::<Vec<_>>()}}]),
    )
}

fn volumes(count: usize) -> Value {
    let path = "/var/run/secrets/kubernetes.io/serviceaccount";
    let mount = |index| json!({"name": format!("v{index}"), "mountPath": path});
    let volume = |index| json!({"name": format!("v{index}"), "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}});
    let mounts: Vec<_> = (0..count).map(mount).collect();
    let volumes = (0..count).map(volume).collect();
    request("web", vec![json!({"name": "c", "image": "i", "volumeMounts": mounts})], Value::Array(volumes))
}

fn request(name: &str, containers: Vec<Value>, volumes: Value) -> Value {
    let labels = json!({"offloading.liqo.io/origin": ORIGIN});
    json!({
        "uid": "1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "operation": "CREATE",
        "namespace": "liqo-demo",
        "userInfo": {},
        "object": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": "liqo-demo", "labels": labels},
            "spec": {"serviceAccountName": "web", "containers": containers, "volumes": volumes},
        },
    })
}
