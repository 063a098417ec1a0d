//! The manifests in `examples/`: each is what Kubewarden and Kubernetes read, selects what it says, and does it.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Pod, Secret, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kubewarden_policy_sdk::crd::policies::cluster_admission_policy::ClusterAdmissionPolicySpec;
use kubewarden_policy_sdk::crd::policies::common::{FailurePolicy, PolicyMode};
use kubewarden_policy_sdk::crd::policies::{AdmissionPolicy, ClusterAdmissionPolicy};
use rstest::rstest;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::files::{assert_snapshot, names, read};
use crate::metadata::Metadata;
use crate::support::{Case, MODE, difference, settings_problem};

/// Files of `examples/` that hold no policy.
const OTHERS: [&str; 8] = [
    "alerts",
    "fail-safe",
    "kube-state-metrics",
    "own-credentials-home",
    "own-credentials-secret",
    "remote-only-service-account",
    "settings",
    "whoami",
];

/// The label that Liqo's namespace mapping sets, and the one of namespaces that Liqo may offload.
const REMOTE_CLUSTER_ID: &str = "liqo.io/remote-cluster-id";
const SCHEDULING_ENABLED: &str = "liqo.io/scheduling-enabled";
/// The label that an administrator sets where the offloader labels no namespaces.
const HOME_CLUSTER: &str = "api-access.example.org/home-cluster";

/// The documents of a file, each read as its type and without loss.
fn documents<T: DeserializeOwned + Serialize>(text: &str) -> Vec<T> {
    serde_yaml::Deserializer::from_str(text)
        .map(|document| typed(&Value::deserialize(document).expect("YAML")))
        .collect()
}

/// Reads a document as its type; a field that the type does not know is an error.
pub(crate) fn typed<T: DeserializeOwned + Serialize>(document: &Value) -> T {
    let typed: T = serde_json::from_value(document.clone()).unwrap_or_else(|error| panic!("{error} in {document}"));
    assert_eq!(unread(document, &serde_json::to_value(&typed).expect("JSON"), String::new()), None, "in {document}");
    typed
}

/// The path of a value of `document` that reading it has lost.
fn unread(document: &Value, read: &Value, path: String) -> Option<String> {
    match (document, read) {
        (Value::Object(members), Value::Object(read)) => members.iter().find_map(|(name, value)| {
            let path = format!("{path}/{name}");
            read.get(name).map_or(Some(path.clone()), |read| unread(value, read, path))
        }),
        (document, read) => (document != read).then_some(path),
    }
}

/// A policy of either kind.
#[derive(Debug, PartialEq)]
struct Policy {
    name: String,
    /// The namespace of an `AdmissionPolicy`, which serves that one only.
    namespace: Option<String>,
    spec: ClusterAdmissionPolicySpec,
}

impl Policy {
    fn read(document: &Value) -> Self {
        if document["kind"] == "AdmissionPolicy" {
            let AdmissionPolicy { metadata, spec, .. } = typed(document);
            // Its fields are among those of the other kind.
            let spec = serde_json::to_value(spec).and_then(serde_json::from_value).expect("a spec");
            Self { name: metadata.name.expect("a name"), namespace: metadata.namespace, spec }
        } else {
            let ClusterAdmissionPolicy { metadata, spec, .. } = typed(document);
            assert_eq!(metadata.namespace, None);
            Self { name: metadata.name.expect("a name"), namespace: None, spec: spec.expect("a spec") }
        }
    }

    fn setting(&self, key: &str) -> &Value {
        &self.spec.settings.0[key]
    }
}

fn policies(manifest: &str) -> Vec<Policy> {
    documents(&read(format!("examples/{manifest}.yaml"))).iter().map(Policy::read).collect()
}

/// The names of the files in `examples/`, without their ending.
pub(crate) fn files() -> Vec<String> {
    let files = names("examples", ".yaml");
    assert_eq!(files.len(), names("examples", "").len(), "a file of examples/ is no YAML");
    files
}

