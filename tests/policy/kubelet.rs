//! What a node of the foreign cluster would make of a pod, as far as access to API servers goes: the variables that a
//! container starts with, the addresses that a name leads to, and the files that projected volumes show.
//!
//! Sources, in Kubernetes: `makeEnvironmentVariables`, `getServiceEnvVarMap` and `hostsEntriesFromHostAliases` in
//! `pkg/kubelet/kubelet_pods.go`, `FromServices` in `pkg/kubelet/envvars`, `Expand` in
//! `third_party/forked/golang/expansion`, and `collectData` in `pkg/volume/projected`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde_json::Value;

pub(crate) const SERVICE_ACCOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The names under which the cluster's DNS has the foreign API server.
pub(crate) const CLUSTER_NAMES: [&str; 4] =
    ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes"];

/// The address of the Service `kubernetes` of the foreign cluster. Its port is 443.
pub(crate) const FOREIGN_ADDRESS: &str = "10.96.0.1";

/// Host and port of an API server, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: String,
}

impl Endpoint {
    pub(crate) fn new(host: &str, port: &str) -> Self {
        Self { host: host.to_owned(), port: port.to_owned() }
    }

    /// `host:port`, an IPv6 host in brackets.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The variables by which clients find this API server, as the kubelet makes them for the Service `kubernetes`.
    pub(crate) fn variables(&self) -> [(String, String); 8] {
        let Self { host, port } = self;
        let url = format!("tcp://{}", self.authority());
        let of_port = format!("KUBERNETES_PORT_{port}_TCP");
        [
            ("KUBERNETES_SERVICE_HOST".to_owned(), host.clone()),
            ("KUBERNETES_SERVICE_PORT".to_owned(), port.clone()),
            ("KUBERNETES_SERVICE_PORT_HTTPS".to_owned(), port.clone()),
            ("KUBERNETES_PORT".to_owned(), url.clone()),
            (of_port.clone(), url),
            (format!("{of_port}_PROTO"), "tcp".to_owned()),
            (format!("{of_port}_ADDR"), host.clone()),
            (format!("{of_port}_PORT"), port.clone()),
        ]
    }
}

/// A container as it starts.
#[derive(Debug)]
pub(crate) struct Container<'p> {
    pub(crate) name: &'p str,
    pub(crate) environment: Environment,
    /// The volumes that are mounted as a whole at [`SERVICE_ACCOUNT_PATH`].
    pub(crate) api_volumes: BTreeSet<&'p str>,
    /// The volumes that are mounted there or below, as a whole or in part.
    pub(crate) at_api_path: BTreeSet<&'p str>,
    /// The files that clients find there as `token`: volumes and paths in them.
    pub(crate) tokens: BTreeSet<(&'p str, String)>,
    /// Whether `/etc/hosts` is a file of the pod's own.
    pub(crate) has_own_hosts: bool,
}

/// The containers and init containers of a pod.
pub(crate) fn containers<'p>(pod: &'p Value) -> Vec<Container<'p>> {
    let of_list = |list| items(&pod["spec"][list]).iter();
    let container = |container: &'p Value| {
        let mut found = Container {
            name: text(&container["name"]),
            environment: Environment::of(items(&container["env"]), service_account(pod)),
            api_volumes: BTreeSet::new(),
            at_api_path: BTreeSet::new(),
            tokens: BTreeSet::new(),
            has_own_hosts: false,
        };
        for mount in items(&container["volumeMounts"]) {
            let (volume, path) = (text(&mount["name"]), normal(text(&mount["mountPath"])));
            let part = ["subPath", "subPathExpr"].map(|field| text(&mount[field])).concat();
            found.has_own_hosts |= path == "/etc/hosts";
            // In images `/var/run` is a link to `/run`.
            let path = if path.starts_with("/run/") { format!("/var{path}") } else { path };
            let Some(below) = path.strip_prefix(SERVICE_ACCOUNT_PATH) else { continue };
            let token = match below {
                "" if part.is_empty() => {
                    found.api_volumes.insert(volume);
                    "token".to_owned()
                }
                "" => format!("{part}/token"),
                _ => part,
            };
            if ["", "/token"].contains(&below) {
                found.tokens.insert((volume, token));
            }
            if below.is_empty() || below.starts_with('/') {
                found.at_api_path.insert(volume);
            }
        }
        found
    };
    of_list("containers").chain(of_list("initContainers")).map(container).collect()
}

/// A path without what says nothing: `//`, `/./` and a slash at the end.
fn normal(path: &str) -> String {
    let segments = path.split('/').filter(|segment| !segment.is_empty() && *segment != ".");
    segments.flat_map(|segment| ["/", segment]).collect()
}

/// The variables of a container.
#[derive(Debug)]
pub(crate) struct Environment {
    /// `None`: a value that comes from outside the pod.
    values: BTreeMap<String, Option<String>>,
    /// Each `$(NAME)` in a value and what it was replaced with, in order.
    pub(crate) references: Vec<(String, Option<String>)>,
}

