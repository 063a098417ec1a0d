//! The manifests that stand beside the policies fit them. What the fail-safe rejects is tested in a cluster, and when the
//! alerts fire with promtool.

use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::files::read;
use crate::manifests::{cluster_policies, typed};

fn documents(manifest: &str) -> Vec<Value> {
    let text = read(format!("examples/{manifest}.yaml"));
    serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).unwrap()).collect()
}

#[test]
fn the_fail_safe_denies_pods_of_the_namespaces_that_the_policies_select() {
    let documents = documents("fail-safe");
    let [policy, binding] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    let policy: ValidatingAdmissionPolicy = typed(policy);
    let binding: ValidatingAdmissionPolicyBinding = typed(binding);

    let spec = json!(policy.spec);
    assert_eq!(spec["failurePolicy"], "Fail");
    assert_eq!(
        spec["matchConstraints"],
        json!({
            "namespaceSelector": {"matchExpressions": [
                {"key": "liqo.io/remote-cluster-id", "operator": "Exists"},
                {"key": "liqo.io/tenant-namespace", "operator": "DoesNotExist"},
            ]},
            "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}],
        })
    );
    assert_eq!(json!(binding.spec), json!({"policyName": policy.metadata.name, "validationActions": ["Deny"]}));
}

#[test]
fn the_alerts_watch_the_policies_of_the_manifests() {
    let alerts = read("examples/alerts.yaml");
    for matcher in [r#"policy_name=~"clusterwide-.*api-access.*""#, r#"{name=~".*api-access.*", type="PolicyActive"}"#]
    {
        assert!(alerts.contains(matcher), "{matcher}");
    }
    for name in cluster_policies() {
        assert!(name.contains("api-access"), "{name}");
    }
}