/// The names of all policies that are not bound to a namespace.
pub(crate) fn cluster_policies() -> Vec<String> {
    let manifests = files().into_iter().filter(|name| !OTHERS.contains(&name.as_str()));
    let policies = manifests.flat_map(|manifest| policies(&manifest)).filter(|policy| policy.namespace.is_none());
    policies.map(|policy| policy.name).collect()
}

const MATCH_LABELS: &str = "namespaceSelector.matchLabels: Kubewarden drops them, write matchExpressions";
const ALL_NAMESPACES: &str = "namespaceSelector.matchExpressions: without them the policy selects every namespace";
const MODULE: &str = "module: not the one that is published";
const SERVER: &str = "policyServer: not the one that Kubewarden installs";
const RULES: &str = "rules: pods are not selected as in metadata.yml";
const OTHER_RULES: &str = "rules: a policy about offloaded pods must select nothing else";
const AUDIT: &str = "backgroundAudit: true with verifyOnly, else as in metadata.yml";
const MUTATING: &str = "mutating: must be the opposite of validateOnly and verifyOnly";
const GRANT: &str = "contextAwareResources: as in metadata.yml with namespaceLookup, else none";
const ALL_PODS: &str = "objectSelector: without a label of offloaded pods the policy is asked about all of them";
const OTHER_NAMESPACES: &str = "namespaceSelector: does not select the namespaces of the home cluster";
const LOOKUP: &str = "namespaceLookup: without it a label that users write selects the settings";
const CLUSTER_ID: &str = "homeClusterId: differs from the label that is selected";
const FAILURE: &str = "failurePolicy: Fail where pods are protected, else Ignore";
const TIMEOUT: &str = "timeoutSeconds: 3 where a policy-server that hangs should not hold pods up";

/// What of a policy is not as every manifest must have it.
fn problems(policy: &Policy) -> Vec<&'static str> {
    let (spec, metadata) = (&policy.spec, Metadata::read());
    let is_set = |key: &str| policy.setting(key) == true;
    let (verifies, validates, looks_up) = (is_set("verifyOnly"), is_set("validateOnly"), is_set("namespaceLookup"));
    let rules = spec.rules.clone().unwrap_or_default();
    let objects = spec.object_selector.clone().unwrap_or_default();
    let namespaces = spec.namespace_selector.clone().unwrap_or_default();
    let audit = if verifies { json!(true) } else { json!(metadata.background_audit) };
    let granted = if looks_up { metadata.context_aware_resources.clone() } else { Vec::new() };
    let label = policy.setting("originLabel").as_str().unwrap_or("offloading.liqo.io/origin");
    let has = |expressions: &Option<Vec<_>>, expected: &[Value]| {
        expressions.iter().flatten().any(|expression| expected.contains(&json!(expression)))
    };
    let of_any = |key: &str| [json!({"key": key, "operator": "Exists"})];
    let serves_many = policy.setting("homeClusters").is_object();
    let origin = objects.match_labels.as_ref().and_then(|labels| labels.get(label));
    let selects_pods = if serves_many { has(&objects.match_expressions, &of_any(label)) } else { origin.is_some() };
    let of_origin =
        [REMOTE_CLUSTER_ID, HOME_CLUSTER].map(|key| json!({"key": key, "operator": "In", "values": [origin]}));
    let of_home = if serves_many { &of_any(REMOTE_CLUSTER_ID)[..] } else { &of_origin };
    let is_namespaced = policy.namespace.is_some();
    let protects = !validates && spec.mode == Some(PolicyMode::Protect);
    let failure = if protects { FailurePolicy::Fail } else { FailurePolicy::Ignore };
    let hangs_briefly = spec.timeout_seconds.as_ref().map(i32::from) == Some(3);
    let checks = [
        (namespaces.match_labels.is_none(), MATCH_LABELS),
        (is_namespaced || namespaces.match_expressions.iter().flatten().next().is_some(), ALL_NAMESPACES),
        (spec.module == metadata.module(), MODULE),
        (spec.policy_server == "default", SERVER),
        (metadata.rules.iter().all(|rule| rules.contains(rule)), RULES),
        (json!(spec.background_audit) == audit, AUDIT),
        (spec.mutating != (validates || verifies), MUTATING),
        (spec.context_aware_resources == granted, GRANT),
        (validates || rules == metadata.rules, OTHER_RULES),
        (validates || selects_pods, ALL_PODS),
        (validates || is_namespaced || has(&namespaces.match_expressions, of_home), OTHER_NAMESPACES),
        (!serves_many || looks_up, LOOKUP),
        (validates || policy.setting("homeClusterId").as_str() == origin.map(String::as_str), CLUSTER_ID),
        (spec.failure_policy == Some(failure), FAILURE),
        (spec.failure_policy == Some(FailurePolicy::Fail) || hangs_briefly, TIMEOUT),
    ];
    checks.into_iter().filter_map(|(holds, problem)| (!holds).then_some(problem)).collect()
}

