//! Pods as they arrive: forged by Liqo's virtual kubelet, and then touched by others before the policy sees them.
//! Each case has its whole outcome.

use crate::support::{Case, block, forged, settings_problem, var};
use rstest::rstest;
use serde_json::{Value, json};

const API_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const MODE: &str = "liqo.io/api-server-support";

const MADE_FOR_HOME: &str = "was made for mode \"home\" and must not reach the foreign API server; recreate the pod with the annotation liqo.io/api-server-support: remote set from the start";

/// A name of the API server has no alias: the host that the variables have, or the first of the three names.
const NAME_IS_FOREIGN: &str =
    "kubernetes.default is the foreign API server here, set homeApiServerAddresses or homeApiServerHost";
const OTHER_NAMES_ARE_FOREIGN: &str =
    "kubernetes.default is the foreign API server here, set homeApiServerAddresses for clients that use it";

/// `kubernetes.default.svc` has an alias more than the other names.
const NAME_DIFFERS: &str =
    "kubernetes.default.svc leads to other addresses than kubernetes.default, set homeApiServerAddresses";

/// A token source that was put into a forged pod.
const LEFT_TOKEN: &str = "Secret p-token lacks key identity-3c469e: see keptTokenAudiences";

/// The variables of a container in mode remote are the author's.
const GOES_ELSEWHERE: &str = "container c does not talk to the foreign API server: it sets KUBERNETES_SERVICE_HOST";

/// What follows the refusal of a ServiceAccount that the pod itself names.
const KEPT_NAME: &str = "; Liqo keeps the name only of pods annotated liqo.io/api-server-support: remote";

/// What is wrong with an address that leads nowhere, or that Kubernetes refuses in host aliases.
const MAPPED: &str = "write an IPv4-mapped address as IPv4";
const UNSPECIFIED: &str = "an unspecified address leads nowhere";
const LOOPBACK: &str = "a loopback address leads to the pod itself";
const MULTICAST: &str = "a multicast address leads to no API server";

/// A pod without credentials, with this environment and with an alias for the names.
fn with_env(env: Vec<Value>) -> Case {
    Case::pod(json!({
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "c", "env": env}],
            "hostAliases": [{"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]}],
            "automountServiceAccountToken": false,
        },
    }))
    .settings(json!({"homeClusterId": "milan"}))
}

/// Asserts that the policy makes this of the first container's environment and changes nothing else, says this much,
/// and has nothing to do when it is asked again.
#[track_caller]
fn assert_env(case: &Case, env: &[Value], audit: &str) {
    let outcome = case.outcome();
    let mut expected = outcome.before.clone();
    expected["spec"]["containers"][0]["env"] = json!(env);
    assert_eq!(outcome.answer.mutated_object, Some(expected.clone()), "{outcome}");
    assert_eq!(outcome.answer.audit_annotations["home-api-server"], audit);
    assert_eq!(outcome.answer.warnings, [""; 0]);
    assert_eq!(Case::pod(expected).settings(case.settings.clone()).outcome().answer.mutated_object, None);
}

fn azure() -> Vec<Value> {
    vec![var("AZURE_CLIENT_ID", "1"), var("AZURE_TENANT_ID", "2")]
}