impl Environment {
    fn of(env: &[Value], service_account: &str) -> Self {
        let foreign: BTreeMap<_, _> = Endpoint::new(FOREIGN_ADDRESS, "443").variables().into();
        let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut references = Vec::new();
        for variable in env {
            let literal = text(&variable["value"]);
            let value = if !literal.is_empty() {
                expand(literal, |name| {
                    let found = values.get(name).cloned().unwrap_or_else(|| foreign.get(name).cloned());
                    let is_known = values.contains_key(name) || foreign.contains_key(name);
                    let found = if is_known { found } else { Some(format!("$({name})")) };
                    references.push((name.to_owned(), found.clone()));
                    found
                })
            } else if variable["valueFrom"].is_null() {
                Some(String::new())
            } else if variable["valueFrom"]["fieldRef"]["fieldPath"] == "spec.serviceAccountName" {
                Some(service_account.to_owned())
            } else {
                None
            };
            values.insert(text(&variable["name"]).to_owned(), value);
        }
        for (name, value) in foreign {
            values.entry(name).or_insert(Some(value));
        }
        Self { values, references }
    }

    /// The value of a variable; `None` when it comes from outside the pod or is not there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_deref()
    }
}

/// A value with each `$(NAME)` replaced; `None` when one of them is not known. `$$` stands for a dollar sign.
fn expand(value: &str, mut replacement: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut expanded = Some(String::new());
    let mut add = |part: Option<&str>| {
        expanded = expanded.take().zip(part).map(|(before, part)| before + part);
    };
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('$') {
        add(Some(before));
        let closed = after.strip_prefix('(').and_then(|opened| opened.split_once(')'));
        if let Some((name, after)) = closed {
            add(replacement(name).as_deref());
            rest = after;
        } else {
            let next = after.chars().next();
            let (taken, after) = after.split_at(next.map_or(0, char::len_utf8));
            add(Some("$"));
            add(Some(if taken == "$" { "" } else { taken }));
            rest = after;
        }
    }
    add(Some(rest));
    expanded
}

/// What a client that connects to a host reaches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// The foreign API server, by its address or by the cluster's DNS.
    ForeignApiServer,
    /// These addresses: the host is one, or host aliases say so.
    Addresses(BTreeSet<IpAddr>),
    /// Whatever the name means outside the cluster.
    Name,
}

/// Where a host leads from inside a pod: `/etc/hosts` comes first, then the cluster's DNS.
pub(crate) fn look_up(pod: &Value, host: &str) -> Destination {
    let aliased: BTreeSet<_> = items(&pod["spec"]["hostAliases"])
        .iter()
        .filter(|alias| items(&alias["hostnames"]).iter().any(|name| text(name).eq_ignore_ascii_case(host)))
        .map(|alias| text(&alias["ip"]).parse().expect("an address"))
        .collect();
    let addresses = host.parse().map_or(aliased, |address: IpAddr| BTreeSet::from([address]));
    if addresses == BTreeSet::from([FOREIGN_ADDRESS.parse().expect("an address")]) {
        Destination::ForeignApiServer
    } else if !addresses.is_empty() {
        Destination::Addresses(addresses)
    } else if CLUSTER_NAMES.contains(&host.to_ascii_lowercase().as_str()) {
        Destination::ForeignApiServer
    } else {
        Destination::Name
    }
}

/// What a file in a projected volume shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A token of the foreign cluster.
    Token {
        audience: String,
    },
    /// A key of a Secret, and the path as the pod writes it.
    Secret {
        name: String,
        key: String,
        path: String,
    },
    ConfigMap {
        name: String,
        key: String,
    },
    Other(Value),
}

/// What is shown at which path.
pub(crate) type Files = BTreeMap<String, Shown>;

/// A projected volume.
#[derive(Debug)]
pub(crate) struct Projected<'p> {
    pub(crate) name: &'p str,
    /// Each source, and what it shows.
    pub(crate) sources: Vec<(&'p Value, Files)>,
    /// What is shown in the end: of several sources for one path the last one counts.
    pub(crate) files: Files,
    /// Whether a source shows everything in an object whose keys the pod does not tell.
    pub(crate) shows_more: bool,
}

/// The projected volumes of a pod. `keys` tells what a Secret or ConfigMap holds that is shown as a whole.
pub(crate) fn projected<'p>(
    pod: &'p Value,
    keys: impl Fn(&str, &str) -> Option<&'static [&'static str]>,
) -> Vec<Projected<'p>> {
    let volumes = items(&pod["spec"]["volumes"]).iter().filter(|volume| volume["projected"].is_object());
    let read = |volume: &'p Value| {
        let mut projected =
            Projected { name: text(&volume["name"]), sources: Vec::new(), files: Files::new(), shows_more: false };
        for source in items(&volume["projected"]["sources"]) {
            let files = files_of(source, &keys);
            projected.shows_more |= files.is_none();
            projected.files.extend(files.clone().unwrap_or_default());
            projected.sources.push((source, files.unwrap_or_default()));
        }
        projected
    };
    volumes.map(read).collect()
}