#[test]
fn every_manifest_is_right() {
    let files = files();
    assert!(OTHERS.iter().all(|name| files.iter().any(|file| file == name)));
    for manifest in files.iter().filter(|name| !OTHERS.contains(&name.as_str())) {
        let policies = policies(manifest);
        assert!(!policies.is_empty(), "{manifest}");
        for policy in policies {
            assert_eq!(problems(&policy), [""; 0], "{manifest}");
            assert_eq!(settings_problem(&policy.spec.settings.0), None, "{manifest}");
        }
    }
}

/// Each requirement refuses a manifest that breaks it.
#[rstest]
#[case("namespaceSelector", json!({"matchLabels": {REMOTE_CLUSTER_ID: "milan"}}), &[MATCH_LABELS, ALL_NAMESPACES, OTHER_NAMESPACES])]
#[case("namespaceSelector/matchLabels", json!({"a": "b"}), &[MATCH_LABELS])]
#[case("namespaceSelector/matchExpressions/0/values", json!(["turin"]), &[OTHER_NAMESPACES])]
#[case("module", json!("registry://ghcr.io/liqo-api-access-policy/liqo-api-access-policy:latest"), &[MODULE])]
#[case("policyServer", json!("mine"), &[SERVER])]
#[case("rules/0/operations", json!(["CREATE", "UPDATE"]), &[RULES, OTHER_RULES])]
#[case("backgroundAudit", json!(true), &[AUDIT])]
#[case("mutating", json!(false), &[MUTATING])]
#[case("settings/verifyOnly", json!(true), &[AUDIT, MUTATING])]
#[case("settings/namespaceLookup", json!(true), &[GRANT])]
#[case("contextAwareResources", json!([{"apiVersion": "v1", "kind": "Secret"}]), &[GRANT])]
#[case("settings/homeClusters", json!({}), &[ALL_PODS, OTHER_NAMESPACES, LOOKUP])]
#[case("settings/originLabel", json!("example.org/origin"), &[ALL_PODS, OTHER_NAMESPACES, CLUSTER_ID])]
#[case("objectSelector", json!({}), &[ALL_PODS, OTHER_NAMESPACES, CLUSTER_ID])]
#[case("settings/homeClusterId", json!("turin"), &[CLUSTER_ID])]
#[case("failurePolicy", json!("Ignore"), &[FAILURE, TIMEOUT])]
fn a_wrong_manifest_is_refused(#[case] pointer: &str, #[case] value: Value, #[case] expected: &[&str]) {
    let mut manifest: Value = serde_yaml::from_str(&read("examples/one-home-cluster.yaml")).unwrap();
    let path = format!("/spec/{pointer}");
    let (parent, name) = path.rsplit_once('/').unwrap();
    manifest.pointer_mut(parent).unwrap()[name] = value;
    assert_eq!(problems(&Policy::read(&manifest)), expected);
}

#[test]
#[should_panic(expected = "Some(\"/spec/namespaceSelector/matchExpresions\")")]
fn an_unknown_field_is_refused() {
    let text = read("examples/one-home-cluster.yaml").replace("matchExpressions:", "matchExpresions:");
    documents::<ClusterAdmissionPolicy>(&text);
}

