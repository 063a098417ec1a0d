//! What Liqo's virtual kubelet, or an earlier run of this policy, makes of a pod for home mode, and how it is recognised.
//!
//! All modes look for it: home takes over where it leads, remote rejects it, disabled takes it away.

#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::endpoint::{Block, Endpoint, PORT, Variable};
use crate::liqo;
use crate::names::{MAX_SUBDOMAIN, check_length};
use crate::pod::{ApiVolume, Container, Item, Path, ROOT_CA, Source};
use crate::rejection::{Rejection, Result};
use crate::review::Context;
use crate::settings::port_number;

/// How many different values of a variable one environment can have: Liqo, the platform and the author set one each.
const MAX_LITERALS: usize = 8;

/// The endpoints that the environment of a container names, by the literals of five variables that agree with each other,
/// wherever they stand and beside whatever else. A pod in which one is named was forged.
///
/// Platforms append, replace or put first variables of their own: AKS the host, the URLs and the address for port 443,
/// Gardener the host. None of them writes all five.
/// Source: `RemoteContainerEnvVariablesAPIServerSupport` in Liqo's `pkg/virtualKubelet/forge/pods.go`.
///
/// # Errors
///
/// A host is longer than any can be, or a variable has more values than are looked at.
pub(crate) fn named_endpoints(container: &Container) -> Result<Vec<Endpoint>> {
    let env = &container.env;
    let mut endpoints = Vec::new();
    for port in literals(container, PORT)?.into_iter().filter_map(port_number) {
        let name = format!("KUBERNETES_PORT_{port}_TCP_ADDR");
        for host in literals(container, &name)? {
            if !is_host(host) {
                continue;
            }
            check_length(host, MAX_SUBDOMAIN, format_args!("{}: {name}", container.env_path))?;
            let block = Block::new(Endpoint { host: host.to_owned(), port });
            let is_there = |expected: &Variable| {
                env.iter().any(|variable| variable.name == expected.name && variable.value == Some(&expected.value))
            };
            if block.variables.iter().filter(|variable| variable.is_evidence).all(is_there) {
                endpoints.push(block.endpoint);
            }
        }
    }
    Ok(endpoints)
}

/// The different literal values of a variable.
fn literals<'v>(container: &Container<'v>, name: &str) -> Result<Vec<&'v str>> {
    let mut values = Vec::new();
    let variables = container.env.iter().filter(|variable| variable.name == name);
    for value in variables.filter_map(|variable| variable.value) {
        if values.contains(&value) {
            continue;
        }
        if values.len() == MAX_LITERALS {
            let path = format!("{}: {name}", container.env_path);
            return Err(Rejection::TooMany { path, limit: MAX_LITERALS, what: "different values" }.into());
        }
        values.push(value);
    }
    Ok(values)
}

/// Whether the virtual kubelet may have been given a host: it takes a trailing dot, underscores and upper case too.
fn is_host(host: &str) -> bool {
    let is_other = |character: char| character == '$' || character.is_whitespace() || character.is_control();
    !host.is_empty() && !host.contains(is_other)
}

/// Whether one of the sources of a volume at the API path shows a token. One that shows all its keys may do so, but for
/// the ConfigMaps with certificates, which hold nothing else.
pub(crate) fn shows_token(sources: &[Value], path: Path, volume: &ApiVolume, context: &Context) -> Result<bool> {
    for (index, source) in sources.iter().enumerate() {
        let source = Source::read(source, path.item(index))?;
        let holds_certificates =
            source.config_map_name().is_some_and(|name| name == ROOT_CA || context.is_reflected_ca(name));
        let shows_all = source.shows_everything() && !holds_certificates;
        if shows_all || source.paths().any(|path| volume.is_token(path)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a source shows a token that Liqo reflects: Secret and key are both Liqo's. A Secret of the user's own may have
/// the name of Liqo's.
pub(crate) fn shows_liqos_token(context: &Context, volume: &str, source: &Source) -> bool {
    source.secret_name().is_some_and(|name| context.is_token_secret(name))
        && source.items().iter().any(|item| is_liqos_item(volume, item))
}

/// Whether an item of Liqo's Secret has the key that Liqo gives it.
pub(crate) fn is_liqos_item(volume: &str, item: &Item) -> bool {
    item.key.zip(item.path).is_some_and(|(key, path)| liqo::token_key(volume, path) == key)
}
