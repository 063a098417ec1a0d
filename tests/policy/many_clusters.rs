//! One policy for several home clusters, and the Namespace that tells where a pod comes from.

use crate::support::{Answer, Case, Namespaces, call_with, settings_problem};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value, json};

const API_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const HOME_NAMESPACE: &str = "liqo-api-access-policy.github.io/home-namespace";
const MODE: &str = "liqo.io/api-server-support";

fn clusters() -> Value {
    json!({
        "homeApiServerPort": 6443,
        "homeClusters": {
            "milan": {"homeApiServerHost": "api.milan.example.org", "homeApiServerAddresses": ["10.80.0.5"]},
            "rome": {"homeApiServerHost": "api.rome.example.org", "homeApiServerPort": 443, "homeApiServerAddresses": ["10.81.0.5"], "allowedModes": ["home"]},
        },
    })
}

fn pod() -> Case {
    let mut case = Case::pod(json!({
        "metadata": {"name": "p", "namespace": "demo-milan", "labels": {"offloading.liqo.io/origin": "milan"}},
        "spec": {
            "containers": [{"name": "c", "volumeMounts": [{"name": "v", "mountPath": API_PATH}]}],
            "volumes": [{"name": "v", "projected": {"sources": [
                {"serviceAccountToken": {"path": "token"}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "x": 1}]}},
            ]}}],
            "serviceAccountName": "default",
        },
    }));
    case.request["namespace"] = json!("demo-milan");
    case
}

fn origin(case: &Case, id: &str) -> Case {
    case.clone().set("/object/metadata/labels", json!({"offloading.liqo.io/origin": id}))
}

/// A Namespace as Liqo makes it.
fn namespace(name: &str, origin: &str, original: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {
        "name": name,
        "labels": {"liqo.io/remote-cluster-id": origin, "kubernetes.io/metadata.name": name},
        "annotations": {"liqo.io/original-name": original},
    }})
}

fn looked_up() -> Case {
    let settings = json!({"namespaceLookup": true, "homeApiServerHost": "h", "homeApiServerAddresses": ["10.80.0.5"]});
    pod().settings(settings).namespace(&namespace("demo-milan", "milan", "demo"))
}

#[rstest]
#[case("milan", "api.milan.example.org:6443", "10.80.0.5")]
#[case("rome", "api.rome.example.org:443", "10.81.0.5")]
fn the_origin_chooses_the_entry(#[case] id: &str, #[case] api_server: &str, #[case] address: &str) {
    let case = origin(&pod(), id).settings(clusters());
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], api_server);
    assert_eq!(case.object()["spec"]["hostAliases"][0]["ip"], address);
    assert_eq!(
        Case { request: case.clone().set("/object", case.object()).request, ..case }.outcome().answer.mutated_object,
        None
    );
}

#[test]
fn an_entry_has_its_own_lists() {
    let remote =
        |id| origin(&pod(), id).set("/object/metadata/annotations", json!({MODE: "remote"})).settings(clusters());
    remote("milan").object();
    assert_eq!(
        remote("rome").rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: mode "remote" is not allowed here; allowed: home"#
    );
}

#[test]
fn an_unknown_origin_is_refused() {
    let known = "the policy serves 2";
    assert_eq!(
        origin(&pod(), "turin").settings(clusters()).rejection(),
        "the pod comes from cluster \"turin\", which is none of the 2 in the policy's homeClusters"
    );
    for case in [origin(&pod(), ""), pod().remove("/object/metadata/labels")] {
        assert_eq!(
            case.settings(clusters()).rejection(),
            format!(
                "metadata.labels: no label says which home cluster the pod comes from, and {known}; set its originLabel or namespaceLookup"
            )
        );
    }
}

#[test]
fn another_label_can_tell_the_origin() {
    let key = "multicluster.admiralty.io/parent-cluster-name";
    let case = pod().set("/object/metadata/labels", json!({key: "rome", "offloading.liqo.io/origin": "milan"}));
    let mut settings = clusters();
    settings["originLabel"] = json!(key);
    let case = case.settings(settings);
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "api.rome.example.org:443");
    assert_eq!(
        case.settings(json!({"originLabel": key, "homeClusterId": "milan"})).rejection(),
        r#"metadata.labels["multicluster.admiralty.io/parent-cluster-name"]: the pod comes from cluster "rome", but this policy serves cluster "milan"; select the pods of one home cluster for each policy"#
    );
}

