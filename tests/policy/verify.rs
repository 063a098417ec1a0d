//! `verifyOnly`: what others changed in a pod since the policy saw it is reported, with its path.

use crate::api_server::stored;
use crate::properties::check;
use crate::support::{Case, MODE};
use rstest::rstest;
use serde_json::{Value, json};

/// What follows the path of an environment that is not right any more.
const NOT_HOME: &str = "does not lead to the home API server; another webhook changed the pod after this policy";

/// A pod in a mode with these settings, after the policy and stored, and then changed.
#[track_caller]
fn tampered(mode: Option<&str>, mut settings: Value, tamper: impl Fn(&mut Value)) -> Case {
    let sources = json!([
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]);
    let mount = json!({"name": "kube-api-access-x2x4z", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    let mut pod = json!({
        "metadata": {"name": "p", "annotations": {}},
        "spec": {
            "serviceAccountName": "reader",
            "serviceAccount": "reader",
            "containers": [{"name": "c", "image": "c", "volumeMounts": [mount]}],
            "volumes": [{"name": "kube-api-access-x2x4z", "projected": {"sources": sources}}],
        },
    });
    if let Some(mode) = mode {
        pod["metadata"]["annotations"][MODE] = json!(mode);
    }
    let outcome =
        check(&Case::pod(pod).settings(settings.clone())).expect("a pod that is settled before it is changed");
    let mut pod = stored(&outcome.answer.mutated_object.expect("an accepted pod"));
    tamper(&mut pod);
    settings["verifyOnly"] = json!(true);
    Case::pod(pod).settings(settings)
}

fn home() -> Value {
    json!({"homeClusterId": "milan", "homeApiServerHost": "api.milan.example.org", "homeApiServerAddresses": ["10.80.0.5"]})
}

fn push(pod: &mut Value, list: &str, item: Value) {
    let list = pod.pointer_mut(list).and_then(Value::as_array_mut).expect("a list");
    list.push(item);
}

#[rstest]
#[case::sidecar(|pod: &mut Value| push(pod, "/spec/containers", json!({"name": "injected"})), "spec.containers[1].env")]
#[case::init_container(|pod: &mut Value| pod["spec"]["initContainers"] = json!([{"name": "injected", "env": []}]), "spec.initContainers[0].env")]
#[case::no_environment(|pod: &mut Value| pod["spec"]["containers"][0]["env"] = json!([]), "spec.containers[0].env")]
#[case::one_variable_less(|pod: &mut Value| { pod["spec"]["containers"][0]["env"].as_array_mut().unwrap().remove(1); }, "spec.containers[0].env")]
#[case::overridden(|pod: &mut Value| push(pod, "/spec/containers/0/env", json!({"name": "KUBERNETES_SERVICE_HOST", "value": "10.96.0.1"})), "spec.containers[0].env")]
#[case::referred_to_before(|pod: &mut Value| pod["spec"]["containers"][0]["env"].as_array_mut().unwrap().insert(0, json!({"name": "A", "value": "$(KUBERNETES_PORT)"})), "spec.containers[0].env")]
#[case::two(|pod: &mut Value| { pod["spec"]["containers"][0]["env"] = json!([]); pod["spec"]["automountServiceAccountToken"] = json!(true); }, "spec.containers[0].env")]
fn an_environment_that_does_not_lead_home_any_more(#[case] tamper: impl Fn(&mut Value), #[case] path: &str) {
    let case = tampered(None, home(), tamper);
    assert_eq!(case.rejection(), format!("{path}: {NOT_HOME}"));
}

#[rstest]
#[case::alias_gone(None, |pod: &mut Value| { pod["spec"].as_object_mut().unwrap().remove("hostAliases"); }, "spec.hostAliases")]
#[case::alias_of_another_address(None, |pod: &mut Value| push(pod, "/spec/hostAliases", json!({"ip": "10.96.0.1", "hostnames": ["kubernetes.default.svc"]})), "spec.hostAliases")]
#[case::name_gone(None, |pod: &mut Value| { pod["spec"]["hostAliases"][0]["hostnames"].as_array_mut().unwrap().pop(); }, "spec.hostAliases")]
#[case::token(None, |pod: &mut Value| push(pod, "/spec/volumes/0/projected/sources", json!({"serviceAccountToken": {"path": "token", "expirationSeconds": 3607}})), "spec.volumes[0].projected.sources")]
#[case::another_volume(None, |pod: &mut Value| push(pod, "/spec/volumes", json!({"name": "kube-api-access-9zzzz", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}})), "spec.volumes[1].projected.sources")]
#[case::certificates(None, |pod: &mut Value| pod["spec"]["volumes"][0]["projected"]["sources"][1]["configMap"]["name"] = json!("kube-root-ca.crt"), "spec.volumes[0].projected.sources")]
#[case::automount(None, |pod: &mut Value| pod["spec"]["automountServiceAccountToken"] = json!(true), "spec.automountServiceAccountToken")]
#[case::automount_unset(None, |pod: &mut Value| { pod["spec"].as_object_mut().unwrap().remove("automountServiceAccountToken"); }, "spec.automountServiceAccountToken")]
#[case::service_account(None, |pod: &mut Value| { pod["spec"]["serviceAccountName"] = json!("admin"); pod["spec"]["serviceAccount"] = json!("admin"); }, "spec.serviceAccountName")]
#[case::token_in_mode_disabled(Some("disabled"), |pod: &mut Value| push(pod, "/spec/volumes/0/projected/sources", json!({"serviceAccountToken": {"path": "token"}})), "spec.volumes[0].projected.sources")]
#[case::automount_in_mode_disabled(Some("disabled"), |pod: &mut Value| pod["spec"]["automountServiceAccountToken"] = json!(true), "spec.automountServiceAccountToken")]
#[case::token_gone_in_mode_remote(Some("remote"), |pod: &mut Value| { pod["spec"]["volumes"][0]["projected"]["sources"].as_array_mut().unwrap().remove(0); }, "spec.volumes[0].projected.sources")]
#[case::no_automount_in_mode_remote(Some("remote"), |pod: &mut Value| pod["spec"]["automountServiceAccountToken"] = json!(false), "spec.automountServiceAccountToken")]
fn what_is_not_right_any_more_is_told_with_its_path(
    #[case] mode: Option<&str>,
    #[case] tamper: impl Fn(&mut Value),
    #[case] path: &str,
) {
    let message = tampered(mode, home(), tamper).rejection();
    // The path may go on into the list.
    let rest = message.strip_prefix(path).unwrap_or_else(|| panic!("{message}"));
    assert!(rest.starts_with([':', '[']), "{message}");
}

/// What a later webhook may do.
#[rstest]
#[case::variables(|pod: &mut Value| push(pod, "/spec/containers/0/env", json!({"name": "A", "value": "$(KUBERNETES_PORT)"})))]
#[case::volume(|pod: &mut Value| push(pod, "/spec/volumes", json!({"name": "v", "emptyDir": {}})))]
#[case::alias(|pod: &mut Value| push(pod, "/spec/hostAliases", json!({"ip": "10.9.9.9", "hostnames": ["db.example.org"]})))]
#[case::label(|pod: &mut Value| pod["metadata"]["labels"] = json!({"a": "b"}))]
fn what_is_still_right_is_accepted(#[case] tamper: impl Fn(&mut Value)) {
    let outcome = tampered(None, home(), tamper).outcome();
    assert!(outcome.answer.accepted && outcome.answer.mutated_object.is_none(), "{outcome}");
}
