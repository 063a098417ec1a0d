//! Mode home: environment, host aliases, credentials and ServiceAccount, each as a whole.

use crate::support::{Case, block, forged, var};
use rstest::rstest;
use serde_json::{Value, json};

const API_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const FOREIGN: &str =
    "kubernetes.default is the foreign API server here, set homeApiServerAddresses or homeApiServerHost";

fn with_env(env: Vec<Value>) -> Case {
    Case::pod(
        json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "env": env}], "automountServiceAccountToken": false}}),
    )
}

fn env_of(case: &Case) -> Vec<Value> {
    case.object()["spec"]["containers"][0]["env"].as_array().cloned().unwrap_or_default()
}

#[rstest]
#[case::neither(json!({}), "kubernetes.default", 443)]
#[case::host_only(json!({"homeApiServerHost": "api.example.org"}), "api.example.org", 443)]
#[case::port_only(json!({"homeApiServerPort": 6443}), "kubernetes.default", 6443)]
#[case::both(json!({"homeApiServerHost": "10.0.0.1", "homeApiServerPort": "8443"}), "10.0.0.1", 8443)]
#[case::ipv6(json!({"homeApiServerHost": "fd00::1", "homeApiServerPort": 6443}), "fd00::1", 6443)]
fn the_environment_leads_home(#[case] settings: Value, #[case] host: &str, #[case] port: u16) {
    let case = with_env(vec![var("A", "1")]).settings(settings);
    assert_eq!(env_of(&case), [vec![var("A", "1")], block(host, port)].concat());
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], authority);
}

#[test]
fn every_container_and_init_container_gets_it() {
    let case = Case::pod(json!({
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "a"}, {"name": "b", "env": []}],
            "initContainers": [{"name": "i", "env": null}, {"name": "s", "restartPolicy": "Always"}],
            "automountServiceAccountToken": false,
        },
    }));
    let env = json!(block("kubernetes.default", 443));
    assert_eq!(
        case.object()["spec"],
        json!({
            "containers": [{"name": "a", "env": env}, {"name": "b", "env": env}],
            "initContainers": [{"name": "i", "env": env}, {"name": "s", "restartPolicy": "Always", "env": env}],
            "automountServiceAccountToken": false,
        })
    );
}

#[test]
fn the_block_stands_before_the_first_reference() {
    let settings = json!({"homeApiServerHost": "h", "homeApiServerPort": 6443});
    for name in block("h", 6443).iter().map(|variable| variable["name"].as_str().unwrap().to_owned()) {
        let reference = var("URL", &format!("https://$({name})/"));
        let case = with_env(vec![var("A", "1"), reference.clone(), var("B", "$(URL)")]).settings(settings.clone());
        let expected = [vec![var("A", "1")], block("h", 6443), vec![reference, var("B", "$(URL)")]].concat();
        assert_eq!(env_of(&case), expected);
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
    let case = with_env(vec![var("A", value), var("B", "2")]);
    assert_eq!(env_of(&case), [vec![var("A", value), var("B", "2")], block("kubernetes.default", 443)].concat());
}

#[rstest]
#[case::after_an_escape("$$$(KUBERNETES_SERVICE_HOST)")]
#[case::after_an_open_one("$(A $(B) $(KUBERNETES_SERVICE_HOST)")]
#[case::after_a_character("$ä$(KUBERNETES_SERVICE_HOST)")]
#[case::written_with_escapes("\n\"$(KUBERNETES_SERVICE_HOST)\"")]
fn what_is_a_reference_follows_the_block(#[case] value: &str) {
    let case = with_env(vec![var("A", value)]);
    assert_eq!(env_of(&case), [block("kubernetes.default", 443), vec![var("A", value)]].concat());
}

#[test]
fn existing_variables_go_away() {
    let case = with_env(vec![
        var("KUBERNETES_SERVICE_HOST", "10.96.0.1"),
        var("A", "1"),
        json!({"name": "KUBERNETES_PORT", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}),
        var("KUBERNETES_SERVICE_HOST", "10.96.0.2"),
        var("KUBERNETES_PORT_6443_TCP", "another port"),
    ]);
    let kept = vec![var("A", "1"), var("KUBERNETES_PORT_6443_TCP", "another port")];
    assert_eq!(env_of(&case), [kept, block("kubernetes.default", 443)].concat());
}

#[rstest]
#[case::in_another_order({ let mut env = block("kubernetes.default", 443); env.reverse(); env })]
#[case::twice([block("kubernetes.default", 443), block("kubernetes.default", 443)].concat())]
#[case::before_the_reference([block("kubernetes.default", 443), vec![var("A", "$(KUBERNETES_PORT)")]].concat())]
fn what_is_right_is_not_touched(#[case] env: Vec<Value>) {
    assert_eq!(with_env(env).outcome().answer.mutated_object, None);
}

/// The kubelet takes the last one of a name.
#[rstest]
#[case::literal(var("KUBERNETES_SERVICE_HOST", "10.96.0.1"))]
#[case::computed(json!({"name": "KUBERNETES_PORT", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}))]
fn what_would_override_a_block_goes_away(#[case] other: Value) {
    for env in [
        [block("kubernetes.default", 443), vec![other.clone(), var("A", "1")]].concat(),
        [vec![other.clone(), var("A", "1")], block("kubernetes.default", 443)].concat(),
    ] {
        assert_eq!(env_of(&with_env(env)), [vec![var("A", "1")], block("kubernetes.default", 443)].concat());
    }
}

#[test]
fn what_is_right_but_too_late_is_moved() {
    let case = with_env([vec![var("A", "$(KUBERNETES_PORT)")], block("kubernetes.default", 443)].concat());
    assert_eq!(env_of(&case), [block("kubernetes.default", 443), vec![var("A", "$(KUBERNETES_PORT)")]].concat());
}

#[rstest]
#[case::named(json!({"serviceAccountName": "builder", "serviceAccount": "other"}), "builder")]
#[case::by_the_twin(json!({"serviceAccount": "builder"}), "builder")]
#[case::empty(json!({"serviceAccountName": "", "serviceAccount": null}), "default")]
#[case::none(json!({}), "default")]
fn the_service_accounts_name_becomes_a_literal(#[case] names: Value, #[case] name: &str) {
    let field = json!({"name": "SA", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "spec.serviceAccountName"}}, "x": 1});
    let other = json!({"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}});
    let mut case = with_env(vec![field, other.clone()]);
    for (field, value) in names.as_object().unwrap() {
        case = case.set(&format!("/object/spec/{field}"), value.clone());
    }
    let literal = json!({"name": "SA", "value": name, "x": 1});
    assert_eq!(env_of(&case), [vec![literal, other], block("kubernetes.default", 443)].concat());
}

#[test]
fn the_service_accounts_name_becomes_a_literal_in_an_environment_that_is_right() {
    let field = json!({"name": "SA", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}});
    let case = with_env([vec![field], block("kubernetes.default", 443)].concat());
    assert_eq!(env_of(&case), [vec![var("SA", "default")], block("kubernetes.default", 443)].concat());
}

