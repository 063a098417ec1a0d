//! The environment of containers in mode home: the variables by which standard clients find the API server.
//!
//! After this every `$(NAME)` that refers to one of them is expanded to the home API server's value: the kubelet expands
//! from earlier entries only, and falls back to the variables of the foreign cluster's own service.

use std::borrow::Cow;
use std::rc::Rc;

use crate::fields::{as_object, members_of, noted_string, string_of};
use crate::json::{Object, Row, Value};
use crate::outcome::Rejection;
use crate::path::Path;
use crate::pod;
use crate::settings::{Host, Settings, port_number};

/// What the home API server is called unless the settings say otherwise: its name inside the home cluster.
const DEFAULT_HOST: &str = "kubernetes.default";
const DEFAULT_PORT: u16 = 443;

/// Host and port of an API server.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl From<(&str, u16)> for Endpoint {
    fn from((host, port): (&str, u16)) -> Self {
        Self { host: host.to_owned(), port }
    }
}

impl Endpoint {
    /// `host:port`, an IPv6 host in brackets.
    pub(crate) fn authority(&self) -> String {
        let Self { host, port } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// The variables, in the order in which they are written. Kubernetes makes the same for a service
    /// (`makeEnvVariableName` and its callers in `pkg/kubelet/envvars`).
    fn variables(&self) -> [(String, String); 8] {
        let Self { host, port } = self;
        let url = format!("tcp://{}", self.authority());
        let port_name = format!("KUBERNETES_PORT_{port}_TCP");
        [
            ("KUBERNETES_SERVICE_HOST".to_owned(), host.clone()),
            ("KUBERNETES_SERVICE_PORT".to_owned(), port.to_string()),
            ("KUBERNETES_SERVICE_PORT_HTTPS".to_owned(), port.to_string()),
            ("KUBERNETES_PORT".to_owned(), url.clone()),
            (port_name.clone(), url),
            (format!("{port_name}_PROTO"), "tcp".to_owned()),
            (format!("{port_name}_ADDR"), host.clone()),
            (format!("{port_name}_PORT"), port.to_string()),
        ]
    }
}

/// The variable that the virtual kubelet leaves out.
const ONLY_OURS: &str = "KUBERNETES_SERVICE_PORT_HTTPS";

/// The members of an entry of `env` that are read.
pub(crate) const ENTRY: [&str; 4] = ["name", "value", "valueFrom", ""];

/// An entry that was checked.
#[derive(Debug)]
struct Variable<'a> {
    text: &'a str,
    name: Cow<'a, str>,
    /// The literal value; `None` when it is computed (`valueFrom`) or absent.
    value: Option<Cow<'a, str>>,
    /// The value is the name of the pod's ServiceAccount.
    is_service_account: bool,
}

/// The environment of one container.
#[derive(Debug)]
struct Environment<'a> {
    variables: Vec<Variable<'a>>,
    /// Where the virtual kubelet, or this policy, sent the container before.
    forged: Option<Endpoint>,
}

/// The environments of a pod's containers in the order of [`pod::CONTAINER_LISTS`], and where the home API server is for
/// each of them.
#[derive(Debug)]
pub(crate) struct Endpoints<'a, 's> {
    settings: &'s Settings,
    environments: Vec<Environment<'a>>,
    /// Where the first forged container was sent.
    forged: Option<Endpoint>,
}