#[rstest]
#[case::beside_the_id(json!({"homeClusterId": "milan", "homeClusters": {"milan": {}}}), "homeClusterId: beside homeClusters, expected one of them")]
#[case::none(json!({"homeClusters": {}}), "homeClusters: expected at least one home cluster, found none")]
#[case::list(json!({"homeClusters": ["milan"]}), "homeClusters: expected an object, found a list")]
#[case::id(json!({"homeClusters": {"Milan": {}}}), r#"homeClusters: expected the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens), found "Milan""#)]
#[case::entry(json!({"homeClusters": {"milan": 1}}), "homeClusters.milan: expected an object, found a number")]
#[case::values(
    json!({"homeClusters": {"milan": {"homeApiServerPort": 0, "homeApiServerAddresses": ["x"]}, "rome": {"homeApiServerHost": "H"}}}),
    r#"homeClusters.milan.homeApiServerPort: expected a number from 1 to 65535, found 0; homeClusters.milan.homeApiServerAddresses[0]: expected an IP address, found "x"; homeClusters.rome.homeApiServerHost: expected a DNS name or an IP address, found "H": write it in lower case"#
)]
#[case::key(
    json!({"homeClusters": {"milan": {"homeClusterId": "milan"}}}),
    r#"homeClusters.milan: "homeClusterId": no such setting; known are homeApiServerHost, homeApiServerPort, homeApiServerAddresses, homeCredentialsSecret, defaultMode, allowedModes, allowedRemoteServiceAccounts"#
)]
#[case::with_what_it_inherits(
    json!({"defaultMode": "remote", "homeClusters": {"milan": {"allowedModes": ["home"]}, "rome": {"allowedModes": ["home"], "defaultMode": "home"}}}),
    r#"homeClusters.milan.defaultMode: "remote" (inherited) is not one of allowedModes"#
)]
#[case::two_names(
    json!({"homeClusters": {"milan": {"home_api_server_port": 1, "homeApiServerPort": 1}}}),
    "homeClusters.milan.home_api_server_port: the same setting as homeApiServerPort, expected one of them"
)]
#[case::label(json!({"originLabel": "a/b/c"}), r#"originLabel: expected the key of a label, found "a/b/c""#)]
#[case::audience(json!({"keptTokenAudiences": [""]}), r#"keptTokenAudiences[0]: expected an audience other than the API server's, found """#)]
#[case::both(json!({"validateOnly": true, "verifyOnly": true}), "verifyOnly: beside validateOnly, expected one of them")]
fn settings_that_are_wrong(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(settings_problem(settings.to_string().as_bytes()).as_deref(), Some(message));
}

#[test]
fn many_problems_are_counted() {
    let entries: serde_json::Map<_, _> =
        (0..1000).map(|index| (format!("c-{index:03}"), json!({"homeApiServerPort": 0}))).collect();
    let message = settings_problem(json!({"homeClusters": entries}).to_string().as_bytes()).expect("problems");
    assert!(message.starts_with("homeClusters.c-000.homeApiServerPort: "), "{message}");
    assert!(message.ends_with("; and 968 more"), "{message}");
    assert_eq!(message.matches("; ").count(), 32);
}

/// An evaluation reads the entry that it needs. The others were checked when the settings were.
#[test]
fn only_the_entry_of_the_origin_is_read() {
    let settings = json!({"homeClusters": {"milan": {}, "rome": {"homeApiServerPort": 0}}});
    pod().settings(settings.clone()).object();
    assert_eq!(
        origin(&pod(), "rome").settings(settings).rejection(),
        "the policy's settings are not valid: homeClusters.rome.homeApiServerPort: expected a number from 1 to 65535, found 0"
    );
}

