use super::named_endpoints;
use crate::endpoint::{Block, Endpoint};
use crate::pod::{Container, EnvVar};

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

fn container<'v>(env: &[EnvVar<'v>]) -> Container<'v> {
    Container { env_path: "spec.containers[2].env".to_owned(), env: env.to_vec() }
}

#[track_caller]
fn names(env: &[EnvVar], expected: &[&str]) {
    let named: Vec<_> = named_endpoints(&container(env)).unwrap().iter().map(Endpoint::authority).collect();
    assert_eq!(named, expected);
}

#[test]
fn an_endpoint_is_named_wherever_its_variables_stand() {
    for host in ["kubernetes.default", "10.0.0.1", "api.example.org.", "API_1.example.org"] {
        names(&forged(host, 6443), &[&format!("{host}:6443")]);
    }
    names(&forged("fd00::1", 443), &["[fd00::1]:443"]);
    let mut env = forged("vk", 6443);
    env.insert(3, literal("AZURE_CLIENT_ID", "1"));
    env.insert(0, literal("KUBERNETES_SERVICE_HOST", "10.96.0.1"));
    env.reverse();
    names(&env, &["vk:6443"]);
}

/// What platforms set for themselves, appended, put first or instead of Liqo's.
#[test]
fn platforms_hide_nothing() {
    let aks = || {
        vec![
            literal("KUBERNETES_SERVICE_HOST", "aks"),
            literal("KUBERNETES_PORT", "tcp://aks:443"),
            literal("KUBERNETES_PORT_443_TCP", "tcp://aks:443"),
            literal("KUBERNETES_PORT_443_TCP_ADDR", "aks"),
        ]
    };
    names(&aks(), &[]);
    names(&[forged("vk", 6443), aks()].concat(), &["vk:6443"]);
    names(&[forged("vk", 443), aks()].concat(), &["vk:443", "aks:443"]);
    names(&[aks(), forged("vk", 443)].concat(), &["aks:443", "vk:443"]);
    let is_replaced = |variable: &EnvVar| aks().iter().any(|other| other.name == variable.name);
    let replaced = |port| forged("vk", port).into_iter().filter(|variable| !is_replaced(variable));
    names(&replaced(6443).chain(aks()).collect::<Vec<_>>(), &["vk:6443"]);
    names(&replaced(443).chain(aks()).collect::<Vec<_>>(), &["aks:443"]);
}

#[test]
fn what_does_not_agree_names_nothing() {
    names(&[], &[]);
    names(&[literal("KUBERNETES_SERVICE_HOST", "vk"), literal("KUBERNETES_SERVICE_PORT", "443")], &[]);
    for host in ["$(HOST)", "a b", "", "a\u{7}"] {
        names(&forged(host, 443), &[]);
    }
    let evidence = ["SERVICE_PORT", "PORT_6443_TCP", "PORT_6443_TCP_PROTO", "PORT_6443_TCP_ADDR", "PORT_6443_TCP_PORT"];
    for index in 0..7 {
        let variable = forged("vk", 6443)[index].name;
        let is_evidence = evidence.iter().any(|name| variable == format!("KUBERNETES_{name}"));
        let expected: &[&str] = if is_evidence { &[] } else { &["vk:6443"] };
        let mut missing = forged("vk", 6443);
        missing.remove(index);
        names(&missing, expected);
        let mut computed = forged("vk", 6443);
        computed[index].value = None;
        names(&computed, expected);
        let mut different = forged("vk", 6443);
        different[index].value = Some("06443");
        names(&different, expected);
    }
}

#[test]
fn a_host_has_253_characters_at_most() {
    let longest = "h".repeat(253);
    names(&forged(&longest, 443), &[&format!("{longest}:443")]);
    let rejection = named_endpoints(&container(&forged(&"h".repeat(254), 443))).unwrap_err().to_string();
    let path = "spec.containers[2].env: KUBERNETES_PORT_443_TCP_ADDR";
    assert_eq!(rejection, format!("{path}: expected at most 253 characters, found more"));
}

/// More than Liqo, a platform and an author set. None of them is hidden by others.
#[test]
fn a_variable_has_eight_values_at_most() {
    let values: Vec<_> = (1..=8).map(|value| value.to_string()).collect();
    for name in ["KUBERNETES_SERVICE_PORT", "KUBERNETES_PORT_6443_TCP_ADDR"] {
        let others = |count| values.iter().chain(&values).take(count).map(|value| literal(name, value));
        names(&others(7).chain(forged("vk", 6443)).chain(others(7)).collect::<Vec<_>>(), &["vk:6443"]);
        let many: Vec<_> = others(8).chain(forged("vk", 6443)).collect();
        let rejection = named_endpoints(&container(&many)).unwrap_err().to_string();
        assert_eq!(
            rejection,
            format!("spec.containers[2].env: {name}: expected at most 8 different values, found more")
        );
    }
}