#[rstest]
#[case::both(json!({}), "vk.example.org", 6443)]
#[case::host_set(json!({"homeApiServerHost": "h"}), "h", 6443)]
#[case::port_set(json!({"homeApiServerPort": 443}), "vk.example.org", 443)]
fn what_the_virtual_kubelet_chose_fills_what_the_settings_leave_open(
    #[case] settings: Value,
    #[case] host: &str,
    #[case] port: u16,
) {
    let case = with_env([vec![var("A", "1")], forged("vk.example.org", 6443)].concat()).settings(settings);
    // Variables of another port are not among the eight, whoever wrote them.
    let left = if port == 6443 { vec![] } else { forged("vk.example.org", 6443)[3..].to_vec() };
    assert_eq!(env_of(&case), [vec![var("A", "1")], left, block(host, port)].concat());
}

/// An earlier run wrote it, with other settings.
#[rstest]
#[case::host_set(json!({"homeApiServerHost": "h"}), "h", 6443)]
#[case::port_set(json!({"homeApiServerPort": 443}), "old.example.org", 443)]
#[case::both(json!({"homeApiServerHost": "h", "homeApiServerPort": 443}), "h", 443)]
fn a_whole_block_gives_way_to_what_the_settings_say(#[case] settings: Value, #[case] host: &str, #[case] port: u16) {
    let case = with_env([block("old.example.org", 6443), vec![var("A", "1")]].concat()).settings(settings);
    let left = if port == 6443 { vec![] } else { block("old.example.org", 6443)[4..].to_vec() };
    assert_eq!(env_of(&case), [left, vec![var("A", "1")], block(host, port)].concat());
}

#[rstest]
#[case::one_missing(forged("vk", 6443)[..6].to_vec())]
#[case::one_different({ let mut env = forged("vk", 6443); env[6]["value"] = json!("1"); env })]
#[case::one_computed({ let mut env = forged("vk", 6443); env[5] = json!({"name": env[5]["name"], "valueFrom": {}}); env })]
#[case::a_host_that_is_none(forged("$(X)", 6443))]
#[case::a_port_that_is_none({ let mut env = forged("vk", 6443); env[1]["value"] = json!("06443"); env })]
fn what_only_looks_like_the_virtual_kubelets_is_not_taken(#[case] env: Vec<Value>) {
    let case = with_env(env);
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "kubernetes.default:443");
}

