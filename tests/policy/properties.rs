//! Properties of every answer, over pods far stranger than real ones.
//!
//! Each generated pod is evaluated natively and on the module. `PROPTEST_CASES` sets how many there are.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};

use crate::kubelet::{self, Endpoint};
use crate::support::{Answer, evaluate, settings_problem};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

const API_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

const FORGED_HOSTS: [&str; 3] = ["vk.example.org", "10.0.0.1", "fd00::7"];

/// Starts every value in an environment, so that it is found wherever it does not belong.
const SECRET: &str = "S3CR3T";

/// Stands for a number that no machine type holds, and is put into the payload as text.
const NUMBER: &str = "@number@";
const NUMBER_TEXT: &str = "-1234567890123456789012345678901234567890.1250e-400";

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => select(vec!["a", "b", "p", "kube-api-access-x2x4z", "own", "p-token", "default", "kube-root-ca.crt"]).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => Just("x".repeat(3000)),
    ]
}

/// Any JSON: what unknown fields hold, and what stands where something else should.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!(NUMBER)),
        Just(json!({})),
        Just(json!([])),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            vec((any::<String>(), inner), 0..3).prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A field that is as it should be, or absent, null, or of any shape.
fn field(right: impl Strategy<Value = Value>) -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        60 => right.prop_map(Some),
        10 => Just(None),
        3 => Just(Some(Value::Null)),
        1 => anything().prop_map(Some),
    ]
}

/// A field without which nothing is accepted: it is nearly always as it should be.
fn required(right: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Option<Value>> {
    prop_oneof![
        200 => right.prop_map(Some),
        1 => Just(None),
        1 => Just(Some(Value::Null)),
        1 => anything().prop_map(Some),
    ]
    .boxed()
}

/// An object of these fields, and of ones that nobody knows.
fn object(fields: Vec<(&'static str, BoxedStrategy<Option<Value>>)>) -> impl Strategy<Value = Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    (values, proptest::option::weighted(0.2, anything())).prop_map(move |(values, unknown)| {
        let known = names.iter().zip(values).filter_map(|(name, value)| Some(((*name).to_owned(), value?)));
        let unknown = unknown.map(|value| ("x-unknown \"\u{1}ä".to_owned(), value));
        Value::Object(known.chain(unknown).collect())
    })
}

fn list(item: impl Strategy<Value = Value>, most: usize) -> impl Strategy<Value = Value> {
    vec(item, 0..=most).prop_map(Value::from)
}

fn text(value: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Option<Value>> {
    field(value.prop_map(Value::from)).boxed()
}

fn variable_name() -> impl Strategy<Value = String> {
    let names = [
        "A",
        "B",
        "KUBERNETES_SERVICE_HOST",
        "KUBERNETES_SERVICE_PORT",
        "KUBERNETES_SERVICE_PORT_HTTPS",
        "KUBERNETES_PORT",
        "KUBERNETES_PORT_443_TCP",
        "KUBERNETES_PORT_443_TCP_PROTO",
        "KUBERNETES_PORT_443_TCP_ADDR",
        "KUBERNETES_PORT_6443_TCP_PORT",
        "KUBERNETES_PORT_443_TCP_PORT",
    ];
    select(names.to_vec()).prop_map(str::to_owned)
}

fn variable() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        variable_name().prop_map(|name| format!("$({name})")),
        variable_name().prop_map(|name| format!("$$({name})")),
        variable_name().prop_map(|name| format!("$({name}")),
        select(vec!["$", "$$", ")", "(", "\n", "\"", "ä", ""]).prop_map(str::to_owned),
        any::<String>(),
    ];
    let value = vec(piece, 0..5).prop_map(|pieces| format!("{SECRET}{}", pieces.concat()));
    let field_path = select(vec!["spec.serviceAccountName", "metadata.name"]).prop_map(str::to_owned);
    let field_ref = object(vec![("fieldPath", text(field_path))]);
    let value_from = object(vec![("fieldRef", field(field_ref).boxed())]);
    prop_oneof![
        4 => object(vec![("name", required(variable_name().prop_map(Value::from))), ("value", text(value))]),
        1 => object(vec![("name", required(variable_name().prop_map(Value::from))), ("valueFrom", field(value_from).boxed())]),
    ]
}

