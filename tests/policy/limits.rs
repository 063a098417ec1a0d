//! Hostile pods: requests that would make for much work, or for large answers.

use crate::support::{Answer, Case, MODE, REMOTE_NAME, evaluate, forged, var};
use rstest::rstest;
use serde_json::{Value, json};

const API_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

fn with_sources(sources: Value) -> Case {
    Case::pod(json!({
        "metadata": {"name": "p"},
        "spec": {
            "containers": [{"name": "c"}],
            "volumes": [{"name": "v", "projected": {"sources": sources}}],
            "automountServiceAccountToken": false,
        },
    }))
    .settings(json!({"homeApiServerHost": "h", "homeApiServerAddresses": ["10.0.0.1"]}))
}

/// The case with a Secret of the user's own.
fn own_secret(mut case: Case, name: Value) -> Case {
    case.settings["homeCredentialsSecret"] = name;
    case
}

/// Mutating admission runs before the API server validates, so anything may come.
#[rstest]
#[case::name("/object/metadata/name", |size| json!("n".repeat(size)), "metadata.name: expected at most 253 characters, found more")]
#[case::volume("/object/spec/volumes/0/name", |size| json!("v".repeat(size)), "spec.volumes[0].name: expected at most 63 characters, found more")]
#[case::containers("/object/spec/containers", |size| json!(vec![json!({}); size / 3]), "spec.containers: expected at most 1000 containers, found more")]
#[case::host("/object/spec/containers/0/env", |size| forged(&"h".repeat(size), 6443).into(), "spec.containers[0].env: KUBERNETES_PORT_6443_TCP_ADDR: expected at most 253 characters, found more")]
#[case::literals("/object/spec/containers/0/env", |size| (0..=size / 25).map(|port| var("KUBERNETES_SERVICE_PORT", &port.to_string())).collect(), "spec.containers[0].env: KUBERNETES_SERVICE_PORT: expected at most 8 different values, found more")]
#[case::service_account("/object/spec/serviceAccountName", |size| json!("a".repeat(size)), "spec.serviceAccountName: expected at most 253 characters, found more")]
#[case::deprecated_service_account("/object/spec/serviceAccount", |size| json!("a".repeat(size)), "spec.serviceAccount: expected at most 253 characters, found more")]
#[case::init_containers("/object/spec/initContainers", |size| json!(vec![json!({}); size / 3]), "spec.initContainers: expected at most 1000 containers, found more")]
fn what_is_too_long_is_rejected(
    #[case] pointer: &str,
    #[case] make: fn(usize) -> Value,
    #[case] message: &str,
    #[values(254, 3_003, 100_000, 1_000_000)] size: usize,
) {
    let case = with_sources(json!([{"serviceAccountToken": {"path": "token"}}])).set(pointer, make(size));
    if size == 254 && pointer.ends_with("ontainers") {
        case.object();
    } else {
        assert_eq!(case.rejection(), message);
    }
}