#[rstest]
#[case::appended([forged("api.milan.example.org", "6443"), azure()].concat(), azure(), "api.milan.example.org", "api.milan.example.org:6443")]
#[case::put_first([azure(), forged("api.milan.example.org", "6443")].concat(), azure(), "api.milan.example.org", "api.milan.example.org:6443")]
#[case::in_between({ let mut env = forged("api.milan.example.org", "6443"); env.splice(3..3, azure()); env }, azure(), "api.milan.example.org", "api.milan.example.org:6443")]
#[case::in_another_order({ let mut env = forged("api.milan.example.org", "6443"); env.reverse(); env }, vec![], "api.milan.example.org", "api.milan.example.org:6443")]
#[case::trailing_dot([forged("api.milan.example.org.", "6443"), azure()].concat(), azure(), "api.milan.example.org.", "api.milan.example.org.:6443")]
#[case::underscore(forged("api_1.milan.example.org", "6443"), vec![], "api_1.milan.example.org", "api_1.milan.example.org:6443")]
#[case::upper_case(forged("API.Milan.example.org", "6443"), vec![], "API.Milan.example.org", "API.Milan.example.org:6443")]
#[case::ipv6([forged("fd00:80::5", "6443"), azure()].concat(), azure(), "fd00:80::5", "[fd00:80::5]:6443")]
#[case::after_a_host_of_the_users([vec![var("KUBERNETES_SERVICE_HOST", "own.example.org")], forged("api.milan.example.org", "6443")].concat(), vec![], "api.milan.example.org", "api.milan.example.org:6443")]
#[case::after_a_host_that_is_computed([vec![json!({"name": "KUBERNETES_SERVICE_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}})], forged("api.milan.example.org", "6443")].concat(), vec![], "api.milan.example.org", "api.milan.example.org:6443")]
fn a_forged_environment_is_recognised_wherever_it_stands(
    #[case] env: Vec<Value>,
    #[case] others: Vec<Value>,
    #[case] host: &str,
    #[case] audit: &str,
) {
    assert_env(&with_env(env.clone()), &[others, block(host, "6443")].concat(), audit);
    let remote = with_env(env).set("/object/metadata/annotations", json!({MODE: "remote"}));
    assert_eq!(remote.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));
}

#[test]
fn a_sidecar_without_variables_follows_the_forged_containers() {
    let env = [forged("api.milan.example.org", "6443"), azure()].concat();
    let case = with_env(env).set("/object/spec/initContainers", json!([{"name": "sidecar", "env": azure()}]));
    let outcome = case.outcome();
    let mut expected = outcome.before.clone();
    let env = [azure(), block("api.milan.example.org", "6443")].concat();
    expected["spec"]["containers"][0]["env"] = json!(env);
    expected["spec"]["initContainers"][0]["env"] = json!(env);
    assert_eq!(outcome.answer.mutated_object, Some(expected), "{outcome}");
    assert_eq!(outcome.answer.warnings, [""; 0]);
    let remote = case.set("/object/metadata/annotations", json!({MODE: "remote"}));
    assert_eq!(remote.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));
}

/// What overrides one of the variables but the host speaks against them all, and so does a host that is none.
#[rstest]
#[case::overridden([forged("vk", "6443"), vec![var("KUBERNETES_SERVICE_PORT", "443")]].concat())]
#[case::one_missing(forged("vk", "6443")[..6].to_vec())]
#[case::empty(forged("", "6443"))]
#[case::reference(forged("$(X)", "6443"))]
#[case::white_space(forged("a b", "6443"))]
#[case::line_break(forged("a\n", "6443"))]
#[case::port_with_a_zero(forged("vk", "06443"))]
fn what_does_not_agree_is_not_forged(#[case] env: Vec<Value>) {
    let case = with_env(env);
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "kubernetes.default:443");
}

/// A pod that is right but for its aliases.
fn with_aliases(host: &str, aliases: Value, settings: Value) -> Case {
    with_env(block(host, "443")).set("/object/spec/hostAliases", aliases).settings(settings)
}

#[track_caller]
fn assert_aliases(case: &Case, aliases: Value, warnings: &[&str]) {
    let outcome = case.outcome();
    let mut expected = outcome.before.clone();
    expected["spec"]["hostAliases"] = aliases;
    let changed = (expected != outcome.before).then_some(expected.clone());
    assert_eq!(outcome.answer.mutated_object, changed, "{outcome}");
    assert_eq!(outcome.answer.warnings, warnings);
    assert_eq!(Case::pod(expected).settings(case.settings.clone()).outcome().answer.mutated_object, None);
}