#[test]
fn a_container_that_was_injected_later_follows_the_forged_ones() {
    let case = with_env(forged("vk.example.org", 6443))
        .set("/object/spec/initContainers", json!([{"name": "i"}]))
        .set("/object/spec/hostAliases", json!([all("10.0.0.1")]));
    let spec = case.object()["spec"].clone();
    assert_eq!(spec["initContainers"][0]["env"], json!(block("vk.example.org", 6443)));
    assert_eq!(spec["containers"][0]["env"], json!(block("vk.example.org", 6443)));
    assert_eq!(case.warnings(), [""; 0]);
}

/// What is set for one container says nothing of another that was sent elsewhere.
#[test]
fn each_forged_container_keeps_its_own_api_server() {
    let containers = [("a.example.org", 6443), ("b.example.org", 8443), ("a.example.org", 6443)]
        .map(|(host, port)| json!({"name": "c", "env": forged(host, port)}));
    let case = with_env(Vec::new()).set("/object/spec/containers", json!(containers));
    let environments = case.object()["spec"]["containers"].as_array().unwrap().clone();
    let expected = [("a.example.org", 6443), ("b.example.org", 8443), ("a.example.org", 6443)]
        .map(|(host, port)| json!({"name": "c", "env": block(host, port)}));
    assert_eq!(environments, expected);
}

#[test]
fn what_was_taken_over_stays_on_a_second_run() {
    let references = [vec![var("A", "$(KUBERNETES_PORT)")], forged("vk.example.org", 6443)].concat();
    let once = with_env(references).object();
    assert_eq!(once["spec"]["containers"][0]["env"][0], block("vk.example.org", 6443)[0]);
    assert_eq!(Case::pod(once).outcome().answer.mutated_object, None);
}

fn with_aliases(aliases: Value, settings: Value) -> Case {
    with_env(block("h", 443)).set("/object/spec/hostAliases", aliases).settings(settings)
}

fn addresses(addresses: &[&str]) -> Value {
    json!({"homeApiServerHost": "h", "homeApiServerAddresses": addresses})
}

fn all(ip: &str) -> Value {
    json!({"ip": ip, "hostnames": ["h", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]})
}

#[rstest]
#[case::none(Value::Null, &["10.0.0.1", "fd00::1", "10.0.0.1"], json!([all("10.0.0.1"), all("fd00::1")]))]
#[case::others_stay(
    json!([{"ip": "10.0.0.9", "hostnames": ["a", "b"], "x": 1}, {"ip": "10.0.0.8"}]), &["10.0.0.1"],
    json!([{"ip": "10.0.0.9", "hostnames": ["a", "b"], "x": 1}, {"ip": "10.0.0.8"}, all("10.0.0.1")])
)]
#[case::merged_into_the_first_of_the_address(
    json!([{"ip": "10.0.0.1", "hostnames": ["a", "kubernetes.default"]}, {"ip": "10.0.0.1", "hostnames": ["kubernetes.default"]}]), &["10.0.0.1"],
    json!([
        {"ip": "10.0.0.1", "hostnames": ["a", "kubernetes.default", "h", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]},
        {"ip": "10.0.0.1", "hostnames": ["kubernetes.default"]},
    ])
)]
#[case::compared_as_addresses(
    json!([{"ip": "FD00:0:0::1"}]), &["fd00::1"],
    json!([{"ip": "FD00:0:0::1", "hostnames": ["h", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]}])
)]
#[case::taken_from_other_addresses(
    json!([{"ip": "10.9.9.9", "hostnames": ["a", "kubernetes.default.svc", "b"]}, {"ip": "10.9.9.8", "hostnames": ["h"]}, {"ip": "10.9.9.7", "hostnames": []}]), &["10.0.0.1"],
    json!([{"ip": "10.9.9.9", "hostnames": ["a", "b"]}, {"ip": "10.9.9.7", "hostnames": []}, all("10.0.0.1")])
)]
#[case::taken_from_what_is_no_address_any_more(
    json!([{"ip": "010.0.0.1", "hostnames": ["kubernetes.default", "a"]}]), &["10.0.0.1"],
    json!([{"ip": "010.0.0.1", "hostnames": ["a"]}, all("10.0.0.1")])
)]
#[case::taken_where_all_else_is_right(
    json!([all("10.0.0.1"), {"ip": "10.9.9.9", "hostnames": ["a", "h"]}]), &["10.0.0.1"],
    json!([all("10.0.0.1"), {"ip": "10.9.9.9", "hostnames": ["a"]}])
)]
fn host_aliases_lead_home(#[case] before: Value, #[case] ips: &[&str], #[case] after: Value) {
    let case = with_aliases(before, addresses(ips));
    assert_eq!(case.object()["spec"]["hostAliases"], after);
    let again = Case::pod(case.object()).settings(addresses(ips));
    assert_eq!(again.outcome().answer.mutated_object, None);
}

