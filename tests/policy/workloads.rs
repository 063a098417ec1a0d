//! Workloads: templates are checked as pods would be, and never changed.

use crate::support::{Case, MODE, REMOTE_NAME as NAME, evaluate};
use rstest::rstest;
use serde_json::{Value, json};

fn template(annotations: Value) -> Value {
    json!({"metadata": {"annotations": annotations}, "spec": {"serviceAccountName": "own", "containers": []}})
}

fn deployment(annotations: Value) -> Case {
    Case::create("apps", "v1", "Deployment", json!({"metadata": {}, "spec": {"template": template(annotations)}}))
}

#[track_caller]
fn plain_accept(case: &Case) {
    assert_eq!(String::from_utf8_lossy(&evaluate(&case.payload())), r#"{"accepted":true}"#);
}

#[rstest]
#[case("apps", "v1", "Deployment")]
#[case("apps", "v1beta2", "ReplicaSet")]
#[case("apps", "v1", "StatefulSet")]
#[case("apps", "v1", "DaemonSet")]
#[case("batch", "v1", "Job")]
#[case("", "v1", "ReplicationController")]
fn every_kind_is_checked(#[case] group: &str, #[case] version: &str, #[case] kind: &str) {
    let case = |annotations| Case::create(group, version, kind, json!({"spec": {"template": template(annotations)}}));
    plain_accept(&case(json!({MODE: "remote", NAME: "x"})));
    assert_eq!(
        case(json!({MODE: "Disabled"})).rejection(),
        r#"spec.template.metadata.annotations["liqo.io/api-server-support"]: "Disabled" is not a mode; set "remote" or "disabled", or leave it unset for home (did you mean "disabled"?)"#
    );
}

#[test]
fn a_cron_job_is_checked() {
    let case = |annotations| {
        let object = json!({"spec": {"jobTemplate": {"spec": {"template": template(annotations)}}}});
        Case::create("batch", "v1", "CronJob", object)
    };
    plain_accept(&case(json!({MODE: "disabled"})));
    assert_eq!(
        case(json!({MODE: "home"})).rejection(),
        r#"spec.jobTemplate.spec.template.metadata.annotations["liqo.io/api-server-support"]: "home" is not a valid value; home is the default mode, leave the annotation unset"#
    );
}

#[rstest]
#[case(json!({"allowedModes": ["home"]}), r#"spec.template.metadata.annotations["liqo.io/api-server-support"]: remote mode is not allowed; allowed modes: home"#)]
#[case(json!({"allowedRemoteServiceAccounts": ["a"]}), r#"spec.template.spec.serviceAccountName: ServiceAccount "own" is not allowed in remote mode; allowed: a"#)]
fn allow_lists_count(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(deployment(json!({MODE: "remote"})).settings(settings).rejection(), message);
}

#[rstest]
#[case(json!({}))]
#[case(json!({"spec": null}))]
#[case(json!({"spec": {}}))]
#[case(json!({"spec": {"template": null}}))]
#[case(json!({"spec": {"template": {}}}))]
#[case(json!({"spec": {"template": {"metadata": null, "spec": 1}}}))]
#[case(json!({"spec": {"template": {"metadata": {"annotations": null}}}}))]
fn what_is_absent_is_fine(#[case] object: Value) {
    plain_accept(&Case::create("apps", "v1", "Deployment", object));
}

#[rstest]
#[case(Value::Null, "request.object: expected an object, found nothing")]
#[case(json!([]), "request.object: expected an object, found a list")]
#[case(json!({"spec": 1}), "spec: expected an object, found a number")]
#[case(json!({"spec": {"template": "x"}}), "spec.template: expected an object, found a string")]
#[case(json!({"spec": {"template": {"metadata": []}}}), "spec.template.metadata: expected an object, found a list")]
#[case(
    json!({"spec": {"template": {"metadata": {"annotations": []}}}}),
    "spec.template.metadata.annotations: expected an object, found a list"
)]
#[case(
    json!({"spec": {"template": {"metadata": {"annotations": {MODE: "remote"}}, "spec": []}}}),
    "spec.template.spec: expected an object, found a list"
)]
fn the_wrong_shape_is_refused(#[case] object: Value, #[case] message: &str) {
    assert_eq!(Case::create("apps", "v1", "Deployment", object).rejection(), message);
}

