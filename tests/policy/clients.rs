//! Where would each client go? In mode home the variables and every name of the API server lead to one and the same
//! home API server, or a warning names the one that does not; in mode remote nothing that was forged leads home; and no
//! token of one cluster is beside an endpoint of the other.
//!
//! The pods are those that Liqo forged (`test_data/liqo-parity`), touched at random as others touch them before the
//! policy sees them: admission policies, webhooks, users, other versions of Liqo. What becomes of a pod is told by
//! models of the kubelet and of the API server (`kubelet.rs`, `api_server.rs`), not by the policy's rules.
//! `PROPTEST_CASES` sets how many pods there are.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::api_server::refusals;
use crate::credentials::{Credential, Meant, token_key};
use crate::kubelet::{
    CLUSTER_NAMES, Destination, Endpoint, FOREIGN_ADDRESS, SERVICE_ACCOUNT_PATH, Shown, containers, items, look_up,
    projected, service_account, text,
};
use crate::parity::Vector;
use crate::pods::{FOUR, HOST_ALONE, KEPT_AUDIENCE, Manner, manner, some_of_a_block, write};
use crate::properties::{self, Checked, config, endpoint_of};
use crate::support::{Answer, Case, MODE, ORIGIN, Outcome, REMOTE_NAME};

/// The containers that are injected.
const SIDECAR: &str = "injected";

/// The name that a platform gives the foreign API server.
const PLATFORM_HOST: &str = "pisa-dns.hcp.example.net";

/// A pod as Liqo forged it.
#[derive(Clone)]
struct Forged {
    pod: Value,
    origin: String,
    /// Where its environment leads, when it was forged for mode home.
    endpoint: Option<Endpoint>,
}

impl Forged {
    fn all() -> Vec<Self> {
        Vector::all().iter().map(Self::new).collect()
    }

    fn new(vector: &Vector) -> Self {
        let or = |setting: &str, default| vector.settings[setting].as_str().unwrap_or(default);
        let endpoint = Endpoint::new(or("homeApiServerHost", "kubernetes.default"), or("homeApiServerPort", "443"));
        let endpoint = (vector.mode() == "home").then_some(endpoint);
        Self { endpoint, origin: text(&vector.settings["homeClusterId"]).to_owned(), pod: vector.forged() }
    }

    fn name(&self) -> &str {
        text(&self.pod["metadata"]["name"])
    }
}

impl fmt::Debug for Forged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.name(), self.origin)
    }
}

/// What somebody did to a forged pod.
#[derive(Debug, Clone)]
enum Touch {
    /// Variables in each container, or in one.
    Variables { variables: Vec<Value>, from_the_end: Index, only: Option<Index> },
    /// The virtual kubelet was given another host.
    Host { host: &'static str, port: &'static str },
    /// Variables of an API server, or some of them, by a platform, a webhook or a user.
    ApiVariables { variables: Vec<Value>, manner: Manner, only: Option<Index> },
    /// A container without the virtual kubelet's variables.
    Sidecar { is_init: bool, is_first: bool, mounts: bool, env: Vec<Value> },
    /// Host aliases instead of those that Liqo made.
    Aliases { aliases: Vec<Value> },
    /// A host alias beside those that Liqo made.
    OtherAlias { ip: &'static str, name: &'static str, is_first: bool },
    /// A source of a projected volume.
    Source { source: Value, is_first: bool, in_api_volume: bool },
    /// A Secret of the user's own that has the name of Liqo's.
    OwnToken { is_first: bool, in_api_volume: bool },
    /// A virtual kubelet without API server support took the token.
    Stripped,
    /// The pod bears the label of its home cluster.
    Label,
    /// The path of the credentials is written another way.
    RunPath,
    /// A mount of a container that was injected.
    Mount { path: &'static str, part: &'static str, volume: Value },
}

/// A pod under review, and what is known of it by how it was made.
#[derive(Debug, Clone)]
struct Touched {
    pod: Value,
    origin: String,
    /// Where the virtual kubelet sent it.
    endpoint: Option<Endpoint>,
}

impl Touched {
    fn new(forged: &Forged, mode: Option<&str>, touches: &[Touch]) -> Self {
        let Forged { mut pod, origin, endpoint } = forged.clone();
        let annotations = &mut pod["metadata"]["annotations"];
        if !annotations.is_object() {
            *annotations = json!({});
        }
        annotations.as_object_mut().expect("an object").remove(MODE);
        if let Some(mode) = mode {
            annotations[MODE] = json!(mode);
        }
        let mut touched = Self { pod, origin, endpoint };
        touches.iter().for_each(|touch| touched.touch(touch));
        touched
    }

