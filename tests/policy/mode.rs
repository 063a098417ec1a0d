//! Which mode a pod gets, and why a request for one is refused.

use crate::support::Case;
use rstest::rstest;
use serde_json::{Value, json};

const MODE: &str = "liqo.io/api-server-support";
const NAME: &str = "liqo.io/remote-service-account-name";

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

#[rstest]
#[case(
    "Remote",
    r#""Remote" is not a mode; set "remote" or "disabled", or leave it unset for home (did you mean "remote"?)"#
)]
#[case(
    " remote",
    r#"" remote" is not a mode; set "remote" or "disabled", or leave it unset for home (did you mean "remote"?)"#
)]
#[case(
    "disable",
    r#""disable" is not a mode; set "remote" or "disabled", or leave it unset for home (did you mean "disabled"?)"#
)]
#[case("Home", r#""Home" is not a mode; set "remote" or "disabled", or leave it unset for home"#)]
#[case("", r#""" is not a mode; set "remote" or "disabled", or leave it unset for home"#)]
#[case("none", r#""none" is not a mode; set "remote" or "disabled", or leave it unset for home"#)]
#[case("both", r#""both" is not a mode; set "remote" or "disabled", or leave it unset for home"#)]
#[case("a\nb\u{7}", r#""a\nb\u{7}" is not a mode; set "remote" or "disabled", or leave it unset for home"#)]
#[case("home", r#""home" is not a value here; home is the default, leave the annotation unset"#)]
fn is_unknown(#[case] value: &str, #[case] message: &str) {
    let expected = format!(r#"metadata.annotations["liqo.io/api-server-support"]: {message}"#);
    assert_eq!(pod(json!({MODE: value}), json!({})).rejection(), expected);
}

#[test]
fn is_unknown_and_long() {
    let expected = format!(
        r#"metadata.annotations["liqo.io/api-server-support"]: "{}…" is not a mode; set "remote" or "disabled", or leave it unset for home"#,
        "x".repeat(63)
    );
    assert_eq!(pod(json!({MODE: "x".repeat(100_000)}), json!({})).rejection(), expected);
}

#[test]
fn is_unknown_where_home_is_not_the_default() {
    assert_eq!(
        pod(json!({MODE: "hom"}), json!({"defaultMode": "remote"})).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: "hom" is not a mode; set "home" or "remote" or "disabled" (did you mean "home"?)"#
    );
}

#[rstest]
#[case(json!(null), "null", "null")]
#[case(json!(true), "true", "a boolean")]
#[case(json!(1), "1", "a number")]
#[case(json!(["remote"]), "[\"remote\"]", "a list")]
#[case(json!({}), "{}", "an object")]
fn is_no_string(#[case] value: Value, #[case] shown: &str, #[case] found: &str) {
    assert_eq!(
        pod(json!({MODE: value}), json!({})).rejection(),
        format!(
            r#"metadata.annotations["liqo.io/api-server-support"]: {shown} is not a mode; set "remote" or "disabled", or leave it unset for home"#
        )
    );
    assert_eq!(
        pod(json!({MODE: "remote", NAME: value}), json!({})).rejection(),
        format!(r#"metadata.annotations["liqo.io/remote-service-account-name"]: expected a string, found {found}"#)
    );
}

/// What would be refused next is not recommended.
#[rstest]
#[case(json!({"allowedModes": ["home", "disabled"]}), "Remote", r#""Remote" is not a mode; set "disabled", or leave it unset for home"#)]
#[case(json!({"allowedModes": ["home"]}), "x", r#""x" is not a mode; leave it unset for home"#)]
#[case(json!({"allowedModes": ["remote"], "defaultMode": "remote"}), "x", r#""x" is not a mode; set "remote""#)]
fn only_allowed_modes_are_recommended(#[case] settings: Value, #[case] value: &str, #[case] message: &str) {
    assert_eq!(
        pod(json!({MODE: value}), settings).rejection(),
        format!(r#"metadata.annotations["liqo.io/api-server-support"]: {message}"#)
    );
}

#[test]
fn is_not_allowed() {
    assert_eq!(
        pod(json!({MODE: "remote"}), json!({"allowedModes": ["home", "disabled"]})).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: mode "remote" is not allowed here; allowed: home, disabled"#
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

#[test]
fn remote_service_account_is_not_allowed() {
    let settings = json!({"allowedRemoteServiceAccounts": ["a", "b"]});
    assert_eq!(
        pod(json!({MODE: "remote", NAME: "admin"}), settings.clone()).rejection(),
        r#"metadata.annotations["liqo.io/remote-service-account-name"]: ServiceAccount "admin" is not allowed in mode "remote"; allowed: a, b"#
    );
    assert_eq!(
        pod(json!({MODE: "remote"}), settings).rejection(),
        r#"spec.serviceAccountName: ServiceAccount "own" is not allowed in mode "remote"; allowed: a, b; Liqo keeps the name only of pods annotated liqo.io/api-server-support: remote"#
    );
    let none = pod(json!({MODE: "remote"}), json!({"allowedRemoteServiceAccounts": []}));
    let none = none.remove("/object/spec/serviceAccountName").remove("/object/spec/serviceAccount");
    assert_eq!(
        none.rejection(),
        r#"spec.serviceAccountName: ServiceAccount "default" is not allowed in mode "remote"; allowed: none; Liqo keeps the name only of pods annotated liqo.io/api-server-support: remote"#
    );
}

#[rstest]
#[case(json!({NAME: "x"}), "home")]
#[case(json!({NAME: 7}), "home")]
#[case(json!({MODE: "disabled", NAME: "Not A Name"}), "disabled")]
fn the_name_is_ignored_with_a_warning_in_other_modes(#[case] annotations: Value, #[case] mode: &str) {
    let case = pod(annotations, json!({"homeApiServerAddresses": ["10.0.0.1"]}));
    let warning = format!(r#"liqo.io/remote-service-account-name is ignored in mode "{mode}""#);
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
    starts(&case, r#"metadata.annotations["liqo.io/api-server-support"]: mode "disabled" is not allowed"#);
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
        r#"metadata.labels["offloading.liqo.io/origin"]: the pod comes from cluster "milan", but this policy serves cluster "rome"; select the pods of one home cluster for each policy"#
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
    assert_eq!(accepted.warnings, [r#"liqo.io/remote-service-account-name is ignored in mode "home""#]);
    assert_eq!(accepted.audit_annotations["home-api-server"], "kubernetes.default:443");
    assert_eq!(
        pod(json!({MODE: "home"}), settings.clone()).rejection(),
        r#"metadata.annotations["liqo.io/api-server-support"]: "home" is not a value here; home is the default, leave the annotation unset"#
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
         homeApiServerAddresses, homeClusterId, homeClusters, homeCredentialsSecret, defaultMode, allowedModes, \
         allowedRemoteServiceAccounts, keptTokenAudiences, originLabel, namespaceLookup, strict, validateOnly, verifyOnly; \
         homeApiServerPort: expected a number from 1 to 65535, found 0"
    );
}

/// Credentials of the home cluster, from wherever, are for mode home only.
#[rstest]
#[case::liqos("p-token")]
#[case::own("own")]
fn a_pod_made_for_home_is_no_pod_for_another_mode(#[case] secret: &str) {
    let volume = json!({"name": "v", "projected": {"sources": [
        {"configMap": {"name": "m"}}, {"secret": {"name": secret, "items": [{"key": "v-2d7116", "path": "x"}]}}, {"secret": {"name": "another"}},
    ]}});
    let case = pod(json!({MODE: "remote"}), json!({"homeCredentialsSecret": "own"}))
        .set("/object/spec/volumes", json!([volume]));
    assert_eq!(
        case.rejection(),
        "spec.volumes[0].projected.sources[1].secret: was made for mode \"home\" and must not reach the foreign API server; recreate the pod with the annotation liqo.io/api-server-support: remote set from the start"
    );
    let disabled = case.set("/object/metadata/annotations", json!({MODE: "disabled"}));
    assert_eq!(
        disabled.object()["spec"]["volumes"],
        json!([{"name": "v", "projected": {"sources": [{"configMap": {"name": "m"}}, {"secret": {"name": "another"}}]}}])
    );
}

/// Liqo forges the environment of a pod that opted out of tokens too. In mode remote it would get one of the foreign
/// cluster, and send it home.
#[test]
fn a_pod_that_was_sent_home_is_none_for_mode_remote() {
    let mut case = Case::recorded("already-forged");
    for volume in case.request["object"]["spec"]["volumes"].as_array_mut().unwrap() {
        volume.as_object_mut().unwrap().remove("projected");
    }
    assert_eq!(
        case.settings(json!({"defaultMode": "remote"})).rejection(),
        "spec.containers[0].env: was made for mode \"home\" and must not reach the foreign API server; recreate the pod with the annotation liqo.io/api-server-support: remote set from the start"
    );
}

/// A volume at the path of the credentials from which a virtual kubelet without API server support took the token.
#[rstest]
#[case::certificates_as_a_whole(json!([{"configMap": {"name": "kube-root-ca.crt.milan"}, "x": 1}]), json!([{"configMap": {"name": "kube-root-ca.crt"}, "x": 1}]), true)]
#[case::another_config_map_as_a_whole(json!([{"configMap": {"name": "m"}}]), json!([]), false)]
#[case::stripped(
    json!([{"configMap": {"name": "kube-root-ca.crt.milan", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]),
    json!([{"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}}]),
    true
)]
#[case::empty(json!([]), json!([]), true)]
#[case::absent(Value::Null, json!([]), true)]
fn remote_completes_a_stripped_volume(#[case] before: Value, #[case] after: Value, #[case] is_stripped: bool) {
    let case = pod(json!({MODE: "remote"}), json!({"homeClusterId": "milan"}))
        .set("/object/spec/volumes", json!([{"name": "v", "projected": {"sources": before}}]))
        .set(
            "/object/spec/containers/0/volumeMounts",
            json!([{"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]),
        );
    let mut expected = after;
    if is_stripped {
        expected
            .as_array_mut()
            .unwrap()
            .push(json!({"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}}));
    } else {
        expected = before;
    }
    assert_eq!(case.object()["spec"]["volumes"][0]["projected"]["sources"], expected);
    let elsewhere = case.set("/object/spec/containers/0/volumeMounts/0/mountPath", json!("/mnt"));
    assert_eq!(elsewhere.object()["spec"]["volumes"], elsewhere.request["object"]["spec"]["volumes"]);
}

/// Tokens of the foreign cluster go, certificates become the home cluster's where it is known.
#[rstest]
#[case(json!({"homeClusterId": "milan"}), "kube-root-ca.crt.milan")]
#[case(json!({}), "kube-root-ca.crt")]
fn disabled_takes_every_token(#[case] settings: Value, #[case] certificates: &str) {
    let token = json!({"serviceAccountToken": {"path": "token"}});
    let root_ca = |name: &str| json!({"configMap": {"name": name, "items": []}});
    let volumes = json!([
        {"name": "a", "projected": {"sources": [token, root_ca("kube-root-ca.crt"), token, root_ca("mine")]}},
        {"name": "b", "projected": {"sources": [token]}},
        {"name": "c", "emptyDir": {}},
    ]);
    let case = pod(json!({MODE: "disabled"}), settings).set("/object/spec/volumes", volumes);
    assert_eq!(
        case.object()["spec"],
        json!({
            "containers": [{"name": "c"}],
            "automountServiceAccountToken": false,
            "volumes": [
                {"name": "a", "projected": {"sources": [root_ca(certificates), root_ca("mine")]}},
                {"name": "b", "projected": {"sources": []}},
                {"name": "c", "emptyDir": {}},
            ],
        })
    );
}