#[test]
fn the_home_namespace_reaches_the_pod() {
    let case = looked_up();
    let object = case.object();
    assert_eq!(object["metadata"]["annotations"], json!({HOME_NAMESPACE: "demo"}));
    assert_eq!(
        object["spec"]["volumes"][0]["projected"]["sources"],
        json!([
            {"secret": {"items": [{"key": "v-3c469e", "path": "token"}], "name": "p-token"}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": format!("metadata.annotations['{HOME_NAMESPACE}']")}, "x": 1}]}},
        ])
    );
    let again = case.clone().set("/object", object.clone());
    assert_eq!(again.outcome().answer.mutated_object, None);
    // A value that somebody else gave it is none of the home cluster's.
    let forged =
        again.set(&format!("/object/metadata/annotations/{}", HOME_NAMESPACE.replace('/', "~1")), json!("kube-system"));
    assert_eq!(forged.object(), object);
}

#[rstest]
#[case::same_name(namespace("demo-milan", "milan", "demo-milan"))]
#[case::no_original_name(json!({"metadata": {"name": "demo-milan", "labels": {"liqo.io/remote-cluster-id": "milan"}}}))]
#[case::no_name_of_a_namespace(namespace("demo-milan", "milan", "de.mo"))]
fn a_namespace_that_is_called_the_same_stays(#[case] namespace: Value) {
    let object = looked_up().namespace(&namespace).object();
    assert_eq!(object["metadata"].get("annotations"), None);
    assert_eq!(
        object["spec"]["volumes"][0]["projected"]["sources"][1]["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"],
        "metadata.namespace"
    );
}

#[test]
fn only_volumes_with_the_credentials_show_the_home_namespace() {
    let case = looked_up().set("/object/spec/containers/0/volumeMounts/0/mountPath", json!("/mnt"));
    let object = case.object();
    assert_eq!(object["metadata"].get("annotations"), None);
    let env = json!([{"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]);
    let case = looked_up().set("/object/spec/containers/0/env", env.clone());
    assert_eq!(case.object()["spec"]["containers"][0]["env"][0], env[0]);
}

#[test]
fn a_namespace_without_the_label_is_none_of_the_policys() {
    let local =
        json!({"metadata": {"name": "demo-milan", "labels": {}, "annotations": {"liqo.io/original-name": "demo"}}});
    let case = looked_up().namespace(&local).set("/object/metadata/annotations", json!({MODE: "whatever"}));
    let answer = case.outcome().answer;
    let plain = Answer {
        accepted: true,
        message: None,
        mutated_object: None,
        audit_annotations: Default::default(),
        warnings: Vec::new(),
    };
    assert_eq!(answer, plain);
}

#[rstest]
#[case::forged_label(
    origin(&looked_up(), "rome"),
    r#"metadata.labels["offloading.liqo.io/origin"]: the pod says that it comes from cluster "rome", but its namespace belongs to cluster "milan""#
)]
#[case::another_policy(
    looked_up().settings(json!({"namespaceLookup": true, "homeClusterId": "rome"})),
    r#"request.namespace: Namespace "demo-milan" belongs to cluster "milan", but this policy serves cluster "rome"; select the namespaces of one home cluster for each policy"#
)]
#[case::not_found(
    Case { namespaces: Namespaces::default(), ..looked_up() },
    r#"request.namespace: Namespace "demo-milan" could not be read: Host error: namespaces "demo-milan" not found; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server the right to read it"#
)]
#[case::not_json(
    Case { namespaces: Namespaces([("demo-milan".to_owned(), "{".to_owned())].into()), ..looked_up() },
    r#"request.namespace: Namespace "demo-milan" could not be read: the answer is not JSON: EOF while parsing an object at line 1 column 1; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server the right to read it"#
)]
#[case::another_shape(
    looked_up().namespace(&json!({"metadata": {"name": "demo-milan", "labels": {"liqo.io/remote-cluster-id": 7}}})),
    r#"request.namespace: Namespace "demo-milan" could not be read: the answer.metadata.labels["liqo.io/remote-cluster-id"]: expected a string, found a number; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server the right to read it"#
)]
#[case::no_namespace(looked_up().remove("/namespace"), "request.namespace: expected a string, found nothing")]
fn a_lookup_that_speaks_against_the_pod(#[case] case: Case, #[case] message: &str) {
    let answer = case.outcome().answer;
    assert_eq!(answer.message.as_deref(), Some(message));
}

#[test]
fn the_namespace_chooses_the_entry_of_a_pod_without_a_label() {
    let mut settings = clusters();
    settings["namespaceLookup"] = json!(true);
    let case = looked_up().remove("/object/metadata/labels").settings(settings);
    assert_eq!(case.outcome().answer.audit_annotations["home-api-server"], "api.milan.example.org:6443");
}

#[test]
fn a_setting_that_says_what_the_namespace_says_changes_nothing() {
    let mut settings = looked_up().settings;
    settings["homeClusterId"] = json!("milan");
    assert_eq!(looked_up().settings(settings).outcome().answer, looked_up().outcome().answer);
}

/// Without a lookup nothing reads the annotation, and nothing sets it.
#[test]
fn without_a_lookup_the_annotation_means_nothing() {
    let annotated = |settings: Value| {
        let mut settings = settings;
        settings["homeApiServerHost"] = json!("h");
        looked_up().set("/object/metadata/annotations", json!({HOME_NAMESPACE: 1})).settings(settings)
    };
    assert_eq!(annotated(json!({})).object()["metadata"]["annotations"], json!({HOME_NAMESPACE: 1}));
    assert_eq!(
        annotated(json!({"namespaceLookup": true})).rejection(),
        format!("metadata.annotations[\"{HOME_NAMESPACE}\"]: expected a string, found a number")
    );
}

fn deployment(mode: &str) -> Case {
    let template = json!({"metadata": {"annotations": {MODE: mode}}});
    let mut case = Case::create("apps", "v1", "Deployment", json!({"spec": {"template": template}}));
    case.request["namespace"] = json!("demo-rome");
    case
}