impl<'a, 's> Endpoints<'a, 's> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        Self { settings, environments: Vec::new(), forged: None }
    }

    /// Reads the environment of one container.
    pub(crate) fn read(&mut self, container: &Object<'a>, path: Path) -> Result<(), Rejection> {
        let path = path.member("env");
        let mut variables = Vec::new();
        if let Some(env) = container.present("env") {
            let entries = env.rows(&ENTRY).map_err(|found| Rejection::shape(path, "a list", found))?;
            variables.reserve(entries.len());
            for (index, entry) in entries.iter().enumerate() {
                variables.push(Variable::read(entry, path.item(index))?);
            }
        }
        let forged = forged(&variables);
        if self.forged.is_none() {
            self.forged.clone_from(&forged);
        }
        self.environments.push(Environment { variables, forged });
        Ok(())
    }

    /// Where the pod as a whole finds the home API server.
    pub(crate) fn for_pod(&self) -> Endpoint {
        Endpoint::from(self.resolve(None))
    }

    /// Whether a container finds it under this name.
    pub(crate) fn is_host(&self, host: &str) -> bool {
        self.environments.iter().any(|environment| self.resolve(environment.forged.as_ref()).0 == host)
    }

    /// Whether a container was sent to the home API server before.
    pub(crate) fn is_forged(&self) -> bool {
        self.forged.is_some()
    }

    /// A host or port left unset in the settings is taken from where the container was sent before, else from where the
    /// first such container was: one that another webhook injected must not reach another API server than the rest.
    fn resolve<'e>(&'e self, forged: Option<&'e Endpoint>) -> (&'e str, u16) {
        let forged = forged.or(self.forged.as_ref());
        let host = self.settings.home_api_server_host.as_ref().map(Host::as_str);
        let host = host.or(forged.map(|forged| forged.host.as_str())).unwrap_or(DEFAULT_HOST);
        let port = self.settings.home_api_server_port.or(forged.map(|forged| forged.port)).unwrap_or(DEFAULT_PORT);
        (host, port)
    }

    /// Changes the containers whose environment is not right yet, and tells whether there was one.
    pub(crate) fn apply(&self, spec: &mut Object<'a>, path: Path, service_account: &str) -> Result<bool, Rejection> {
        let mut block = Block::new(self.for_pod());
        let mut changed = false;
        let mut environments = self.environments.iter();
        for list in pod::CONTAINER_LISTS {
            pod::containers(spec, path, list, |container, path| {
                let Some(environment) = environments.next() else { return Ok(()) };
                let endpoint = self.resolve(environment.forged.as_ref());
                if (block.endpoint.host.as_str(), block.endpoint.port) != endpoint {
                    block = Block::new(Endpoint::from(endpoint));
                }
                if let Some(env) = environment.rewrite(&block, service_account, path.member("env"))? {
                    container.set("env", Value::Array(env));
                    changed = true;
                }
                Ok(())
            })?;
        }
        Ok(changed)
    }
}

impl<'a> Variable<'a> {
    /// Checks an entry.
    fn read(entry: &Row<'a>, path: Path) -> Result<Self, Rejection> {
        let [name, value, value_from, _] = members_of(entry, path)?;
        let name = noted_string(name, "name", path)?
            .ok_or_else(|| Rejection::shape(path.member("name"), "a string", "nothing"))?;
        let value = noted_string(value, "value", path)?;
        let is_service_account = match value_from {
            Some(text) => is_service_account(Value::Text(text), path.member("valueFrom"))?,
            None => false,
        };
        // The API server takes a value beside `valueFrom` only when it is empty.
        let value = value.filter(|_| value_from.is_none());
        Ok(Self { text: entry.text, name, value, is_service_account })
    }
}

/// Whether the source of a value is the name of the pod's ServiceAccount.
fn is_service_account(mut value_from: Value, path: Path) -> Result<bool, Rejection> {
    let Some(field) = as_object(&mut value_from, path)?.present_mut("fieldRef") else {
        return Ok(false);
    };
    let path = path.member("fieldRef");
    let field = string_of(as_object(field, path)?, "fieldPath", path)?;
    Ok(field.is_some_and(|field| field == "spec.serviceAccountName"))
}

/// The endpoint that an environment was given by the virtual kubelet, which appends its variables to the end, or by an
/// earlier run of this policy, which puts its own together wherever they are needed.
/// Source: `RemoteContainerEnvVariablesAPIServerSupport` in Liqo's `pkg/virtualKubelet/forge/pods.go`.
fn forged(variables: &[Variable]) -> Option<Endpoint> {
    let by_virtual_kubelet = variables.len().checked_sub(7).and_then(|start| variables.get(start..)).and_then(|last| {
        let endpoint = endpoint_of(last)?;
        let expected = endpoint.variables().into_iter().filter(|(name, _)| name != ONLY_OURS);
        are(last, expected).then_some(endpoint)
    });
    by_virtual_kubelet.or_else(|| {
        let start = variables.iter().position(|variable| variable.name == "KUBERNETES_SERVICE_HOST")?;
        let block = variables.get(start..start + 8)?;
        let endpoint = endpoint_of(block)?;
        are(block, endpoint.variables()).then_some(endpoint)
    })
}