#[rstest]
#[case::liqos(
    json!([{"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc"]}]),
    json!([{"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]}])
)]
#[case::one_for_each_endpoint(
    json!([
        {"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc"]},
        {"ip": "10.9.9.9", "hostnames": ["db.example.org"]},
        {"ip": "fd00:80::6", "hostnames": ["kubernetes.default", "kubernetes.default.svc"], "x": 1},
    ]),
    json!([
        {"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]},
        {"ip": "10.9.9.9", "hostnames": ["db.example.org"]},
        {"ip": "fd00:80::6", "hostnames": ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"], "x": 1},
    ])
)]
#[case::one_name(
    json!([{"ip": "10.80.0.5", "hostnames": ["db.example.org", "kubernetes.default.svc.cluster.local"]}]),
    json!([{"ip": "10.80.0.5", "hostnames": ["db.example.org", "kubernetes.default.svc.cluster.local", "kubernetes.default", "kubernetes.default.svc"]}])
)]
#[case::all_names(
    json!([{"ip": "10.80.0.5", "hostnames": ["kubernetes.default.svc.cluster.local", "kubernetes.default.svc", "kubernetes.default"]}]),
    json!([{"ip": "10.80.0.5", "hostnames": ["kubernetes.default.svc.cluster.local", "kubernetes.default.svc", "kubernetes.default"]}])
)]
fn all_names_lead_to_one_place(#[case] before: Value, #[case] after: Value) {
    for host in ["kubernetes.default", "api.milan.example.org", "10.80.0.7"] {
        assert_aliases(&with_aliases(host, before.clone(), json!({})), after.clone(), &[]);
    }
}