    fn touch(&mut self, touch: &Touch) {
        match touch {
            Touch::Variables { variables, from_the_end, only } => self.each_env(*only, |env| {
                let at = env.len() - from_the_end.index(9).min(env.len());
                env.splice(at..at, variables.iter().cloned());
            }),
            Touch::ApiVariables { variables, manner, only } => {
                self.each_env(*only, |env| write(env, variables, *manner));
            }
            Touch::Host { host, port } => self.give_host(&Endpoint::new(host, port)),
            Touch::Sidecar { is_init, is_first, mounts, env } => {
                let mut sidecar = json!({"name": SIDECAR, "env": env});
                if *mounts && let Some(volume) = self.api_volume() {
                    sidecar["volumeMounts"] = json!([{"name": volume, "mountPath": SERVICE_ACCOUNT_PATH}]);
                }
                let list = if *is_init { "initContainers" } else { "containers" };
                insert(list_of(&mut self.pod["spec"], list), *is_first, sidecar);
            }
            Touch::Aliases { aliases } => {
                let own = list_of(&mut self.pod["spec"], "hostAliases");
                own.retain(|alias| !CLUSTER_NAMES.iter().any(|name| has_name(alias, name)));
                own.extend(aliases.iter().cloned());
            }
            Touch::OtherAlias { ip, name, is_first } => {
                let alias = json!({"ip": ip, "hostnames": [name]});
                insert(list_of(&mut self.pod["spec"], "hostAliases"), *is_first, alias);
            }
            Touch::Source { source, is_first, in_api_volume } => {
                insert(self.sources(*in_api_volume), *is_first, source.clone());
            }
            Touch::OwnToken { is_first, in_api_volume } => {
                let name = format!("{}-token", text(&self.pod["metadata"]["name"]));
                let own = json!({"secret": {"name": name, "items": [{"key": "replication", "path": "replication"}]}});
                insert(self.sources(*in_api_volume), *is_first, own);
            }
            Touch::Stripped => {
                if self.api_volume().is_some() {
                    self.sources(true).retain(|source| {
                        let items = items(&source["secret"]["items"]);
                        source["serviceAccountToken"]["path"] != "token"
                            && !items.iter().any(|item| item["path"] == "token")
                    });
                }
            }
            Touch::Label => {
                let origin = json!(self.origin);
                self.pod["metadata"]["labels"][ORIGIN] = origin;
            }
            Touch::RunPath => {
                let text = self.pod.to_string().replace("\"/var/run/secrets/kube", "\"/run/secrets/kube");
                self.pod = serde_json::from_str(&text).expect("JSON");
            }
            Touch::Mount { path, part, volume } => {
                let mut mount = json!({"name": volume["name"], "mountPath": path});
                if !part.is_empty() {
                    mount["subPath"] = json!(part);
                }
                let sidecar = json!({"name": "mounting", "volumeMounts": [mount]});
                list_of(&mut self.pod["spec"], "containers").push(sidecar);
                let volumes = list_of(&mut self.pod["spec"], "volumes");
                if !volumes.iter().any(|other| other["name"] == volume["name"]) {
                    volumes.push(volume.clone());
                }
            }
        }
    }

    /// Changes the environment of each container, or of one.
    fn each_env(&mut self, only: Option<Index>, change: impl Fn(&mut Vec<Value>)) {
        let spec = &mut self.pod["spec"];
        let count = items(&spec["containers"]).len() + items(&spec["initContainers"]).len();
        let only = only.map(|only| only.index(count));
        let mut index = 0;
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                if only.is_none_or(|only| only == index) {
                    change(list_of(container, "env"));
                }
                index += 1;
            }
        }
    }

    /// Changes the values that the virtual kubelet gave its variables, and the names that have the port in them.
    fn give_host(&mut self, endpoint: &Endpoint) {
        let Some(before) = self.endpoint.replace(endpoint.clone()) else {
            self.endpoint = None;
            return;
        };
        let before: Vec<_> = before.variables().into();
        let after = endpoint.variables();
        self.each_env(None, |env| {
            for variable in env {
                let place =
                    before.iter().position(|(name, value)| variable["name"] == *name && variable["value"] == *value);
                if let Some(place) = place {
                    let (name, value) = &after[place];
                    *variable = json!({"name": name, "value": value});
                }
            }
        });
        // Liqo makes no alias where it was given a host.
        if !CLUSTER_NAMES.contains(&endpoint.host.as_str()) {
            list_of(&mut self.pod["spec"], "hostAliases").retain(|alias| !has_name(alias, CLUSTER_NAMES[0]));
        }
    }

    /// The name of the projected volume that a container has mounted at the path of the credentials.
    fn api_volume(&self) -> Option<String> {
        let projected = projected(&self.pod, |_, _| None);
        let mounted: BTreeSet<_> =
            containers(&self.pod).into_iter().flat_map(|container| container.api_volumes).collect();
        projected.iter().find(|volume| mounted.contains(volume.name)).map(|volume| volume.name.to_owned())
    }

    /// The sources of that volume, or of another one that is added and mounted elsewhere.
    fn sources(&mut self, in_api_volume: bool) -> &mut Vec<Value> {
        const OTHER: &str = "injected";
        let name = self.api_volume().filter(|_| in_api_volume).unwrap_or_else(|| OTHER.to_owned());
        let is_there = items(&self.pod["spec"]["volumes"]).iter().any(|volume| volume["name"] == name);
        if !is_there {
            list_of(&mut self.pod["spec"], "volumes").push(json!({"name": name, "projected": {"sources": []}}));
            let mount = json!({"name": name, "mountPath": "/var/run/secrets/injected"});
            list_of(&mut self.pod["spec"]["containers"][0], "volumeMounts").push(mount);
        }
        let volumes = list_of(&mut self.pod["spec"], "volumes");
        let volume = volumes.iter_mut().find(|volume| volume["name"] == name).expect("the volume");
        list_of(&mut volume["projected"], "sources")
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        self.pod["metadata"]["annotations"][name].as_str()
    }
}

