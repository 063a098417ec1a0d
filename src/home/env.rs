//! The environment of containers in mode home: the variables by which standard clients find the API server.
//!
//! After this every `$(NAME)` that refers to one of them is expanded to the home API server's value: the kubelet expands
//! from earlier entries only, and falls back to the variables of the foreign cluster's own service.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use crate::fields::{as_object, members_of, noted_string};
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
    fn parts(&self) -> (&str, u16) {
        (&self.host, self.port)
    }

    /// `host:port`, an IPv6 host in brackets.
    pub(crate) fn authority(&self) -> String {
        let port = self.port.to_string();
        if self.host.contains(':') {
            ["[", &self.host, "]:", &port].concat()
        } else {
            [&self.host, ":", &port].concat()
        }
    }
}

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
    forged: Option<Forged>,
}

/// Where the virtual kubelet, or this policy, sent a container before.
#[derive(Debug, Clone)]
struct Forged {
    block: Rc<Block>,
    /// The places of the variables that say so.
    range: Range<usize>,
}

/// The environments of a pod's containers in the order of [`pod::CONTAINER_LISTS`], and where the home API server is for
/// each of them.
#[derive(Debug)]
pub(crate) struct Endpoints<'a, 's> {
    settings: &'s Settings,
    environments: Vec<Environment<'a>>,
    /// Where the first forged container was sent.
    forged: Option<Rc<Block>>,
}

impl<'a, 's> Endpoints<'a, 's> {
    pub(crate) fn new(settings: &'s Settings) -> Self {
        Self { settings, environments: Vec::new(), forged: None }
    }

    /// Reads the environment of one container.
    pub(crate) fn read(&mut self, container: &mut Object<'a>, path: Path) -> Result<(), Rejection> {
        let path = path.member("env");
        let mut variables = Vec::new();
        if let Some(env) = container.present("env") {
            let entries = env.rows(&ENTRY).map_err(|found| Rejection::shape(path, "a list", found))?;
            variables.reserve(entries.len());
            for (index, entry) in entries.iter().enumerate() {
                variables.push(Variable::read(entry, path.item(index))?);
            }
        }
        let forged = forged(&variables, self.forged.as_ref());
        if self.forged.is_none() {
            self.forged = forged.as_ref().map(|forged| Rc::clone(&forged.block));
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
        self.environments.iter().any(|environment| self.resolve(environment.block()).0 == host)
    }

    /// Whether a container was sent to the home API server before.
    pub(crate) fn is_forged(&self) -> bool {
        self.forged.is_some()
    }

    /// A host or port left unset in the settings is taken from where the container was sent before, else from where the
    /// first such container was: one that another webhook injected must not reach another API server than the rest.
    fn resolve<'e>(&'e self, forged: Option<&'e Rc<Block>>) -> (&'e str, u16) {
        let forged = forged.or(self.forged.as_ref());
        let (host, port) = forged.map_or((DEFAULT_HOST, DEFAULT_PORT), |block| block.endpoint.parts());
        let set = self.settings;
        (set.home_api_server_host.as_ref().map_or(host, Host::as_str), set.home_api_server_port.unwrap_or(port))
    }

