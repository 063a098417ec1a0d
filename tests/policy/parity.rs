//! Parity with Liqo's virtual kubelet: the policy has the effect that Liqo's forging has, and both can run on one pod.
//!
//! Some differences are wanted, and only they are overlooked here:
//! - the order of the `KUBERNETES_*` variables, and doubles among them (the last one counts), and
//!   `KUBERNETES_SERVICE_PORT_HTTPS`, which Liqo leaves out;
//! - host aliases beyond Liqo's: `kubernetes.default.svc.cluster.local`, `kubernetes`, the host's own name, and any beside
//!   a host; and that the names lead nowhere else;
//! - `serviceAccount`, which Liqo leaves in place, and a ServiceAccount `default`, which may stay in home and disabled;
//! - the mode of a token's file that not everybody could read otherwise;
//! - the volume with credentials that is added where the API server added none;
//! - an empty list or object instead of none.

use std::collections::{BTreeMap, BTreeSet};

use crate::properties::check;
use crate::support::{Case, root};
use serde_json::{Map, Value, json};

pub(crate) struct Vector {
    name: String,
    pub(crate) settings: Value,
    pod: Value,
    expected: Value,
}

impl Vector {
    pub(crate) fn all() -> Vec<Self> {
        let path = root().join("test_data/liqo-parity/vectors.jsonl");
        let text = std::fs::read_to_string(path).expect("the vectors");
        let vectors: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(vectors.len(), 120);
        vectors.into_iter().map(Self::new).collect()
    }

    fn new(vector: Value) -> Self {
        let keys = ["defaultMode", "homeApiServerHost", "homeApiServerPort", "homeApiServerAddresses", "homeClusterId"];
        let settings = keys.into_iter().map(|key| (key.to_owned(), vector[key].clone())).collect();
        Self {
            name: vector["name"].as_str().expect("a name").to_owned(),
            settings: Value::Object(settings),
            pod: vector["pod"].clone(),
            expected: vector["expectedSpec"].clone(),
        }
    }

    pub(crate) fn mode(&self) -> &str {
        let annotation = self.pod["metadata"]["annotations"]["liqo.io/api-server-support"].as_str();
        annotation.unwrap_or(self.settings["defaultMode"].as_str().expect("a mode"))
    }

    /// The pod as Liqo forges it.
    pub(crate) fn forged(&self) -> Value {
        let mut pod = self.pod.clone();
        pod["spec"] = self.expected.clone();
        pod
    }

    /// The pod's spec after the policy.
    fn evaluate(&self, spec: &Value) -> Value {
        let mut pod = self.pod.clone();
        pod["spec"] = spec.clone();
        Case::pod(pod).settings(self.settings.clone()).object()["spec"].clone()
    }

    /// How a spec differs from the one that Liqo forges, beyond what is wanted.
    fn differences(&self, actual: &Value) -> Vec<String> {
        let (actual, expected) = (self.normal(actual), self.normal(&self.expected));
        let (Value::Object(actual), Value::Object(expected)) = (actual, expected) else {
            unreachable!("specs are objects")
        };
        let fields: BTreeSet<_> = actual.keys().chain(expected.keys()).collect();
        let differing = fields.into_iter().filter(|field| actual.get(*field) != expected.get(*field));
        let show =
            |spec: &Map<String, Value>, field: &str| spec.get(field).map_or("nothing".to_owned(), Value::to_string);
        differing
            .map(|field| format!("{field}: {} instead of {}", show(&actual, field), show(&expected, field)))
            .collect()
    }

