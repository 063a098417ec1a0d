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
    CLUSTER_NAMES, Container, Destination, Endpoint, FOREIGN_ADDRESS, SERVICE_ACCOUNT_PATH, Shown, containers, items,
    look_up, projected, text,
};
use crate::parity::Vector;
use crate::pods::KEPT_AUDIENCE;
use crate::properties::{self, Checked, config, endpoint_of};
use crate::support::{Answer, Case, MODE, ORIGIN, Outcome, REMOTE_NAME};

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
    /// A variable of the user's own, before all others.
    EarlierHost { variable: Value, only: Option<Index> },
    /// A variable that overrides the virtual kubelet's.
    LaterHost { only: Option<Index> },
    /// A container without the virtual kubelet's variables.
    Sidecar { is_init: bool, is_first: bool, mounts: bool, env: Vec<Value> },
    /// Host aliases instead of those that Liqo made.
    Aliases { aliases: Vec<Value> },
    /// A host alias beside those that Liqo made.
    OtherAlias { name: &'static str, is_first: bool },
    /// A source of a projected volume.
    Source { source: Value, is_first: bool, in_api_volume: bool },
    /// A Secret of the user's own that has the name of Liqo's.
    OwnToken { is_first: bool, in_api_volume: bool },
    /// A virtual kubelet without API server support took the token.
    Stripped,
    /// The pod bears the label of its home cluster.
    Label,
}

