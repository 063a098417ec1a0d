//! Which requests the policy looks at, and what it says of those that it cannot read.

use crate::support::{Case, MODE, REMOTE_NAME, evaluate};
use kubewarden_policy_sdk::response::ValidationResponse;
use rstest::rstest;
use serde_json::{Value, json};

const ACCEPTED: &str = r#"{"accepted":true}"#;

fn plain_accept(case: &Case) {
    assert_eq!(String::from_utf8_lossy(&evaluate(&case.payload())), ACCEPTED);
}

/// A pod that is changed when it is created.
fn pod() -> Case {
    Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}))
}

#[rstest]
#[case::update(pod().set("/operation", json!("UPDATE")))]
#[case::delete(pod().set("/operation", json!("DELETE")).set("/object", Value::Null))]
#[case::connect(pod().set("/operation", json!("CONNECT")))]
#[case::subresource(pod().set("/subResource", json!("binding")))]
#[case::another_group(pod().set("/kind/group", json!("example.org")))]
#[case::another_version(pod().set("/kind/version", json!("v2")))]
#[case::another_kind(pod().set("/kind/kind", json!("ConfigMap")))]
#[case::scale(Case::create("autoscaling", "v1", "Scale", json!({})).set("/subResource", json!("scale")))]
#[case::workload_deletion(Case::create("apps", "v1", "Deployment", Value::Null).set("/operation", json!("DELETE")))]
#[case::mirror_pod(pod().set("/object/metadata/annotations", json!({"kubernetes.io/config.mirror": "", "liqo.io/api-server-support": "x"})))]
fn is_none_of_the_policys(#[case] case: Case) {
    plain_accept(&case);
}

#[rstest]
#[case::null_subresource("/subResource", Value::Null)]
#[case::empty_subresource("/subResource", json!(""))]
#[case::null_group("/kind/group", Value::Null)]
fn null_is_absent_in_the_envelope(#[case] pointer: &str, #[case] value: Value) {
    let expected = pod().object();
    assert_ne!(expected, pod().request["object"]);
    assert_eq!(pod().set(pointer, value).object(), expected);
}

#[rstest]
#[case::empty("", "the request cannot be parsed: EOF while parsing a value at line 1 column 0")]
#[case::text("hello", "the request cannot be parsed: expected value at line 1 column 1")]
#[case::cut(
    r#"{"request": {"uid": "secr"#,
    "the request cannot be parsed: EOF while parsing a string at line 1 column 25"
)]
#[case::number("1", "the request: expected an object, found a number")]
#[case::no_request("{}", "request: expected an object, found nothing")]
#[case::null_request(r#"{"request":null}"#, "request: expected an object, found null")]
#[case::list(r#"{"request":[]}"#, "request: expected an object, found a list")]
#[case::no_kind(r#"{"request":{}}"#, "request.kind: expected an object, found nothing")]
#[case::no_version(r#"{"request":{"kind":{}}}"#, "request.kind.version: expected a string, found nothing")]
#[case::kind(
    r#"{"request":{"kind":{"version":"v1","kind":["Pod"]}}}"#,
    "request.kind.kind: expected a string, found a list"
)]
#[case::operation(
    r#"{"request":{"kind":{"version":"v1","kind":"Pod"},"operation":true}}"#,
    "request.operation: expected a string, found a boolean"
)]
#[case::subresource(
    r#"{"request":{"kind":{"version":"v1","kind":"Pod"},"operation":"CREATE","subResource":{}}}"#,
    "request.subResource: expected a string, found an object"
)]
#[case::trailing(r#"{"request":{}} x"#, "the request cannot be parsed: trailing characters at line 1 column 16")]
fn cannot_be_read(#[case] payload: &str, #[case] message: &str) {
    let answer: Value = serde_json::from_slice(&evaluate(payload.as_bytes())).unwrap();
    assert_eq!(answer, json!({"accepted": false, "message": message}));
}

