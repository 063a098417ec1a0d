//! What Liqo's virtual kubelet, or an earlier run of this policy, makes of a pod for mode home, and how it is recognised.
//!
//! All modes look for it: home takes over where it leads, remote rejects it, disabled takes it away.

#[cfg(test)]
mod tests;

use crate::context::Context;
use crate::endpoint::{Block, Endpoint, HOST, PORT};
use crate::liqo;
use crate::pod::containers::EnvVar;
use crate::pod::files::same_path;
use crate::pod::volumes::{Item, Source, TOKEN};
use crate::settings::port_number;

/// Where a forged environment leads; `None` when it is not forged. It is forged when the last literal values of the
/// virtual kubelet's seven variables agree with each other. Of the host any literal value may agree: what a webhook adds
/// for the foreign API server afterwards does not hide where the other variables lead.
///
/// It is recognised by its variables wherever they stand. The virtual kubelet appends them, but admission policies and
/// other webhooks add entries after, before and between them: Azure's workload identity appends `AZURE_CLIENT_ID`.
/// The host is whatever the virtual kubelet was given: it may have a trailing dot, underscores and upper case.
pub(crate) fn endpoint_of(env: &[EnvVar]) -> Option<Endpoint> {
    let port = port_number(last_literal(env, PORT)?)?;
    let host = last_literal(env, &format!("KUBERNETES_PORT_{port}_TCP_ADDR"))?;
    if host.is_empty() || host.contains(|character: char| character == '$' || character.is_whitespace()) {
        return None;
    }
    let block = Block::new(Endpoint { host: host.to_owned(), port });
    let has_host = env.iter().any(|variable| variable.name == HOST && variable.value == Some(host));
    let mut others = block.variables.iter().filter(|variable| variable.is_liqos && variable.name != HOST);
    let agree = has_host && others.all(|other| last_literal(env, &other.name) == Some(&other.value));
    agree.then_some(block.endpoint)
}

/// The last literal value of a variable.
fn last_literal<'v>(env: &[EnvVar<'v>], name: &str) -> Option<&'v str> {
    env.iter().rev().filter(|variable| variable.name == name).find_map(|variable| variable.value)
}

/// Whether a source shows a file [`TOKEN`]. One that shows all its keys may do so, but for the ConfigMaps with
/// certificates, which hold nothing else.
pub(crate) fn provides_token(source: &Source, context: &Context) -> bool {
    let holds_certificates =
        source.config_map_name().is_some_and(|name| name == liqo::ROOT_CA || context.is_reflected_ca(name));
    source.paths().any(|path| same_path(path, TOKEN)) || source.shows_everything() && !holds_certificates
}

/// Whether an item shows a token that Liqo reflects: Secret and key are both Liqo's. A Secret of the user's own may have
/// the name of Liqo's.
pub(crate) fn is_liqos_item(context: &Context, volume: &str, source: &Source, item: &Item) -> bool {
    let is_liqos = source.secret_name().is_some_and(|name| context.is_token_secret(name));
    match (item.key, item.path) {
        (Some(key), Some(path)) if is_liqos => liqo::token_key(volume, path) == key,
        _ => false,
    }
}