/// What a source shows; `None` where the pod does not tell.
fn files_of(source: &Value, keys: impl Fn(&str, &str) -> Option<&'static [&'static str]>) -> Option<Files> {
    let mut files = Files::new();
    // As the kubelet writes it: `./token` is `token`.
    let clean = |path: &str| path.trim_start_matches("./").to_owned();
    for kind in ["secret", "configMap"].into_iter().filter(|kind| source[*kind].is_object()) {
        let name = text(&source[kind]["name"]).to_owned();
        let mut show = |key: &str, path: &str| {
            let (name, key, raw) = (name.clone(), key.to_owned(), path.to_owned());
            let is_secret = kind == "secret";
            let shown = if is_secret { Shown::Secret { name, key, path: raw } } else { Shown::ConfigMap { name, key } };
            files.insert(clean(path), shown);
        };
        match items(&source[kind]["items"]) {
            [] => keys(kind, &name)?.iter().for_each(|key| show(key, key)),
            items => items.iter().for_each(|item| show(text(&item["key"]), text(&item["path"]))),
        }
    }
    let token = &source["serviceAccountToken"];
    if token.is_object() {
        files.insert(clean(text(&token["path"])), Shown::Token { audience: text(&token["audience"]).to_owned() });
    }
    for item in items(&source["downwardAPI"]["items"]) {
        files.insert(clean(text(&item["path"])), Shown::Other(item.clone()));
    }
    for (kind, field) in [
        ("clusterTrustBundle", "path"),
        ("podCertificate", "keyPath"),
        ("podCertificate", "certificateChainPath"),
        ("podCertificate", "credentialBundlePath"),
    ] {
        if let Some(path) = source[kind][field].as_str() {
            files.insert(clean(path), Shown::Other(source.clone()));
        }
    }
    Some(files)
}

/// The ServiceAccount of a pod once it is stored.
pub(crate) fn service_account(pod: &Value) -> &str {
    let names = ["serviceAccountName", "serviceAccount"].map(|field| text(&pod["spec"][field]));
    names.into_iter().find(|name| !name.is_empty()).unwrap_or("default")
}

/// The items of a list; none where there is no list.
pub(crate) fn items(list: &Value) -> &[Value] {
    list.as_array().map_or(&[], Vec::as_slice)
}

/// A string; an empty one where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        let env: Vec<_> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        Environment::of(&env, "reader")
    }

    #[test]
    fn references_are_expanded_from_earlier_entries_then_from_the_service() {
        let environment = environment(&[
            ("A", "$(KUBERNETES_SERVICE_HOST) $(B) $$(B) $(B $x"),
            ("KUBERNETES_SERVICE_HOST", "first"),
            ("KUBERNETES_SERVICE_HOST", "second"),
            ("B", "$(KUBERNETES_SERVICE_HOST)"),
        ]);
        assert_eq!(environment.get("A"), Some("10.96.0.1 $(B) $(B) $(B $x"));
        assert_eq!(environment.get("B"), Some("second"));
        assert_eq!(environment.get("KUBERNETES_PORT"), Some("tcp://10.96.0.1:443"));
        let found = |name: &str, value: &str| (name.to_owned(), Some(value.to_owned()));
        assert_eq!(
            environment.references,
            [
                found("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
                found("B", "$(B)"),
                found("KUBERNETES_SERVICE_HOST", "second")
            ]
        );
    }

    #[test]
    fn aliases_come_before_the_clusters_dns() {
        let aliases = json!([
            {"ip": "10.0.0.1", "hostnames": ["kubernetes.default", "a"]},
            {"ip": "fd00::1", "hostnames": ["kubernetes.default"]},
        ]);
        let pod = json!({"spec": {"hostAliases": aliases}});
        let addresses =
            |ips: &[&str]| Destination::Addresses(ips.iter().map(|ip| ip.parse().expect("an address")).collect());
        assert_eq!(look_up(&pod, "kubernetes.default"), addresses(&["10.0.0.1", "fd00::1"]));
        assert_eq!(look_up(&pod, "A"), addresses(&["10.0.0.1"]));
        assert_eq!(look_up(&pod, "kubernetes.default.svc"), Destination::ForeignApiServer);
        assert_eq!(look_up(&pod, "10.96.0.1"), Destination::ForeignApiServer);
        assert_eq!(look_up(&pod, "api.example.org"), Destination::Name);
    }

    #[test]
    fn the_last_source_of_a_path_is_shown() {
        let sources = json!([
            {"serviceAccountToken": {"path": "token"}},
            {"secret": {"name": "s", "items": [{"key": "k", "path": "token"}]}},
            {"configMap": {"name": "kube-root-ca.crt"}},
        ]);
        let pod = json!({"spec": {"volumes": [{"name": "v", "projected": {"sources": sources}}]}});
        let volumes = projected(&pod, |_, name| (name == "kube-root-ca.crt").then_some(&["ca.crt"]));
        let expected = [
            ("ca.crt".to_owned(), Shown::ConfigMap { name: "kube-root-ca.crt".to_owned(), key: "ca.crt".to_owned() }),
            ("token".to_owned(), Shown::Secret { name: "s".to_owned(), key: "k".to_owned(), path: "token".to_owned() }),
        ];
        assert_eq!(volumes[0].files, expected.into());
    }
}