#[test]
fn workloads_are_looked_up_too() {
    let mut settings = clusters();
    settings["namespaceLookup"] = json!(true);
    let of = |namespace: &Value| deployment("remote").settings(settings.clone()).namespace(namespace);
    assert_eq!(
        of(&namespace("demo-rome", "rome", "demo")).rejection(),
        r#"spec.template.metadata.annotations["liqo.io/api-server-support"]: mode "remote" is not allowed here; allowed: home"#
    );
    of(&namespace("demo-rome", "milan", "demo")).object();
    of(&json!({"metadata": {"name": "demo-rome"}})).object();
    assert_eq!(
        of(&namespace("demo-rome", "turin", "demo")).rejection(),
        "the pod comes from cluster \"turin\", which is none of the 2 in the policy's homeClusters"
    );
}

/// Without a lookup nobody knows where a workload comes from, and that is no reason to refuse it.
#[test]
fn workloads_of_unknown_origin_are_checked_against_the_top_level() {
    deployment("remote").settings(clusters()).object();
    let mut settings = clusters();
    settings["allowedModes"] = json!(["home", "disabled"]);
    assert_eq!(
        deployment("remote").settings(settings).rejection(),
        r#"spec.template.metadata.annotations["liqo.io/api-server-support"]: mode "remote" is not allowed here; allowed: home, disabled"#
    );
}

#[test]
fn strict_refuses_what_would_be_warned_of() {
    let case = pod().settings(json!({"strict": true}));
    assert_eq!(
        case.rejection(),
        "the policy is strict, and there are problems: kubernetes.default is the foreign API server here, set homeApiServerAddresses or homeApiServerHost; Secret p-token comes from Liqo's API server support, without it set homeCredentialsSecret"
    );
    let workload = deployment("disabled").set("/object/metadata", json!({"annotations": {MODE: "x"}}));
    assert_eq!(workload.warnings().len(), 1);
    assert_eq!(
        workload.settings(json!({"strict": true})).rejection(),
        "the policy is strict, and there are problems: metadata: liqo.io/api-server-support has no effect, set it in the pod template's metadata"
    );
    looked_up()
        .set("/object/spec/containers/0/volumeMounts", json!([]))
        .set("/object/spec/volumes", json!([]))
        .settings(json!({"namespaceLookup": true, "strict": true, "homeApiServerAddresses": ["10.80.0.5"]}))
        .object();
}

#[rstest]
#[case(json!({}))]
#[case(json!({MODE: "disabled"}))]
#[case(json!({MODE: "remote"}))]
fn kept_audiences_stay_in_every_mode(#[case] annotations: Value) {
    let kept = json!({"serviceAccountToken": {"path": "sts/token", "audience": "sts.amazonaws.com", "x": 1.0}});
    let other = json!({"serviceAccountToken": {"path": "vault/token", "audience": "vault"}});
    let case = pod()
        .set("/object/metadata/annotations", annotations.clone())
        .set("/object/spec/volumes/-", json!({"name": "sts", "projected": {"sources": [kept, other]}}))
        .settings(json!({"homeCredentialsSecret": "own", "keptTokenAudiences": ["sts.amazonaws.com"]}));
    let sources = case.object()["spec"]["volumes"][1]["projected"]["sources"].clone();
    assert_eq!(sources[0], kept);
    assert_eq!(sources.get(1) == Some(&other), annotations == json!({MODE: "remote"}));
}

fn any_text() -> impl Strategy<Value = String> {
    let json = any::<String>().prop_map(|id| json!({"metadata": {"labels": {"liqo.io/remote-cluster-id": id}, "annotations": {"liqo.io/original-name": id}}}).to_string());
    prop_oneof![
        any::<String>(),
        json,
        Just("null".to_owned()),
        Just(r#"{"metadata":{"labels":{"liqo.io/remote-cluster-id":"milan"},"annotations":[]}}"#.to_owned())
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the host answers, the policy has an answer, and what it accepts it accepts again unchanged.
    #[test]
    fn any_answer_of_the_host_has_an_outcome(text in any_text()) {
        let case = Case { namespaces: Namespaces([("demo-milan".to_owned(), text)].into()), ..looked_up() };
        let evaluate = |case: &Case| -> Answer {
            serde_json::from_slice(&call_with("validate", &case.payload(), &case.namespaces)).expect("an answer")
        };
        let answer = evaluate(&case);
        prop_assert_eq!(answer.accepted, answer.message.is_none());
        if let Some(object) = answer.mutated_object {
            prop_assert_eq!(evaluate(&case.set("/object", object)).mutated_object, None);
        }
    }
}