    /// A spec without what may differ.
    fn normal(&self, spec: &Value) -> Value {
        let mut spec = spec.clone();
        let pod = spec.as_object_mut().expect("a spec");
        pod.remove("serviceAccount");
        if self.mode() != "remote" && pod.get("serviceAccountName") == Some(&json!("default")) {
            pod.remove("serviceAccountName");
        }
        if let Some(volumes) = pod.get_mut("volumes").and_then(Value::as_array_mut) {
            volumes.retain(|volume| !is_added(volume));
            let sources =
                volumes.iter_mut().filter_map(|volume| volume["projected"]["sources"].as_array_mut()).flatten();
            for item in sources.filter_map(|source| source["secret"]["items"].as_array_mut()).flatten() {
                let is_readable = item["mode"] == 0o644;
                item.as_object_mut().expect("an item").retain(|field, _| field != "mode" || !is_readable);
            }
        }
        for list in ["containers", "initContainers"] {
            for container in pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(mounts) = container.get_mut("volumeMounts").and_then(Value::as_array_mut) {
                    mounts.retain(|mount| !is_added(mount));
                }
                if let Some(env) = container.get("env") {
                    container["env"] = normal_env(env.as_array().expect("a list"));
                }
            }
        }
        let aliases = pod.remove("hostAliases").unwrap_or_default();
        pod.insert("hostAliases".to_owned(), self.normal_aliases(aliases.as_array().map_or(&[], Vec::as_slice)));
        without_empty(&mut spec);
        spec
    }

    fn normal_aliases(&self, aliases: &[Value]) -> Value {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for alias in aliases {
            for name in alias["hostnames"].as_array().into_iter().flatten() {
                let ips = names.entry(name.as_str().expect("a name").to_owned()).or_default();
                ips.insert(alias["ip"].as_str().expect("an address").to_owned());
            }
        }
        let host = self.settings["homeApiServerHost"].as_str();
        names.remove("kubernetes.default.svc.cluster.local");
        names.remove("kubernetes");
        if let Some(host) = host {
            names.remove(host);
        }
        let addresses = self.settings["homeApiServerAddresses"].as_array().expect("a list");
        if self.mode() == "home" && !addresses.is_empty() {
            for name in ["kubernetes.default", "kubernetes.default.svc"] {
                if host.is_some() {
                    names.remove(name);
                } else if let Some(ips) = names.get_mut(name) {
                    ips.retain(|ip| addresses.iter().any(|address| address == ip.as_str()));
                }
            }
        }
        json!(names)
    }
}

/// The entries that are not the API server's in order, then the last of each that is.
fn normal_env(env: &[Value]) -> Value {
    // Go leaves an empty value out.
    let mut env = env.to_vec();
    for variable in env.iter_mut().filter_map(Value::as_object_mut) {
        variable.retain(|field, value| field != "value" || *value != json!(""));
    }
    let is_api_servers =
        |variable: &&Value| variable["name"].as_str().is_some_and(|name| name.starts_with("KUBERNETES_"));
    let others: Vec<_> = env.iter().filter(|variable| !is_api_servers(variable)).collect();
    let mut last: BTreeMap<_, _> =
        env.iter().filter(is_api_servers).map(|variable| (variable["name"].to_string(), variable)).collect();
    last.remove("\"KUBERNETES_SERVICE_PORT_HTTPS\"");
    json!({"others": others, "last": last})
}

fn without_empty(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.values_mut().for_each(without_empty);
            members.retain(|_, value| *value != json!([]) && *value != json!({}));
        }
        Value::Array(items) => items.iter_mut().for_each(without_empty),
        _ => {}
    }
}

/// Whether this is the volume that the policy adds, or a mount of it.
fn is_added(item: &Value) -> bool {
    item["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-home"))
}

#[track_caller]
fn assert_no_differences(vector: &Vector, actual: &Value) {
    let differences = vector.differences(actual);
    assert!(differences.is_empty(), "{} ({}):\n{}", vector.name, vector.mode(), differences.join("\n"));
}

#[test]
fn the_policy_does_what_liqo_does() {
    for vector in Vector::all() {
        assert_no_differences(&vector, &vector.evaluate(&vector.pod["spec"]));
    }
}

#[test]
fn the_policy_runs_on_what_liqo_forged() {
    for vector in Vector::all() {
        assert_no_differences(&vector, &vector.evaluate(&vector.expected));
    }
}

