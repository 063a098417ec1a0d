//! Pods far stranger than real ones, at random: of everything that the policy reads, with settings and with what the host
//! answers about their Namespace.
//!
//! They are well formed first. Then parts of some are spoiled: taken away, or replaced by something of any shape.

use std::ops::Range;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::support::{Case, HOME_NAMESPACE, MODE, ORIGIN, REMOTE_NAME, block};

/// Starts every value in an environment, so that it is found wherever it does not belong.
pub(crate) const SECRET: &str = "S3CR3T";

/// An audience that settings keep.
pub(crate) const KEPT_AUDIENCE: &str = "sts.example.org";

type Any = BoxedStrategy<Value>;

fn word(words: &'static [&'static str]) -> Any {
    select(words).prop_map(Value::from).boxed()
}

fn list(item: Any, count: Range<usize>) -> Any {
    vec(item, count).prop_map(Value::from).boxed()
}

/// An object of these fields, each of which is there in so many of a hundred.
fn object<const N: usize>(fields: [(&'static str, u32, Any); N]) -> Any {
    let fields = fields.map(|(name, percent, value)| {
        let maybe = match percent {
            100 => value.prop_map(Some).boxed(),
            _ => proptest::option::weighted(f64::from(percent) / 100.0, value).boxed(),
        };
        (Just(name), maybe)
    });
    let members = |fields: Vec<(&'static str, Option<Value>)>| -> Value {
        fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    };
    Vec::from(fields).prop_map(members).boxed()
}

/// Any JSON.
pub(crate) fn anything() -> Any {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({})),
        Just(json!([])),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((any::<String>(), inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

/// How somebody writes variables into an environment.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    Append,
    PutFirst,
    /// What has the name of a variable is replaced in place; what is missing is appended.
    Replace,
}

pub(crate) fn manner() -> impl Strategy<Value = Manner> {
    select(&[Manner::Append, Manner::PutFirst, Manner::Replace][..])
}

/// Writes variables into an environment, as virtual kubelets, webhooks, admission policies and authors do.
pub(crate) fn write(env: &mut Vec<Value>, variables: &[Value], manner: Manner) {
    match manner {
        Manner::Append => env.extend_from_slice(variables),
        Manner::PutFirst => drop(env.splice(0..0, variables.iter().cloned())),
        Manner::Replace => {
            for variable in variables {
                let same = env.iter().rposition(|other| other["name"] == variable["name"]);
                match same {
                    Some(same) => env[same] = variable.clone(),
                    None => env.push(variable.clone()),
                }
            }
        }
    }
}

/// The four variables that AKS sets, and any others of a block.
pub(crate) fn some_of_a_block(host: &str, port: u16, which: &[usize]) -> Vec<Value> {
    let whole = block(host, port);
    which.iter().map(|index| whole[*index].clone()).collect()
}

/// The places in a block of the variables that platforms set: AKS four of them, Gardener the host.
pub(crate) const FOUR: &[usize] = &[0, 3, 4, 6];
pub(crate) const HOST_ALONE: &[usize] = &[0];

/// The variables of an API server, or some of them.
fn variables() -> impl Strategy<Value = Vec<Value>> {
    let hosts = [
        "vk.example.org",
        "vk.example.org.",
        "vk_1.example.org",
        "VK.example.org",
        "kubernetes.default",
        "10.0.0.1",
        "fd00::7",
        "$(A)",
        "a b",
        "",
    ];
    let which: [&[usize]; 5] =
        [&[0, 1, 3, 4, 5, 6, 7], &[0, 1, 2, 3, 4, 5, 6, 7], &[1, 3, 4, 5, 6, 7], FOUR, HOST_ALONE];
    (select(hosts.to_vec()), select(&[443, 6443][..]), select(which.to_vec()))
        .prop_map(|(host, port, which)| some_of_a_block(host, port, which))
}

const VARIABLES: &[&str] = &[
    "A",
    "B",
    "KUBERNETES_SERVICE_HOST",
    "KUBERNETES_SERVICE_PORT",
    "KUBERNETES_SERVICE_PORT_HTTPS",
    "KUBERNETES_PORT",
    "KUBERNETES_PORT_443_TCP",
    "KUBERNETES_PORT_443_TCP_PROTO",
    "KUBERNETES_PORT_443_TCP_ADDR",
    "KUBERNETES_PORT_443_TCP_PORT",
    "KUBERNETES_PORT_6443_TCP_PORT",
];

fn variable() -> Any {
    let name = || select(VARIABLES);
    let piece = prop_oneof![
        name().prop_map(|name| format!("$({name})")),
        name().prop_map(|name| format!("$$({name})")),
        name().prop_map(|name| format!("$({name}")),
        select(&["$", "$$", ")", "(", "\n", "\"", "ä", ""][..]).prop_map(str::to_owned),
        any::<String>(),
    ];
    let value = vec(piece, 0..5).prop_map(|pieces| json!(format!("{SECRET}{}", pieces.concat())));
    let field_ref =
        object([("fieldPath", 95, word(&["spec.serviceAccountName", "metadata.name", "metadata.namespace"]))]);
    prop_oneof![
        4 => object([("name", 100, word(VARIABLES)), ("value", 90, value.boxed())]),
        1 => object([("name", 100, word(VARIABLES)), ("valueFrom", 100, object([("fieldRef", 90, field_ref)]))]),
    ]
    .boxed()
}

fn env() -> Any {
    let writers = prop_oneof![2 => vec((variables(), manner()), 0..1), 1 => vec((variables(), manner()), 1..3)];
    (vec(variable(), 0..5), writers)
        .prop_map(|(mut env, writers)| {
            writers.iter().for_each(|(variables, manner)| write(&mut env, variables, *manner));
            Value::from(env)
        })
        .boxed()
}

const VOLUMES: &[&str] = &["a", "b", "kube-api-access-x2x4z", "kube-api-access-home"];
const PATHS: &[&str] = &["token", "token", "ca.crt", "vault/token", "./token", "namespace", "other"];

fn container() -> Any {
    let paths = word(&[
        "/var/run/secrets/kubernetes.io/serviceaccount",
        "/var/run/secrets/kubernetes.io/serviceaccount/",
        "/var/run/./secrets//kubernetes.io/serviceaccount",
        "/run/secrets/kubernetes.io/serviceaccount",
        "/var/run/secrets/kubernetes.io/serviceaccount/token",
        "/etc/hosts",
        "/mnt",
    ]);
    let mount = object([
        ("name", 100, word(VOLUMES)),
        ("mountPath", 100, paths),
        ("subPath", 8, word(&["token", "./token", "x"])),
        ("subPathExpr", 3, word(&["token"])),
    ]);
    object([("name", 100, word(&["a", "b"])), ("env", 85, env()), ("volumeMounts", 85, list(mount, 0..3))])
}

fn source() -> Any {
    let path = || word(PATHS);
    let field_ref = object([("fieldPath", 100, word(&["metadata.namespace", "metadata.name"]))]);
    let items = |kind| {
        let item = match kind {
            "downwardAPI" => object([("path", 100, path()), ("fieldRef", 100, field_ref.clone())]),
            _ => object([("key", 100, word(&["token", "ca.crt", "a-3c469e", "a-927385"])), ("path", 100, path())]),
        };
        list(item, 0..3)
    };
    let named = |kind| {
        let names = match kind {
            "secret" => word(&["own", "p-token", "m", "m", "m"]),
            _ => word(&["kube-root-ca.crt", "kube-root-ca.crt.milan", "m"]),
        };
        object([("name", 95, names), ("items", 75, items(kind)), ("optional", 10, Just(json!(true)).boxed())])
    };
    let token = object([("path", 100, path()), ("audience", 40, word(&["", "vault", KEPT_AUDIENCE]))]);
    let certificate =
        object([("keyPath", 40, path()), ("certificateChainPath", 40, path()), ("credentialBundlePath", 20, path())]);
    prop_oneof![
        3 => object([("serviceAccountToken", 100, token)]),
        2 => object([("secret", 100, named("secret"))]),
        2 => object([("configMap", 100, named("configMap"))]),
        1 => object([("downwardAPI", 100, object([("items", 90, items("downwardAPI"))]))]),
        1 => object([("clusterTrustBundle", 100, object([("path", 100, path())]))]),
        1 => object([("podCertificate", 100, certificate)]),
    ]
    .boxed()
}

fn pod() -> Any {
    let modes = prop_oneof![9 => word(&["remote", "remote", "remote", "remote", "remote", "remote", "disabled", "disabled", "home"]), 1 => any::<String>().prop_map(Value::from)];
    let accounts = || word(&["default", "reader", "a.b-c", "", "$(KUBERNETES_PORT)"]);
    let annotations = object([
        (MODE, 70, modes.boxed()),
        (REMOTE_NAME, 15, accounts()),
        (HOME_NAMESPACE, 5, word(&["demo", "kube-system"])),
        ("liqo.io/api-server-suport", 3, word(&["remote"])),
    ]);
    let labels = object([(ORIGIN, 85, word(&["milan", "milan", "rome-1", ""]))]);
    let metadata = object([
        ("name", 97, word(&["p", "p", "p", "p", "p", "p", ""])),
        ("annotations", 90, annotations),
        ("labels", 85, labels),
    ]);
    let projected = object([("sources", 95, list(source(), 0..5))]);
    let volume = object([("name", 100, word(VOLUMES)), ("projected", 85, projected)]);
    let names = word(&[
        "kubernetes.default",
        "kubernetes.default.svc",
        "kubernetes.default.svc.cluster.local",
        "kubernetes",
        "api.example.org",
        "db",
    ]);
    let alias = object([
        ("ip", 100, word(&["10.0.0.1", "fd00::1", "FD00:0::1", "192.0.2.1", "01.2.3.4"])),
        ("hostnames", 95, list(names, 0..4)),
    ]);
    let spec = object([
        ("containers", 100, list(container(), 1..4)),
        ("initContainers", 40, list(container(), 0..3)),
        ("volumes", 85, list(volume, 0..4)),
        ("hostAliases", 60, list(alias, 0..4)),
        ("serviceAccountName", 60, accounts()),
        ("serviceAccount", 50, accounts()),
        ("automountServiceAccountToken", 50, any::<bool>().prop_map(Value::from).boxed()),
    ]);
    object([("metadata", 100, metadata), ("spec", 100, spec)])
}

/// What is set for one home cluster.
fn home_cluster() -> [(&'static str, u32, Any); 8] {
    let hosts = word(&["api.example.org", "kubernetes.default.svc", "fd00::9"]);
    let ports = select(vec![json!(443), json!("6443")]).boxed();
    let addresses = select(vec![json!(["10.0.0.1"]), json!(["fd00::1", "192.0.2.1"]), json!([])]).boxed();
    let all = json!(["home", "remote", "disabled"]);
    let allowed = select(vec![all.clone(), all, json!(["home", "disabled"])]).boxed();
    [
        ("homeApiServerHost", 30, hosts),
        ("homeApiServerPort", 30, ports),
        ("homeApiServerAddresses", 50, addresses),
        ("clusterDomain", 10, word(&["home.example.net"])),
        ("homeCredentialsSecret", 50, word(&["own", "own", "p-token"])),
        ("defaultMode", 30, word(&["home", "remote", "disabled"])),
        ("allowedModes", 10, allowed),
        ("allowedRemoteServiceAccounts", 10, Just(json!(["reader", "default"])).boxed()),
    ]
}

pub(crate) fn settings() -> Any {
    let flag = || Just(json!(true)).boxed();
    let mode_of_working = prop_oneof![8 => Just(json!({})), 1 => Just(json!({"validateOnly": true})), 1 => Just(json!({"verifyOnly": true}))];
    let others = object([
        ("homeClusterId", 40, word(&["milan"])),
        ("homeClusters", 15, object([("milan", 90, object(home_cluster())), ("rome-1", 90, object(home_cluster()))])),
        ("keptTokenAudiences", 30, Just(json!([KEPT_AUDIENCE])).boxed()),
        ("foreignContainers", 15, Just(json!(["b"])).boxed()),
        ("namespaceLookup", 20, flag()),
        ("strict", 10, flag()),
    ]);
    (object(home_cluster()), others, mode_of_working)
        .prop_map(|(mut settings, others, mode_of_working)| {
            for more in [others, mode_of_working] {
                settings.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            }
            if settings["homeClusters"].is_object() {
                settings.as_object_mut().expect("an object").remove("homeClusterId");
            }
            settings
        })
        .boxed()
}

fn namespace() -> Any {
    let labels = object([
        ("liqo.io/remote-cluster-id", 85, word(&["milan", "milan", "rome-1", "Milan_X"])),
        ("liqo.io/tenant-namespace", 10, word(&["true"])),
    ]);
    let annotations = object([("liqo.io/original-name", 80, word(&["demo", "demo-milan"]))]);
    object([("metadata", 100, object([("labels", 95, labels), ("annotations", 80, annotations)]))])
}

/// How a part is spoiled.
#[derive(Debug, Clone)]
enum Spoiled {
    Removed,
    Replaced(Value),
    /// It gets a member that nobody knows.
    Extended(Value),
}

/// Spoils one of the values below `value`.
fn spoil(value: &mut Value, place: &Index, spoiled: &Spoiled) {
    fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
        let mut go = |name: &str, value| {
            let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            pointers(value, &pointer, found);
            found.push(pointer);
        };
        match value {
            Value::Object(members) => members.iter().for_each(|(name, value)| go(name, value)),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(index, value)| go(&index.to_string(), value));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    pointers(value, "", &mut found);
    let pointer = place.get(&found);
    let part = value.pointer_mut(pointer).expect("a part");
    match (spoiled, part) {
        (Spoiled::Extended(more), Value::Object(members)) => {
            drop(members.insert("x-\"\u{1}ä".to_owned(), more.clone()))
        }
        (Spoiled::Extended(other) | Spoiled::Replaced(other), part) => *part = other.clone(),
        (Spoiled::Removed, _) => {
            let patch: json_patch::Patch =
                serde_json::from_value(json!([{"op": "remove", "path": pointer}])).expect("a patch");
            json_patch::patch(value, &patch).expect("a part");
        }
    }
}

/// The creation of a pod.
pub(crate) fn case() -> impl Strategy<Value = Case> {
    let spoiled = prop_oneof![
        1 => Just(Spoiled::Removed),
        1 => Just(Spoiled::Replaced(Value::Null)),
        1 => anything().prop_map(Spoiled::Replaced),
        4 => anything().prop_map(Spoiled::Extended),
    ];
    let spoils = prop_oneof![1 => Just(Vec::new()), 1 => vec((any::<Index>(), spoiled), 1..4)];
    let parts = object([("pod", 100, pod()), ("settings", 100, settings()), ("namespace", 90, namespace())]);
    (parts, spoils).prop_map(|(mut parts, spoils)| {
        spoils.iter().for_each(|(place, spoiled)| spoil(&mut parts, place, spoiled));
        let [pod, settings, namespace] = ["pod", "settings", "namespace"].map(|part| parts[part].take());
        let mut case = Case::pod(pod).settings(settings).set("/namespace", json!("demo-milan"));
        if !namespace.is_null() {
            case.namespaces.0.insert("demo-milan".to_owned(), namespace.to_string());
        }
        case
    })
}
