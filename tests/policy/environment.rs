//! Home mode: which environments name an endpoint, as Liqo's virtual kubelet, platforms and users write them. What the
//! policy writes is in `test_data/cases/environment`.

use crate::pods::{FOUR, HOST_ALONE, Manner, some_of_a_block, write};
use crate::support::{Case, MODE, block, forged, var};
use rstest::rstest;
use serde_json::{Value, json};

const MADE_FOR_HOME: &str = "was prepared for home mode and must not reach the foreign API server; recreate the pod with the annotation liqo.io/api-server-support: remote";

/// A pod without credentials with this environment of its container.
fn with_env(env: &[Value]) -> Case {
    let spec = json!({"containers": [{"name": "c", "env": env}], "automountServiceAccountToken": false});
    Case::pod(json!({"metadata": {"name": "p"}, "spec": spec}))
        .settings(json!({"homeApiServerAddresses": ["10.80.0.5", "fd00:80::5"]}))
}

/// Asserts that the policy makes this of the environment and changes nothing else but aliases, warns of nothing, writes
/// this into the audit log, and has nothing to do when it is asked again.
#[track_caller]
fn assert_env(case: &Case, env: &[Value], home_api_server: &str) {
    let outcome = case.outcome();
    let after = case.object();
    let mut expected = outcome.before.clone();
    expected["spec"]["containers"][0]["env"] = json!(env);
    expected["spec"]["hostAliases"] = after["spec"]["hostAliases"].clone();
    assert_eq!(after, expected, "{outcome}");
    assert_eq!(outcome.answer.audit_annotations["home-api-server"], home_api_server);
    assert_eq!(outcome.answer.warnings, [""; 0]);
    assert_eq!(Case::pod(after).settings(case.settings.clone()).outcome().answer.mutated_object, None);
}

const DEFAULT: &str = "kubernetes.default:443";

fn computed(name: &str) -> Value {
    json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}})
}

fn azure() -> Vec<Value> {
    vec![var("AZURE_CLIENT_ID", "1"), var("AZURE_TENANT_ID", "2")]
}

fn milan() -> Vec<Value> {
    forged("api.milan.example.org", "6443")
}

#[rstest]
#[case::appended([milan(), azure()].concat(), azure(), "api.milan.example.org")]
#[case::put_first([azure(), milan()].concat(), azure(), "api.milan.example.org")]
#[case::in_between([&milan()[..3], &azure(), &milan()[3..]].concat(), azure(), "api.milan.example.org")]
#[case::in_another_order(milan().into_iter().rev().collect(), vec![], "api.milan.example.org")]
#[case::trailing_dot([forged("api.milan.example.org.", "6443"), azure()].concat(), azure(), "api.milan.example.org.")]
#[case::underscore(forged("api_1.milan.example.org", "6443"), vec![], "api_1.milan.example.org")]
#[case::upper_case(forged("API.Milan.example.org", "6443"), vec![], "API.Milan.example.org")]
#[case::ipv6([forged("fd00:80::5", "6443"), azure()].concat(), azure(), "fd00:80::5")]
#[case::after_a_host_of_the_users([vec![var("KUBERNETES_SERVICE_HOST", "own.example.org")], milan()].concat(), vec![], "api.milan.example.org")]
#[case::after_a_host_that_is_computed([vec![computed("KUBERNETES_SERVICE_HOST")], milan()].concat(), vec![], "api.milan.example.org")]
fn a_forged_environment_is_recognised_wherever_it_stands(
    #[case] env: Vec<Value>,
    #[case] others: Vec<Value>,
    #[case] host: &str,
) {
    let audit = if host.contains(':') { format!("[{host}]:6443") } else { format!("{host}:6443") };
    let case = with_env(&env);
    assert_env(&case, &[others.clone(), block(host, "6443")].concat(), &audit);
    // A container without the variables, such as an injected one, follows the forged ones.
    let sidecar = case.clone().set("/object/spec/initContainers", json!([{"name": "sidecar", "env": azure()}]));
    let env = [azure(), block(host, "6443")].concat();
    assert_eq!(sidecar.object()["spec"]["initContainers"][0]["env"], json!(env));
    for case in [case, sidecar] {
        let remote = case.set("/object/metadata/annotations", json!({MODE: "remote"}));
        assert_eq!(remote.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));
    }
}