/// What Liqo forged, and the same pods before that, have the properties of every answer.
#[test]
fn of_every_answer() {
    let mut count = 0;
    for (index, vector) in Vector::all().iter().enumerate() {
        let id = &vector.settings["homeClusterId"];
        let others = [
            json!({"homeClusterId": id}),
            json!({"homeClusterId": id, "defaultMode": "disabled"}),
            json!({"homeCredentialsSecret": "home-api", "homeApiServerPort": 6443}),
            json!({"homeApiServerHost": "api.example.org", "homeApiServerAddresses": ["10.80.0.9", "fd00:80::9"]}),
        ];
        for pod in [&vector.pod, &vector.forged()] {
            for settings in [&vector.settings, &others[index % others.len()]] {
                let outcome = check(&Case::pod(pod.clone()).settings(settings.clone()));
                let outcome = outcome.unwrap_or_else(|error| panic!("{}: {error}", vector.name));
                count += usize::from(outcome.answer.accepted);
            }
        }
    }
    assert!(count >= 400, "only {count} pods were accepted");
}

/// Makes a fault in a spec, and tells whether there was a place for it.
type Fault = fn(&mut Value) -> bool;

/// The vectors are of every mode, and the comparison finds what must not be overlooked.
#[test]
fn the_comparison_notices() {
    let vectors = Vector::all();
    let of_mode = |mode| vectors.iter().filter(|vector| vector.mode() == mode).count();
    assert!(["home", "remote", "disabled"].into_iter().all(|mode| of_mode(mode) >= 20));

    // Each kind of fault is made wherever a vector allows it, and must be found there.
    let faults: [(&str, Fault); 6] = [
        ("a wrong host", |spec| {
            replace(
                spec,
                &|value| value["name"] == "KUBERNETES_SERVICE_HOST" && value.get("value").is_some(),
                &|value| {
                    value["value"] = json!("wrong.example.org");
                },
            )
        }),
        ("a lost variable", |spec| {
            let env = spec.pointer_mut("/containers/0/env").and_then(Value::as_array_mut);
            env.is_some_and(|env| {
                let before = env.len();
                env.retain(|variable| variable["name"] != "KUBERNETES_SERVICE_PORT");
                env.len() != before
            })
        }),
        ("a lost alias", |spec| {
            let aliases = spec.get_mut("hostAliases").and_then(Value::as_array_mut);
            aliases.is_some_and(|aliases| {
                let before = aliases.len();
                aliases.retain(|alias| !alias["hostnames"].to_string().contains("\"kubernetes.default\""));
                aliases.len() != before
            })
        }),
        ("a changed volume key", |spec| {
            replace(spec, &|value| value.get("key").is_some() && value["path"] == "token", &|value| {
                value["key"] = json!("wrong")
            })
        }),
        ("a foreign token", |spec| {
            replace(
                spec,
                &|value| value["secret"]["name"].as_str().is_some_and(|name| name.ends_with("-token")),
                &|value| {
                    *value = json!({"serviceAccountToken": {"path": "token"}});
                },
            )
        }),
        ("another ServiceAccount", |spec| {
            spec["serviceAccountName"] = json!("wrong");
            true
        }),
    ];
    for (fault, make) in faults {
        let mut made = 0;
        for vector in
            vectors.iter().filter(|vector| vector.settings["homeApiServerHost"].is_null() || fault != "a lost alias")
        {
            let right = vector.evaluate(&vector.pod["spec"]);
            let mut wrong = right.clone();
            let counts = vector.mode() == "home" || fault == "another ServiceAccount";
            let expects_alias = !vector.settings["homeApiServerAddresses"].as_array().expect("a list").is_empty();
            if counts && (fault != "a lost alias" || expects_alias) && make(&mut wrong) {
                made += 1;
                assert!(!vector.differences(&wrong).is_empty(), "{fault} in {} goes unnoticed", vector.name);
            }
        }
        assert!(made >= 5, "{fault} was made {made} times");
    }
}

/// Changes every value below another that `is_meant`, and tells whether there was one. What the policy adds beside what
/// Liqo does is left alone.
fn replace(value: &mut Value, is_meant: &dyn Fn(&Value) -> bool, change: &dyn Fn(&mut Value)) -> bool {
    let mut found = false;
    if is_added(value) {
        return false;
    }
    if value.is_object() && is_meant(value) {
        change(value);
        found = true;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|value| found |= replace(value, is_meant, change)),
        Value::Array(items) => items.iter_mut().for_each(|value| found |= replace(value, is_meant, change)),
        _ => {}
    }
    found
}
