//! The block: the variables by which standard clients find an API server.

use std::cell::OnceCell;

use k8s_openapi::api::core::v1::EnvVar;

use crate::json::Value;

/// The variable that names the host.
pub(crate) const HOST: &str = "KUBERNETES_SERVICE_HOST";

/// The variable that names the port.
pub(crate) const PORT: &str = "KUBERNETES_SERVICE_PORT";

/// The variable that Liqo's virtual kubelet leaves out.
pub(crate) const PORT_HTTPS: &str = "KUBERNETES_SERVICE_PORT_HTTPS";

/// How many variables a block has.
pub(crate) const LENGTH: usize = 8;

/// Host and port of an API server.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The names and values in the order in which they are written.
    variables: [(String, String); LENGTH],
    /// What [`Block::entries`] gives, once it was asked for.
    entries: OnceCell<Vec<Value<'static>>>,
}

impl Block {
    /// The variables that Kubernetes makes for a service of that host and port.
    /// Source: `makeEnvVariableName` and its callers in `pkg/kubelet/envvars`.
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let host = &endpoint.host;
        let port = endpoint.port.to_string();
        let url = format!("tcp://{}", endpoint.authority());
        let of_port = |field: &str| format!("KUBERNETES_PORT_{port}_TCP{field}");
        let variables = [
            (HOST.to_owned(), host.clone()),
            (PORT.to_owned(), port.clone()),
            (PORT_HTTPS.to_owned(), port.clone()),
            ("KUBERNETES_PORT".to_owned(), url.clone()),
            (of_port(""), url),
            (of_port("_PROTO"), "tcp".to_owned()),
            (of_port("_ADDR"), host.clone()),
            (of_port("_PORT"), port),
        ];
        Self { endpoint, variables, entries: OnceCell::new() }
    }

    /// The entries of `env`.
    pub(crate) fn entries(&self) -> &[Value<'static>] {
        let entry = |(name, value): &(String, String)| {
            Value::written(&EnvVar { name: name.clone(), value: Some(value.clone()), value_from: None })
        };
        self.entries.get_or_init(|| self.variables.iter().map(entry).collect())
    }

    pub(crate) fn variables(&self) -> &[(String, String); LENGTH] {
        &self.variables
    }

    /// The place and the value of a variable.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &str)> {
        if !name.starts_with("KUBERNETES_") {
            return None;
        }
        let found = self.variables.iter().enumerate().find(|(_, (known, _))| known == name);
        found.map(|(index, (_, value))| (index, value.as_str()))
    }
}
