//! Pods that the API server has stored: the policy leaves alone what it wrote itself, also once the API server has put
//! its defaults into it, and `verifyOnly` tells what others changed since.

use std::path::PathBuf;

use crate::api_server::stored;
use crate::recorded;
use crate::support::{Case, root};
use rstest::rstest;
use serde_json::{Value, json};

const MODE: &str = "liqo.io/api-server-support";

/// What follows the path of an environment that is not right any more.
const NOT_HOME: &str = "does not lead to the home API server; another webhook changed the pod after this policy";

fn verifying(settings: &Value) -> Value {
    let mut settings = settings.clone();
    settings["verifyOnly"] = json!(true);
    settings
}

/// The pod that the policy left, as it is stored; `None` where the policy rejects it or has nothing to do with it.
fn stored_after(case: &Case) -> Option<Value> {
    let answer = case.outcome().answer;
    let is_created = answer.accepted && answer.audit_annotations.contains_key("mode");
    is_created.then(|| stored(&answer.mutated_object.unwrap_or_else(|| case.request["object"].clone())))
}

#[track_caller]
fn assert_settled(pod: &Value, settings: &Value, context: &str) {
    for settings in [settings.clone(), verifying(settings)] {
        let outcome = Case::pod(pod.clone()).settings(settings.clone()).outcome();
        let is_settled = outcome.answer.accepted && outcome.answer.mutated_object.is_none();
        assert!(is_settled, "{context} under {settings}: {outcome}");
    }
}

#[rstest]
fn recorded_pods(#[files("test_data/requests/*.json")] path: PathBuf) {
    let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
    for (variant, settings) in recorded::settings() {
        for mode in [None, Some("remote"), Some("disabled")] {
            let mut case = Case::recorded(name).settings(settings.clone());
            if let Some(mode) = mode
                && case.request["kind"]["kind"] == "Pod"
                && case.request["operation"] == "CREATE"
            {
                case.request["object"]["metadata"]["annotations"][MODE] = json!(mode);
            }
            if let Some(pod) = stored_after(&case) {
                assert_settled(&pod, &settings, &format!("{name} in mode {mode:?} ({variant})"));
            }
        }
    }
}

/// What Liqo forged, and the same pods before that.
#[test]
fn pods_of_the_vectors() {
    let text = std::fs::read_to_string(root().join("test_data/liqo-parity/vectors.jsonl")).expect("the vectors");
    let mut count = 0;
    for line in text.lines() {
        let vector: Value = serde_json::from_str(line).expect("JSON");
        let mut forged = vector["pod"].clone();
        forged["spec"] = vector["expectedSpec"].clone();
        let id = &vector["homeClusterId"];
        let default = &vector["defaultMode"];
        for pod in [&vector["pod"], &forged] {
            for settings in [
                json!({"homeClusterId": id}),
                json!({"homeClusterId": id, "defaultMode": default}),
                json!({"homeClusterId": id, "defaultMode": "disabled"}),
                json!({"homeCredentialsSecret": "home-api", "homeApiServerPort": 6443}),
                json!({"homeApiServerHost": "api.example.org", "homeApiServerAddresses": ["10.80.0.9", "fd00:80::9"]}),
            ] {
                let case = Case::pod(pod.clone()).settings(settings.clone());
                if let Some(pod) = stored_after(&case) {
                    assert_settled(&pod, &settings, &vector["name"].to_string());
                    count += 1;
                }
            }
        }
    }
    assert!(count >= 1_000, "only {count} pods were accepted");
}

/// A pod in a mode with these settings, after the policy and stored, and then changed.
#[track_caller]
fn tampered(mode: Option<&str>, settings: Value, tamper: impl Fn(&mut Value)) -> Case {
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
    let mut pod = stored_after(&Case::pod(pod).settings(settings.clone())).expect("an accepted pod");
    assert_settled(&pod, &settings, "before it is changed");
    tamper(&mut pod);
    Case::pod(pod).settings(verifying(&settings))
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