    /// Changes the containers whose environment is not right yet, and tells whether there was one.
    pub(crate) fn apply(&self, spec: &mut Object<'a>, path: Path, service_account: &str) -> Result<bool, Rejection> {
        let mut block = self.forged.clone();
        let mut changed = false;
        let mut environments = self.environments.iter();
        for list in pod::CONTAINER_LISTS {
            pod::containers(spec, path, list, &mut |container, path| {
                let Some(environment) = environments.next() else { return Ok(()) };
                let endpoint = self.resolve(environment.block());
                let right = block.take().filter(|block| block.leads_to(endpoint));
                let block = block.insert(right.unwrap_or_else(|| Rc::new(Block::new(endpoint.into()))));
                if let Some(env) = environment.rewrite(block, service_account, path.member("env"))? {
                    container.set("env", env);
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
            Some(text) => is_service_account(text, path.member("valueFrom"))?,
            None => false,
        };
        // The API server takes a value beside `valueFrom` only when it is empty.
        let value = value.filter(|_| value_from.is_none());
        Ok(Self { text: entry.text, name, value, is_service_account })
    }
}

/// Whether the source of a value is the name of the pod's ServiceAccount.
fn is_service_account(value_from: &str, path: Path) -> Result<bool, Rejection> {
    let [field, ..] = members_of(&Row::read(value_from, &["fieldRef", "", "", ""]), path)?;
    let Some(field) = field else { return Ok(false) };
    let path = path.member("fieldRef");
    let [field, ..] = members_of(&Row::read(field, &["fieldPath", "", "", ""]), path)?;
    Ok(noted_string(field, "fieldPath", path)?.is_some_and(|field| field == "spec.serviceAccountName"))
}

/// The block that an environment was given by the virtual kubelet, which appends its variables to the end, or by an
/// earlier run of this policy, which puts its own together wherever they are needed. It is most likely the `known` one.
/// Source: `RemoteContainerEnvVariablesAPIServerSupport` in Liqo's `pkg/virtualKubelet/forge/pods.go`.
fn forged(variables: &[Variable], known: Option<&Rc<Block>>) -> Option<Forged> {
    let stands_at = |range: Range<usize>| {
        let variables = variables.get(range.clone())?;
        if let Some(known) = known.filter(|known| known.is(variables)) {
            return Some(Forged { block: Rc::clone(known), range });
        }
        let block = Block::new(endpoint_of(variables)?);
        block.is(variables).then(|| Forged { block: Rc::new(block), range })
    };
    let last = variables.len().checked_sub(BLOCK - 1).map(|start| start..variables.len());
    last.and_then(stands_at).or_else(|| {
        let start = variables.iter().position(|variable| variable.name == HOST)?;
        stands_at(start..start + BLOCK)
    })
}

/// Host and port as the first two of these variables have them, where they are ones that the settings could have.
fn endpoint_of(variables: &[Variable]) -> Option<Endpoint> {
    let [host, port, ..] = variables else { return None };
    let host = host.value.as_deref().filter(|_| host.name == HOST)?;
    Host::parse(&host.to_ascii_lowercase()).ok()?;
    Some(Endpoint::from((host, port_number(port.value.as_deref()?)?)))
}

/// The first variable of a block.
const HOST: &str = "KUBERNETES_SERVICE_HOST";

/// How many variables a block has.
const BLOCK: usize = 8;

/// How many bytes the entries of most blocks take.
const ENTRIES: usize = 640;

/// The place in a block of the variable that the virtual kubelet leaves out.
const ONLY_OURS: usize = 2;

/// The variables of one endpoint.
#[derive(Debug)]
struct Block {
    endpoint: Endpoint,
    port: String,
    url: String,
    /// How the names start that have the port in them.
    port_name: String,
    /// What [`Block::entries`] gives, once it was asked for.
    entries: OnceCell<Rc<str>>,
}

impl Block {
    fn new(endpoint: Endpoint) -> Self {
        let port = endpoint.port.to_string();
        let url = ["tcp://", &endpoint.authority()].concat();
        let port_name = ["KUBERNETES_PORT_", &port, "_TCP"].concat();
        Self { endpoint, port, url, port_name, entries: OnceCell::new() }
    }

    /// The entries of the list, with the commas between them.
    fn entries(&self) -> Value<'static> {
        // Neither the names nor what a host, a port or a URL is made of has to be escaped. The type of the API would
        // bring every other source of a value into the module.
        let entries = self.entries.get_or_init(|| {
            let mut entries = String::with_capacity(ENTRIES);
            for ([start, end], value) in self.variables() {
                let separator = if entries.is_empty() { "" } else { "," };
                for part in [separator, r#"{"name":""#, start, end, r#"","value":""#, value, r#""}"#] {
                    entries.push_str(part);
                }
            }
            entries.into()
        });
        Value::Items(Rc::clone(entries))
    }

    /// The names, each in two pieces, and the values, in the order in which they are written. Kubernetes makes the same
    /// for a service (`makeEnvVariableName` and its callers in `pkg/kubelet/envvars`).
    fn variables(&self) -> [([&str; 2], &str); BLOCK] {
        let Self { endpoint: Endpoint { host, .. }, port, url, port_name, .. } = self;
        [
            ([HOST, ""], host),
            (["KUBERNETES_SERVICE_PORT", ""], port),
            (["KUBERNETES_SERVICE_PORT_HTTPS", ""], port),
            (["KUBERNETES_PORT", ""], url),
            ([port_name, ""], url),
            ([port_name, "_PROTO"], "tcp"),
            ([port_name, "_ADDR"], host),
            ([port_name, "_PORT"], port),
        ]
    }

    fn leads_to(&self, endpoint: (&str, u16)) -> bool {
        self.endpoint.parts() == endpoint
    }

    /// Whether these variables are the whole block, or what the virtual kubelet makes of it.
    fn is(&self, variables: &[Variable]) -> bool {
        let left_out = (variables.len() < BLOCK).then_some(ONLY_OURS);
        let mut expected = (0..BLOCK).zip(self.variables()).filter(|(index, _)| Some(*index) != left_out);
        variables.iter().all(|variable| {
            expected.next().is_some_and(|(_, (name, value))| {
                is_name(&variable.name, name) && variable.value.as_deref() == Some(value)
            })
        })
    }

    /// The place and the value of a variable.
    fn find(&self, name: &str) -> Option<(usize, &str)> {
        if !name.starts_with("KUBERNETES_") {
            return None;
        }
        let mut variables = (0..BLOCK).zip(self.variables());
        variables.find(|(_, (known, _))| is_name(name, *known)).map(|(index, (_, value))| (index, value))
    }

    fn is_referred_to(&self, variable: &Variable) -> bool {
        variable.value.as_deref().is_some_and(|value| references(value).any(|name| self.find(name).is_some()))
    }
}

fn is_name(name: &str, [start, end]: [&str; 2]) -> bool {
    name.len() == start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
}

impl<'a> Environment<'a> {
    fn block(&self) -> Option<&Rc<Block>> {
        self.forged.as_ref().map(|forged| &forged.block)
    }

    /// The list that must take the place of the one that was read; `None` when that one is right.
    fn rewrite(&self, block: &Block, service_account: &str, path: Path) -> Result<Option<Value<'a>>, Rejection> {
        let right = self.has(block);
        if right && !self.variables.iter().any(|variable| variable.is_service_account) {
            return Ok(None);
        }
        let mut env = Vec::with_capacity(self.variables.len() + 1);
        let mut missing = !right;
        for (index, variable) in self.variables.iter().enumerate() {
            if !right && block.find(&variable.name).is_some() {
                continue;
            }
            if missing && block.is_referred_to(variable) {
                env.push(block.entries());
                missing = false;
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
        if missing {
            env.push(block.entries());
        }
        Ok(Some(Value::Array(env)))
    }

    /// Whether each variable stands there with the right value, and none is referred to before.
    fn has(&self, block: &Block) -> bool {
        if self.variables.len() < BLOCK {
            return false;
        }
        // What was found to be the whole block need not be asked for each variable again.
        let whole = self.forged.as_ref().filter(|forged| forged.range.len() == BLOCK);
        let right = whole.filter(|whole| whole.block.leads_to(block.endpoint.parts()));
        let standing = right.map(|right| right.range.clone()).unwrap_or_default();
        let mut seen = [false; BLOCK];
        for (index, variable) in self.variables.iter().enumerate() {
            if standing.contains(&index) {
                seen = [true; BLOCK];
                continue;
            }
            match block.find(&variable.name) {
                Some((_, value)) if variable.value.as_deref() != Some(value) => return false,
                Some((index, _)) => seen[index] = true,
                None if seen.contains(&false) && block.is_referred_to(variable) => return false,
                None => {}
            }
        }
        !seen.contains(&false)
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