/// Whether these variables have these names and literal values, in this order.
fn are(variables: &[Variable], expected: impl IntoIterator<Item = (String, String)>) -> bool {
    variables.iter().map(Variable::literal).eq(expected.into_iter().map(Some))
}

/// Host and port as the first two of these variables have them, where they are ones that the settings could have.
fn endpoint_of(variables: &[Variable]) -> Option<Endpoint> {
    let [host, port, ..] = variables else { return None };
    let host = host.value.as_deref()?;
    Host::parse(&host.to_ascii_lowercase()).ok()?;
    Some(Endpoint::from((host, port_number(port.value.as_deref()?)?)))
}

impl Variable<'_> {
    fn literal(&self) -> Option<(String, String)> {
        Some((self.name.to_string(), self.value.as_deref()?.to_owned()))
    }
}

/// The variables of one endpoint, ready to be written.
#[derive(Debug)]
struct Block {
    endpoint: Endpoint,
    variables: [(String, String); 8],
    entries: [Rc<str>; 8],
}

impl Block {
    fn new(endpoint: Endpoint) -> Self {
        let variables = endpoint.variables();
        let entries = variables.each_ref().map(|(name, value)| entry(name, value));
        Self { endpoint, variables, entries }
    }

    fn position(&self, name: &str) -> Option<usize> {
        if !name.starts_with("KUBERNETES_") {
            return None;
        }
        self.variables.iter().position(|(known, _)| known == name)
    }

    fn is_referred_to(&self, variable: &Variable) -> bool {
        variable.value.as_deref().is_some_and(|value| references(value).any(|name| self.position(name).is_some()))
    }
}

/// The text of an entry. The type of the API would bring every other source of a value into the module.
fn entry(name: &str, value: &str) -> Rc<str> {
    // Neither the names nor what a host, a port or a URL is made of has to be escaped.
    format!(r#"{{"name":"{name}","value":"{value}"}}"#).into()
}

impl<'a> Environment<'a> {
    /// The list that must take the place of the one that was read; `None` when that one is right.
    fn rewrite(&self, block: &Block, service_account: &str, path: Path) -> Result<Option<Vec<Value<'a>>>, Rejection> {
        let right = self.has(block);
        if right && !self.variables.iter().any(|variable| variable.is_service_account) {
            return Ok(None);
        }
        let mut env = Vec::with_capacity(self.variables.len() + 8);
        let mut start = None;
        for (index, variable) in self.variables.iter().enumerate() {
            if !right && block.position(&variable.name).is_some() {
                continue;
            }
            if start.is_none() && block.is_referred_to(variable) {
                start = Some(env.len());
            }
            let mut value = Value::Text(variable.text);
            if variable.is_service_account {
                let entry = as_object(&mut value, path.item(index))?;
                entry.remove("valueFrom");
                // A name has no dollar sign where the API server has checked it; one that has stays what it is.
                entry.set_string("value", &service_account.replace('$', "$$"));
            }
            env.push(value);
        }
        if !right {
            let start = start.unwrap_or(env.len());
            env.splice(start..start, block.entries.iter().map(|entry| Value::New(Rc::clone(entry))));
        }
        Ok(Some(env))
    }

    /// Whether each variable stands there with the right value, and none is referred to before.
    fn has(&self, block: &Block) -> bool {
        let mut missing = block.variables.len();
        let mut seen = [false; 8];
        for variable in &self.variables {
            match block.position(&variable.name) {
                Some(index) => {
                    if variable.value.as_deref() != Some(block.variables[index].1.as_str()) {
                        return false;
                    }
                    missing -= usize::from(!seen[index]);
                    seen[index] = true;
                }
                None if missing > 0 && block.is_referred_to(variable) => return false,
                None => {}
            }
        }
        missing == 0
    }
}

/// The names that a value refers to as `$(NAME)`; `$$` stands for a dollar sign.
/// Source: `Expand` in Kubernetes' `third_party/forked/golang/expansion`.
fn references(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('$')?;
            if let Some(opened) = after.strip_prefix('(') {
                // Where no bracket closes this one, none closes a later one either.
                let (name, after) = opened.split_once(')')?;
                rest = after;
                return Some(name);
            } else {
                // The character after the dollar sign is passed over with it, so `$$(X)` refers to nothing.
                let mut characters = after.chars();
                characters.next();
                rest = characters.as_str();
            }
        }
    })
}