/// As much of a value is shown as 64 characters have room for.
#[test]
fn annotations_are_shown_cut() {
    let annotated = |annotations| with_sources(json!([])).set("/object/metadata/annotations", annotations);
    let message = r#"is not a mode; set "remote" or "disabled", or leave it unset for home"#;
    assert_eq!(
        annotated(json!({MODE: "x".repeat(100_000)})).rejection(),
        format!(r#"metadata.annotations["liqo.io/api-server-support"]: "{}…" {message}"#, "x".repeat(63))
    );
    let named = |length| annotated(json!({MODE: "remote", REMOTE_NAME: "a".repeat(length)}));
    assert_eq!(named(253).object()["spec"]["serviceAccountName"], json!("a".repeat(253)));
    let message = "is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters";
    assert_eq!(
        named(254).rejection(),
        format!(r#"metadata.annotations["liqo.io/remote-service-account-name"]: "{}…" {message}"#, "a".repeat(63))
    );
}

/// An answer is at most so many times the request, but for a constant: each of a thousand containers gets variables.
#[rstest]
fn answers_follow_environments(#[values(100_000, 1_000_000)] size: usize) {
    let mut containers = vec![json!({}); 1_000];
    containers[0]["env"] = json!([var("A", &"$(".repeat(size / 2))]);
    assert_linear(&with_sources(json!([])).set("/object/spec/containers", json!(containers)));
}

#[rstest]
#[case::tokens(|index: usize| json!({"serviceAccountToken": {"path": index.to_string(), "audience": "a"}}))]
#[case::certificates(|_| json!({"configMap": {"name": "kube-root-ca.crt"}}))]
#[case::secrets(|index: usize| json!({"secret": {"name": "m", "items": [{"path": index.to_string()}]}}))]
fn answers_follow_sources(
    #[case] source: fn(usize) -> Value,
    #[values(100_000, 1_000_000)] size: usize,
    #[values(None, Some("s".repeat(253)))] own: Option<String>,
) {
    let count = size / source(0).to_string().len();
    let case = own_secret(with_sources((0..count).map(source).collect()), json!(own));
    let case = case.set("/object/metadata/name", json!("n".repeat(247)));
    assert_linear(&case.set("/object/spec/volumes/0/name", json!("v".repeat(63))));
}

#[rstest]
#[case::volumes("/object/spec/volumes", |index: usize| json!({"name": format!("kube-api-access-home-{index}")}))]
#[case::mounts("/object/spec/containers/0/volumeMounts", |index: usize| json!({"name": index.to_string(), "mountPath": API_PATH}))]
#[case::aliases("/object/spec/hostAliases", |index: usize| json!({"ip": index.to_string(), "hostnames": ["kubernetes.default"]}))]
fn answers_follow_lists(
    #[case] pointer: &str,
    #[case] item: fn(usize) -> Value,
    #[values(100_000, 1_000_000)] size: usize,
) {
    let list: Value = (1..size / item(0).to_string().len()).map(item).collect();
    let case = with_sources(json!([])).remove("/object/spec/automountServiceAccountToken");
    assert_linear(&case.set("/object/spec/containers/-", json!({"name": "d"})).set(pointer, list));
}

#[track_caller]
fn assert_linear(case: &Case) {
    let payload = case.payload();
    let bytes = evaluate(&payload);
    assert!(bytes.len() <= 12 * payload.len() + 1_000_000, "{} bytes for {}", bytes.len(), payload.len());
    let answer: Answer = serde_json::from_slice(&bytes).unwrap();
    assert!(answer.accepted && answer.warnings.len() <= 16, "{:?} {:?}", answer.message, answer.warnings);
}

/// A Secret is named after the pod, and no name is longer than 253 characters.
#[test]
fn a_name_leaves_room_for_the_secrets() {
    let named = |length| {
        with_sources(json!([{"serviceAccountToken": {"path": "token"}}]))
            .set("/object/metadata/name", json!("n".repeat(length)))
    };
    let message = "metadata.name: expected at most 247 characters, found more; the Secret that Liqo reflects has a longer name, and none can be that long; shorten the name, or set homeCredentialsSecret";
    named(247).object();
    for length in [248, 253] {
        assert_eq!(named(length).rejection(), message);
        // A pod that shows the Secret already would never start.
        let shown = json!({"secret": {"name": format!("{}-token", "n".repeat(length)), "items": [{"key": "v-3c469e", "path": "token"}]}});
        assert_eq!(named(length).set("/object/spec/volumes/0/projected/sources/0", shown).rejection(), message);
        own_secret(named(length), json!("own")).object();
        named(length).set("/object/spec/volumes", json!([])).object();
    }
}

/// As much of a name is shown as 120 characters have room for.
#[test]
fn warnings_are_short() {
    let vault = json!([{"serviceAccountToken": {"path": "vault/token", "audience": "vault"}}]);
    let case = own_secret(with_sources(vault), json!("x".repeat(253)));
    let case = case.set("/object/spec/volumes/0/name", json!("v".repeat(63)));
    let cut = |length| format!("Secret {}…", "x".repeat(length));
    let key = format!("key {}-927385", "v".repeat(63));
    assert_eq!(case.warnings(), [format!("{} must have {key}", cut(25))]);
    // The pod is forged, since another source has Liqo's key.
    let liqos =
        json!({"secret": {"name": "p-token", "items": [{"key": format!("{}-2d7116", "v".repeat(63)), "path": "x"}]}});
    let forged = case.set("/object/spec/volumes/0/projected/sources/-", liqos);
    assert_eq!(forged.warnings(), [format!("{} lacks {key}; see keptTokenAudiences", cut(7))]);
    let short = forged
        .set("/object/spec/volumes/0/name", json!("v"))
        .set("/object/spec/volumes/0/projected/sources/1/secret/items/0/key", json!("v-2d7116"));
    assert_eq!(short.warnings(), [format!("{} lacks key v-927385; see keptTokenAudiences", cut(69))]);
}
