//! What the foreign cluster's API server does with a pod after the policy: it refuses some, and stores the others with
//! more in them than was sent.
//!
//! Sources, in Kubernetes: `validateProjectionSources` and `ValidateHostAliases` in `pkg/apis/core/validation`, the
//! defaults in `pkg/apis/core/v1/defaults.go` and `zz_generated.defaults.go`, and the admission plugins
//! `serviceaccount`, `defaulttolerationseconds` and `priority` in `plugin/pkg/admission`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use k8s_openapi::api::core::v1::Pod;
use serde_json::{Value, json};

use crate::kubelet::{SERVICE_ACCOUNT_PATH, items, text};

/// Why the API server would refuse a pod, as far as the parts go that the policy writes.
pub(crate) fn refusals(pod: &Value) -> BTreeSet<String> {
    let mut refusals = BTreeSet::new();
    let mut refuse = |is_refused: bool, refusal: String| {
        if is_refused {
            refusals.insert(refusal);
        }
    };
    let volumes = items(&pod["spec"]["volumes"]);
    let names: BTreeSet<_> = volumes.iter().map(|volume| text(&volume["name"])).collect();
    refuse(names.len() != volumes.len(), "spec.volumes: a name is there twice".to_owned());
    for volume in volumes {
        let name = text(&volume["name"]);
        refuse(!is_label(name), format!("volumes: {name} is no name"));
        // A token may be shown at a path that another source shows, too: then the last one counts.
        let mut paths = BTreeSet::new();
        for source in items(&volume["projected"]["sources"]) {
            let kinds = source.as_object().map_or(0, |kinds| kinds.values().filter(|kind| !kind.is_null()).count());
            refuse(kinds != 1, format!("volume {name}: a source has {kinds} kinds"));
            let secret = &source["secret"]["name"];
            refuse(!secret.is_null() && !is_subdomain(text(secret)), format!("volume {name}: {secret} is no name"));
            let lists = ["secret", "configMap", "downwardAPI"].map(|kind| items(&source[kind]["items"]));
            let bundle = source.get("clusterTrustBundle").into_iter();
            for item in lists.into_iter().flatten().chain(bundle) {
                let is_twice = !paths.insert(text(&item["path"]));
                refuse(is_twice, format!("volume {name}: {} is shown twice", item["path"]));
                let key = text(&item["key"]);
                let is_key = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
                refuse(!is_key || key.len() > 253, format!("volume {name}: {key} is no key"));
            }
        }
    }
    for container in ["containers", "initContainers"].into_iter().flat_map(|list| items(&pod["spec"][list])) {
        let mounts = items(&container["volumeMounts"]);
        let paths: BTreeSet<_> = mounts.iter().map(|mount| text(&mount["mountPath"])).collect();
        refuse(paths.len() != mounts.len(), format!("container {}: a path is mounted twice", container["name"]));
        for mount in mounts {
            let is_there = names.contains(text(&mount["name"]));
            refuse(!is_there, format!("container {}: no volume {}", container["name"], mount["name"]));
        }
        for variable in items(&container["env"]) {
            let is_one = variable["value"].is_null() || variable["valueFrom"].is_null();
            refuse(!is_one || text(&variable["name"]).is_empty(), format!("container {}: env", container["name"]));
        }
    }
    for alias in items(&pod["spec"]["hostAliases"]) {
        // Since Kubernetes 1.36 only the usual form of an address is taken.
        let is_address = text(&alias["ip"]).parse().is_ok_and(|ip: IpAddr| ip == ip.to_canonical());
        refuse(!is_address, format!("hostAliases: {} is no address", alias["ip"]));
        for name in items(&alias["hostnames"]) {
            refuse(!is_subdomain(text(name)), format!("hostAliases: {name} is no name"));
        }
    }
    refusals
}

fn is_subdomain(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_label(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 63 && name.bytes().all(inner) && !name.starts_with('-') && !name.ends_with('-')
}

/// The names of the fields of a pod that the types of the API do not know; `None` where it is no pod for them.
pub(crate) fn unknown_fields(pod: &Value) -> Option<BTreeSet<String>> {
    fn compare(whole: &Value, known: &Value, unknown: &mut BTreeSet<String>) {
        // The types write neither null nor what is empty.
        let is_empty = |value: &Value| value.is_null() || *value == json!([]) || *value == json!({});
        match (whole, known) {
            (Value::Object(whole), Value::Object(known)) => {
                for (name, value) in whole {
                    match known.get(name) {
                        Some(known) => compare(value, known, unknown),
                        None if is_empty(value) => {}
                        None => {
                            unknown.insert(name.clone());
                        }
                    }
                }
            }
            (Value::Array(whole), Value::Array(known)) => {
                whole.iter().zip(known).for_each(|(whole, known)| compare(whole, known, unknown));
            }
            _ => {}
        }
    }
    let typed: Pod = serde_json::from_value(pod.clone()).ok()?;
    let mut unknown = BTreeSet::new();
    compare(pod, &serde_json::to_value(typed).ok()?, &mut unknown);
    Some(unknown)
}

/// A pod as the API server stores it, and as it stands there once it was scheduled and runs.
pub(crate) fn stored(pod: &Value) -> Value {
    let mut pod = pod.clone();
    let generated = format!("{}x2x4z", text(&pod["metadata"]["generateName"]));
    default(&mut pod["metadata"], "name", json!(generated));
    default(&mut pod["metadata"], "namespace", json!("demo"));
    default(&mut pod["metadata"], "uid", json!("5ad0ba1e-3f66-4b60-9cd0-2d0d3a1c8f5e"));
    default(&mut pod["metadata"], "resourceVersion", json!("1234"));
    default(&mut pod["metadata"], "creationTimestamp", json!("2026-11-24T09:00:00Z"));
    default(&mut pod["metadata"], "generation", json!(1));

    let spec = &mut pod["spec"];
    name_service_account(spec);
    mount_token(spec);
    for (field, value) in [
        ("dnsPolicy", json!("ClusterFirst")),
        ("restartPolicy", json!("Always")),
        ("securityContext", json!({})),
        ("terminationGracePeriodSeconds", json!(30)),
        ("schedulerName", json!("default-scheduler")),
        ("enableServiceLinks", json!(true)),
        ("priority", json!(0)),
        ("preemptionPolicy", json!("PreemptLowerPriority")),
        ("nodeName", json!("worker-1")),
    ] {
        default(spec, field, value);
    }
    tolerate(spec);
    for list in ["containers", "initContainers"] {
        each(spec, list, default_container);
    }
    each(spec, "volumes", default_volume);
    pod["status"] = json!({"phase": "Running", "qosClass": "BestEffort", "podIP": "10.244.1.7"});
    pod
}

/// The API server's plugin fills in the name, and its conversion keeps the deprecated twin the same.
fn name_service_account(spec: &mut Value) {
    let names = ["serviceAccountName", "serviceAccount"].map(|field| text(&spec[field]).to_owned());
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| "default".to_owned());
    spec["serviceAccountName"] = json!(name);
    spec["serviceAccount"] = json!(name);
}