#[rstest]
#[case::ip("10.0.0.7", json!(["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]))]
#[case::one_of_the_names("kubernetes.default.svc", json!(["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]))]
fn the_hosts_own_alias_is_only_for_names(#[case] host: &str, #[case] hostnames: Value) {
    let settings = json!({"homeApiServerHost": host, "homeApiServerAddresses": ["10.0.0.1"]});
    let aliases = with_env(vec![]).settings(settings).object()["spec"]["hostAliases"].clone();
    assert_eq!(aliases, json!([{"ip": "10.0.0.1", "hostnames": hostnames}]));
}

#[rstest]
#[case::default(json!({}), Value::Null, &[FOREIGN])]
#[case::another_alias(json!({}), json!([{"ip": "10.0.0.1", "hostnames": ["a", "kubernetes"]}]), &[FOREIGN])]
#[case::aliased(json!({}), json!([{"ip": "10.0.0.1", "hostnames": ["a"]}, all("10.0.0.1")]), &[])]
#[case::named(json!({"homeApiServerHost": "kubernetes.default.svc"}), Value::Null, &["kubernetes.default.svc is the foreign API server here, set homeApiServerAddresses or homeApiServerHost"])]
#[case::fully_named(json!({"homeApiServerHost": "kubernetes.default.svc.cluster.local"}), Value::Null, &["kubernetes.default.svc.cluster.local is the foreign API server here, set homeApiServerAddresses or homeApiServerHost"])]
#[case::another_host(json!({"homeApiServerHost": "h"}), Value::Null, &["kubernetes.default is the foreign API server here, set homeApiServerAddresses for clients that use it"])]
#[case::another_host_and_aliases(json!({"homeApiServerHost": "h"}), json!([all("10.0.0.1")]), &[])]
#[case::addresses(json!({"homeApiServerAddresses": ["10.0.0.1"]}), Value::Null, &[])]
fn a_name_that_means_the_foreign_api_server_is_told(
    #[case] settings: Value,
    #[case] aliases: Value,
    #[case] warnings: &[&str],
) {
    let case = with_env(vec![]).set("/object/spec/hostAliases", aliases.clone()).settings(settings.clone());
    assert_eq!(case.warnings(), warnings);
    if settings.get("homeApiServerAddresses").is_none() {
        assert_eq!(case.object()["spec"]["hostAliases"], aliases);
    }
}

/// A pod with these sources in one volume, mounted where the credentials are expected.
fn with_sources(sources: Value, settings: Value) -> Case {
    let mut settings = settings;
    settings["homeApiServerHost"] = json!("h");
    Case::pod(json!({
        "metadata": {"name": "p", "labels": {"offloading.liqo.io/origin": "milan-1"}},
        "spec": {
            "containers": [{"name": "c", "env": block("h", 443), "volumeMounts": [{"name": "v", "mountPath": format!("{API_PATH}/")}]}],
            "volumes": [{"name": "v", "projected": {"defaultMode": 420, "sources": sources}}],
            "hostAliases": [all("10.0.0.1")],
            "automountServiceAccountToken": false,
        },
    }))
    .settings(settings)
}

#[track_caller]
fn sources_of(case: &Case) -> Value {
    let sources = case.object()["spec"]["volumes"][0]["projected"]["sources"].clone();
    let again = Case::pod(case.object()).settings(case.settings.clone());
    assert_eq!(again.outcome().answer.mutated_object, None, "a second run changes nothing");
    sources
}

fn token(path: &str) -> Value {
    json!({"serviceAccountToken": {"path": path, "expirationSeconds": 3607}})
}

fn vault() -> Value {
    json!({"serviceAccountToken": {"path": "vault/token", "audience": "vault"}})
}

fn secret(name: &str, key: &str, path: &str) -> Value {
    json!({"secret": {"name": name, "items": [{"key": key, "path": path}]}})
}

fn root_ca(name: &str) -> Value {
    json!({"configMap": {"name": name, "items": [{"key": "ca.crt", "path": "home/ca.crt", "mode": 256}], "optional": true}})
}