/// What the virtual kubelet appends.
fn forged() -> impl Strategy<Value = Vec<Value>> {
    (select(FORGED_HOSTS.to_vec()), select(vec!["443", "6443"])).prop_map(|(host, port)| {
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let url = format!("tcp://{authority}");
        let name = format!("KUBERNETES_PORT_{port}_TCP");
        [
            ("KUBERNETES_SERVICE_HOST".to_owned(), host),
            ("KUBERNETES_SERVICE_PORT".to_owned(), port),
            ("KUBERNETES_PORT".to_owned(), url.as_str()),
            (name.clone(), &url),
            (format!("{name}_PROTO"), "tcp"),
            (format!("{name}_ADDR"), host),
            (format!("{name}_PORT"), port),
        ]
        .map(|(name, value)| json!({"name": name, "value": value}))
        .to_vec()
    })
}

fn env() -> impl Strategy<Value = Value> {
    (vec(variable(), 0..6), proptest::option::weighted(0.3, forged()), any::<bool>()).prop_map(
        |(own, forged, at_the_end)| {
            let forged = forged.unwrap_or_default();
            Value::from(if at_the_end { [own, forged].concat() } else { [forged, own].concat() })
        },
    )
}

fn container() -> impl Strategy<Value = Value> {
    let path = select(vec![API_PATH, "/var/run/secrets/kubernetes.io/serviceaccount/", "/mnt"]).prop_map(str::to_owned);
    let mount = object(vec![
        ("name", text(name())),
        ("mountPath", text(path)),
        ("subPath", proptest::option::weighted(0.1, Just(json!("x"))).boxed()),
    ]);
    object(vec![("name", text(name())), ("env", field(env()).boxed()), ("volumeMounts", field(list(mount, 2)).boxed())])
}

fn source() -> impl Strategy<Value = Value> {
    fn path() -> impl Strategy<Value = String> {
        select(vec!["token", "ca.crt", "vault/token", "./token", "other"]).prop_map(str::to_owned)
    }
    fn items() -> BoxedStrategy<Option<Value>> {
        let key = select(vec!["token", "ca.crt", "k"]).prop_map(str::to_owned);
        field(list(object(vec![("key", text(key)), ("path", text(path()))]), 2)).boxed()
    }
    fn named() -> BoxedStrategy<Option<Value>> {
        let names = ["own", "p-token", "kube-root-ca.crt", "kube-root-ca.crt.milan", "m"];
        field(object(vec![("name", text(select(names.to_vec()).prop_map(str::to_owned))), ("items", items())])).boxed()
    }
    let audience = proptest::option::weighted(0.3, select(vec!["", "vault"]).prop_map(Value::from)).boxed();
    let token = object(vec![("path", required(path().prop_map(Value::from))), ("audience", audience)]);
    prop_oneof![
        object(vec![("serviceAccountToken", field(token).boxed())]),
        object(vec![("secret", named())]),
        object(vec![("configMap", named())]),
        object(vec![("downwardAPI", field(object(vec![("items", items())])).boxed())]),
        object(vec![("clusterTrustBundle", field(object(vec![("path", text(path()))])).boxed())]),
        object(vec![]),
    ]
}

fn pod() -> impl Strategy<Value = Value> {
    let modes =
        prop_oneof![4 => select(vec!["remote", "disabled", "home"]).prop_map(str::to_owned), 1 => any::<String>()];
    let annotations = object(vec![
        ("liqo.io/api-server-support", proptest::option::weighted(0.4, modes.prop_map(Value::from)).boxed()),
        ("liqo.io/remote-service-account-name", proptest::option::weighted(0.2, name().prop_map(Value::from)).boxed()),
    ]);
    let origin = select(vec!["milan", "rome-1", ""]).prop_map(str::to_owned);
    let labels = object(vec![("offloading.liqo.io/origin", text(origin))]);
    let metadata = object(vec![
        ("name", text(select(vec!["p", "p", "p", ""]).prop_map(str::to_owned))),
        ("annotations", field(annotations).boxed()),
        ("labels", field(labels).boxed()),
    ]);
    let projected = object(vec![("sources", field(list(source(), 4)).boxed())]);
    let volume =
        object(vec![("name", required(name().prop_map(Value::from))), ("projected", field(projected).boxed())]);
    let ip = select(vec!["10.0.0.1", "fd00::1", "FD00:0::1", "192.0.2.1", "01.2.3.4"]).prop_map(str::to_owned);
    let hostname =
        select(vec!["kubernetes.default", "kubernetes.default.svc", "api.example.org", "db"]).prop_map(Value::from);
    let alias =
        object(vec![("ip", required(ip.prop_map(Value::from))), ("hostnames", field(list(hostname, 3)).boxed())]);
    let spec = object(vec![
        ("containers", required(list(container(), 3))),
        ("initContainers", field(list(container(), 2)).boxed()),
        ("volumes", field(list(volume, 3)).boxed()),
        ("hostAliases", field(list(alias, 3)).boxed()),
        ("serviceAccountName", text(name())),
        ("serviceAccount", text(name())),
        ("automountServiceAccountToken", proptest::option::of(any::<bool>().prop_map(Value::from)).boxed()),
    ]);
    object(vec![("metadata", required(metadata)), ("spec", required(spec))])
}

