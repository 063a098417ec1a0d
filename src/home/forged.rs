//! Forged environments: those that Liqo's virtual kubelet, or an earlier run of this policy, made for mode home.
//!
//! One is recognised by its variables wherever they stand. The virtual kubelet appends them, but admission policies and
//! other webhooks add entries after, before and between them: Azure's workload identity appends `AZURE_CLIENT_ID`.

use crate::home::block::{Block, Endpoint, HOST, PORT, PORT_HTTPS};
use crate::pod::EnvVar;
use crate::settings::port_number;

/// Where a forged environment leads; `None` when it is not forged. It is forged when the last literal values of the
/// virtual kubelet's seven variables agree with each other. Of the host any literal value may agree: what a webhook adds
/// for the foreign API server afterwards does not hide where the other variables lead.
///
/// The host is whatever the virtual kubelet was given: it may have a trailing dot, underscores and upper case.
/// Source: `RemoteContainerEnvVariablesAPIServerSupport` in Liqo's `pkg/virtualKubelet/forge/pods.go`.
pub(crate) fn endpoint_of(env: &[EnvVar]) -> Option<Endpoint> {
    let port = port_number(last_literal(env, PORT)?)?;
    let host = last_literal(env, &format!("KUBERNETES_PORT_{port}_TCP_ADDR"))?;
    if host.is_empty() || host.contains(|character: char| character == '$' || character.is_whitespace()) {
        return None;
    }
    let block = Block::new(Endpoint { host: host.to_owned(), port });
    let has_host = env.iter().any(|variable| variable.name == HOST && variable.value.as_deref() == Some(host));
    let mut others = block.variables().iter().filter(|(name, _)| name != HOST && name != PORT_HTTPS);
    let agree = has_host && others.all(|(name, value)| last_literal(env, name) == Some(value));
    agree.then_some(block.endpoint)
}

/// The last literal value of a variable.
fn last_literal<'s>(env: &'s [EnvVar], name: &str) -> Option<&'s str> {
    env.iter().rev().filter(|variable| variable.name == name).find_map(|variable| variable.value.as_deref())
}