/// A pod with everything that the policy reads, in the right shape.
fn full() -> Case {
    Case::pod(json!({
        "metadata": {"name": "p", "labels": {"offloading.liqo.io/origin": "milan"}, "annotations": {}},
        "spec": {
            "containers": [{
                "name": "c",
                "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "spec.serviceAccountName"}}}],
                "volumeMounts": [{"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
            }],
            "initContainers": [],
            "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["a"]}],
            "volumes": [{"name": "v", "projected": {"sources": [
                {"serviceAccountToken": {"path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            ]}}],
            "serviceAccountName": "s",
        },
    }))
    .settings(json!({"homeApiServerAddresses": ["10.0.0.1"]}))
}

#[rstest]
#[case("", json!("x"), "request.object: expected an object, found a string")]
#[case("/metadata", json!([]), "metadata: expected an object, found a list")]
#[case("/metadata/name", json!(7), "metadata.name: expected a string, found a number")]
#[case("/metadata/labels", json!([]), "metadata.labels: expected an object, found a list")]
#[case("/metadata/labels/offloading.liqo.io~1origin", json!(1), "metadata.labels[\"offloading.liqo.io/origin\"]: expected a string, found a number")]
#[case("/metadata/annotations", json!("x"), "metadata.annotations: expected an object, found a string")]
#[case("/metadata/annotations", json!({MODE: null}), "metadata.annotations[\"liqo.io/api-server-support\"]: null is not a mode; set \"remote\" or \"disabled\", or leave it unset for home")]
#[case("/metadata/annotations", json!({MODE: "remote", REMOTE_NAME: null}), "metadata.annotations[\"liqo.io/remote-service-account-name\"]: expected a string, found null")]
#[case("/spec", json!(1), "spec: expected an object, found a number")]
#[case("/spec/containers", json!({}), "spec.containers: expected a list, found an object")]
#[case("/spec/containers/0", json!("secret"), "spec.containers[0]: expected an object, found a string")]
#[case("/spec/containers/0/env", json!({}), "spec.containers[0].env: expected a list, found an object")]
#[case("/spec/containers/0/env/0", json!("secret"), "spec.containers[0].env[0]: expected an object, found a string")]
#[case("/spec/containers/0/env/0", json!({"value": "secret"}), "spec.containers[0].env[0].name: expected a string, found nothing")]
#[case("/spec/containers/0/env/0/name", json!(1), "spec.containers[0].env[0].name: expected a string, found a number")]
#[case("/spec/containers/0/env/0/value", json!(123_456), "spec.containers[0].env[0].value: expected a string, found a number")]
#[case("/spec/containers/0/env/1/valueFrom", json!("secret"), "spec.containers[0].env[1].valueFrom: expected an object, found a string")]
#[case("/spec/containers/0/env/1/valueFrom/fieldRef", json!([]), "spec.containers[0].env[1].valueFrom.fieldRef: expected an object, found a list")]
#[case("/spec/containers/0/env/1/valueFrom/fieldRef/fieldPath", json!(1), "spec.containers[0].env[1].valueFrom.fieldRef.fieldPath: expected a string, found a number")]
#[case("/spec/containers/0/volumeMounts", json!({}), "spec.containers[0].volumeMounts: expected a list, found an object")]
#[case(
    "/spec/containers/0/volumeMounts/0",
    Value::Null,
    "spec.containers[0].volumeMounts[0]: expected an object, found null"
)]
#[case("/spec/containers/0/volumeMounts/0/mountPath", json!(1), "spec.containers[0].volumeMounts[0].mountPath: expected a string, found a number")]
#[case("/spec/containers/0/volumeMounts/0/name", json!(1), "spec.containers[0].volumeMounts[0].name: expected a string, found a number")]
#[case("/spec/initContainers", json!(true), "spec.initContainers: expected a list, found a boolean")]
#[case("/spec/hostAliases", json!({}), "spec.hostAliases: expected a list, found an object")]
#[case("/spec/hostAliases/0", json!("10.0.0.1"), "spec.hostAliases[0]: expected an object, found a string")]
#[case("/spec/hostAliases/0/ip", Value::Null, "spec.hostAliases[0].ip: expected a string, found null")]
#[case("/spec/hostAliases/0/hostnames", json!("a"), "spec.hostAliases[0].hostnames: expected a list, found a string")]
#[case("/spec/hostAliases/0/hostnames/0", json!(1), "spec.hostAliases[0].hostnames[0]: expected a string, found a number")]
#[case("/spec/volumes", json!({}), "spec.volumes: expected a list, found an object")]
#[case("/spec/volumes/0", json!(1), "spec.volumes[0]: expected an object, found a number")]
#[case("/spec/volumes/0/name", Value::Null, "spec.volumes[0].name: expected a string, found null")]
#[case("/spec/volumes/0/projected", json!([]), "spec.volumes[0].projected: expected an object, found a list")]
#[case("/spec/volumes/0/projected/sources", json!({}), "spec.volumes[0].projected.sources: expected a list, found an object")]
#[case("/spec/volumes/0/projected/sources/0", json!("x"), "spec.volumes[0].projected.sources[0]: expected an object, found a string")]
#[case("/spec/volumes/0/projected/sources/0/serviceAccountToken", json!("x"), "spec.volumes[0].projected.sources[0].serviceAccountToken: expected an object, found a string")]
#[case("/spec/volumes/0/projected/sources/0/serviceAccountToken", json!({}), "spec.volumes[0].projected.sources[0].serviceAccountToken.path: expected a string, found nothing")]
#[case("/spec/volumes/0/projected/sources/0/secret", json!({"name": "s"}), "spec.volumes[0].projected.sources[0]: expected one kind of volume source, found several")]
#[case("/spec/volumes/0/projected/sources/1/configMap/name", json!(1), "spec.volumes[0].projected.sources[1].configMap.name: expected a string, found a number")]
#[case("/spec/serviceAccountName", json!(1), "spec.serviceAccountName: expected a string, found a number")]
#[case("/spec/automountServiceAccountToken", json!("no"), "spec.automountServiceAccountToken: expected a boolean, found a string")]
fn has_the_wrong_shape(#[case] pointer: &str, #[case] value: Value, #[case] message: &str) {
    let case = full();
    case.object();
    assert_eq!(case.set(&format!("/object{pointer}"), value).rejection(), message);
}

#[test]
fn items_are_read_where_they_are_changed() {
    let pointer = "/object/spec/volumes/0/projected/sources/1/configMap/items";
    let case = full().set(pointer, json!({})).settings(json!({"homeCredentialsSecret": "own"}));
    assert_eq!(
        case.rejection(),
        "spec.volumes[0].projected.sources[1].configMap.items: expected a list, found an object"
    );
}

#[rstest]
#[case("/object", "request.object: expected an object, found nothing")]
#[case("/object/metadata", "metadata: expected an object, found nothing")]
#[case("/object/spec", "spec: expected an object, found nothing")]
#[case("/object/spec/containers", "spec.containers: expected a list, found nothing")]
#[case("/object/spec/volumes/0/name", "spec.volumes[0].name: expected a string, found nothing")]
fn lacks_what_must_be_read(#[case] pointer: &str, #[case] message: &str) {
    assert_eq!(full().remove(pointer).rejection(), message);
}

#[rstest]
#[case(Value::Null, "request.object: expected an object, found nothing")]
#[case(json!([]), "request.object: expected an object, found a list")]
fn a_workload_must_be_there(#[case] object: Value, #[case] message: &str) {
    assert_eq!(Case::create("apps", "v1", "Deployment", object).rejection(), message);
}

/// What may be missing may be null too.
#[rstest]
#[case("/object/metadata/labels")]
#[case("/object/metadata/labels/offloading.liqo.io~1origin")]
#[case("/object/metadata/annotations")]
#[case("/object/spec/containers/0/env")]
#[case("/object/spec/containers/0/volumeMounts")]
#[case("/object/spec/initContainers")]
#[case("/object/spec/hostAliases")]
#[case("/object/spec/volumes")]
#[case("/object/spec/volumes/0/projected")]
#[case("/object/spec/volumes/0/projected/sources")]
#[case("/object/spec/serviceAccountName")]
fn null_is_absent_in_the_object(#[case] pointer: &str) {
    let null = full().set(pointer, Value::Null);
    let absent = full().remove(pointer);
    let without_nulls = |mut value: Value| {
        remove_nulls(&mut value);
        value
    };
    assert_eq!(without_nulls(null.object()), without_nulls(absent.object()));
}

#[rstest]
#[case(json!({"spec": null}))]
#[case(json!({"spec": {"template": null}}))]
#[case(json!({"spec": {"template": {"metadata": null, "spec": 1}}}))]
#[case(json!({"spec": {"template": {"metadata": {"annotations": null}}}}))]
fn null_is_absent_in_a_workload(#[case] object: Value) {
    plain_accept(&Case::create("apps", "v1", "Deployment", object));
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|_, value| !value.is_null());
            object.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// The SDK's type is what the host reads a response into.
#[test]
fn the_sdk_reads_every_kind_of_response() {
    let read = |case: &Case| -> ValidationResponse {
        let response = evaluate(&case.payload());
        let read: ValidationResponse = serde_json::from_slice(&response).unwrap();
        // Nothing that was written is unknown to it.
        let written: Value = serde_json::from_slice(&response).unwrap();
        let again = serde_json::to_value(&read).unwrap();
        for (name, value) in written.as_object().unwrap() {
            assert_eq!(&again[name], value);
        }
        read
    };
    let home = read(&pod());
    assert!(home.accepted && home.mutated_object.is_some() && home.message.is_none());
    assert_eq!(home.audit_annotations.unwrap()["mode"], "home");
    assert_eq!(home.warnings.unwrap().len(), 3);
    let rejected = read(&pod().remove("/object/spec"));
    assert_eq!(rejected.message.as_deref(), Some("spec: expected an object, found nothing"));
    assert!(!rejected.accepted && rejected.code.is_none());
    let plain = read(&pod().set("/operation", json!("UPDATE")));
    assert!(plain.accepted && plain.mutated_object.is_none() && plain.warnings.is_none());
}

#[test]
fn a_namespace_that_is_not_json() {
    let mut case = pod().settings(json!({"namespaceLookup": true})).set("/namespace", json!("demo-milan"));
    case.namespaces.0.insert("demo-milan".to_owned(), "{".to_owned());
    assert_eq!(
        case.rejection(),
        "request.namespace: Namespace \"demo-milan\" could not be read: the answer is not JSON: EOF while parsing an object at line 1 column 1; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server permission to read it"
    );
}