fn settings() -> impl Strategy<Value = Value> {
    fn maybe(name: &'static str, values: Vec<Value>) -> BoxedStrategy<(&'static str, Option<Value>)> {
        (Just(name), proptest::option::of(select(values))).boxed()
    }
    let keys = vec![
        maybe("homeApiServerHost", vec![json!("api.example.org"), json!("kubernetes.default.svc"), json!("fd00::9")]),
        maybe("homeApiServerPort", vec![json!(443), json!("6443")]),
        maybe("homeApiServerAddresses", vec![json!(["10.0.0.1"]), json!(["fd00::1", "192.0.2.1"])]),
        maybe("homeClusterId", vec![json!("milan")]),
        maybe("homeCredentialsSecret", vec![json!("own"), json!("p-token")]),
        maybe("defaultMode", vec![json!("home"), json!("remote"), json!("disabled")]),
        maybe("validateOnly", vec![json!(false)]),
    ];
    keys.prop_map(|keys| {
        Value::Object(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
    })
}

fn create(pod: &Value, settings: &Value) -> Vec<u8> {
    let kind = json!({"group": "", "version": "v1", "kind": "Pod"});
    let payload = json!({"request": {"kind": kind, "operation": "CREATE", "object": pod}, "settings": settings});
    payload.to_string().replace(&format!("\"{NUMBER}\""), NUMBER_TEXT).into_bytes()
}

/// The answer. A number that no type holds is read as its stand-in, so it is the same only where its text is.
fn answer(payload: &[u8]) -> Answer {
    let text = String::from_utf8(evaluate(payload)).expect("text");
    serde_json::from_str(&text.replace(NUMBER_TEXT, &format!("\"{NUMBER}\""))).expect("an answer")
}

/// The object without what the design lets the policy change.
fn untouched_part(object: &Value, endpoint_names: &[String]) -> Value {
    let mut object = object.clone();
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return object };
    for field in ["automountServiceAccountToken", "serviceAccountName", "serviceAccount", "hostAliases"] {
        spec.remove(field);
    }
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            let Some(container) = container.as_object_mut() else { continue };
            let env = container.remove("env").unwrap_or_default();
            let mut env = env.as_array().cloned().unwrap_or_default();
            env.retain(|variable| !endpoint_names.iter().any(|name| variable["name"] == name.as_str()));
            for variable in &mut env {
                let Some(variable) = variable.as_object_mut() else { continue };
                if variable
                    .get("valueFrom")
                    .is_some_and(|from| from["fieldRef"]["fieldPath"] == "spec.serviceAccountName")
                {
                    variable.remove("valueFrom");
                    variable.remove("value");
                } else if variable.get("value").is_some_and(|value| !value.to_string().contains(SECRET)) {
                    variable.remove("value");
                }
            }
            container.insert("env".to_owned(), Value::from(env));
            let mounts = container.remove("volumeMounts").unwrap_or_default();
            let mut mounts = mounts.as_array().cloned().unwrap_or_default();
            mounts.retain(|mount| !mount["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-home")));
            container.insert("volumeMounts".to_owned(), Value::from(mounts));
        }
    }
    let volumes = spec.remove("volumes").unwrap_or_default();
    let mut volumes = volumes.as_array().cloned().unwrap_or_default();
    volumes.retain(|volume| !volume["name"].as_str().is_some_and(|name| name.starts_with("kube-api-access-home")));
    for volume in &mut volumes {
        if let Some(projected) = volume.get_mut("projected").and_then(Value::as_object_mut) {
            projected.remove("sources");
        }
    }
    spec.insert("volumes".to_owned(), Value::from(volumes));
    object
}

