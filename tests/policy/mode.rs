//! Which mode a pod gets, and why a request for one is refused.

use crate::support::{Case, MODE, REMOTE_NAME as NAME};
use rstest::rstest;
use serde_json::{Value, json};

fn pod(annotations: Value, settings: Value) -> Case {
    let pod = json!({
        "metadata": {"name": "p", "annotations": annotations},
        "spec": {"containers": [{"name": "c"}], "serviceAccountName": "own", "serviceAccount": "own"},
    });
    Case::pod(pod).settings(settings)
}

#[rstest]
#[case::unset(json!({}), json!({}), "home")]
#[case::remote(json!({MODE: "remote"}), json!({}), "remote")]
#[case::disabled(json!({MODE: "disabled"}), json!({}), "disabled")]
#[case::default_remote(json!({}), json!({"defaultMode": "remote"}), "remote")]
#[case::default_disabled(json!({}), json!({"defaultMode": "disabled"}), "disabled")]
#[case::home_under_default_remote(json!({MODE: "home"}), json!({"defaultMode": "remote"}), "home")]
#[case::home_under_default_disabled(json!({MODE: "home"}), json!({"defaultMode": "disabled"}), "home")]
#[case::escaped(json!({"x": "\u{1}", MODE: "remote"}), json!({}), "remote")]
fn is_decided(#[case] annotations: Value, #[case] settings: Value, #[case] mode: &str) {
    assert_eq!(pod(annotations, settings).outcome().answer.audit_annotations["mode"], mode);
}

/// The path of the annotation with the mode, in messages.
const AT: &str = r#"metadata.annotations["liqo.io/api-server-support"]"#;

/// What may be set instead where all modes are allowed.
const INSTEAD: &str = r#"is not a mode; set "remote" or "disabled", or leave it unset for home"#;

#[rstest]
#[case::capital(json!("Remote"), r#""Remote""#, r#" (did you mean "remote"?)"#)]
#[case::space(json!(" remote"), r#"" remote""#, r#" (did you mean "remote"?)"#)]
#[case::cut(json!("disable"), r#""disable""#, r#" (did you mean "disabled"?)"#)]
#[case::capital_home(json!("Home"), r#""Home""#, "")]
#[case::empty(json!(""), r#""""#, "")]
#[case::none(json!("none"), r#""none""#, "")]
#[case::both(json!("both"), r#""both""#, "")]
#[case::control_characters(json!("a\nb\u{7}"), r#""a\nb\u{7}""#, "")]
#[case::long(json!("x".repeat(100_000)), &format!(r#""{}…""#, "x".repeat(63)), "")]
#[case::null(json!(null), "null", "")]
#[case::boolean(json!(true), "true", "")]
#[case::number(json!(1), "1", "")]
#[case::list(json!(["remote"]), r#"["remote"]"#, "")]
#[case::object(json!({}), "{}", "")]
fn is_unknown(#[case] value: Value, #[case] shown: &str, #[case] likely: &str) {
    assert_eq!(pod(json!({MODE: value}), json!({})).rejection(), format!("{AT}: {shown} {INSTEAD}{likely}"));
}

#[test]
fn is_the_default() {
    let message = r#""home" is not a valid value; home is the default mode, leave the annotation unset"#;
    assert_eq!(pod(json!({MODE: "home"}), json!({})).rejection(), format!("{AT}: {message}"));
}

#[test]
fn is_unknown_where_home_is_not_the_default() {
    assert_eq!(
        pod(json!({MODE: "hom"}), json!({"defaultMode": "remote"})).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: "hom" is not a mode; set "home" or "remote" or "disabled" (did you mean "home"?)"#
    );
}

