//! The environment of containers in mode home.
//!
//! After the change every `$(NAME)` that refers to one of the block's variables is expanded to the home API server's
//! value: the kubelet expands from earlier entries only, and falls back to the variables of the foreign cluster's own
//! service.

use std::rc::Rc;

use crate::changes::{EnvChange, EnvEntry};
use crate::home::block::{Block, Endpoint, LENGTH};
use crate::home::forged;
use crate::home::references::{escaped, references};
use crate::pod::{Container, EnvVar};
use crate::settings::{HomeCluster, Host};

/// What the home API server is called unless the settings say otherwise: its name inside the home cluster.
const DEFAULT_HOST: &str = "kubernetes.default";
const DEFAULT_PORT: u16 = 443;

/// Where the home API server is, for each container of a pod.
#[derive(Debug)]
pub(crate) struct Endpoints {
    /// In the order of the containers. Containers that are led to one API server share a block.
    blocks: Vec<Rc<Block>>,
    /// For the pod as a whole.
    pub(crate) pod: Endpoint,
    /// Whether a container was forged.
    pub(crate) is_forged: bool,
}

impl Endpoints {
    /// Decides where containers find the home API server. A host or port that the settings leave open is taken from
    /// where the virtual kubelet sent the container, else from where it sent the first container that was forged: one
    /// that another webhook injected must not reach another API server than the rest.
    pub(crate) fn decide(containers: &[Container], home_cluster: &HomeCluster) -> Self {
        let forged: Vec<_> = containers.iter().map(|container| forged::endpoint_of(&container.env)).collect();
        let first = forged.iter().flatten().next();
        let default = || Endpoint { host: DEFAULT_HOST.to_owned(), port: DEFAULT_PORT };
        let resolve = |forged: Option<&Endpoint>| {
            let mut endpoint = forged.or(first).cloned().unwrap_or_else(default);
            if let Some(host) = home_cluster.api_server_host.as_ref().map(Host::as_str) {
                host.clone_into(&mut endpoint.host);
            }
            endpoint.port = home_cluster.api_server_port.unwrap_or(endpoint.port);
            endpoint
        };
        let mut blocks: Vec<Rc<Block>> = Vec::with_capacity(containers.len());
        for forged in &forged {
            let endpoint = resolve(forged.as_ref());
            let same = blocks.last().filter(|block| block.endpoint == endpoint).map(Rc::clone);
            blocks.push(same.unwrap_or_else(|| Rc::new(Block::new(endpoint))));
        }
        Self { blocks, pod: resolve(None), is_forged: first.is_some() }
    }

    /// The hosts that containers are led to.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().map(|block| block.endpoint.host.as_str())
    }

    /// The changes of the containers' environments, in their order; `None` for one that is right.
    pub(crate) fn changes(
        &self,
        containers: &[Container],
        service_account: &str,
    ) -> impl Iterator<Item = Option<EnvChange>> {
        self.blocks.iter().zip(containers).map(|(block, container)| change(&container.env, block, service_account))
    }
}

/// What must become of an environment; `None` when it is right.
fn change(env: &[EnvVar], block: &Block, service_account: &str) -> Option<EnvChange> {
    let is_right = leads_to(env, block);
    if is_right && !env.iter().any(|variable| variable.is_service_account_name) {
        return None;
    }
    let added = || block.entries().iter().cloned().map(EnvEntry::Added);
    let mut entries = Vec::with_capacity(env.len() + LENGTH);
    let mut is_missing = !is_right;
    for (index, variable) in env.iter().enumerate() {
        if !is_right && block.find(&variable.name).is_some() {
            continue;
        }
        if is_missing && refers_to(variable, block) {
            entries.extend(added());
            is_missing = false;
        }
        entries.push(match variable.is_service_account_name {
            // The name of a ServiceAccount has no dollar sign where the API server has checked it.
            true => EnvEntry::Literal(index, escaped(service_account)),
            false => EnvEntry::Kept(index),
        });
    }
    if is_missing {
        entries.extend(added());
    }
    let problem = if is_right {
        "refers to the ServiceAccount's name, which is the foreign cluster's"
    } else {
        "does not lead to the home API server"
    };
    Some(EnvChange { entries, problem })
}

/// Whether every variable of the block stands in the environment with the right value, and none is referred to before.
fn leads_to(env: &[EnvVar], block: &Block) -> bool {
    let mut seen = [false; LENGTH];
    for variable in env {
        match block.find(&variable.name) {
            Some((_, value)) if variable.value.as_deref() != Some(value) => return false,
            Some((index, _)) => seen[index] = true,
            None if seen.contains(&false) && refers_to(variable, block) => return false,
            None => {}
        }
    }
    !seen.contains(&false)
}

fn refers_to(variable: &EnvVar, block: &Block) -> bool {
    variable.value.as_deref().is_some_and(|value| references(value).any(|name| block.find(name).is_some()))
}