fn lists<'v>(object: &'v Value, pointer: &str) -> &'v [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(1500);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

#[test]
fn of_every_answer_about_a_pod() {
    let changed: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let result = TestRunner::new(config()).run(&(pod(), settings()), |(pod, settings)| {
        if let Some(mode) = check(&pod, &settings)? {
            *changed.borrow_mut().entry(mode).or_default() += 1;
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    // The properties of changed pods were looked at in many of each mode.
    let changed = changed.into_inner();
    for mode in ["home", "remote", "disabled"] {
        let share = changed.get(mode).copied().unwrap_or_default() * 100 / config().cases;
        assert!(share >= 5, "only {share} % of the pods were changed in mode {mode}");
    }
}

/// Checks the answer to a pod; gives its mode when it was changed.
fn check(pod: &Value, settings: &Value) -> Result<Option<String>, TestCaseError> {
    let first = answer(&create(pod, settings));
    check_messages(&first)?;
    if !first.accepted {
        prop_assert!(first.mutated_object.is_none() && first.warnings.is_empty() && first.audit_annotations.is_empty());
        return Ok(None);
    }
    let Some(after) = first.mutated_object else { return Ok(None) };
    let mode = first.audit_annotations["mode"].as_str();

    // The second answer has no patch.
    let second = answer(&create(&after, settings));
    prop_assert!(second.accepted && second.mutated_object.is_none(), "{} then {:?}", after, second);

    // Only what the design names differs; numbers keep their precision.
    if mode == "home" {
        let names: Vec<_> = ["443", "6443"]
            .into_iter()
            .flat_map(|port| Endpoint::new("h", port).variables())
            .map(|(name, _)| name)
            .collect();
        let (before, after) = (untouched_part(pod, &names), untouched_part(&after, &names));
        prop_assert_eq!(without_empty(before), without_empty(after));
    } else {
        for field in ["containers", "initContainers", "hostAliases"] {
            prop_assert_eq!(&pod["spec"][field], &after["spec"][field]);
        }
        prop_assert_eq!(&pod["metadata"], &after["metadata"]);
    }
    prop_assert_eq!(other_aliases(pod), other_aliases(&after));
    let shadowed = shadowed_paths(pod);
    prop_assert_eq!(other_sources(pod, &shadowed), other_sources(&after, &shadowed));

    // No foreign token in a pod that talks to home, or to nobody.
    if mode != "remote" {
        for source in sources(&after) {
            prop_assert!(source.get("serviceAccountToken").is_none_or(Value::is_null), "{source}");
        }
    }
    if mode == "home" {
        check_environments(pod, &after, settings)?;
    }
    Ok(Some(mode.to_owned()))
}

/// Nothing that was in an environment is told, and warnings are short.
fn check_messages(answer: &Answer) -> Result<(), TestCaseError> {
    let told = Answer { mutated_object: None, ..answer.clone() };
    prop_assert!(!format!("{told:?}").contains(SECRET), "{told:?}");
    prop_assert_eq!(answer.accepted, answer.message.is_none());
    for warning in &answer.warnings {
        prop_assert!(warning.chars().count() <= 120, "{}", warning);
    }
    Ok(())
}

/// Every container is led home, and so is every reference to the API server's variables.
fn check_environments(pod: &Value, after: &Value, settings: &Value) -> Result<(), TestCaseError> {
    let forged = FORGED_HOSTS.into_iter().filter(|host| pod["spec"].to_string().contains(*host));
    let hosts: Vec<_> = match settings.get("homeApiServerHost") {
        Some(host) => vec![host.as_str().expect("a host")],
        None => forged.chain(["kubernetes.default"]).collect(),
    };
    for container in kubelet::containers(after) {
        let value = |name: &str| container.environment.get(name).unwrap_or_default();
        let (host, port) = (value("KUBERNETES_SERVICE_HOST"), value("KUBERNETES_SERVICE_PORT"));
        prop_assert!(hosts.contains(&host), "{} is none of {:?}", host, hosts);
        let set_port = settings.get("homeApiServerPort").map(|port| port.to_string().replace('"', ""));
        prop_assert!(set_port.is_none_or(|set| set == port));
        let expected: HashMap<_, _> = Endpoint::new(host, port).variables().into();
        for (name, expected) in &expected {
            prop_assert_eq!(value(name), expected);
        }
        for (name, found) in &container.environment.references {
            if let Some(expected) = expected.get(name) {
                prop_assert_eq!(Some(expected), found.as_ref(), "{} in {:?}", name, container);
            }
        }
    }
    Ok(())
}

/// The aliases of other names than the API server's, in order.
fn other_aliases(object: &Value) -> Vec<(String, String)> {
    let mut others = Vec::new();
    for alias in lists(object, "/spec/hostAliases") {
        for name in lists(alias, "/hostnames").iter().filter(|name| **name == "db") {
            others.push((alias["ip"].to_string(), name.to_string()));
        }
    }
    others
}

fn sources(object: &Value) -> impl Iterator<Item = &Value> {
    lists(object, "/spec/volumes").iter().flat_map(|volume| lists(volume, "/projected/sources"))
}

/// The paths at which what the policy writes can shadow other sources: the usual ones, and those that the pod chose for its
/// own tokens and certificates, which come from other objects afterwards.
fn shadowed_paths(pod: &Value) -> Vec<String> {
    let kinds = ["serviceAccountToken", "secret", "configMap"];
    let bodies = sources(pod).flat_map(|source| kinds.map(|kind| &source[kind]));
    let credentials = bodies.filter(|body| body["name"] != "m");
    let shown = |body: &Value| {
        let items = lists(body, "/items").iter().map(|item| item["path"].clone());
        items.chain([body["path"].clone()]).collect::<Vec<_>>()
    };
    let chosen = credentials.flat_map(shown).filter_map(|path| path.as_str().map(str::to_owned));
    ["token", "./token", "ca.crt", "vault/token"].into_iter().map(str::to_owned).chain(chosen).collect()
}

/// The sources that are no credentials, in order, without what they show at paths that may be shadowed: that goes then.
/// An added volume brings the namespace.
fn other_sources(object: &Value, shadowed: &[String]) -> Vec<Value> {
    let mut others = Vec::new();
    for source in sources(object) {
        let named = |kind: &str, name: &str| source[kind]["name"] == name;
        let is_shadowed = |path: &Value| path.as_str().is_some_and(|path| shadowed.iter().any(|other| other == path));
        if source.get("clusterTrustBundle").is_some_and(|bundle| !is_shadowed(&bundle["path"])) {
            others.push(source.clone());
        }
        if named("configMap", "m") || named("secret", "m") {
            let mut source = source.clone();
            let bodies = source.as_object_mut().expect("an object").values_mut();
            for items in bodies.filter_map(|body| body.get_mut("items")).filter_map(Value::as_array_mut) {
                items.retain(|item| !is_shadowed(&item["path"]));
            }
            if !source.to_string().contains("\"items\":[]") {
                others.push(source);
            }
        }
    }
    others
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn of_every_answer_about_anything(
        group in select(vec!["", "apps", "batch", "example.org"]),
        kind in select(vec!["Pod", "Deployment", "CronJob", "Job", "ReplicationController", "ConfigMap"]),
        operation in select(vec!["CREATE", "UPDATE", "DELETE"]),
        template in pod(),
        old in anything(),
        settings in prop_oneof![settings(), anything()],
        stray in proptest::option::weighted(0.1, anything()),
    ) {
        let object = json!({"metadata": template["metadata"], "spec": {"template": template, "jobTemplate": {"spec": {"template": template}}}});
        let mut request = json!({"kind": {"group": group, "version": "v1", "kind": kind}, "operation": operation, "object": object, "oldObject": old});
        if let Some(stray) = stray {
            request["kind"] = stray;
        }
        let payload = json!({"request": request, "settings": settings}).to_string();
        let answer = answer(payload.as_bytes());
        check_messages(&answer)?;
        prop_assert!(kind == "Pod" || answer.mutated_object.is_none());
    }

    #[test]
    fn of_every_answer_to_bytes(bytes in vec(any::<u8>(), 0..200), text in "[\\[\\]{}\",:\\\\a-f0-9 .+eE-]{0,60}") {
        let first = answer(&bytes);
        let second = answer(text.as_bytes());
        prop_assert!(!first.accepted && !second.accepted);
        let _ = settings_problem(&bytes);
        let _ = settings_problem(text.as_bytes());
    }
}

/// An empty list is the same as an absent one.
fn without_empty(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.values_mut().for_each(walk);
                let kept: Map<_, _> =
                    std::mem::take(members).into_iter().filter(|(_, value)| *value != json!([])).collect();
                *members = kept;
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}