#[test]
fn names_that_lead_to_different_places_are_told() {
    let aliases = json!([
        {"ip": "10.80.0.5", "hostnames": ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"]},
        {"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]},
    ]);
    let case = with_aliases("kubernetes.default", aliases.clone(), json!({}));
    assert_aliases(&case, aliases, &[NAME_DIFFERS]);
}

#[rstest]
#[case::the_host_itself("kubernetes.default", NAME_IS_FOREIGN)]
#[case::a_name_beside_it("api.milan.example.org", OTHER_NAMES_ARE_FOREIGN)]
#[case::a_name_beside_an_address("10.80.0.7", OTHER_NAMES_ARE_FOREIGN)]
fn names_without_an_alias_are_told(#[case] host: &str, #[case] warning: &str) {
    for aliases in [Value::Null, json!([{"ip": "10.9.9.9", "hostnames": ["db.example.org"]}])] {
        assert_aliases(&with_aliases(host, aliases.clone(), json!({})), aliases, &[warning]);
    }
}

/// A pod that is right but for these volumes; those whose names start with `kube-api-access-` are mounted as the API
/// server mounts its own.
fn with_volumes(volumes: &[(&str, Value)], settings: Value) -> Case {
    let mounts: Vec<_> = volumes
        .iter()
        .map(|(name, _)| {
            let path = if name.starts_with("kube-api-access-") { API_PATH } else { "/mnt" };
            json!({"name": name, "mountPath": path})
        })
        .collect();
    let volumes: Vec<_> =
        volumes.iter().map(|(name, sources)| json!({"name": name, "projected": {"sources": sources}})).collect();
    with_env(block("api.milan.example.org", "6443"))
        .set("/object/spec/containers/0/volumeMounts", json!(mounts))
        .set("/object/spec/volumes", json!(volumes))
        .settings(settings)
}

/// Asserts that the sources become these, that nothing else changes, and that this is what is said.
#[track_caller]
fn assert_sources(case: &Case, sources: &[Value], warnings: &[&str]) {
    let outcome = case.outcome();
    assert!(outcome.answer.accepted, "{outcome}");
    let mut expected = outcome.before.clone();
    for (index, sources) in sources.iter().enumerate() {
        expected["spec"]["volumes"][index]["projected"]["sources"] = sources.clone();
    }
    let changed = (expected != outcome.before).then_some(expected.clone());
    assert_eq!(outcome.answer.mutated_object, changed, "{outcome}");
    assert_eq!(outcome.answer.warnings, warnings);
    assert_eq!(Case::pod(expected).settings(case.settings.clone()).outcome().answer.mutated_object, None);
}

fn token() -> Value {
    json!({"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}})
}

fn token_for(audience: &str, path: &str) -> Value {
    json!({"serviceAccountToken": {"path": path, "audience": audience, "expirationSeconds": 3600}})
}

fn secret(name: &str, key: &str, path: &str) -> Value {
    json!({"secret": {"name": name, "items": [{"key": key, "path": path}]}})
}

fn root_ca(name: &str) -> Value {
    json!({"configMap": {"name": name, "items": [{"key": "ca.crt", "path": "ca.crt"}]}})
}

#[test]
fn beside_an_own_secret_liqo_keeps_tokens_for_other_audiences() {
    let volumes = [
        (
            "kube-api-access-x",
            json!([
                secret("p-token", "kube-api-access-x-3c469e", "token"),
                secret("p-token", "kube-api-access-x-927385", "vault/token"),
                root_ca("kube-root-ca.crt.milan"),
            ]),
        ),
        ("istio-token", json!([secret("p-token", "istio-token-996a99", "istio-token")])),
        ("elsewhere", json!([secret("p-token", "elsewhere-3c469e", "token")])),
    ];
    let case = with_volumes(&volumes, json!({"homeClusterId": "milan", "homeCredentialsSecret": "own"}));
    let api = json!([
        secret("own", "token", "token"),
        secret("p-token", "kube-api-access-x-927385", "vault/token"),
        secret("own", "ca.crt", "ca.crt"),
    ]);
    assert_sources(&case, &[api], &[]);
}

#[test]
fn a_token_source_that_was_put_into_a_forged_pod_is_told() {
    let volumes = [
        ("kube-api-access-x", json!([secret("p-token", "kube-api-access-x-3c469e", "token")])),
        ("identity", json!([token_for("sts.example.org", "token")])),
    ];
    let settings = json!({"homeClusterId": "milan"});
    let case = with_volumes(&volumes, settings.clone());
    let same = volumes[0].1.clone();
    assert_sources(&case, &[same.clone(), json!([secret("p-token", "identity-3c469e", "token")])], &[LEFT_TOKEN]);

    let kept = json!({"homeClusterId": "milan", "keptTokenAudiences": ["sts.example.org"]});
    assert_sources(&case.clone().settings(kept), &[], &[]);
    // Another audience is not kept, and neither is the API server's own, which has none.
    let others = json!({"homeClusterId": "milan", "keptTokenAudiences": ["vault"]});
    let changed = json!([secret("p-token", "identity-3c469e", "token")]);
    assert_sources(&case.clone().settings(others.clone()), &[same.clone(), changed.clone()], &[LEFT_TOKEN]);
    let api = case.set("/object/spec/volumes/1/projected/sources", json!([token()])).settings(others);
    assert_sources(&api, &[same, changed], &[LEFT_TOKEN]);
}

#[test]
fn a_kept_token_stays_in_every_mode() {
    let identity = json!([token_for("sts.example.org", "token"), token_for("vault", "vault")]);
    let case = with_env(vec![])
        .remove("/object/spec/automountServiceAccountToken")
        .set("/object/spec/volumes", json!([{"name": "identity", "projected": {"sources": identity}}]))
        .settings(json!({"keptTokenAudiences": ["sts.example.org"]}));
    let sources = |mode: &str| {
        let case = case.clone().set("/object/metadata/annotations", json!({MODE: mode}));
        case.object()["spec"]["volumes"][0]["projected"]["sources"].clone()
    };
    assert_eq!(sources("disabled"), json!([token_for("sts.example.org", "token")]));
    assert_eq!(sources("remote"), identity);
}

/// Liqo's copy of the ConfigMap has the certificates only, and no token.
#[test]
fn certificates_are_no_token() {
    let whole = |name: &str| json!({"configMap": {"name": name}});
    let given = json!({"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}});
    for name in ["kube-root-ca.crt", "kube-root-ca.crt.milan"] {
        let volumes = [("kube-api-access-x", json!([whole(name)]))];
        let remote = with_volumes(&volumes, json!({"homeClusterId": "milan"}))
            .set("/object/metadata/annotations", json!({MODE: "remote"}))
            .set("/object/spec/automountServiceAccountToken", json!(true))
            .set("/object/spec/containers/0/env", json!([]));
        assert_sources(&remote, &[json!([whole("kube-root-ca.crt"), given])], &[]);

        let home = with_volumes(&volumes, json!({"homeClusterId": "milan"}));
        let warning = "volume kube-api-access-x has no token for the API server, set homeCredentialsSecret";
        assert_sources(&home, &[json!([whole("kube-root-ca.crt.milan")])], &[warning]);
    }
}

/// `db-0` and `db-0-token`: the key is none that Liqo makes, so the Secret is the user's own.
#[test]
fn a_secret_with_liqos_name_and_another_key_is_the_users() {
    let sources = json!([
        {"secret": {"name": "p-token", "items": [{"key": "replication", "path": "replication"}, {"key": "data-3c469e", "path": "token"}]}},
        {"secret": {"name": "p-token", "items": [{"key": "data-927385", "path": "token"}]}},
    ]);
    let case = with_volumes(&[("data", sources)], json!({"homeClusterId": "milan"}));
    let replication = json!({"secret": {"name": "p-token", "items": [{"key": "replication", "path": "replication"}]}});
    // The second key is of another path: no token of Liqo's.
    let other = secret("p-token", "data-927385", "token");
    let disabled = case.clone().set("/object/metadata/annotations", json!({MODE: "disabled"}));
    assert_sources(&disabled, &[json!([replication, other])], &[]);

    let own = json!([secret("p-token", "replication", "token")]);
    let home = with_volumes(&[("kube-api-access-x", own.clone())], json!({"homeCredentialsSecret": "own"}));
    assert_sources(&home, &[], &[]);
    let remote = with_volumes(&[("data", own)], json!({})).set("/object/metadata/annotations", json!({MODE: "remote"}));
    let remote = remote.set("/object/spec/containers/0/env", json!([]));
    assert_eq!(remote.rejection(), format!("spec.volumes[0].projected.sources[0].secret: {MADE_FOR_HOME}"));
}

#[rstest]
#[case::two_tokens(
    json!([token(), token()]),
    json!({"homeClusterId": "milan"}),
    json!([secret("p-token", "kube-api-access-x-3c469e", "token")])
)]
#[case::an_item_before_a_token(
    json!([secret("mine", "k", "token"), token()]),
    json!({"homeClusterId": "milan"}),
    json!([secret("p-token", "kube-api-access-x-3c469e", "token")])
)]
#[case::an_item_after_a_token(
    json!([token(), secret("mine", "k", "token")]),
    json!({"homeClusterId": "milan"}),
    json!([secret("mine", "k", "token")])
)]
#[case::an_item_among_others(
    json!([{"secret": {"name": "mine", "items": [{"key": "k", "path": "token"}, {"key": "l", "path": "l"}]}}, token()]),
    json!({"homeClusterId": "milan"}),
    json!([secret("mine", "l", "l"), secret("p-token", "kube-api-access-x-3c469e", "token")])
)]
#[case::certificates(
    json!([root_ca("mine"), {"configMap": {"name": "kube-root-ca.crt"}}, token()]),
    json!({"homeCredentialsSecret": "own"}),
    json!([secret("own", "ca.crt", "ca.crt"), secret("own", "token", "token")])
)]
#[case::certificates_of_the_users_last(
    json!([{"configMap": {"name": "kube-root-ca.crt"}}, token(), root_ca("mine")]),
    json!({"homeCredentialsSecret": "own"}),
    json!([secret("own", "token", "token"), root_ca("mine")])
)]
fn no_path_is_shown_twice(#[case] before: Value, #[case] settings: Value, #[case] after: Value) {
    let case = with_volumes(&[("kube-api-access-x", before)], settings);
    assert_eq!(case.object()["spec"]["volumes"][0]["projected"]["sources"], after);
    let again = Case::pod(case.object()).settings(case.settings.clone());
    assert_eq!(again.outcome().answer.mutated_object, None);
}