fn has_name(alias: &Value, name: &str) -> bool {
    items(&alias["hostnames"]).iter().any(|hostname| hostname == name)
}

/// A list of an object, which is put there when it is absent.
fn list_of<'v>(object: &'v mut Value, field: &str) -> &'v mut Vec<Value> {
    if !object[field].is_array() {
        object[field] = json!([]);
    }
    object[field].as_array_mut().expect("a list")
}

fn insert(list: &mut Vec<Value>, is_first: bool, item: Value) {
    list.insert(if is_first { 0 } else { list.len() }, item);
}

fn touch() -> impl Strategy<Value = Touch> {
    let only = || proptest::option::of(any::<Index>());
    let azure = ["AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"];
    let variables = select(vec![
        azure.map(|name| json!({"name": name, "value": "injected"})).to_vec(),
        vec![json!({"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}})],
        vec![json!({"name": "API", "value": "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)"})],
        vec![json!({"name": "ACCOUNT", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}})],
    ]);
    let which: [&[usize]; 5] = [FOUR, FOUR, HOST_ALONE, &[0, 1, 2, 3, 4, 5, 6, 7], &[3]];
    let hosts = [PLATFORM_HOST, PLATFORM_HOST, FOREIGN_ADDRESS, "kubernetes.default"];
    let api_variables = prop_oneof![
        6 => (select(hosts.to_vec()), select(which.to_vec()))
            .prop_map(|(host, which)| some_of_a_block(host, 443, which)),
        1 => Just(vec![json!({"name": "KUBERNETES_SERVICE_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}})]),
        1 => Just(vec![json!({"name": "KUBERNETES_SERVICE_HOST", "value": "api.set.example.org"})]),
    ];
    let host = select(vec![
        ("api.milan.example.org", "6443"),
        ("api.milan.example.org.", "6443"),
        ("api_1.milan.example.org", "443"),
        ("API.Milan.example.org", "8443"),
        ("fd00:80::5", "6443"),
        ("FD00:80::5", "443"),
        ("10.80.0.77", "443"),
        ("kubernetes.default.svc", "443"),
    ]);
    let alias = |ip: &str, names: &[&str]| json!({"ip": ip, "hostnames": names});
    let liqos = &CLUSTER_NAMES[..2];
    let aliases = select(vec![
        vec![],
        vec![alias("10.80.0.5", liqos)],
        vec![alias("10.80.0.5", liqos), alias("10.80.0.6", liqos), alias("fd00:80::7", liqos)],
        vec![alias("10.80.0.5", &CLUSTER_NAMES)],
        vec![alias("10.80.0.5", &CLUSTER_NAMES[..1])],
        vec![alias("10.80.0.5", &CLUSTER_NAMES[1..2]), alias("10.80.0.6", &["db.example.org", CLUSTER_NAMES[0]])],
    ]);
    let source = prop_oneof![
        3 => (
            select(vec!["token", "token", "istio-token", "vault/token"]),
            select(vec!["", "", "istio-ca", KEPT_AUDIENCE]),
        ).prop_map(|(path, audience)| {
            let mut source = json!({"serviceAccountToken": {"path": path, "expirationSeconds": 3600}});
            if !audience.is_empty() {
                source["serviceAccountToken"]["audience"] = json!(audience);
            }
            source
        }),
        1 => select(vec!["ca.crt", "foreign/ca.crt"]).prop_map(|path| {
            json!({"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": path}]}})
        }),
        1 => Just(json!({"configMap": {"name": "kube-root-ca.crt"}})),
        1 => Just(json!({"secret": {"name": "mine", "items": [{"key": "k", "path": "token"}, {"key": "l", "path": "l"}]}})),
        1 => Just(json!({"configMap": {"name": "mine", "items": [{"key": "k", "path": "ca.crt"}]}})),
        1 => Just(json!({"podCertificate": {"keyPath": "tls.key", "certificateChainPath": "ca.crt"}})),
    ];
    let mounts = select(vec![
        ("/etc/hosts", "hosts", json!({"name": "hosts", "configMap": {"name": "hosts"}})),
        (SERVICE_ACCOUNT_PATH, "", json!({"name": "plain", "secret": {"secretName": "plain"}})),
        (
            "/run/secrets/kubernetes.io/serviceaccount/token",
            "t",
            json!({"name": "part", "projected": {"sources": [
                {"serviceAccountToken": {"path": "t", "audience": KEPT_AUDIENCE}},
            ]}}),
        ),
    ]);
    prop_oneof![
        4 => (variables.clone(), any::<Index>(), only())
            .prop_map(|(variables, from_the_end, only)| Touch::Variables { variables, from_the_end, only }),
        2 => host.prop_map(|(host, port)| Touch::Host { host, port }),
        4 => (api_variables.clone(), manner(), only())
            .prop_map(|(variables, manner, only)| Touch::ApiVariables { variables, manner, only }),
        2 => (any::<[bool; 3]>(), prop_oneof![Just(Vec::new()), variables, api_variables])
            .prop_map(|([is_init, is_first, mounts], env)| Touch::Sidecar { is_init, is_first, mounts, env }),
        3 => aliases.prop_map(|aliases| Touch::Aliases { aliases }),
        1 => (select(vec![FOREIGN_ADDRESS, "10.80.0.9"]), select(CLUSTER_NAMES.to_vec()), any::<bool>())
            .prop_map(|(ip, name, is_first)| Touch::OtherAlias { ip, name, is_first }),
        4 => (source, any::<bool>(), any::<bool>())
            .prop_map(|(source, is_first, in_api_volume)| Touch::Source { source, is_first, in_api_volume }),
        1 => any::<[bool; 2]>().prop_map(|[is_first, in_api_volume]| Touch::OwnToken { is_first, in_api_volume }),
        1 => Just(Touch::Stripped),
        1 => Just(Touch::Label),
        1 => Just(Touch::RunPath),
        1 => mounts.prop_map(|(path, part, volume)| Touch::Mount { path, part, volume }),
    ]
}

fn settings() -> impl Strategy<Value = Value> {
    fn maybe(name: &'static str, weight: f64, values: Vec<Value>) -> BoxedStrategy<(&'static str, Option<Value>)> {
        (Just(name), proptest::option::weighted(weight, select(values))).boxed()
    }
    let keys = vec![
        maybe("homeApiServerHost", 0.2, vec![json!("api.set.example.org"), json!("10.9.8.7"), json!(CLUSTER_NAMES[1])]),
        maybe("homeApiServerPort", 0.2, vec![json!(443), json!(6443)]),
        maybe("homeApiServerAddresses", 0.25, vec![json!(["10.80.0.9"]), json!(["10.80.0.5", "fd00:80::9"])]),
        // Stands for the id of the cluster that the pod comes from.
        maybe("homeClusterId", 0.5, vec![json!("")]),
        maybe("homeCredentialsSecret", 0.3, vec![json!("home-api")]),
        maybe("defaultMode", 0.2, vec![json!("home"), json!("remote"), json!("disabled")]),
        maybe("allowedRemoteServiceAccounts", 0.2, vec![json!(["reader", "default"])]),
        maybe("keptTokenAudiences", 0.3, vec![json!([KEPT_AUDIENCE])]),
        maybe("clusterDomain", 0.2, vec![json!("home.example.net")]),
        maybe("foreignContainers", 0.2, vec![json!([SIDECAR])]),
        maybe("namespaceLookup", 0.2, vec![json!(true)]),
    ];
    keys.prop_map(|keys| keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

/// A case, with what the model has to know of it.
struct Review<'c> {
    touched: &'c Touched,
    case: Case,
    meant: Meant,
    mode: &'c str,
}

impl<'c> Review<'c> {
    fn new(touched: &'c Touched, settings: &'c Value) -> Self {
        let mode = touched.annotation(MODE).or(settings["defaultMode"].as_str()).unwrap_or("home");
        let labels = json!({"liqo.io/remote-cluster-id": touched.origin});
        let case = Case::pod(touched.pod.clone()).settings(settings.clone()).set("/namespace", json!("liqo-demo"));
        let case = case.namespace(&json!({"metadata": {"name": "liqo-demo", "labels": labels}}));
        Self { touched, meant: Meant::of(&case), case, mode }
    }

    /// The containers of a pod whose environment counts.
    fn containers<'p>(&self, pod: &'p Value) -> Vec<&'p Value> {
        let lists = ["containers", "initContainers"].into_iter().flat_map(|list| items(&pod["spec"][list]));
        lists.filter(|container| !self.meant.is_foreign(text(&container["name"]))).collect()
    }

    /// The endpoints that an environment names, by what the virtual kubelet writes and platforms do not.
    fn named(&self) -> BTreeSet<Endpoint> {
        let of_container = |container: &Value| {
            let literals: BTreeSet<_> =
                items(&container["env"]).iter().map(|entry| (text(&entry["name"]), text(&entry["value"]))).collect();
            let ports = literals.iter().filter(|(name, _)| *name == "KUBERNETES_SERVICE_PORT").map(|(_, port)| *port);
            let hosts = || literals.iter().filter(|(name, _)| name.ends_with("_TCP_ADDR")).map(|(_, host)| *host);
            let endpoints = ports.flat_map(|port| hosts().map(|host| Endpoint::new(host, port)));
            let is_named = |endpoint: &Endpoint| {
                let variables = endpoint.variables();
                [1, 4, 5, 6, 7].iter().all(|at| literals.contains(&(&*variables[*at].0, &*variables[*at].1)))
            };
            endpoints.filter(is_named).collect::<Vec<_>>()
        };
        self.containers(&self.touched.pod).into_iter().flat_map(of_container).collect()
    }

    /// The addresses that host aliases of the pod give the cluster names.
    fn aliased_names(&self, pod: &Value) -> BTreeSet<IpAddr> {
        self.meant.cluster_names().iter().flat_map(|name| aliased(pod, name)).collect()
    }

    /// Where the pod must be led: host and port each by the settings, else by what the pod says; `None` where it says
    /// several things.
    fn expected_endpoint(&self) -> Option<Endpoint> {
        let settings = &self.meant.settings;
        let is_aliased =
            settings["homeApiServerAddresses"].is_null() && !self.aliased_names(&self.touched.pod).is_empty();
        let named = self.named();
        let hosts: BTreeSet<_> = named.iter().map(|endpoint| endpoint.host.as_str()).collect();
        let host = match settings["homeApiServerHost"].as_str() {
            Some(host) => host,
            None if is_aliased || hosts.is_empty() => "kubernetes.default",
            None if hosts.len() == 1 => hosts.first()?,
            None => return None,
        };
        let ports_of = |host: &str| named.iter().filter(|of| of.host == host).map(|of| of.port.as_str()).collect();
        let mut ports: BTreeSet<_> = ports_of(host);
        if ports.is_empty() {
            ports = if is_aliased {
                ports_of("kubernetes.default")
            } else {
                named.iter().map(|endpoint| endpoint.port.as_str()).collect()
            };
        }
        let port = match settings["homeApiServerPort"].as_u64() {
            Some(port) => port.to_string(),
            None if ports.len() > 1 => return None,
            None => (*ports.first().unwrap_or(&"443")).to_owned(),
        };
        Some(Endpoint::new(host, &port))
    }

    /// Why the pod must be rejected: what the message has in it.
    fn rejections(&self) -> Vec<&'static str> {
        let pod = &self.touched.pod;
        let mut reasons = Vec::new();
        let mut reject = |is_rejected: bool, reason| reasons.extend(is_rejected.then_some(reason));
        let own = service_account(pod);
        if self.mode != "remote" {
            reject(self.mode == "home" && self.expected_endpoint().is_none(), "name several API servers");
            reject(
                self.meant.keeps_token(pod) && !self.meant.is_allowed(own),
                "kept for a token of keptTokenAudiences",
            );
            return reasons;
        }
        let annotated = self.touched.annotation(REMOTE_NAME);
        reject(!self.meant.is_allowed(annotated.unwrap_or(own)), "is not allowed");
        let secrets = [Some(self.meant.secret.as_str()), self.meant.own_secret()];
        let mut sources =
            items(&pod["spec"]["volumes"]).iter().flat_map(|volume| items(&volume["projected"]["sources"]));
        let has_secret =
            sources.any(|source| secrets.iter().flatten().any(|secret| source["secret"]["name"] == *secret));
        reject(has_secret || !self.named().is_empty(), "was prepared for home mode");
        let home = addresses(&self.meant.settings["homeApiServerAddresses"]);
        let leads_home = |address: &IpAddr| home.contains(address);
        let home_host = self.meant.settings["homeApiServerHost"].as_str().unwrap_or("kubernetes.default");
        let is_cluster_name = self.meant.cluster_names().iter().any(|name| name == home_host);
        let containers = self.containers(pod);
        let entries = containers.iter().flat_map(|container| items(&container["env"]));
        let hosts =
            entries.filter(|entry| entry["name"] == "KUBERNETES_SERVICE_HOST").map(|entry| text(&entry["value"]));
        let mut hosts = hosts.filter(|host| !host.is_empty());
        let is_home = |host: &str| match host.parse::<IpAddr>() {
            Ok(address) => leads_home(&address) || home_host.parse() == Ok(address),
            Err(_) => host == home_host && (!is_cluster_name || !aliased(pod, host).is_empty()),
        };
        reject(hosts.any(is_home), "leads to the home API server");
        reject(self.aliased_names(pod).iter().any(leads_home), "leads to the home API server");
        reasons
    }

    fn check(&self) -> Checked {
        let Outcome { answer, before } = properties::check(&self.case)?;
        let rejections = self.rejections();
        if !answer.accepted {
            let message = answer.message.unwrap_or_default();
            // A certificate may be in the way of what must be written.
            let has_certificate =
                message.contains("shows a file where") && before.to_string().contains("podCertificate");
            let is_right = rejections.iter().any(|expected| message.contains(expected)) || has_certificate;
            prop_assert!(is_right, "rejected: {}", message);
            return Ok(());
        }
        prop_assert!(rejections.is_empty(), "accepted, though it {:?}", rejections);
        let after = answer.mutated_object.as_ref().unwrap_or(&before);
        self.check_accepted(after, &answer)
    }

    /// What became of an accepted pod.
    fn check_accepted(&self, after: &Value, answer: &Answer) -> Checked {
        let before = &self.touched.pod;
        let refused: Vec<_> = refusals(after).difference(&refusals(before)).cloned().collect();
        prop_assert!(refused.is_empty(), "the API server refuses {:?}", refused);
        self.meant.check_files(before, after)?;
        self.meant.check_credentials(after, self.mode, answer)?;
        // Nobody knows whose credentials are in a volume of another kind.
        let containers = containers(after);
        for volume in items(&after["spec"]["volumes"]).iter().filter(|volume| volume["projected"].is_null()) {
            let name = text(&volume["name"]);
            let is_api = containers.iter().any(|container| container.at_api_path.contains(name));
            prop_assert!(!is_api || has(answer, &[name, "not projected"]), "{} is not told", name);
        }
        match self.mode {
            "home" => self.check_home(after, answer),
            "remote" => self.check_remote(after, answer),
            _ => self.check_removed(before, after, answer),
        }
    }

    /// A token for another audience that is removed is told.
    fn check_removed(&self, before: &Value, after: &Value, answer: &Answer) -> Checked {
        for (before, after) in self.meant.projected(before).iter().zip(self.meant.projected(after)) {
            for (path, shown) in &before.files {
                let Shown::Token { audience } = shown else { continue };
                let is_silent = audience.is_empty() || after.files.get(path) == Some(shown);
                prop_assert!(
                    is_silent || has(answer, &[audience, before.name, "keptTokenAudiences"]),
                    "{} {}",
                    before.name,
                    path
                );
            }
        }
        Ok(())
    }

    fn check_home(&self, after: &Value, answer: &Answer) -> Checked {
        let expected = self.expected_endpoint().expect("an endpoint");
        for container in containers(after).iter().filter(|container| !self.meant.is_foreign(container.name)) {
            let found = endpoint_of(container)?;
            prop_assert_eq!(&found, &expected, "{}", container.name);
            let is_told = !container.has_own_hosts || has(answer, &[container.name, "/etc/hosts"]);
            prop_assert!(is_told, "{} does not see the aliases", container.name);
        }
        self.check_host(after, &expected.host, answer)?;
        self.check_names(after, answer)?;
        self.check_home_credentials(after, answer)?;
        self.check_injected_tokens(after, answer)
    }

    /// The host leads to the home API server.
    fn check_host(&self, after: &Value, host: &str, answer: &Answer) -> Checked {
        let set = addresses(&self.meant.settings["homeApiServerAddresses"]);
        let destination = look_up(after, host);
        // Where the virtual kubelet sent the pod is home, and so is what the settings name.
        let was_sent = |endpoint: &Endpoint| endpoint.host == host;
        let is_chosen =
            self.meant.settings["homeApiServerHost"] == host || self.touched.endpoint.as_ref().is_some_and(was_sent);
        match destination {
            // What an alias of the pod says of the name is taken for the home API server's address.
            Destination::ForeignApiServer if aliased(after, host).is_empty() => {
                let is_told = is_told(answer, host)
                    || answer.warnings.iter().any(|warning| warning.contains("foreign API server"));
                prop_assert!(is_told, "{} is the foreign API server: {:?}", host, answer.warnings);
            }
            Destination::Addresses(found) if host.parse::<IpAddr>().is_err() && !set.is_empty() => {
                prop_assert_eq!(found, set, "addresses of {}", host);
            }
            Destination::Addresses(_) | Destination::ForeignApiServer => {}
            Destination::Name => {
                prop_assert!(
                    set.is_empty() || host.parse::<IpAddr>().is_ok() || !is_alias(host),
                    "{} has no alias",
                    host
                );
                prop_assert!(is_chosen || !answer.warnings.is_empty(), "nobody chose {}", host);
            }
        }
        Ok(())
    }

    /// The cluster names lead to the same addresses: to those of the settings, or of the aliases that the pod had.
    fn check_names(&self, after: &Value, answer: &Answer) -> Checked {
        let names = self.meant.cluster_names();
        let set = addresses(&self.meant.settings["homeApiServerAddresses"]);
        let found: Vec<_> = names.iter().map(|name| aliased(after, name)).collect();
        if !set.is_empty() {
            prop_assert!(found.iter().all(|found| *found == set), "the names lead to {:?}", found);
            return Ok(());
        }
        let known = self.aliased_names(&self.touched.pod);
        let is_told = names.iter().any(|name| is_told(answer, name));
        prop_assert!(!known.is_empty() || is_told, "the names are the foreign API server: {:?}", answer.warnings);
        prop_assert!(known.is_empty() || !found.contains(&BTreeSet::new()), "a name has no alias: {:?}", found);
        let is_one_place = found.iter().all(|found| *found == known);
        prop_assert!(is_one_place || is_told, "the names lead to {:?}: {:?}", found, answer.warnings);
        Ok(())
    }

    fn check_home_credentials(&self, after: &Value, answer: &Answer) -> Checked {
        let containers = containers(after);
        let own = self.meant.own_secret();
        for volume in self.meant.projected(after) {
            let is_mounted = containers.iter().any(|container| container.api_volumes.contains(volume.name));
            for (path, shown) in &volume.files {
                let credential = self.meant.credential(volume.name, path, shown);
                let is_reflected = match credential {
                    Some(Credential::ReflectedToken) => self.meant.is_token(volume.name, path),
                    Some(Credential::ReflectedCertificates) => true,
                    _ => false,
                };
                let place = format!("{} in volume {}", path, volume.name);
                prop_assert!(own.is_none() || !is_reflected, "not of the own Secret: {}", place);
                if let Shown::Secret { name, key, .. } = shown
                    && credential == Some(Credential::OwnToken)
                {
                    // Another key than the one that every such Secret has must be told.
                    prop_assert!(key == "token" || has(answer, &[name, key]), "unknown key: {} {}", place, key);
                }
            }
            let has_token = volume.files.contains_key("token") || volume.shows_more;
            prop_assert!(!is_mounted || has_token || has(answer, &[volume.name]), "{} has no token", volume.name);
            prop_assert!(!is_mounted || has_token || own.is_none(), "{} has no own token", volume.name);
        }
        Ok(())
    }

    /// A token that was asked for in the foreign cluster is none that Liqo makes.
    fn check_injected_tokens(&self, after: &Value, answer: &Answer) -> Checked {
        if self.named().is_empty() {
            return Ok(());
        }
        for (before, after) in self.meant.projected(&self.touched.pod).iter().zip(self.meant.projected(after)) {
            for (path, shown) in &before.files {
                let Shown::Token { audience } = shown else { continue };
                let key = token_key(before.name, path);
                let is_apis = audience.is_empty() || self.meant.is_token(before.name, path);
                let is_kept = self.meant.credential(before.name, path, shown) == Some(Credential::KeptToken);
                if is_kept || self.meant.own_secret().is_some() && is_apis || has_key(&self.touched.pod, &key) {
                    continue;
                }
                let name = self.meant.own_secret().unwrap_or(&self.meant.secret).to_owned();
                let is_told = has(answer, &[&name, &key, "keptTokenAudiences"]);
                prop_assert!(is_told, "nobody makes {} in {}: {:?}", key, name, answer.warnings);
                prop_assert_eq!(after.files.get(path), Some(&Shown::Secret { name, key, path: path.clone() }));
            }
        }
        Ok(())
    }

    fn check_remote(&self, after: &Value, answer: &Answer) -> Checked {
        let containers = containers(after);
        let is_mounted = |name: &str| containers.iter().any(|container| container.api_volumes.contains(name));
        let is_at_api_path = |name: &str| containers.iter().any(|container| container.at_api_path.contains(name));
        for volume in self.meant.projected(after).iter().filter(|volume| is_at_api_path(volume.name)) {
            let has_token = volume.files.contains_key("token") || volume.shows_more || !is_mounted(volume.name);
            prop_assert!(has_token, "volume {} has no token", volume.name);
            for (path, shown) in &volume.files {
                let credential = self.meant.credential(volume.name, path, shown);
                prop_assert_ne!(credential, Some(Credential::ReflectedCertificates), "{} in {}", path, volume.name);
            }
        }
        // Only an alias, or a volume whose content nobody knows, is worth a word.
        let names = self.meant.cluster_names();
        let is_aliased = names.iter().any(|name| !aliased(after, name).is_empty());
        prop_assert_eq!(is_aliased, has(answer, &["host alias"]), "{:?}", answer.warnings);
        let is_worth = |warning: &String| warning.contains("host alias") || warning.contains("not projected");
        prop_assert!(answer.warnings.iter().all(is_worth), "{:?}", answer.warnings);
        Ok(())
    }
}

/// Whether a host can be a host alias.
fn is_alias(host: &str) -> bool {
    host.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte))
        && !host.ends_with('.')
}