/// The namespace selector of the webhook that Kubewarden's controller makes of a policy. Source: `namespaceSelector` in
/// the controller's `policy_subreconciler_webhook.go`, and `GetNamespaceSelector` of an `AdmissionPolicy`.
fn selector_of_the_webhook(policy: &Policy) -> LabelSelector {
    const NAME: &str = "kubernetes.io/metadata.name";
    if let Some(namespace) = &policy.namespace {
        let own = BTreeMap::from([(NAME.to_owned(), namespace.clone())]);
        return LabelSelector { match_expressions: None, match_labels: Some(own) };
    }
    let own = policy.spec.namespace_selector.clone().unwrap_or_default();
    let not_kubewarden = serde_json::from_value(json!({"key": NAME, "operator": "NotIn", "values": ["kubewarden"]}));
    let expressions = [not_kubewarden.unwrap()].into_iter().chain(own.match_expressions.unwrap_or_default());
    LabelSelector { match_expressions: Some(expressions.collect()), match_labels: None }
}

fn selects(selector: &LabelSelector, labels: &BTreeMap<String, String>) -> bool {
    let mut equal = selector.match_labels.iter().flatten();
    equal.all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().flatten().all(|expression| {
            let is_listed = labels
                .get(&expression.key)
                .is_some_and(|value| expression.values.as_ref().is_some_and(|values| values.contains(value)));
            match expression.operator.as_str() {
                "In" => is_listed,
                "NotIn" => !is_listed,
                "Exists" => labels.contains_key(&expression.key),
                other => panic!("no example has the operator {other}"),
            }
        })
}

/// Whether the API server asks a policy about a request in a namespace with these labels.
fn is_asked(policy: &Policy, request: &Value, namespace: &BTreeMap<String, String>) -> bool {
    let spec = &policy.spec;
    let labels = serde_json::from_value(request["object"]["metadata"]["labels"].clone()).unwrap_or_default();
    let has = |list: &Option<Vec<String>>, value: &Value| {
        list.iter().flatten().any(|item| Some(item.as_str()) == value.as_str())
    };
    let resource = &request["resource"];
    let rules = spec.rules.iter().flatten();
    request["subResource"].as_str().unwrap_or_default().is_empty()
        && rules.clone().any(|rule| {
            has(&rule.api_groups, &resource["group"])
                && has(&rule.api_versions, &resource["version"])
                && has(&rule.resources, &resource["resource"])
                && has(&rule.operations, &request["operation"])
        })
        && spec.object_selector.as_ref().is_none_or(|selector| selects(selector, &labels))
        && selects(&selector_of_the_webhook(policy), namespace)
}

