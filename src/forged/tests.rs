use super::endpoint_of;
use crate::endpoint::{Block, Endpoint};
use crate::pod::containers::EnvVar;

fn literal<'v>(name: &'v str, value: &'v str) -> EnvVar<'v> {
    EnvVar { name, value: Some(value), is_service_account_name: false }
}

/// What the virtual kubelet appends: all variables but `KUBERNETES_SERVICE_PORT_HTTPS`.
fn forged(host: &str, port: u16) -> Vec<EnvVar<'static>> {
    // The entries borrow from the block, and a test ends soon.
    let block: &'static Block = Box::leak(Box::new(Block::new(Endpoint { host: host.to_owned(), port })));
    let variables = block.variables.iter().filter(|variable| variable.name != "KUBERNETES_SERVICE_PORT_HTTPS");
    variables.map(|variable| literal(&variable.name, &variable.value)).collect()
}

#[track_caller]
fn leads_to(env: Vec<EnvVar>, expected: Option<&str>) {
    assert_eq!(endpoint_of(&env).map(|endpoint| endpoint.authority()).as_deref(), expected);
}

#[test]
fn a_forged_environment_is_recognised_wherever_its_variables_stand() {
    for host in ["kubernetes.default", "10.0.0.1", "api.example.org.", "API_1.example.org"] {
        leads_to(forged(host, 6443), Some(&format!("{host}:6443")));
    }
    leads_to(forged("fd00::1", 443), Some("[fd00::1]:443"));

    let other = || literal("AZURE_CLIENT_ID", "1");
    let mut appended = forged("vk", 6443);
    appended.push(other());
    leads_to(appended, Some("vk:6443"));
    let mut inserted = forged("vk", 6443);
    inserted.insert(3, other());
    inserted.insert(0, literal("KUBERNETES_SERVICE_HOST", "10.96.0.1"));
    leads_to(inserted, Some("vk:6443"));
    let mut reversed = forged("vk", 6443);
    reversed.reverse();
    leads_to(reversed, Some("vk:6443"));
}

/// The variables that lead home stay a sign of it when a webhook names the foreign API server after them.
#[test]
fn a_later_host_hides_nothing() {
    let mut env = forged("vk", 6443);
    env.push(literal("KUBERNETES_SERVICE_HOST", "10.96.0.1"));
    leads_to(env, Some("vk:6443"));
}

#[test]
fn what_does_not_agree_is_not_forged() {
    leads_to(Vec::new(), None);
    leads_to(vec![literal("KUBERNETES_SERVICE_HOST", "vk"), literal("KUBERNETES_SERVICE_PORT", "443")], None);
    leads_to(forged("$(HOST)", 443), None);
    leads_to(forged("a b", 443), None);
    leads_to(forged("", 443), None);
    for index in 0..7 {
        let mut missing = forged("vk", 6443);
        missing.remove(index);
        leads_to(missing, None);
        let mut computed = forged("vk", 6443);
        computed[index].value = None;
        leads_to(computed, None);
        let mut different = forged("vk", 6443);
        different[index].value = Some("06443");
        leads_to(different, None);
    }
}