/// Whether a Secret of the pod is shown with this key.
fn has_key(pod: &Value, key: &str) -> bool {
    items(&pod["spec"]["volumes"])
        .iter()
        .flat_map(|volume| items(&volume["projected"]["sources"]))
        .flat_map(|source| items(&source["secret"]["items"]))
        .any(|item| item["key"] == key)
}

fn addresses(list: &Value) -> BTreeSet<IpAddr> {
    items(list).iter().map(|address| text(address).parse().expect("an address")).collect()
}

/// The addresses that host aliases give a name, whoever they belong to.
fn aliased(pod: &Value, name: &str) -> BTreeSet<IpAddr> {
    let aliases = items(&pod["spec"]["hostAliases"]).iter().filter(|alias| has_name(alias, name));
    aliases.map(|alias| text(&alias["ip"]).parse().expect("an address")).collect()
}

/// Whether a warning names a host.
fn is_told(answer: &Answer, host: &str) -> bool {
    let is_part = |character: char| character.is_ascii_alphanumeric() || ".-_:".contains(character);
    answer.warnings.iter().any(|warning| warning.split(|character| !is_part(character)).any(|word| word == host))
}

/// Whether a warning has all of these in it.
fn has(answer: &Answer, parts: &[&str]) -> bool {
    answer.warnings.iter().any(|warning| parts.iter().all(|part| warning.contains(part)))
}