#[test]
fn the_ignored_name_is_told() {
    assert_eq!(
        deployment(json!({NAME: "x"})).warnings(),
        [r#"liqo.io/remote-service-account-name is ignored in home mode"#]
    );
}

#[test]
fn a_misspelt_annotation_is_told() {
    assert_eq!(
        deployment(json!({"liqo.io/api-server-suport": "remote"})).warnings(),
        ["annotation liqo.io/api-server-suport is not read, did you mean liqo.io/api-server-support?"]
    );
}

#[test]
fn misplaced_annotations_are_told() {
    let case = deployment(json!({})).set("/object/metadata", json!({"annotations": {MODE: "whatever", NAME: 1}}));
    assert_eq!(
        case.warnings(),
        [
            "metadata: liqo.io/api-server-support has no effect, set it in the pod template",
            "metadata: liqo.io/remote-service-account-name has no effect, set it in the pod template",
        ]
    );
    assert_eq!(case.outcome().answer.audit_annotations.len(), 0);
    let both = json!({"annotations": {MODE: "remote", NAME: "x"}});
    let cron_job = json!({"metadata": both, "spec": {"jobTemplate": {"metadata": both}}});
    assert_eq!(
        Case::create("batch", "v1", "CronJob", cron_job).warnings(),
        [
            "metadata: liqo.io/api-server-support has no effect, set it in the pod template",
            "metadata: liqo.io/remote-service-account-name has no effect, set it in the pod template",
            "spec.jobTemplate.metadata: liqo.io/api-server-support has no effect, set it in the pod template",
            "spec.jobTemplate.metadata: liqo.io/remote-service-account-name has no effect, set it in the pod template",
        ]
    );
}

fn update(annotations: Value, old: Value) -> Case {
    deployment(annotations).set("/operation", json!("UPDATE")).set("/oldObject", old)
}

#[test]
fn an_update_that_leaves_the_annotations_alone_is_not_checked() {
    let old = deployment(json!({MODE: "bad", "other": "1"})).request["object"].clone();
    plain_accept(&update(json!({MODE: "bad", "other": "2"}), old));
}

#[rstest]
#[case::changed(json!({MODE: "disabled"}))]
#[case::added(json!({}))]
#[case::the_name_was_added(json!({MODE: "bad", NAME: "x"}))]
fn an_update_of_the_annotations_is_checked(#[case] old: Value) {
    let old = deployment(old).request["object"].clone();
    assert!(update(json!({MODE: "bad"}), old).rejection().contains(r#""bad" is not a mode"#));
}

#[rstest]
#[case(Value::Null)]
#[case(json!("x"))]
#[case(json!({"spec": 1}))]
#[case(json!({"spec": {"template": {"metadata": {"annotations": [MODE]}}}}))]
fn an_old_object_that_cannot_be_used_counts_as_none(#[case] old: Value) {
    assert!(update(json!({MODE: "bad"}), old).rejection().contains(r#""bad" is not a mode"#));
}

#[test]
fn an_update_tells_of_a_misplaced_annotation_once() {
    let plain = deployment(json!({})).request["object"].clone();
    let mut misplaced = plain.clone();
    misplaced["metadata"]["annotations"] = json!({MODE: "remote"});
    let case = |old: &Value| update(json!({}), old.clone()).set("/object", misplaced.clone());
    assert_eq!(
        case(&plain).warnings(),
        ["metadata: liqo.io/api-server-support has no effect, set it in the pod template"]
    );
    plain_accept(&case(&misplaced));
}