/// Platforms append, put first and replace variables of their own, AKS four of them, and users set the host.
#[rstest]
#[case::four(FOUR)]
#[case::host(HOST_ALONE)]
#[case::url(&[3])]
#[case::port_of_the_service(&[2])]
fn what_others_set_does_not_hide_the_endpoint(
    #[case] which: &[usize],
    #[values(Manner::Append, Manner::PutFirst, Manner::Replace)] manner: Manner,
) {
    let mut env = milan();
    write(&mut env, &some_of_a_block("pisa-dns.hcp.example.net", 443, which), manner);
    let case = with_env(&env);
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "api.milan.example.org:6443");
    assert!(
        case.object()["spec"]["containers"][0]["env"]
            .as_array()
            .unwrap()
            .ends_with(&block("api.milan.example.org", "6443"))
    );
    let remote = case.set("/object/metadata/annotations", json!({MODE: "remote"}));
    assert_eq!(remote.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));
}

/// Five variables that agree are the evidence, and a host that is none speaks against them.
#[rstest]
#[case::one_missing(forged("vk", "6443")[..6].to_vec())]
#[case::one_different([&forged("vk", "6443")[..6], &[var("KUBERNETES_PORT_6443_TCP_PORT", "1")]].concat())]
#[case::one_computed([&forged("vk", "6443")[..6], &[computed("KUBERNETES_PORT_6443_TCP_PORT")]].concat())]
#[case::of_another_port([&forged("vk", "6443")[3..], &[var("KUBERNETES_SERVICE_PORT", "443")]].concat())]
#[case::four_alone(some_of_a_block("vk", 443, FOUR))]
#[case::host_alone(some_of_a_block("vk", 443, HOST_ALONE))]
#[case::empty(forged("", "6443"))]
#[case::reference(forged("$(X)", "6443"))]
#[case::white_space(forged("a b", "6443"))]
#[case::line_break(forged("a\n", "6443"))]
#[case::port_with_a_zero(forged("vk", "06443"))]
fn what_does_not_agree_names_no_endpoint(#[case] env: Vec<Value>) {
    assert_eq!(with_env(&env).outcome().answer.audit_annotations["home-api-server"], DEFAULT);
    let remote = with_env(&env).set("/object/metadata/annotations", json!({MODE: "remote"}));
    assert_eq!(remote.outcome().answer.audit_annotations["mode"], "remote");
}

/// Where the containers name several endpoints nobody knows which one is the pod's.
#[rstest]
#[case::hosts(["a.example.org:6443", "b.example.org:6443"], json!({}), Err("homeApiServerHost"))]
#[case::hosts_and_the_port_set(["a.example.org:6443", "b.example.org:8443"], json!({"homeApiServerPort": 1}), Err("homeApiServerHost"))]
#[case::ports(["a.example.org:6443", "a.example.org:8443"], json!({}), Err("homeApiServerPort"))]
#[case::ports_of_the_host_that_is_set(["h:6443", "h:8443"], json!({"homeApiServerHost": "h"}), Err("homeApiServerPort"))]
#[case::the_host_that_is_set(["h:6443", "b.example.org:8443"], json!({"homeApiServerHost": "h"}), Ok("h:6443"))]
#[case::ports_and_the_port_set(["a.example.org:6443", "a.example.org:8443"], json!({"homeApiServerPort": 1}), Ok("a.example.org:1"))]
#[case::both_set(["a.example.org:6443", "b.example.org:8443"], json!({"homeApiServerHost": "h", "homeApiServerPort": 1}), Ok("h:1"))]
fn a_pod_has_one_endpoint(#[case] named: [&str; 2], #[case] settings: Value, #[case] outcome: Result<&str, &str>) {
    let container = |named: &str| {
        let (host, port) = named.split_once(':').unwrap();
        json!({"name": "c", "env": forged(host, port)})
    };
    let mut case = with_env(&[]).set("/object/spec/containers", json!(named.map(container)));
    case.settings.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    match outcome {
        Ok(home_api_server) => {
            let (host, port) = home_api_server.split_once(':').unwrap();
            assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], home_api_server);
            for container in case.object()["spec"]["containers"].as_array().unwrap() {
                assert!(container["env"].as_array().unwrap().ends_with(&block(host, port)), "{container}");
            }
        }
        Err(setting) => {
            let named = named.join(", ");
            let message = format!("spec: the containers' variables name several API servers ({named}); set {setting}");
            assert_eq!(case.rejection(), message);
        }
    }
}

/// However many there are: the last container's port is the one of the host that is set.
#[test]
fn every_endpoint_that_is_named_counts() {
    let container = |index: u16| json!({"name": "c", "env": forged(&format!("h{index}"), 6000 + index)});
    let case = with_env(&[]).set("/object/spec/containers", (0..100).map(container).collect());
    let case = case.settings(json!({"homeApiServerHost": "h99", "homeApiServerAddresses": ["10.80.0.5"]}));
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "h99:6099");
}
