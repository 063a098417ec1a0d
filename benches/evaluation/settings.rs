//! What settings cost: entries of `homeClusters`, and `namespaceLookup` with a host that answers at once.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use runner::{Policy, Settings};
use serde_json::{Map, Value, json};

use crate::guests::References;
use crate::host;
use crate::pods::{Pod, recorded};
use crate::timing::{self, Samples};

/// The pod whose evaluations are timed, and the cluster that its label names.
const POD: &str = "plain-web";
const ORIGIN: &str = "milan";

/// How many entries `homeClusters` has.
const ENTRIES: [usize; 3] = [1, 100, 1000];

/// What was measured with so many entries.
pub(crate) struct Clusters {
    pub(crate) entries: usize,
    /// The size of the settings.
    pub(crate) bytes: usize,
    /// The guest alone: the policy, and the guest that reads the same bytes into nothing.
    pub(crate) policy: Samples,
    pub(crate) ignored: Samples,
    /// A whole evaluation: with the policy, and with a guest that returns its answer.
    pub(crate) evaluation: Samples,
    pub(crate) echo: Samples,
}

/// What was measured without and with `namespaceLookup`.
pub(crate) struct Lookup {
    pub(crate) guest: [Samples; 2],
    pub(crate) evaluation: [Samples; 2],
}

/// Times a pod with more and more entries of `homeClusters`. The entries take turns too.
pub(crate) fn clusters(project: &Path, policy: &Policy, references: &References) -> Result<Vec<Clusters>> {
    let mut pods = Vec::new();
    for entries in ENTRIES {
        let pod = pod(project, json!({ "homeClusters": home_clusters(entries) }))?;
        let [policy, echo, _, _, ignored] = references.with(policy, &pod)?;
        let instances = [policy.instance()?, ignored.instance()?, echo.instance()?];
        pods.push((entries, pod, instances));
    }
    let mut tasks: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for (_, pod, [policy, ignored, echo]) in &pods {
        let payload = pod.request.payload(&pod.settings);
        // Each evaluation comes after a guest alone, so that none finds more in the processor's caches than the other.
        for (guest, evaluated) in [(policy, policy), (ignored, echo)] {
            let payload = payload.clone();
            tasks.push(Box::new(move || drop(guest.call("validate", &payload))));
            tasks.push(Box::new(move || drop(host::evaluate(evaluated, pod))));
        }
    }
    let mut samples = timing::take_turns(&mut tasks).into_iter();
    let mut clusters = Vec::new();
    for (entries, pod, _) in &pods {
        let [policy, evaluation, ignored, echo] = timing::next(&mut samples).context("four figures")?;
        let bytes = pod.settings.payload().len();
        clusters.push(Clusters { entries: *entries, bytes, policy, ignored, evaluation, echo });
    }
    Ok(clusters)
}

/// Times a pod without and with `namespaceLookup`.
pub(crate) fn lookup(project: &Path, policy: &Policy) -> Result<Lookup> {
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "liqo-demo",
            "uid": "6c1a52d3-02c1-4c7e-9a55-0d1f6f3d2a11",
            "resourceVersion": "184467",
            "creationTimestamp": "2026-01-12T08:30:11Z",
            "annotations": {"liqo.io/original-name": "demo"},
            "labels": {
                "kubernetes.io/metadata.name": "liqo-demo",
                "liqo.io/remote-cluster-id": ORIGIN,
                "liqo.io/tenant-namespace": "liqo-tenant-milan",
            },
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    });
    let namespace = namespace.to_string().into_bytes();
    let policy = policy.with_host(move |_, _, _, _| Ok(namespace.clone()));
    let mut pods = Vec::new();
    for is_on in [false, true] {
        let mut settings = entry(0);
        settings["namespaceLookup"] = json!(is_on);
        pods.push(pod(project, settings)?);
    }
    let instance = policy.instance()?;
    for pod in &pods {
        let response = instance.validate(&pod.request, &pod.settings);
        ensure!(response.allowed, "the lookup fails: {:?}", response.status);
    }
    let mut tasks: Vec<Box<dyn FnMut() + '_>> = Vec::new();
    for pod in &pods {
        let payload = pod.request.payload(&pod.settings);
        let instance = &instance;
        tasks.push(Box::new(move || drop(instance.call("validate", &payload))));
        tasks.push(Box::new(move || drop(host::evaluate(instance, pod))));
    }
    let mut samples = timing::take_turns(&mut tasks).into_iter();
    let [guest, evaluation, guest_on, evaluation_on] = timing::next(&mut samples).context("four figures")?;
    Ok(Lookup { guest: [guest, guest_on], evaluation: [evaluation, evaluation_on] })
}

fn pod(project: &Path, settings: Value) -> Result<Pod> {
    let mut request = recorded(project, POD)?;
    request["object"]["metadata"]["labels"]["offloading.liqo.io/origin"] = json!(ORIGIN);
    Pod::new(POD, "home", request, Settings::from_value(settings)?)
}

/// So many entries; the origin's is the one in the middle.
fn home_clusters(entries: usize) -> Value {
    let id = |index| if index == entries / 2 { ORIGIN.to_owned() } else { format!("cluster-{index:04}") };
    Value::Object(Map::from_iter((0..entries).map(|index| (id(index), entry(index)))))
}

fn entry(index: usize) -> Value {
    json!({
        "homeApiServerHost": format!("api.cluster-{index:04}.example.org"),
        "homeApiServerAddresses": ["203.0.113.10"],
        "homeCredentialsSecret": format!("home-credentials-{index:04}"),
    })
}