#[rstest]
#[case::mapped("::ffff:10.0.0.1", MAPPED)]
#[case::unspecified("0.0.0.0", UNSPECIFIED)]
#[case::unspecified_v6("::", UNSPECIFIED)]
#[case::loopback("127.0.0.1", LOOPBACK)]
#[case::loopback_of_another_host("127.8.9.10", LOOPBACK)]
#[case::loopback_v6("::1", LOOPBACK)]
#[case::multicast("224.0.0.1", MULTICAST)]
#[case::multicast_v6("ff02::1", MULTICAST)]
fn addresses_that_lead_nowhere_are_no_settings(#[case] address: &str, #[case] message: &str) {
    let settings = json!({"homeApiServerAddresses": ["10.0.0.1", address]}).to_string();
    assert_eq!(
        settings_problem(settings.as_bytes()),
        Some(format!("homeApiServerAddresses[1]: expected an IP address, found \"{address}\": {message}"))
    );
}

/// `examples/remote-only.yaml`: the virtual kubelet forges pods without the annotation, and takes their names away.
#[test]
fn forged_is_told_before_the_pods_own_name_is_refused() {
    let settings = json!({
        "homeClusterId": "milan",
        "defaultMode": "remote",
        "allowedModes": ["remote"],
        "allowedRemoteServiceAccounts": ["foreign-reporter"],
    });
    let env = [forged("kubernetes.default", "443"), azure()].concat();
    let case = with_env(env).settings(settings);
    assert_eq!(case.rejection(), format!("spec.containers[0].env: {MADE_FOR_HOME}"));

    let refused =
        |name: &str| format!("ServiceAccount \"{name}\" is not allowed in mode \"remote\"; allowed: foreign-reporter");
    let unforged = case.clone().remove("/object/spec/containers/0/env");
    assert_eq!(unforged.rejection(), format!("spec.serviceAccountName: {}{KEPT_NAME}", refused("default")));
    let named = case.set("/object/metadata/annotations", json!({"liqo.io/remote-service-account-name": "admin"}));
    let path = "metadata.annotations[\"liqo.io/remote-service-account-name\"]";
    assert_eq!(named.rejection(), format!("{path}: {}", refused("admin")));
}

#[test]
fn a_host_that_the_author_chose_is_told_in_mode_remote() {
    let case = with_env(vec![var("A", "1"), var("KUBERNETES_SERVICE_HOST", "k3k.example.org")])
        .set("/object/metadata/annotations", json!({MODE: "remote"}))
        .set("/object/spec/initContainers", json!([{"name": "other"}]));
    let outcome = case.outcome();
    let mut expected = outcome.before.clone();
    expected["spec"]["automountServiceAccountToken"] = json!(true);
    assert_eq!(outcome.answer.mutated_object, Some(expected), "{outcome}");
    assert_eq!(outcome.answer.warnings, [GOES_ELSEWHERE]);
    // Nobody knows a computed value, but the container has one of its own.
    let computed =
        json!({"name": "KUBERNETES_SERVICE_HOST", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}});
    assert_eq!(case.set("/object/spec/containers/0/env", json!([computed])).warnings(), [GOES_ELSEWHERE]);
}