/// The API server's plugin runs again after the policy. It mounts a token where nothing else is mounted, unless the pod
/// says otherwise, and takes a volume that has the name of its own for it.
fn mount_token(spec: &mut Value) {
    if spec["automountServiceAccountToken"] == false {
        return;
    }
    let volumes = items(&spec["volumes"]);
    let own = volumes.iter().map(|volume| text(&volume["name"])).find(|name| name.starts_with("kube-api-access-"));
    let name = own.unwrap_or("kube-api-access-x2x4z").to_owned();
    let is_there = own.is_some();
    let mut is_mounted = false;
    for list in ["containers", "initContainers"] {
        each(spec, list, |container| {
            let mut mounts = items(&container["volumeMounts"]).to_vec();
            if !mounts.iter().any(|mount| mount["mountPath"] == SERVICE_ACCOUNT_PATH) {
                mounts.push(json!({"name": name, "readOnly": true, "mountPath": SERVICE_ACCOUNT_PATH}));
                container["volumeMounts"] = Value::from(mounts);
                is_mounted = true;
            }
        });
    }
    if is_mounted && !is_there {
        let sources = json!([
            {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]);
        let mut volumes = items(&spec["volumes"]).to_vec();
        volumes.push(json!({"name": name, "projected": {"sources": sources, "defaultMode": 420}}));
        spec["volumes"] = Value::from(volumes);
    }
}

fn tolerate(spec: &mut Value) {
    let mut tolerations = items(&spec["tolerations"]).to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if !tolerations.iter().any(|toleration| toleration["key"] == key) {
            tolerations
                .push(json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}));
        }
    }
    spec["tolerations"] = Value::from(tolerations);
}

fn default_container(container: &mut Value) {
    let image = text(&container["image"]).rsplit('/').next().unwrap_or_default().to_owned();
    let is_latest = !image.contains(':') || image.ends_with(":latest");
    default(container, "imagePullPolicy", json!(if is_latest { "Always" } else { "IfNotPresent" }));
    default(container, "terminationMessagePath", json!("/dev/termination-log"));
    default(container, "terminationMessagePolicy", json!("File"));
    default(container, "resources", json!({}));
    each(container, "ports", |port| default(port, "protocol", json!("TCP")));
    each(container, "env", |variable| {
        if variable["valueFrom"]["fieldRef"].is_object() {
            default(&mut variable["valueFrom"]["fieldRef"], "apiVersion", json!("v1"));
        }
        // An empty value is written as none.
        if variable["value"] == "" {
            variable.as_object_mut().expect("an object").remove("value");
        }
    });
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(probe).filter(|probe| probe.is_object()) else { continue };
        for (field, value) in
            [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
        {
            default(probe, field, json!(value));
        }
        if probe["httpGet"].is_object() {
            default(&mut probe["httpGet"], "path", json!("/"));
            default(&mut probe["httpGet"], "scheme", json!("HTTP"));
        }
    }
}

fn default_volume(volume: &mut Value) {
    if volume.as_object().is_some_and(|volume| volume.len() == 1) {
        volume["emptyDir"] = json!({});
    }
    for kind in ["secret", "configMap", "downwardAPI", "projected"] {
        let Some(source) = volume.get_mut(kind).filter(|source| source.is_object()) else { continue };
        default(source, "defaultMode", json!(420));
        each(source, "items", default_field);
        each(source, "sources", |source| {
            if source["serviceAccountToken"].is_object() {
                default(&mut source["serviceAccountToken"], "expirationSeconds", json!(3600));
            }
            if source["downwardAPI"].is_object() {
                each(&mut source["downwardAPI"], "items", default_field);
            }
        });
    }
}

fn default_field(item: &mut Value) {
    if item["fieldRef"].is_object() {
        default(&mut item["fieldRef"], "apiVersion", json!("v1"));
    }
}

/// Sets a field that is absent, null or empty.
fn default(object: &mut Value, field: &str, value: Value) {
    if object[field].is_null() || object[field] == "" {
        object[field] = value;
    }
}

fn each(object: &mut Value, list: &str, change: impl FnMut(&mut Value)) {
    object.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten().for_each(change);
}