#[rstest]
#[case(json!(null), "null")]
#[case(json!(true), "a boolean")]
#[case(json!(1), "a number")]
#[case(json!(["remote"]), "a list")]
#[case(json!({}), "an object")]
fn remote_name_is_no_string(#[case] value: Value, #[case] found: &str) {
    let message =
        format!(r#"metadata.annotations["liqo.io/remote-service-account-name"]: expected a string, found {found}"#);
    assert_eq!(pod(json!({MODE: "remote", NAME: value}), json!({})).rejection(), message);
}

/// What would be refused next is not recommended.
#[rstest]
#[case(json!({"allowedModes": ["home", "disabled"]}), "Remote", r#""Remote" is not a mode; set "disabled", or leave it unset for home"#)]
#[case(json!({"allowedModes": ["home"]}), "x", r#""x" is not a mode; leave it unset for home"#)]
#[case(json!({"allowedModes": ["remote"], "defaultMode": "remote"}), "x", r#""x" is not a mode; set "remote""#)]
fn only_allowed_modes_are_recommended(#[case] settings: Value, #[case] value: &str, #[case] message: &str) {
    assert_eq!(pod(json!({MODE: value}), settings).rejection(), format!("{AT}: {message}"));
}

#[test]
fn is_not_allowed() {
    assert_eq!(
        pod(json!({MODE: "remote"}), json!({"allowedModes": ["home", "disabled"]})).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: remote mode is not allowed; allowed modes: home, disabled"#
    );
}

#[rstest]
#[case::annotation(json!({MODE: "remote", NAME: "ci-runner"}), "ci-runner")]
#[case::subdomain(json!({MODE: "remote", NAME: "ci.runner-2"}), "ci.runner-2")]
#[case::own(json!({MODE: "remote"}), "own")]
fn remote_service_account(#[case] annotations: Value, #[case] name: &str) {
    let spec = pod(annotations, json!({"allowedRemoteServiceAccounts": [name]})).object()["spec"].clone();
    assert_eq!((&spec["serviceAccountName"], &spec["serviceAccount"]), (&json!(name), &json!(name)));
}

#[test]
fn remote_without_any_service_account_stays_without() {
    let case = pod(json!({MODE: "remote"}), json!({"allowedRemoteServiceAccounts": ["default"]}))
        .remove("/object/spec/serviceAccountName")
        .remove("/object/spec/serviceAccount");
    assert_eq!(case.object()["spec"], json!({"containers": [{"name": "c"}], "automountServiceAccountToken": true}));
    assert_eq!(case.outcome().answer.audit_annotations["service-account"], "default");
}

#[test]
fn remote_reads_the_deprecated_twin() {
    let case = pod(json!({MODE: "remote"}), json!({})).remove("/object/spec/serviceAccountName");
    assert_eq!(
        case.object()["spec"],
        json!({"containers": [{"name": "c"}], "automountServiceAccountToken": true, "serviceAccount": "own", "serviceAccountName": "own"})
    );
}

#[rstest]
#[case("")]
#[case("Admin")]
#[case("-a")]
#[case("a-")]
#[case("a..b")]
#[case("a/b")]
#[case("ä")]
fn remote_name_is_none(#[case] name: &str) {
    assert_eq!(
        pod(json!({MODE: "remote", NAME: name}), json!({})).rejection(),
        format!(
            r#"metadata.annotations["liqo.io/remote-service-account-name"]: "{name}" is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters"#
        )
    );
}

#[test]
fn remote_name_has_a_longest() {
    let longest = "a".repeat(253);
    assert_eq!(
        pod(json!({MODE: "remote", NAME: longest}), json!({})).object()["spec"]["serviceAccountName"],
        json!(longest)
    );
    assert_eq!(
        pod(json!({MODE: "remote", NAME: format!("{longest}a")}), json!({})).rejection(),
        format!(
            r#"metadata.annotations["liqo.io/remote-service-account-name"]: "{}…" is not a ServiceAccount name; expected a DNS-1123 subdomain of at most 253 characters"#,
            "a".repeat(63)
        )
    );
}

/// Liqo keeps the name of annotated pods only, so the hint is for those that are not.
#[rstest]
#[case::annotation(json!({MODE: "remote", NAME: "admin"}), &["a", "b"], r#"metadata.annotations["liqo.io/remote-service-account-name"]: ServiceAccount "admin""#, "a, b")]
#[case::own(json!({MODE: "remote"}), &["a", "b"], r#"spec.serviceAccountName: ServiceAccount "own""#, "a, b")]
#[case::none(json!({MODE: "remote"}), &[], r#"spec.serviceAccountName: ServiceAccount "own""#, "none")]
#[case::by_default(json!({}), &["a"], r#"spec.serviceAccountName: ServiceAccount "own""#, "a; Liqo keeps the name only on pods annotated liqo.io/api-server-support: remote")]
fn remote_service_account_is_not_allowed(
    #[case] annotations: Value,
    #[case] allowed: &[&str],
    #[case] start: &str,
    #[case] end: &str,
) {
    let case = pod(annotations, json!({"allowedRemoteServiceAccounts": allowed, "defaultMode": "remote"}));
    assert_eq!(case.rejection(), format!("{start} is not allowed in remote mode; allowed: {end}"));
}

/// A key that nobody reads must not pass for an unset one.
#[rstest]
#[case("liqo.io/api-server-suport", MODE)]
#[case("liqo.io/apiserver-support", MODE)]
#[case("liqo.io/API-server-support", MODE)]
#[case("liqo.io/api_server_support", MODE)]
#[case("api-server-support", MODE)]
#[case("liqo.io/api-server-supportt", MODE)]
#[case("liqo.io/remote-serviceaccount-name", NAME)]
#[case("liqo.io/remote-service-account-nam", NAME)]
#[case("remote-service-account-name", NAME)]
fn a_misspelt_annotation_is_told(#[case] key: &str, #[case] meant: &str) {
    let warning = format!("annotation {key} is not read, did you mean {meant}?");
    for mode in [json!({}), json!({MODE: "disabled"})] {
        let mut annotations = mode;
        annotations[key] = json!("remote");
        let case = pod(annotations, json!({"homeApiServerAddresses": ["10.0.0.1"]}));
        assert_eq!(case.warnings(), [warning.as_str()]);
    }
}

#[rstest]
#[case("liqo.io/remote-cluster-id")]
#[case("liqo.io/api-server-something")]
#[case("example.org/api-server-support")]
#[case("liqo.io/service-account-name")]
#[case("kubernetes.io/service-account.name")]
#[case("")]
fn any_other_annotation_is_nobodys_typo(#[case] key: &str) {
    let case = pod(json!({key: "remote"}), json!({"homeApiServerAddresses": ["10.0.0.1"]}));
    assert_eq!(case.warnings(), [""; 0]);
}

#[rstest]
#[case(json!({NAME: "x"}), "home")]
#[case(json!({NAME: 7}), "home")]
#[case(json!({MODE: "disabled", NAME: "Not A Name"}), "disabled")]
fn the_name_is_ignored_with_a_warning_in_other_modes(#[case] annotations: Value, #[case] mode: &str) {
    let case = pod(annotations, json!({"homeApiServerAddresses": ["10.0.0.1"]}));
    let warning = format!(r#"liqo.io/remote-service-account-name is ignored in {mode} mode"#);
    assert_eq!(case.warnings(), [warning.as_str()]);
    assert_eq!(case.outcome().answer.audit_annotations["problems"], warning);
}

#[test]
fn the_first_problem_is_reported() {
    let settings =
        json!({"allowedModes": ["home", "remote"], "homeClusterId": "rome", "allowedRemoteServiceAccounts": []});
    let case = pod(json!({MODE: "off", NAME: "X"}), settings)
        .set("/object/metadata/labels", json!({"offloading.liqo.io/origin": "milan"}));
    let case = case.set("/object/spec/containers", json!(1));
    let starts = |case: &Case, start: &str| {
        let message = case.rejection();
        assert!(message.starts_with(start), "{message}");
    };
    starts(&case, r#"metadata.annotations["liqo.io/api-server-support"]: "off" is not a mode"#);
    let case = case.set("/object/metadata/annotations/liqo.io~1api-server-support", json!("disabled"));
    starts(&case, r#"metadata.annotations["liqo.io/api-server-support"]: disabled mode is not allowed"#);
    let case = case.set("/object/metadata/annotations/liqo.io~1api-server-support", json!("remote"));
    starts(&case, r#"metadata.annotations["liqo.io/remote-service-account-name"]: "X" is not a ServiceAccount name"#);
    let case = case.set("/object/metadata/annotations/liqo.io~1remote-service-account-name", json!("x"));
    starts(&case, r#"metadata.annotations["liqo.io/remote-service-account-name"]: ServiceAccount "x" is not allowed"#);
    let case = case.set("/object/metadata/annotations", json!({}));
    starts(&case, r#"metadata.labels["offloading.liqo.io/origin"]: the pod comes from cluster "milan""#);
    let case = case.set("/object/metadata/labels", json!({}));
    starts(&case, "spec.containers: expected a list");
}

#[rstest]
#[case::home(json!({}))]
#[case::remote(json!({MODE: "remote"}))]
#[case::disabled(json!({MODE: "disabled"}))]
fn a_pod_of_another_home_cluster_is_refused(#[case] annotations: Value) {
    let case = pod(annotations, json!({"homeClusterId": "rome"}));
    assert_eq!(
        case.set("/object/metadata/labels", json!({"offloading.liqo.io/origin": "milan"})).rejection(),
        r#"metadata.labels["offloading.liqo.io/origin"]: the pod comes from cluster "milan", but this policy serves cluster "rome"; use one policy for each home cluster, or homeClusters"#
    );
}

#[rstest]
#[case(json!(""))]
#[case(json!("-milan"))]
#[case(json!("Milan"))]
#[case(json!("m".repeat(64)))]
#[case(json!("rome"))]
#[case(Value::Null)]
fn a_label_that_names_no_other_cluster_is_no_reason(#[case] label: Value) {
    let case = pod(json!({}), json!({"homeClusterId": "rome"}));
    case.set("/object/metadata/labels", json!({"offloading.liqo.io/origin": label})).object();
}

#[test]
fn validate_only_checks_and_changes_nothing() {
    let settings = json!({"validateOnly": true});
    let accepted = pod(json!({NAME: "x"}), settings.clone()).outcome().answer;
    assert_eq!(accepted.mutated_object, None);
    assert_eq!(accepted.warnings, [r#"liqo.io/remote-service-account-name is ignored in home mode"#]);
    assert_eq!(accepted.audit_annotations["home-api-server"], "kubernetes.default:443");
    assert_eq!(
        pod(json!({MODE: "home"}), settings.clone()).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: "home" is not a valid value; home is the default mode, leave the annotation unset"#
    );
    assert_eq!(
        pod(json!({}), settings).set("/object/spec/containers/0/env", json!(1)).rejection(),
        "spec.containers[0].env: expected a list, found a number"
    );
}

/// In the home cluster nearly every pod is created under `generateName`, and its own token is the right one.
#[test]
fn validate_only_needs_no_name() {
    let case = Case::recorded("generate-name").settings(json!({"validateOnly": true}));
    assert_eq!(case.outcome().answer.mutated_object, None);
    assert_eq!(case.warnings(), [""; 0]);
}

#[test]
fn bad_settings_refuse_what_they_would_decide() {
    assert_eq!(
        pod(json!({}), json!({"homeApiServerPort": 0, "mode": 1})).rejection(),
        "the policy's settings are not valid: \"mode\": no such setting; known are homeApiServerHost, homeApiServerPort, \
         homeApiServerAddresses, clusterDomain, homeClusterId, homeClusters, homeCredentialsSecret, defaultMode, allowedModes, \
         allowedRemoteServiceAccounts, keptTokenAudiences, foreignContainers, originLabel, namespaceLookup, strict, validateOnly, verifyOnly; \
         homeApiServerPort: expected a number from 1 to 65535, found 0"
    );
}