fn namespace(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
    let name = ("kubernetes.io/metadata.name", "demo-milan");
    [name].iter().chain(labels).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

const OF_MILAN: &[(&str, &str)] = &[(REMOTE_CLUSTER_ID, "milan")];
const OF_TURIN: &[(&str, &str)] = &[(REMOTE_CLUSTER_ID, "turin")];
const OPTED_IN: &[(&str, &str)] = &[(REMOTE_CLUSTER_ID, "milan"), ("api-access.example.org/enabled", "true")];
const OFFLOADED: &[(&str, &str)] = &[(SCHEDULING_ENABLED, "true")];
const LABELED: &[(&str, &str)] = &[(HOME_CLUSTER, "milan")];
const ELSEWHERE: &[(&str, &str)] = &[("kubernetes.io/metadata.name", "demo"), (REMOTE_CLUSTER_ID, "milan")];

#[rstest]
#[case("one-home-cluster", "prometheus", OF_MILAN, &["liqo-api-access-milan"])]
#[case::another_cluster("one-home-cluster", "prometheus", OF_TURIN, &[])]
#[case::own_namespace("one-home-cluster", "prometheus", &[], &[])]
#[case::own_pod("one-home-cluster", "plain-web", OF_MILAN, &[])]
#[case::update("one-home-cluster", "update-label", OF_MILAN, &[])]
#[case::subresource("one-home-cluster", "ephemeral-container", OF_MILAN, &[])]
#[case("two-home-clusters", "prometheus", OF_MILAN, &["liqo-api-access-milan"])]
#[case::forged_label("two-home-clusters", "prometheus", OF_TURIN, &[])]
#[case("own-credentials", "generate-name", OF_MILAN, &["liqo-api-access-milan"])]
#[case("remote-only", "remote-other-sa", OF_MILAN, &["liqo-api-access-milan"])]
#[case("opt-in", "prometheus", OPTED_IN, &["liqo-api-access-milan"])]
#[case::opted_out("opt-in", "prometheus", OF_MILAN, &[])]
#[case("monitor", "prometheus", OF_MILAN, &["liqo-api-access-milan"])]
#[case("many-home-clusters", "prometheus", OF_MILAN, &["liqo-api-access"])]
#[case("many-home-clusters", "prometheus", OF_TURIN, &["liqo-api-access"])]
#[case::own_namespace("many-home-clusters", "prometheus", &[], &[])]
#[case::own_pod("many-home-clusters", "plain-web", OF_MILAN, &[])]
#[case("second-lock", "prometheus", OF_MILAN, &["liqo-api-access-milan-verify"])]
#[case::another_cluster("second-lock", "prometheus", OF_TURIN, &[])]
#[case("one-namespace", "prometheus", &[], &["liqo-api-access"])]
#[case::another_namespace("one-namespace", "prometheus", ELSEWHERE, &[])]
#[case::own_pod("one-namespace", "plain-web", &[], &[])]
#[case("admiralty", "admiralty", LABELED, &["liqo-api-access-milan-admiralty"])]
#[case::not_labeled("admiralty", "admiralty", &[], &[])]
#[case::of_liqo("admiralty", "prometheus", LABELED, &[])]
#[case("home-cluster", "plain-web deployment replicaset statefulset daemonset job cronjob replicationcontroller", OFFLOADED, &["liqo-api-access-check"])]
#[case::not_offloaded("home-cluster", "plain-web", &[], &[])]
fn selection(
    #[case] manifest: &str,
    #[case] requests: &str,
    #[case] labels: &[(&str, &str)],
    #[case] expected: &[&str],
) {
    let policies = policies(manifest);
    for name in requests.split(' ') {
        let request = Case::recorded(name).request;
        let asked = policies.iter().filter(|policy| is_asked(policy, &request, &namespace(labels)));
        assert_eq!(asked.map(|policy| policy.name.as_str()).collect::<Vec<_>>(), expected, "{name}");
    }
}

/// Why `matchLabels` are refused: with them, and without an `objectSelector`, a cluster's own pods would be changed.
#[test]
fn labels_of_namespaces_would_select_every_pod() {
    let mut policy = policies("one-home-cluster").remove(0);
    policy.spec.object_selector = None;
    policy.spec.namespace_selector =
        Some(LabelSelector { match_expressions: None, match_labels: Some(namespace(OF_MILAN)) });
    assert!(is_asked(&policy, &Case::recorded("plain-web").request, &namespace(&[])));
}

/// What the policies of a manifest answer to requests, whole.
#[rstest]
#[case("one-home-cluster", "already-forged prometheus unknown-annotation-value")]
#[case("two-home-clusters", "already-forged remote-other-sa")]
#[case("own-credentials", "generate-name remote-other-sa")]
#[case("remote-only", "remote-other-sa remote already-forged")]
#[case("opt-in", "argo-step")]
#[case("home-cluster", "plain-web unknown-annotation-value deployment-bad-annotation")]
#[case("monitor", "prometheus")]
#[case("second-lock", "already-forged")]
#[case("one-namespace", "already-forged")]
#[case("admiralty", "admiralty")]
fn outcome(#[case] manifest: &str, #[case] requests: &str) {
    for request in requests.split(' ') {
        let outcomes = policies(manifest).into_iter().map(|policy| {
            let outcome = Case::recorded(request).settings(policy.spec.settings.0).outcome();
            format!("{}: {outcome}", policy.name)
        });
        assert_snapshot("examples", &format!("{manifest}.{request}"), &outcomes.collect::<String>());
    }
}

/// What the policy for many home clusters answers to a pod with this label, in a Namespace of this cluster.
#[rstest]
#[case::milan("milan", Some("milan"))]
#[case::turin("turin", Some("turin"))]
#[case::genoa("genoa", Some("genoa"))]
#[case::not_listed("venice", Some("venice"))]
#[case::forged_label("milan", Some("turin"))]
#[case::own_namespace("milan", None)]
fn many_home_clusters(#[case] label: &str, #[case] namespace: Option<&str>) {
    let belongs_to = namespace.unwrap_or("none");
    let labels = namespace.map_or_else(|| json!({}), |cluster| json!({REMOTE_CLUSTER_ID: cluster}));
    let annotations = json!({"liqo.io/original-name": "demo"});
    let namespace = json!({"metadata": {"name": "liqo-demo", "labels": labels, "annotations": annotations}});
    let policy = policies("many-home-clusters").remove(0);
    let case = Case::recorded("already-forged").settings(policy.spec.settings.0).namespace(&namespace);
    let outcome = case.set("/object/metadata/labels/offloading.liqo.io~1origin", json!(label)).outcome();
    assert_snapshot("examples", &format!("many-home-clusters.{label}-in-{belongs_to}"), &outcome.to_string());
}

/// The policy checks each kind of object that the home cluster's manifest selects, and whenever it selects it.
#[rstest]
#[case("plain-web", "", &["CREATE"])]
#[case("deployment", "spec.template.", &["CREATE", "UPDATE"])]
#[case("replicaset", "spec.template.", &["CREATE", "UPDATE"])]
#[case("statefulset", "spec.template.", &["CREATE", "UPDATE"])]
#[case("daemonset", "spec.template.", &["CREATE", "UPDATE"])]
#[case("job", "spec.template.", &["CREATE", "UPDATE"])]
#[case("cronjob", "spec.jobTemplate.spec.template.", &["CREATE", "UPDATE"])]
#[case("replicationcontroller", "spec.template.", &["CREATE", "UPDATE"])]
fn the_home_cluster_selects_what_the_policy_checks(
    #[case] request: &str,
    #[case] place: &str,
    #[case] operations: &[&str],
) {
    let policy = policies("home-cluster").remove(0);
    let annotations = format!("/object/{}metadata/annotations", place.replace('.', "/"));
    let problem = r#""both" is not a mode; set "remote" or "disabled", or leave it unset for home"#;
    for operation in ["CREATE", "UPDATE", "DELETE"] {
        let case = Case::recorded(request).set("/operation", json!(operation)).set(&annotations, json!({MODE: "both"}));
        assert_eq!(is_asked(&policy, &case.request, &namespace(OFFLOADED)), operations.contains(&operation));
        if operations.contains(&operation) {
            assert_eq!(
                case.rejection(),
                format!("{place}metadata.annotations[\"liqo.io/api-server-support\"]: {problem}")
            );
        }
    }
    // It selects nothing else.
    let rules = policy.spec.rules.iter().flatten();
    let selected =
        rules.map(|rule| (rule.resources.iter().flatten().count(), rule.operations.iter().flatten().count()));
    assert_eq!(selected.map(|(resources, operations)| resources * operations).sum::<usize>(), 1 + 7 * 2);
}

/// One document of a file, the one of this kind.
fn object<T: DeserializeOwned + Serialize>(manifest: &str, kind: &str) -> T {
    let documents: Vec<Value> = documents(&read(format!("examples/{manifest}.yaml")));
    typed(documents.iter().find(|document| document["kind"] == kind).unwrap_or_else(|| panic!("no {kind}")))
}

/// A ServiceAccount and a Role of the same namespace, bound to each other and to nothing else.
fn service_account(manifest: &str) -> ServiceAccount {
    let account: ServiceAccount = object(manifest, "ServiceAccount");
    let role: Role = object(manifest, "Role");
    let binding: RoleBinding = object(manifest, "RoleBinding");
    let (name, namespace) = (account.metadata.name.clone(), account.metadata.namespace.clone());
    assert!([&role.metadata, &binding.metadata].iter().all(|metadata| metadata.namespace == namespace));
    assert_eq!((binding.role_ref.kind.as_str(), Some(binding.role_ref.name)), ("Role", role.metadata.name));
    let subjects: Vec<_> =
        binding.subjects.into_iter().flatten().map(|s| (s.kind, Some(s.name), s.namespace)).collect();
    assert_eq!(subjects, [("ServiceAccount".to_owned(), name, namespace)]);
    assert!(role.rules.unwrap().iter().flat_map(|rule| &rule.verbs).all(|verb| verb != "*"));
    account
}

#[test]
fn own_credentials_fit_together() {
    let account = service_account("own-credentials-home");
    let token: Secret = object("own-credentials-home", "Secret");
    assert_eq!(token.type_.as_deref(), Some("kubernetes.io/service-account-token"));
    let annotations = token.metadata.annotations.unwrap();
    assert_eq!(annotations.get("kubernetes.io/service-account.name"), account.metadata.name.as_ref());
    assert_eq!(token.metadata.namespace, account.metadata.namespace);

    let secret: Secret = object("own-credentials-secret", "Secret");
    assert_eq!(secret.metadata.namespace, account.metadata.namespace);
    assert_eq!(secret.string_data.unwrap().keys().collect::<Vec<_>>(), ["ca.crt", "token"]);
    let settings = policies("own-credentials").remove(0).spec.settings.0;
    assert_eq!(settings["homeCredentialsSecret"].as_str(), secret.metadata.name.as_deref());
}

#[test]
fn the_remote_service_account_is_the_allowed_one() {
    let account = service_account("remote-only-service-account");
    let settings = policies("remote-only").remove(0).spec.settings.0;
    assert_eq!(settings["allowedRemoteServiceAccounts"], json!([account.metadata.name.unwrap()]));
}

/// The pod that shows which API server it reaches is one that the policy changes.
#[test]
fn the_pod_of_the_guide_is_accepted() {
    let pod: Pod = object("whoami", "Pod");
    let answer = Case::pod(json!(pod)).outcome().answer;
    assert_eq!((answer.accepted, answer.mutated_object.is_some()), (true, true));
}

/// What shows monitor mode, and the second lock, are the policy that protects, but for what makes them another.
#[rstest]
#[case("monitor", &["-  failurePolicy: Fail", "-  mode: protect", "+  failurePolicy: Ignore", "+  mode: monitor", "-    strict: true", "+  timeoutSeconds: 3"])]
#[case("second-lock", &["-  name: liqo-api-access-milan", "+  name: liqo-api-access-milan-verify", "-  backgroundAudit: false", "+  backgroundAudit: true", "-  mutating: true", "+  mutating: false", "+    verifyOnly: true"])]
fn is_the_first_manifest_but_for(#[case] other: &str, #[case] expected: &[&str]) {
    let manifest = |name: &str| documents::<Value>(&read(format!("examples/{name}.yaml"))).remove(0);
    let difference = difference(&manifest("one-home-cluster"), &manifest(other));
    let changed = difference.lines().filter(|line| line.starts_with(['-', '+']));
    assert_eq!(changed.collect::<Vec<_>>(), expected);
}

/// `make run` and the end-to-end tests show the settings that the first manifest has.
#[test]
fn the_settings_file_has_settings_of_the_first_manifest() {
    let settings: BTreeMap<String, Value> = serde_yaml::from_str(&read("examples/settings.yaml")).unwrap();
    let manifest = policies("one-home-cluster").remove(0).spec.settings.0;
    assert!(settings.iter().all(|(key, value)| manifest[key] == *value), "{settings:?} {manifest}");
    assert_eq!(settings_problem(&json!(settings)), None);
}