/// A pod under review, and what is known of it by how it was made.
#[derive(Debug, Clone)]
struct Touched {
    pod: Value,
    origin: String,
    /// Where the virtual kubelet sent it.
    endpoint: Option<Endpoint>,
    /// Some container overrides a variable of the virtual kubelet.
    is_overridden: bool,
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
        let mut touched = Self { pod, origin, endpoint, is_overridden: false };
        touches.iter().for_each(|touch| touched.touch(touch));
        touched
    }

    fn touch(&mut self, touch: &Touch) {
        match touch {
            Touch::Variables { variables, from_the_end, only } => self.each_env(*only, |env| {
                let at = env.len() - from_the_end.index(9).min(env.len());
                env.splice(at..at, variables.iter().cloned());
            }),
            Touch::EarlierHost { variable, only } => self.each_env(*only, |env| env.insert(0, variable.clone())),
            Touch::LaterHost { only } => {
                self.is_overridden = true;
                let variable = json!({"name": "KUBERNETES_SERVICE_HOST", "value": "injected.example.org"});
                self.each_env(*only, |env| env.push(variable.clone()));
            }
            Touch::Host { host, port } => self.give_host(&Endpoint::new(host, port)),
            Touch::Sidecar { is_init, is_first, mounts, env } => {
                let mut sidecar = json!({"name": "injected", "env": env});
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
            Touch::OtherAlias { name, is_first } => {
                let alias = json!({"ip": FOREIGN_ADDRESS, "hostnames": [name]});
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
    let earlier = select(vec![
        json!({"name": "KUBERNETES_SERVICE_HOST", "value": "own.example.org"}),
        json!({"name": "KUBERNETES_SERVICE_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}),
        json!({"name": "KUBERNETES_PORT", "value": "tcp://own.example.org:443"}),
    ]);
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
    ];
    prop_oneof![
        4 => (variables.clone(), any::<Index>(), only())
            .prop_map(|(variables, from_the_end, only)| Touch::Variables { variables, from_the_end, only }),
        2 => host.prop_map(|(host, port)| Touch::Host { host, port }),
        2 => (earlier, only()).prop_map(|(variable, only)| Touch::EarlierHost { variable, only }),
        1 => only().prop_map(|only| Touch::LaterHost { only }),
        2 => (any::<[bool; 3]>(), prop_oneof![Just(Vec::new()), variables])
            .prop_map(|([is_init, is_first, mounts], env)| Touch::Sidecar { is_init, is_first, mounts, env }),
        3 => aliases.prop_map(|aliases| Touch::Aliases { aliases }),
        1 => (select(CLUSTER_NAMES.to_vec()), any::<bool>())
            .prop_map(|(name, is_first)| Touch::OtherAlias { name, is_first }),
        4 => (source, any::<bool>(), any::<bool>())
            .prop_map(|(source, is_first, in_api_volume)| Touch::Source { source, is_first, in_api_volume }),
        1 => any::<[bool; 2]>().prop_map(|[is_first, in_api_volume]| Touch::OwnToken { is_first, in_api_volume }),
        1 => Just(Touch::Stripped),
        1 => Just(Touch::Label),
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
        maybe("keptTokenAudiences", 0.2, vec![json!([KEPT_AUDIENCE])]),
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
        let case = Case::pod(touched.pod.clone()).settings(settings.clone());
        Self { touched, meant: Meant::of(&case), case, mode }
    }

    /// Why mode remote must reject the pod, whose environment is forged or not: what the message says, in the order of
    /// the rules.
    fn remote_rejection(&self, is_forged: bool) -> Option<&'static str> {
        let is_allowed = |name: &str| match self.meant.settings["allowedRemoteServiceAccounts"].as_array() {
            Some(allowed) => allowed.iter().any(|allowed| allowed == name),
            None => true,
        };
        let annotated = self.touched.annotation(REMOTE_NAME);
        if annotated.is_some_and(|name| !is_allowed(name)) {
            return Some("is not allowed");
        }
        let secrets = [Some(self.meant.secret.as_str()), self.meant.own_secret()];
        let sources = items(&self.touched.pod["spec"]["volumes"])
            .iter()
            .flat_map(|volume| items(&volume["projected"]["sources"]))
            .any(|source| secrets.iter().flatten().any(|secret| source["secret"]["name"] == *secret));
        if sources || is_forged {
            return Some("was made for mode \"home\"");
        }
        let names = ["serviceAccountName", "serviceAccount"].map(|field| text(&self.touched.pod["spec"][field]));
        let own = names.into_iter().find(|name| !name.is_empty()).unwrap_or("default");
        (annotated.is_none() && !is_allowed(own)).then_some("is not allowed")
    }

    fn check(&self) -> Checked {
        let Outcome { answer, before } = properties::check(&self.case)?;
        // Where one container overrides the virtual kubelet's variables, another may still say that the pod is forged.
        let may_be_forged = match (&self.touched.endpoint, self.touched.is_overridden) {
            (None, _) => vec![false],
            (Some(_), false) => vec![true],
            (Some(_), true) => vec![true, false],
        };
        let is_remote = self.mode == "remote";
        let rejections: Vec<_> = may_be_forged.into_iter().map(|forged| self.remote_rejection(forged)).collect();
        if !answer.accepted {
            let message = answer.message.unwrap_or_default();
            let is_right = rejections.iter().flatten().any(|expected| message.contains(expected));
            prop_assert!(is_remote && is_right, "rejected: {}", message);
            return Ok(());
        }
        prop_assert!(!is_remote || rejections.contains(&None), "accepted, though it {:?}", rejections);
        let after = answer.mutated_object.as_ref().unwrap_or(&before);
        self.check_settled(after)?;
        self.check_accepted(after, &answer)
    }

    /// What became of an accepted pod.
    fn check_accepted(&self, after: &Value, answer: &Answer) -> Checked {
        let before = &self.touched.pod;
        let refused: Vec<_> = refusals(after).difference(&refusals(before)).cloned().collect();
        prop_assert!(refused.is_empty(), "the API server refuses {:?}", refused);
        self.meant.check_files(before, after)?;
        self.meant.check_credentials(after, self.mode, answer)?;
        match self.mode {
            "home" => self.check_home(after, answer),
            "remote" => self.check_remote(after, answer),
            _ => Ok(()),
        }
    }

    /// Asked again the policy changes nothing, also where the settings do not say any more what it wrote.
    fn check_settled(&self, after: &Value) -> Checked {
        let mut open = self.meant.settings.clone();
        for key in ["homeApiServerHost", "homeApiServerPort"] {
            open.as_object_mut().expect("an object").remove(key);
        }
        let again = Case::pod(after.clone()).settings(open.clone()).outcome().answer;
        prop_assert!(again.accepted && again.mutated_object.is_none(), "asked again under {open}: {again:?}");
        Ok(())
    }

    fn check_home(&self, after: &Value, answer: &Answer) -> Checked {
        for container in containers(after) {
            let endpoint = self.check_environment(&container)?;
            self.check_host(after, &endpoint.host, answer)?;
        }
        self.check_names(after, answer)?;
        self.check_home_credentials(after, answer)?;
        self.check_injected_tokens(after, answer)
    }

    /// Where a container must be led: the settings come first, then the virtual kubelet.
    fn expected_endpoint(&self) -> Endpoint {
        let meant = self.touched.endpoint.clone().unwrap_or_else(|| Endpoint::new("kubernetes.default", "443"));
        Endpoint {
            host: self.meant.settings["homeApiServerHost"].as_str().map_or(meant.host, str::to_owned),
            port: self.meant.settings["homeApiServerPort"].as_u64().map_or(meant.port, |port| port.to_string()),
        }
    }

    /// A container goes to the expected API server.
    fn check_environment(&self, container: &Container) -> Checked<Endpoint> {
        let found = endpoint_of(container)?;
        // What overrides the virtual kubelet's variables may make the rest of them worthless.
        let is_default = self.touched.is_overridden && found.host == "kubernetes.default";
        prop_assert!(is_default || found == self.expected_endpoint(), "{} goes to {:?}", container.name, found);
        Ok(found)
    }

    /// The host leads to the home API server.
    fn check_host(&self, after: &Value, host: &str, answer: &Answer) -> Checked {
        let set = addresses(&self.meant.settings["homeApiServerAddresses"]);
        match look_up(after, host) {
            // What an alias of the pod says of the name is taken for the home API server's address.
            Destination::ForeignApiServer if aliased(after, host).is_empty() => {
                prop_assert!(is_told(answer, host), "{} is the foreign API server", host);
            }
            Destination::Addresses(found) if host.parse::<IpAddr>().is_err() && !set.is_empty() => {
                prop_assert_eq!(found, set, "addresses of {}", host);
            }
            Destination::Addresses(_) | Destination::ForeignApiServer => {}
            Destination::Name => {
                let is_set = self.meant.settings["homeApiServerHost"] == host;
                prop_assert!(set.is_empty() || !is_set, "{} has no alias", host);
            }
        }
        Ok(())
    }

    /// The three names lead to the same addresses: to those of the settings, or of the aliases that the pod had.
    fn check_names(&self, after: &Value, answer: &Answer) -> Checked {
        let set = addresses(&self.meant.settings["homeApiServerAddresses"]);
        let found = CLUSTER_NAMES.map(|name| aliased(after, name));
        if !set.is_empty() {
            prop_assert!(found.iter().all(|found| *found == set), "the names lead to {:?}", found);
            return Ok(());
        }
        let known: BTreeSet<_> = CLUSTER_NAMES.iter().flat_map(|name| aliased(&self.touched.pod, name)).collect();
        if known.is_empty() {
            let is_told = CLUSTER_NAMES.iter().any(|name| is_told(answer, name));
            prop_assert!(is_told, "the names are the foreign API server: {:?}", answer.warnings);
        }
        for (name, found) in CLUSTER_NAMES.iter().zip(&found) {
            prop_assert!(!found.is_empty() || known.is_empty(), "{} has no alias", name);
        }
        let is_one_place = found.iter().all(|found| *found == known);
        let is_told = CLUSTER_NAMES.iter().any(|name| is_told(answer, name));
        prop_assert!(is_one_place || is_told, "the names lead to {:?}: {:?}", found, answer.warnings);
        Ok(())
    }

    fn check_home_credentials(&self, after: &Value, answer: &Answer) -> Checked {
        let containers = containers(after);
        let own = self.meant.own_secret();
        for volume in self.meant.projected(after) {
            let is_mounted = containers.iter().any(|container| container.api_volumes.contains(volume.name));
            for (path, shown) in &volume.files {
                let credential = self.meant.credential(volume.name, shown);
                let is_reflected = match credential {
                    Some(Credential::ReflectedToken) => is_mounted && path == "token",
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
        if self.touched.endpoint.is_none() || self.touched.is_overridden {
            return Ok(());
        }
        for (before, after) in self.meant.projected(&self.touched.pod).iter().zip(self.meant.projected(after)) {
            for (path, shown) in &before.files {
                let Shown::Token { audience } = shown else { continue };
                let key = token_key(before.name, path);
                let has_own = self.meant.own_secret().is_some() && audience.is_empty();
                if self.meant.is_kept(audience) || has_own || has_key(&self.touched.pod, &key) {
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
        for container in &containers {
            // By a literal value the author, or whoever injected it, chose another API server than the foreign one.
            let host = container.environment.get("KUBERNETES_SERVICE_HOST");
            let is_literal = host.is_some_and(|host| !host.is_empty() && host != FOREIGN_ADDRESS);
            prop_assert!(!is_literal || has(answer, &[container.name]), "{} goes elsewhere", container.name);
        }
        for (before, volume) in self.meant.projected(&self.touched.pod).iter().zip(self.meant.projected(after)) {
            if !containers.iter().any(|container| container.api_volumes.contains(volume.name)) || volume.shows_more {
                continue;
            }
            let credential =
                |path: &str| volume.files.get(path).and_then(|file| self.meant.credential(volume.name, file));
            prop_assert!(volume.files.contains_key("token"), "volume {} has no token", volume.name);
            if !before.files.contains_key("token") {
                prop_assert_eq!(credential("token"), Some(Credential::ForeignToken));
                prop_assert_ne!(credential("ca.crt"), Some(Credential::ReflectedCertificates));
            }
        }
        Ok(())
    }
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
