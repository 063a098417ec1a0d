//! Home mode: the environment of each container.

use crate::pods::{FOUR, HOST_ALONE, Manner, some_of_a_block, write};
use crate::support::{Case, MODE, block, forged, var};
use rstest::rstest;
use serde_json::{Value, json};

const MADE_FOR_HOME: &str = "was prepared for home mode and must not reach the foreign API server; recreate the pod with the annotation liqo.io/api-server-support: remote";

/// A pod without credentials with this environment of its container.
fn with_env(env: &[Value]) -> Case {
    let containers = json!([{"name": "c", "env": env}]);
    Case::pod(
        json!({"metadata": {"name": "p"}, "spec": {"containers": containers, "automountServiceAccountToken": false}}),
    )
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

fn with_addresses(mut settings: Value) -> Value {
    settings["homeApiServerAddresses"] = json!(["10.80.0.5", "fd00:80::5"]);
    settings
}

const DEFAULT: &str = "kubernetes.default:443";

fn default_block() -> Vec<Value> {
    block("kubernetes.default", 443)
}

#[rstest]
#[case::neither(json!({}), "kubernetes.default", 443, DEFAULT)]
#[case::host_only(json!({"homeApiServerHost": "api.example.org"}), "api.example.org", 443, "api.example.org:443")]
#[case::port_only(json!({"homeApiServerPort": 6443}), "kubernetes.default", 6443, "kubernetes.default:6443")]
#[case::both(json!({"homeApiServerHost": "10.0.0.1", "homeApiServerPort": "8443"}), "10.0.0.1", 8443, "10.0.0.1:8443")]
#[case::ipv6(json!({"homeApiServerHost": "fd00::1", "homeApiServerPort": 6443}), "fd00::1", 6443, "[fd00::1]:6443")]
fn the_environment_leads_home(#[case] settings: Value, #[case] host: &str, #[case] port: u16, #[case] audit: &str) {
    let case = with_env(&[var("A", "1")]).settings(with_addresses(settings));
    assert_env(&case, &[vec![var("A", "1")], block(host, port)].concat(), audit);
    // Without host and port in the settings, the variables that are there name the endpoint.
    let later = Case::pod(case.object()).settings(with_addresses(json!({})));
    assert_eq!(later.outcome().answer.mutated_object, None);
}

#[test]
fn every_container_and_init_container_gets_it() {
    let case = with_env(&[]).set("/object/spec/containers", json!([{"name": "a"}, {"name": "b", "env": []}])).set(
        "/object/spec/initContainers",
        json!([{"name": "i", "env": null}, {"name": "s", "restartPolicy": "Always"}]),
    );
    let (spec, env) = (case.object()["spec"].clone(), default_block());
    assert_eq!(spec["containers"], json!([{"name": "a", "env": env}, {"name": "b", "env": env}]));
    let init = json!([{"name": "i", "env": env}, {"name": "s", "restartPolicy": "Always", "env": env}]);
    assert_eq!(spec["initContainers"], init);
}

#[test]
fn the_block_stands_before_the_first_reference() {
    let settings = with_addresses(json!({"homeApiServerHost": "h", "homeApiServerPort": 6443}));
    for name in block("h", 6443).iter().map(|variable| variable["name"].as_str().unwrap().to_owned()) {
        let references = [var("URL", &format!("https://$({name})/")), var("B", "$(URL)")];
        let case = with_env(&[&[var("A", "1")], &references[..]].concat()).settings(settings.clone());
        assert_env(&case, &[&[var("A", "1")], &block("h", 6443)[..], &references[..]].concat(), "h:6443");
    }
}

#[rstest]
#[case::escaped("$$(KUBERNETES_SERVICE_HOST)")]
#[case::escaped_twice("$$$$(KUBERNETES_SERVICE_HOST)")]
#[case::shell("${KUBERNETES_SERVICE_HOST} $KUBERNETES_SERVICE_HOST")]
#[case::open("$(KUBERNETES_SERVICE_HOST")]
#[case::another_name("$(KUBERNETES_SERVICE_HOST_2)")]
#[case::another_port("$(KUBERNETES_PORT_80_TCP)")]
#[case::lower_case("$(kubernetes_service_host)")]
#[case::dollar_at_the_end("a$")]
#[case::swallowed("$($(KUBERNETES_SERVICE_HOST)")]
fn what_is_no_reference_leaves_the_block_at_the_end(#[case] value: &str) {
    let env = [var("A", value), var("B", "2")];
    assert_env(&with_env(&env), &[&env[..], &default_block()].concat(), DEFAULT);
}

#[rstest]
#[case::after_an_escape("$$$(KUBERNETES_SERVICE_HOST)")]
#[case::after_an_open_one("$(A $(B) $(KUBERNETES_SERVICE_HOST)")]
#[case::after_a_character("$ä$(KUBERNETES_SERVICE_HOST)")]
#[case::written_with_escapes("\n\"$(KUBERNETES_SERVICE_HOST)\"")]
fn what_is_a_reference_follows_the_block(#[case] value: &str) {
    assert_env(&with_env(&[var("A", value)]), &[default_block(), vec![var("A", value)]].concat(), DEFAULT);
}

fn computed(name: &str) -> Value {
    json!({"name": name, "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}})
}

/// Of entries with one name the kubelet takes the last.
#[rstest]
#[case::literal(&[var("KUBERNETES_SERVICE_HOST", "10.96.0.1"), var("KUBERNETES_SERVICE_HOST", "10.96.0.2")])]
#[case::computed(&[computed("KUBERNETES_PORT")])]
fn other_variables_of_those_names_go_away(#[case] others: &[Value]) {
    let kept = [var("A", "1"), var("KUBERNETES_PORT_6443_TCP", "another port")];
    for env in [[others, &kept], [&kept, others]].map(|env| env.concat()) {
        for env in [env.clone(), [default_block(), env.clone()].concat(), [env, default_block()].concat()] {
            assert_env(&with_env(&env), &[&kept[..], &default_block()].concat(), DEFAULT);
        }
    }
}

#[rstest]
#[case::in_another_order(default_block().into_iter().rev().collect())]
#[case::twice([default_block(), default_block()].concat())]
#[case::before_the_reference([default_block(), vec![var("A", "$(KUBERNETES_PORT)")]].concat())]
fn what_is_right_is_not_touched(#[case] env: Vec<Value>) {
    assert_env(&with_env(&env), &env, DEFAULT);
}

#[test]
fn what_is_right_but_too_late_is_moved() {
    let reference = vec![var("A", "$(KUBERNETES_PORT)")];
    let case = with_env(&[reference.clone(), default_block()].concat());
    assert_env(&case, &[default_block(), reference].concat(), DEFAULT);
}

/// A name that no API server takes is still a literal: the kubelet expands nothing in it.
#[rstest]
#[case::named(json!({"serviceAccountName": "builder", "serviceAccount": "other"}), "builder")]
#[case::by_the_twin(json!({"serviceAccount": "builder"}), "builder")]
#[case::empty(json!({"serviceAccountName": "", "serviceAccount": null}), "default")]
#[case::none(json!({}), "default")]
#[case::looks_like_a_reference(json!({"serviceAccountName": "$(KUBERNETES_PORT)"}), "$$(KUBERNETES_PORT)")]
fn the_service_accounts_name_becomes_a_literal(#[case] names: Value, #[case] name: &str) {
    let field = json!({"name": "SA", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.serviceAccountName"}}, "x": 1});
    let other = json!({"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}});
    // Also where all else is right.
    for more in [vec![], default_block()] {
        let mut case = with_env(&[vec![field.clone(), other.clone()], more].concat());
        for (field, value) in names.as_object().unwrap() {
            case = case.set(&format!("/object/spec/{field}"), value.clone());
        }
        let literal = json!({"name": "SA", "value": name, "x": 1});
        let after = case.object();
        let expected = [vec![literal, other.clone()], default_block()].concat();
        assert_eq!(after["spec"]["containers"][0]["env"], json!(expected));
        assert_eq!(
            Case { request: case.clone().set("/object", after).request, ..case }.outcome().answer.mutated_object,
            None
        );
    }
}

/// The variables of another port are not among the eight, whoever wrote them. An earlier run writes all of them.
#[rstest]
#[case::unset(json!({}), "vk.example.org", 6443)]
#[case::host_set(json!({"homeApiServerHost": "h"}), "h", 6443)]
#[case::port_set(json!({"homeApiServerPort": 443}), "vk.example.org", 443)]
#[case::both_set(json!({"homeApiServerHost": "h", "homeApiServerPort": 443}), "h", 443)]
fn what_the_virtual_kubelet_chose_fills_what_the_settings_leave_open(
    #[case] settings: Value,
    #[case] host: &str,
    #[case] port: u16,
) {
    for (env, of_port) in [(forged("vk.example.org", 6443), 3), (block("vk.example.org", 6443), 4)] {
        let case = with_env(&[&[var("A", "1")], &env[..]].concat()).settings(with_addresses(settings.clone()));
        let left = if port == 6443 { &[] } else { &env[of_port..] };
        let expected = [&[var("A", "1")], left, &block(host, port)].concat();
        assert_env(&case, &expected, &format!("{host}:{port}"));
    }
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
    let case = with_env(&[]).set("/object/spec/containers", json!(named.map(container)));
    let case = case.settings(with_addresses(settings));
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

/// Liqo forges the environment of a pod that opted out of tokens too. In mode remote it would get one of the foreign
/// cluster, and send it home. `examples/remote-only.yaml`: the virtual kubelet takes the names of other pods away.
#[test]
fn forged_is_told_before_the_pods_own_name_is_refused() {
    let settings = json!({
        "homeClusterId": "milan",
        "defaultMode": "remote",
        "allowedModes": ["remote"],
        "allowedRemoteServiceAccounts": ["foreign-reporter"],
    });
    let case = with_env(&[forged("kubernetes.default", "443"), azure()].concat()).settings(settings);
    assert_eq!(case.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));
    let refused =
        |name: &str| format!("ServiceAccount \"{name}\" is not allowed in remote mode; allowed: foreign-reporter");
    let kept_name = "; Liqo keeps the name only on pods annotated liqo.io/api-server-support: remote";
    let unforged = case.clone().remove("/object/spec/containers/0/env");
    assert_eq!(unforged.rejection(), format!("spec.serviceAccountName: {}{kept_name}", refused("default")));
    let named = case.set("/object/metadata/annotations", json!({"liqo.io/remote-service-account-name": "admin"}));
    let path = "metadata.annotations[\"liqo.io/remote-service-account-name\"]";
    assert_eq!(named.rejection(), format!("{path}: {}", refused("admin")));
}

/// No alias can have it as it stands, so resolvers ask the foreign cluster's DNS.
#[rstest]
#[case::dot_at_the_end("kubernetes.default.svc.")]
#[case::upper_case("Kubernetes.default")]
fn a_cluster_name_without_an_alias_is_reported(#[case] host: &str) {
    let problem = format!("variables name {host}:443, but a host alias kubernetes.default; set homeApiServerHost");
    assert_eq!(with_env(&forged(host, "443")).warnings(), [problem]);
}
