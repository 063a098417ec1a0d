//! The endpoint of an API server, and the variables by which standard clients find it.

use k8s_openapi::api::core::v1::EnvVar;
use serde_json::Value;

use crate::pod::fragment;
use crate::settings::HomeCluster;

/// The variable that names the host.
pub(crate) const HOST: &str = "KUBERNETES_SERVICE_HOST";

/// The variable that names the port.
pub(crate) const PORT: &str = "KUBERNETES_SERVICE_PORT";

/// The default host of the home API server: its name inside the home cluster.
pub(crate) const DEFAULT_HOST: &str = "kubernetes.default";

/// The port of that name.
pub(crate) const DEFAULT_PORT: u16 = 443;

/// The names of a cluster's own API server. In the foreign cluster they mean the foreign one unless aliased.
/// k3k and vcluster alias the short one, too.
const CLUSTER_NAMES: [&str; 4] =
    [DEFAULT_HOST, "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes"];

/// The names of a cluster's own API server, also in the cluster domain that clients in the pods use.
pub(crate) fn cluster_names(home_cluster: &HomeCluster) -> Vec<String> {
    let long = home_cluster.cluster_domain.as_ref().map(|domain| format!("kubernetes.default.svc.{domain}"));
    let mut names: Vec<_> = CLUSTER_NAMES.map(str::to_owned).into();
    names.extend(long.filter(|long| !CLUSTER_NAMES.contains(&long.as_str())));
    names
}

/// Whether a host means a name, as resolvers compare them: with or without a dot at the end, in any case.
pub(crate) fn same_name(host: &str, name: &str) -> bool {
    host.trim_end_matches('.').eq_ignore_ascii_case(name.trim_end_matches('.'))
}

/// How many variables a block has.
pub(crate) const BLOCK_LENGTH: usize = 8;

/// Host and port of an API server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Endpoint {
    /// `host:port`, an IPv6 host in brackets.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// The variables of one endpoint.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) endpoint: Endpoint,
    /// In the order in which they are written.
    pub(crate) variables: [Variable; BLOCK_LENGTH],
}

/// A variable of a block.
#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) value: String,
    /// Whether it is one of those that together show who wrote them: platforms set the others for themselves.
    pub(crate) is_evidence: bool,
}

impl Block {
    /// The variables that Kubernetes makes for a service of that host and port.
    /// Source: `makeEnvVariableName` and its callers in `pkg/kubelet/envvars`.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let host = endpoint.host.as_str();
        let port = endpoint.port.to_string();
        let url = format!("tcp://{}", endpoint.authority());
        let variable = |name: &str, value: &str, is_evidence| Variable {
            name: name.to_owned(),
            value: value.to_owned(),
            is_evidence,
        };
        let of_port = |field: &str, value: &str| variable(&format!("KUBERNETES_PORT_{port}_TCP{field}"), value, true);
        let variables = [
            variable(HOST, host, false),
            variable(PORT, &port, true),
            variable("KUBERNETES_SERVICE_PORT_HTTPS", &port, false),
            variable("KUBERNETES_PORT", &url, false),
            of_port("", &url),
            of_port("_PROTO", "tcp"),
            of_port("_ADDR", host),
            of_port("_PORT", &port),
        ];
        Self { endpoint, variables }
    }

    /// The entries of `env`.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Value> {
        self.variables.iter().map(|Variable { name, value, .. }| {
            fragment(EnvVar { name: name.clone(), value: Some(value.clone()), value_from: None })
        })
    }

    /// The place and the value of a variable.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &str)> {
        if !name.starts_with("KUBERNETES_") {
            return None;
        }
        let found = self.variables.iter().enumerate().find(|(_, variable)| variable.name == name);
        found.map(|(index, variable)| (index, variable.value.as_str()))
    }
}