#[test]
fn every_client_goes_where_it_is_meant_to() {
    let config = config(1_000);
    let cases = config.cases;
    let all = Forged::all();
    // Half of the pods are such that their environment was forged.
    let (home, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|forged| forged.endpoint.is_some());
    let forged = prop_oneof![select(home), select(others)];
    let mode = select(vec![None, None, Some("remote"), Some("disabled")]);
    let counts: RefCell<BTreeMap<String, u32>> = RefCell::default();
    let result = TestRunner::new(config).run(
        &(forged, mode, vec(touch(), 0..5), settings()),
        |(forged, mode, touches, mut settings)| {
            if settings["homeClusterId"] == "" {
                settings["homeClusterId"] = json!(forged.origin);
            }
            let touched = Touched::new(&forged, mode, &touches);
            let review = Review::new(&touched, &settings);
            let kind = format!("{} {}", review.mode, if touched.endpoint.is_some() { "forged" } else { "as it was" });
            *counts.borrow_mut().entry(kind).or_default() += 1;
            review.check().map_err(|error| TestCaseError::fail(format!("{error}\npod {}", touched.pod)))
        },
    );
    result.unwrap_or_else(|error| panic!("{error}"));
    // Each mode was looked at in forged pods and in others.
    for kind in ["home forged", "home as it was", "remote forged", "remote as it was", "disabled forged"] {
        let share = counts.borrow().get(kind).copied().unwrap_or_default() * 100 / cases;
        assert!(share >= 5, "only {share} % of the pods were {kind}");
    }
}