#[test]
fn credentials_come_from_what_liqo_reflects() {
    let namespace =
        json!({"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}});
    let user = json!({"configMap": {"name": "mine"}});
    let case = with_sources(json!([token("token"), vault(), root_ca("kube-root-ca.crt"), namespace, user]), json!({}))
        .remove("/object/spec/containers/0/env");
    assert_eq!(
        sources_of(&case),
        json!([
            secret("p-token", "v-3c469e", "token"),
            secret("p-token", "v-927385", "vault/token"),
            root_ca("kube-root-ca.crt.milan"),
            namespace,
            user
        ])
    );
    assert_eq!(
        case.warnings(),
        ["Secret p-token comes from Liqo's API server support, without it set homeCredentialsSecret"]
    );
}

/// Liqo made the Secret, and makes no key for a token that was put in afterwards.
#[test]
fn a_token_in_a_forged_pod_is_told() {
    let case = with_sources(json!([secret("p-token", "v-3c469e", "token"), vault()]), json!({}));
    assert_eq!(
        sources_of(&case),
        json!([secret("p-token", "v-3c469e", "token"), secret("p-token", "v-927385", "vault/token")])
    );
    assert_eq!(case.warnings(), ["Secret p-token lacks key v-927385: see keptTokenAudiences"]);
    assert_eq!(with_sources(json!([secret("p-token", "v-3c469e", "token")]), json!({})).warnings(), [""; 0]);
}

#[rstest]
#[case("rome", "kube-root-ca.crt.rome")]
#[case("milan-1", "kube-root-ca.crt.milan")]
#[case("rom-1", "kube-root-ca.crt.rom-1")]
#[case("rome-1", "kube-root-ca.crt.rome-a")]
fn the_certificates_are_those_of_the_origin(#[case] origin: &str, #[case] name: &str) {
    let case = with_sources(json!([root_ca("kube-root-ca.crt"), secret("s", "k", "token")]), json!({}));
    let by_label = case.clone().set("/object/metadata/labels/offloading.liqo.io~1origin", json!(origin));
    assert_eq!(sources_of(&by_label)[0], root_ca(name));
    let by_setting = case.remove("/object/metadata/labels").settings(json!({"homeClusterId": origin}));
    assert_eq!(sources_of(&by_setting)[0], root_ca(name));
}

#[rstest]
#[case(json!(""))]
#[case(json!("Milan"))]
#[case(json!("m".repeat(64)))]
fn an_unknown_origin_leaves_the_certificates_alone(#[case] label: Value) {
    let case = with_sources(json!([root_ca("kube-root-ca.crt"), secret("s", "k", "token")]), json!({}));
    let case = case.set("/object/metadata/labels/offloading.liqo.io~1origin", label);
    assert_eq!(case.outcome().answer.mutated_object, None);
    assert_eq!(
        case.warnings(),
        ["home cluster unknown: kube-root-ca.crt stays the foreign cluster's, set homeClusterId"]
    );
}

#[test]
fn certificates_of_the_users_need_no_origin() {
    let case = with_sources(json!([root_ca("mine"), secret("s", "k", "token")]), json!({}));
    let case = case.remove("/object/metadata/labels");
    assert_eq!(case.outcome().answer.mutated_object, None);
    assert_eq!(case.warnings(), [""; 0]);
}

fn own() -> Value {
    json!({"homeCredentialsSecret": "own"})
}

#[test]
fn credentials_come_from_the_own_secret() {
    let case = with_sources(
        json!([token("token"), vault(), root_ca("kube-root-ca.crt"), {"configMap": {"name": "kube-root-ca.crt"}}]),
        own(),
    )
    .remove("/object/spec/containers/0/env");
    let certificates = |item: Value| json!({"secret": {"name": "own", "items": [item]}});
    let mut with_items = certificates(json!({"key": "ca.crt", "path": "home/ca.crt", "mode": 256}));
    with_items["secret"]["optional"] = json!(true);
    assert_eq!(
        sources_of(&case),
        json!([
            secret("own", "token", "token"),
            secret("own", "v-927385", "vault/token"),
            with_items,
            certificates(json!({"key": "ca.crt", "path": "ca.crt"})),
        ])
    );
    assert_eq!(case.warnings(), ["Secret own must have key v-927385"]);
}

#[test]
fn a_forged_pod_gets_the_own_secret_too() {
    let forged = json!([
        secret("p-token", "v-3c469e", "token"),
        secret("p-token", "v-927385", "vault/token"),
        root_ca("kube-root-ca.crt.milan")
    ]);
    let case = with_sources(forged, own());
    assert_eq!(
        sources_of(&case),
        json!([
            secret("own", "token", "token"),
            secret("p-token", "v-927385", "vault/token"),
            {"secret": {"name": "own", "items": [{"key": "ca.crt", "path": "home/ca.crt", "mode": 256}], "optional": true}},
        ])
    );
    assert_eq!(case.warnings(), [""; 0]);
}

/// A pod in which everything is right but for the name of the Secret.
#[test]
fn liqos_secret_becomes_the_own_where_all_else_is_right() {
    let right = with_sources(json!([secret("own", "token", "token")]), own()).object();
    let set = |name| {
        Case::pod(right.clone())
            .settings(own())
            .set("/object/spec/volumes/0/projected/sources/0/secret/name", json!(name))
    };
    assert_eq!(set("own").outcome().answer.mutated_object, None);
    let liqos = set("p-token").set("/object/spec/volumes/0/projected/sources/0/secret/items/0/key", json!("v-3c469e"));
    assert_eq!(liqos.object(), right);
    // A Secret of the user's own may have the name of Liqo's.
    assert_eq!(set("p-token").outcome().answer.mutated_object, None);
}

/// One source may show several of Liqo's keys: only the API's token comes from the own Secret then.
#[test]
fn a_token_among_other_keys_of_liqos_secret_gets_a_source_of_its_own() {
    let vault = json!({"key": "v-927385", "path": "vault/token", "mode": 256});
    let token = json!({"key": "v-3c469e", "path": "token", "mode": 256});
    let case = with_sources(
        json!([{"secret": {"name": "p-token", "items": [token, vault], "optional": true}}, {"secret": {"name": "s"}}]),
        own(),
    );
    assert_eq!(
        sources_of(&case),
        json!([
            {"secret": {"name": "p-token", "items": [vault], "optional": true}},
            {"secret": {"name": "s"}},
            {"secret": {"name": "own", "items": [{"key": "token", "path": "token", "mode": 256}]}},
        ])
    );
    assert_eq!(case.warnings(), [""; 0]);
}

/// The key alone does not make a Secret Liqo's.
#[test]
fn a_secret_of_another_name_with_liqos_key_is_the_users() {
    for settings in [json!({}), own()] {
        let case = with_sources(json!([secret("mine", "v-3c469e", "token")]), settings);
        assert_eq!(case.outcome().answer.mutated_object, None);
        let disabled =
            case.set("/object/metadata/annotations", json!({"liqo.io/api-server-support": "disabled"})).outcome();
        assert_eq!(disabled.answer.mutated_object, None, "{disabled}");
    }
}

#[test]
fn a_token_that_is_mounted_elsewhere_stays_liqos() {
    let forged = json!([secret("p-token", "v-3c469e", "token")]);
    let case = with_sources(forged, own()).set("/object/spec/containers/0/volumeMounts/0/mountPath", json!("/mnt"));
    assert_eq!(sources_of(&case), json!([secret("p-token", "v-3c469e", "token")]));
    let part = with_sources(json!([secret("p-token", "v-3c469e", "token")]), own());
    let part = part.set("/object/spec/containers/0/volumeMounts/0/subPath", json!("x"));
    assert_eq!(sources_of(&part), json!([secret("p-token", "v-3c469e", "token")]));
}

#[rstest]
#[case::no_source(json!([]))]
#[case::only_certificates(json!([root_ca("mine")]))]
#[case::only_the_namespace(json!([{"downwardAPI": {"items": [{"path": "namespace"}]}}]))]
#[case::another_path(json!([secret("s", "k", "token/x"), {"secret": {"name": "t", "items": [{"key": "token", "path": "tok"}]}}]))]
#[case::unknown_kind(json!([{"x-future": {"path": "token"}}]))]
fn a_stripped_volume_gets_a_token_from_the_own_secret(#[case] sources: Value) {
    let case = with_sources(sources.clone(), own());
    let mut expected = sources.clone();
    expected.as_array_mut().unwrap().push(secret("own", "token", "token"));
    assert_eq!(sources_of(&case), expected);
    let without = with_sources(sources, json!({}));
    assert_eq!(without.outcome().answer.mutated_object, None);
    assert_eq!(without.warnings(), ["volume v has no token for the API server, set homeCredentialsSecret"]);
}

#[test]
fn a_volume_without_sources_gets_them() {
    let case = with_sources(Value::Null, own());
    assert_eq!(sources_of(&case), json!([secret("own", "token", "token")]));
}

/// Without items the ConfigMap may show a file `token`; as a part of the own Secret it does not.
#[test]
fn certificates_that_become_the_own_secrets_provide_no_token() {
    let case = with_sources(json!([{"configMap": {"name": "kube-root-ca.crt"}}]), own());
    assert_eq!(sources_of(&case), json!([secret("own", "ca.crt", "ca.crt"), secret("own", "token", "token")]));
}

/// A Secret of the user's that is named as Liqo would name it is the user's all the same.
#[test]
fn an_own_secret_with_liqos_name_stays_as_it_is() {
    let audience = json!({"serviceAccountToken": {"path": "token", "audience": "vault"}});
    let case = with_sources(json!([audience]), json!({"homeCredentialsSecret": "p-token"}));
    assert_eq!(sources_of(&case), json!([secret("p-token", "v-3c469e", "token")]));
}

#[rstest]
#[case::secret(secret("s", "k", "token"))]
#[case::secret_as_a_whole(json!({"secret": {"name": "s"}}))]
#[case::secret_without_items(json!({"secret": {"name": "s", "items": []}}))]
#[case::config_map(json!({"configMap": {"name": "m", "items": [{"key": "k", "path": "./token"}]}}))]
#[case::config_map_as_a_whole(json!({"configMap": {"name": "m", "items": null}}))]
#[case::downward_api(json!({"downwardAPI": {"items": [{"path": "token"}]}}))]
#[case::trust_bundle(json!({"clusterTrustBundle": {"path": "token"}}))]
#[case::certificate(json!({"podCertificate": {"credentialBundlePath": "token"}}))]
#[case::certificate_key(json!({"podCertificate": {"keyPath": "token"}}))]
#[case::certificate_chain(json!({"podCertificate": {"certificateChainPath": "token"}}))]
fn any_source_can_provide_the_token(#[case] source: Value) {
    let case = with_sources(json!([source]), own());
    assert_eq!(case.outcome().answer.mutated_object, None);
    assert_eq!(case.warnings(), [""; 0]);
}

/// A pod as a user writes it, before an API server adds anything.
fn bare() -> Case {
    Case::pod(json!({
        "metadata": {"name": "p", "labels": {"offloading.liqo.io/origin": "milan"}},
        "spec": {
            "containers": [{"name": "a"}, {"name": "b", "volumeMounts": [{"name": "x", "mountPath": API_PATH}]}],
            "initContainers": [{"name": "i", "volumeMounts": []}],
            "volumes": [{"name": "x", "emptyDir": {}}],
        },
    }))
    .settings(json!({"homeApiServerHost": "h"}))
}

fn api_access(name: &str, sources: [Value; 2]) -> Value {
    let [token, certificates] = sources;
    let namespace = json!({"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}});
    json!({"name": name, "projected": {"defaultMode": 420, "sources": [token, certificates, namespace]}})
}

#[test]
fn a_pod_that_nothing_was_added_to_gets_a_volume() {
    let mount = json!({"name": "kube-api-access-home", "mountPath": API_PATH, "readOnly": true});
    let certificates =
        json!({"configMap": {"name": "kube-root-ca.crt.milan", "items": [{"key": "ca.crt", "path": "ca.crt"}]}});
    let spec = bare().object()["spec"].clone();
    assert_eq!(
        spec,
        json!({
            "containers": [
                {"name": "a", "env": block("h", 443), "volumeMounts": [mount]},
                {"name": "b", "env": block("h", 443), "volumeMounts": [{"name": "x", "mountPath": API_PATH}]},
            ],
            "initContainers": [{"name": "i", "env": block("h", 443), "volumeMounts": [mount]}],
            "volumes": [
                {"name": "x", "emptyDir": {}},
                api_access("kube-api-access-home", [secret("p-token", "kube-api-access-home-3c469e", "token"), certificates]),
            ],
            "automountServiceAccountToken": false,
        })
    );
}

#[test]
fn the_added_volume_has_a_name_of_its_own() {
    let taken =
        json!([{"name": "kube-api-access-home", "emptyDir": {}}, {"name": "kube-api-access-home-2", "emptyDir": {}}]);
    let case = bare()
        .set("/object/spec/volumes", taken)
        .settings(json!({"homeApiServerHost": "h", "homeCredentialsSecret": "own"}));
    assert_eq!(
        case.object()["spec"]["volumes"][2],
        api_access("kube-api-access-home-3", [secret("own", "token", "token"), secret("own", "ca.crt", "ca.crt")])
    );
}

#[rstest]
#[case::opted_out("/object/spec/automountServiceAccountToken", json!(false))]
#[case::named("/object/spec/serviceAccountName", json!("s"))]
#[case::named_by_the_twin("/object/spec/serviceAccount", json!("s"))]
fn others_get_none(#[case] pointer: &str, #[case] value: Value) {
    assert_eq!(bare().set(pointer, value).object()["spec"]["volumes"], json!([{"name": "x", "emptyDir": {}}]));
}

#[test]
fn a_pod_that_has_it_mounted_everywhere_gets_none() {
    let case = bare().remove("/object/spec/containers/0").remove("/object/spec/initContainers/0");
    assert_eq!(case.object()["spec"]["volumes"], json!([{"name": "x", "emptyDir": {}}]));
}

const NAME_NEEDED: &str = "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; a pod with generateName needs the setting homeCredentialsSecret";

#[test]
fn liqos_secret_needs_the_pods_name() {
    let generated =
        |case: Case| case.set("/object/metadata/name", json!("")).set("/object/metadata/generateName", json!("p-"));
    assert_eq!(generated(with_sources(json!([token("token")]), json!({}))).rejection(), NAME_NEEDED);
    assert_eq!(generated(bare()).rejection(), NAME_NEEDED);
    assert_eq!(
        sources_of(&generated(with_sources(json!([token("token")]), own()))),
        json!([secret("own", "token", "token")])
    );
    generated(with_sources(json!([root_ca("kube-root-ca.crt")]), json!({}))).object();
}

#[rstest]
#[case::named(json!({"serviceAccountName": "s", "serviceAccount": "s"}), json!({}))]
#[case::differing(json!({"serviceAccountName": "default", "serviceAccount": "s"}), json!({}))]
#[case::default(json!({"serviceAccountName": "default", "serviceAccount": "default"}), json!({"serviceAccountName": "default", "serviceAccount": "default"}))]
#[case::half_default(json!({"serviceAccountName": "default"}), json!({"serviceAccountName": "default"}))]
fn the_service_account_is_left_behind(#[case] before: Value, #[case] after: Value) {
    let mut case = with_env(block("h", 443)).settings(json!({"homeApiServerHost": "h"}));
    for (field, value) in before.as_object().unwrap() {
        case = case.set(&format!("/object/spec/{field}"), value.clone());
    }
    let spec = case.object()["spec"].clone();
    for field in ["serviceAccountName", "serviceAccount"] {
        assert_eq!(spec.get(field), after.get(field));
    }
    assert_eq!(spec["automountServiceAccountToken"], json!(false));
}

#[test]
fn warnings_are_short() {
    let long = "x".repeat(253);
    let settings = json!({"homeCredentialsSecret": long, "homeApiServerHost": "h"});
    let volume = "v".repeat(63);
    let case = with_sources(json!([vault()]), json!({})).settings(settings);
    // As much of the name as 120 characters have room for.
    let expected = format!("Secret {}… lacks key v-927385: see keptTokenAudiences", "x".repeat(69));
    assert_eq!(expected.chars().count(), 120);
    assert_eq!(case.warnings(), [expected]);
    let case = case.set("/object/spec/volumes/0/name", json!(volume));
    let expected = format!("Secret {}… lacks key {}-927385: see keptTokenAudiences", "x".repeat(7), "v".repeat(63));
    assert_eq!(case.warnings(), [expected]);
    let expected = format!("Secret {}… must have key {}-927385", "x".repeat(25), "v".repeat(63));
    assert_eq!(case.remove("/object/spec/containers/0/env").warnings(), [expected]);
}

/// Hostile pods: small requests that would make for much work, or for large answers. None takes a second.
#[test]
fn work_and_answers_are_bounded() {
    let open = with_env(vec![var("A", &"$(".repeat(1_000_000))]);
    assert_eq!(env_of(&open).len(), 9);

    let containers = Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": vec![json!({}); 10_001]}}));
    assert_eq!(containers.rejection(), "spec.containers: expected at most 10000 containers, found more");
    let most = containers.remove("/object/spec/containers/10000");
    assert_eq!(most.object()["spec"]["containers"].as_array().map(Vec::len), Some(10_000));

    let audiences =
        (0..20_000).map(|index| json!({"serviceAccountToken": {"path": format!("{index}"), "audience": "a"}}));
    let warnings = with_sources(audiences.collect(), own()).warnings();
    assert_eq!(warnings.len(), 16);

    let volumes: Vec<_> = (1..20_000).map(|index| json!({"name": format!("kube-api-access-home-{index}")})).collect();
    let mounts: Vec<_> = (0..20_000).map(|index| json!({"name": format!("{index}"), "mountPath": API_PATH})).collect();
    let case =
        bare().set("/object/spec/volumes", json!(volumes)).set("/object/spec/containers/0/volumeMounts", json!(mounts));
    assert_eq!(case.object()["spec"]["volumes"][19_999]["name"], "kube-api-access-home");
}

/// A name that no API server takes is still a literal: the kubelet expands nothing in it.
#[test]
fn the_literal_name_refers_to_nothing() {
    let field = json!({"name": "SA", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}});
    let case = with_env(vec![field]).set("/object/spec/serviceAccountName", json!("$(KUBERNETES_PORT)"));
    assert_eq!(env_of(&case), [vec![var("SA", "$$(KUBERNETES_PORT)")], block("kubernetes.default", 443)].concat());
    assert_eq!(Case::pod(case.object()).outcome().answer.mutated_object, None);
}
