//! Hostile pods: small requests that would make for much work, or for large answers. None takes a second.

use crate::support::{Case, var};
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

#[test]
fn work_and_answers_are_bounded() {
    let env = json!([var("A", &"$(".repeat(1_000_000))]);
    let open = with_sources(json!([])).set("/object/spec/containers/0/env", env);
    assert_eq!(open.object()["spec"]["containers"][0]["env"].as_array().map(Vec::len), Some(9));

    let containers = Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": vec![json!({}); 10_001]}}));
    assert_eq!(containers.rejection(), "spec.containers: expected at most 10000 containers, found more");
    let most = containers.remove("/object/spec/containers/10000");
    assert_eq!(most.object()["spec"]["containers"].as_array().map(Vec::len), Some(10_000));

    let audiences =
        (0..20_000).map(|index| json!({"serviceAccountToken": {"path": format!("{index}"), "audience": "a"}}));
    let own = json!({"homeApiServerHost": "h", "homeApiServerAddresses": ["10.0.0.1"], "homeCredentialsSecret": "own"});
    assert_eq!(with_sources(audiences.collect()).settings(own).warnings().len(), 16);

    let volumes: Vec<_> = (1..20_000).map(|index| json!({"name": format!("kube-api-access-home-{index}")})).collect();
    let mounts: Vec<_> = (0..20_000).map(|index| json!({"name": format!("{index}"), "mountPath": API_PATH})).collect();
    let case = with_sources(json!([]))
        .remove("/object/spec/automountServiceAccountToken")
        .set("/object/spec/volumes", json!(volumes))
        .set("/object/spec/containers", json!([{"name": "c", "volumeMounts": mounts}, {"name": "d"}]));
    assert_eq!(case.object()["spec"]["volumes"][19_999]["name"], "kube-api-access-home");
}

/// As much of a name is shown as 120 characters have room for.
#[test]
fn warnings_are_short() {
    let vault = json!([{"serviceAccountToken": {"path": "vault/token", "audience": "vault"}}]);
    let settings = json!({"homeApiServerHost": "h", "homeApiServerAddresses": ["10.0.0.1"], "homeCredentialsSecret": "x".repeat(253)});
    let case = with_sources(vault).settings(settings).set("/object/spec/volumes/0/name", json!("v".repeat(63)));
    let cut = |length| format!("Secret {}…", "x".repeat(length));
    let key = format!("key {}-927385", "v".repeat(63));
    assert_eq!(case.warnings(), [format!("{} must have {key}", cut(25))]);
    // The pod is forged, since another source has Liqo's key.
    let liqos =
        json!({"secret": {"name": "p-token", "items": [{"key": format!("{}-2d7116", "v".repeat(63)), "path": "x"}]}});
    let forged = case.set("/object/spec/volumes/0/projected/sources/-", liqos);
    assert_eq!(forged.warnings(), [format!("{} lacks {key}: see keptTokenAudiences", cut(7))]);
    let short = forged
        .set("/object/spec/volumes/0/name", json!("v"))
        .set("/object/spec/volumes/0/projected/sources/1/secret/items/0/key", json!("v-2d7116"));
    assert_eq!(short.warnings(), [format!("{} lacks key v-927385: see keptTokenAudiences", cut(69))]);
}