/// Makes a fault in a pod, and tells whether there was a place for it.
type Fault = fn(&mut Value) -> bool;

/// Each kind of fault is made in what the policy made of the pods, and must be found there.
#[test]
fn the_model_notices() {
    let faults: [(&str, Fault); 7] = [
        ("a name without an alias", |pod| {
            let mut is_found = false;
            for alias in list_of(&mut pod["spec"], "hostAliases") {
                let names = list_of(alias, "hostnames");
                is_found |= names.iter().any(|name| name == CLUSTER_NAMES[2]);
                names.retain(|name| name != CLUSTER_NAMES[2]);
            }
            is_found
        }),
        ("a container that goes elsewhere", |pod| {
            let env = list_of(&mut pod["spec"]["containers"][0], "env");
            env.push(json!({"name": "KUBERNETES_SERVICE_HOST", "value": FOREIGN_ADDRESS}));
            true
        }),
        ("a container without variables", |pod| {
            list_of(&mut pod["spec"], "containers").push(json!({"name": "injected"}));
            true
        }),
        ("a reference before what it refers to", |pod| {
            let env = list_of(&mut pod["spec"]["containers"][0], "env");
            env.insert(0, json!({"name": "API", "value": "https://$(KUBERNETES_SERVICE_HOST)"}));
            true
        }),
        ("a token of the foreign cluster", |pod| {
            let token = json!({"serviceAccountToken": {"path": "token"}});
            api_sources(pod).map(|sources| sources.push(token)).is_some()
        }),
        ("certificates of the foreign cluster", |pod| {
            let certificates = api_sources(pod).into_iter().flatten().find(|source| source["configMap"].is_object());
            certificates.map(|source| source["configMap"]["name"] = json!("kube-root-ca.crt")).is_some()
        }),
        ("a path that is shown twice", |pod| {
            let Some(sources) = api_sources(pod) else { return false };
            let again = sources.first().cloned();
            again.map(|source| sources.push(source)).is_some()
        }),
    ];
    for (fault, make) in faults {
        let mut made = 0;
        for forged in Forged::all().into_iter().filter(|forged| forged.endpoint.is_some()) {
            let touched = Touched::new(&forged, None, &[]);
            let settings = json!({"homeClusterId": forged.origin, "homeApiServerAddresses": ["10.80.0.9"]});
            let review = Review::new(&touched, &settings);
            let answer = review.case.outcome().answer;
            let mut after = answer.mutated_object.clone().expect("a change");
            review.check_accepted(&after, &answer).unwrap_or_else(|error| panic!("{}: {error}", forged.name()));
            if make(&mut after) {
                made += 1;
                assert!(review.check_accepted(&after, &answer).is_err(), "{fault} in {} goes unnoticed", forged.name());
            }
        }
        assert!(made >= 10, "{fault} was made {made} times");
    }
}

/// The sources of the volume that the API server adds.
fn api_sources(pod: &mut Value) -> Option<&mut Vec<Value>> {
    let volumes = pod["spec"]["volumes"].as_array_mut()?;
    let volume = volumes.iter_mut().find(|volume| text(&volume["name"]).starts_with("kube-api-access-"))?;
    volume["projected"]["sources"].as_array_mut()
}
