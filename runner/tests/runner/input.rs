//! Requests and settings as people have them.

use rstest::rstest;

use crate::{
    command::{ALLOWED, Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{ACCEPTED, Reply, validating},
};

/// The runner evaluates a file with these contents by a guest that hands back what it was given: these payloads.
#[track_caller]
fn assert_payloads(file: &str, options: &[&str], payloads: &[&str]) {
    let directory = Directory::new(&validating(Reply::FailWithPayload), file)
        .with("settings.yaml", "# who and where\nb: {d: 1.50, c: yes}\na: [x]\n")
        .with("settings.json", r#"{"b": {"d": 1.50, "c": true}, "a": ["x"]}"#)
        .with("null.yaml", "null\n")
        .with("empty.yaml", "")
        .with("policy.yaml", "kind: ServiceAccount\napiVersion: v1\n---\nkind: AdmissionPolicy\napiVersion: policies.kubewarden.io/v1\nspec: {settings: {a: 1}}\n");
    let line = |payload: &&str| {
        let line = failed(&format!("Guest call failure: {payload}"));
        if payload.contains(r#""uid":"u1""#) { line } else { line.replacen("u1", CREATED, 1) }
    };
    let lines: Vec<_> = payloads.iter().map(line).collect();
    assert_eq!(directory.evaluate("run", options), answer(&lines.join("\n")));
}

/// The `uid` of requests that the runner makes.
const CREATED: &str = "00000000-0000-0000-0000-000000000000";

#[rstest]
#[case::every_field(
    r#"{
        "uid": "u1", "unknown": 1,
        "kind": {"kind": "Pod", "version": "v1", "group": "", "unknown": 1},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "subResource": "s",
        "requestKind": {"group": "", "version": "v1", "kind": "Pod"},
        "requestResource": {"group": "", "version": "v1", "resource": "pods"},
        "requestSubResource": "s",
        "name": "n", "namespace": "ns", "operation": "UPDATE",
        "userInfo": {"username": "u", "uid": "1", "groups": ["g"], "extra": {"e": ["f"]}, "unknown": 1},
        "object": {"z": 1.0, "a": 18446744073709551615, "unknown": null},
        "oldObject": {}, "dryRun": false, "options": {"kind": "UpdateOptions"}
    }"#,
    r#"{"request":{"dryRun":false,"kind":{"group":"","kind":"Pod","version":"v1"},"name":"n","namespace":"ns","object":{"a":18446744073709551615,"unknown":null,"z":1.0},"oldObject":{},"operation":"UPDATE","options":{"kind":"UpdateOptions"},"requestKind":{"group":"","kind":"Pod","version":"v1"},"requestResource":{"group":"","resource":"pods","version":"v1"},"requestSubResource":"s","resource":{"group":"","resource":"pods","version":"v1"},"subResource":"s","uid":"u1","userInfo":{"extra":{"e":["f"]},"groups":["g"],"uid":"1","username":"u"}},"settings":{}}"#
)]
#[case::null_is_absent(
    r#"{
        "uid": "u1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "subResource": null, "requestKind": null, "requestResource": null,
        "requestSubResource": null, "name": null, "namespace": null, "operation": "DELETE",
        "userInfo": {"username": null, "uid": null, "groups": null, "extra": null},
        "object": null, "oldObject": null, "dryRun": null, "options": null
    }"#,
    r#"{"request":{"kind":{"group":"","kind":"Pod","version":"v1"},"operation":"DELETE","resource":{"group":"","resource":"pods","version":"v1"},"uid":"u1","userInfo":{}},"settings":{}}"#
)]
fn hands_over_the_fields_that_kwctl_knows(#[case] request: &str, #[case] payload: &str) {
    assert_payloads(request, &[], &[payload]);
}

/// The payload for [`REQUEST`] with these settings.
fn payload_with(settings: &str) -> String {
    format!(
        r#"{{"request":{{"kind":{{"group":"","kind":"Pod","version":"v1"}},"object":{{"spec":{{"a":1,"b":[1,2]}}}},"operation":"CREATE","resource":{{"group":"","resource":"pods","version":"v1"}},"uid":"u1","userInfo":{{}}}},"settings":{settings}}}"#
    )
}

#[test]
fn takes_a_whole_review() {
    let review = format!(r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{REQUEST}}}"#);
    assert_payloads(&review, &[], &[&payload_with("{}")]);
}

#[rstest]
#[case(&["--settings-path", "settings.yaml"], r#"{"a":["x"],"b":{"c":"yes","d":1.5}}"#)]
#[case(&["-s", "settings.yaml"], r#"{"a":["x"],"b":{"c":"yes","d":1.5}}"#)]
#[case(&["--settings-path", "settings.json"], r#"{"a":["x"],"b":{"c":true,"d":1.5}}"#)]
#[case(&["--settings-json", r#"{"b":{"d":1.50,"c":true},"a":["x"]}"#], r#"{"a":["x"],"b":{"c":true,"d":1.5}}"#)]
#[case(&["--settings-path", "null.yaml"], "{}")]
#[case(&["--settings-path", "empty.yaml"], "{}")]
#[case(&["--settings-json", "null"], "{}")]
#[case(&["--settings-json", "{}"], "{}")]
#[case::a_manifest(&["--settings-path", "policy.yaml"], r#"{"a":1}"#)]
fn takes_settings_in_every_form(#[case] options: &[&str], #[case] settings: &str) {
    assert_payloads(REQUEST, options, &[&payload_with(settings)]);
}

/// The payload of the request that creates an object.
fn creation(group: &str, kind: &str, resource: &str, name: &str, namespace: &str, object: &str) -> String {
    format!(
        r#"{{"request":{{"dryRun":false,"kind":{{"group":"{group}","kind":"{kind}","version":"v1"}},"name":"{name}","namespace":"{namespace}","object":{object},"operation":"CREATE","options":{{"apiVersion":"meta.k8s.io/v1","kind":"CreateOptions"}},"resource":{{"group":"{group}","resource":"{resource}","version":"v1"}},"uid":"{CREATED}","userInfo":{{"groups":["system:authenticated"],"username":"runner"}}}},"settings":{{}}}}"#
    )
}

const POD: &str = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}"#;

#[test]
fn makes_a_request_for_a_pod() {
    let payload = creation("", "Pod", "pods", "web", "shop", POD);
    assert_payloads("apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n", &[], &[&payload]);
    assert_payloads(POD, &[], &[&payload]);
}

#[test]
fn takes_documents_and_lists() {
    let job = r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"generateName":"j-"}}"#;
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{job},{POD}]}}"#);
    assert_payloads(
        &format!("---\n{list}\n---\n{REQUEST}\n---\n# nothing\n"),
        &[],
        &[
            &creation("batch", "Job", "jobs", "", "default", job),
            &creation("", "Pod", "pods", "web", "shop", POD),
            &payload_with("{}"),
        ],
    );
}

#[test]
fn leaves_out_other_objects() {
    let other = "apiVersion: v1\nkind: Service\n";
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), &format!("{REQUEST}\n---\n{other}"));
    let note = "note: \"Service\" of apiVersion \"v1\" is left out: the policy handles pods and workloads\n";
    assert_eq!(directory.evaluate("run", &[]), Outcome { stderr: note.to_owned(), ..answer(ALLOWED) });
    assert_eq!(
        directory.with("request.json", other).evaluate("run", &[]).stderr,
        format!("{note}Error: request.json: nothing to evaluate\n")
    );
}

#[test]
fn merges_yaml_anchors() {
    let file = "apiVersion: v1\nkind: Pod\nmetadata: &m {name: web}\nspec: {<<: *m, a: 1}\n";
    let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"a":1,"name":"web"}}"#;
    assert_payloads(file, &[], &[&creation("", "Pod", "pods", "web", "default", object)]);
}

#[test]
fn reads_the_request_from_stdin() {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), "");
    let run = ["run", "-r", "-", "policy.wasm"];
    assert_eq!(directory.runner(&run, REQUEST), answer(ALLOWED));
    assert_eq!(
        directory.runner(&run, "{"),
        failure("-: not valid JSON: EOF while parsing an object at line 1 column 1")
    );
}

const EXPECTED: &str = "expected a Pod, a workload such as a Deployment, a List, or an AdmissionReview";

#[rstest]
#[case("", EXPECTED)]
#[case("[]", EXPECTED)]
#[case("null", EXPECTED)]
#[case("text", EXPECTED)]
#[case(r#"{"kind":"List","items":[]}"#, EXPECTED)]
#[case("{}", "not an admission request: missing field `uid`")]
#[case(r#"{"kind":"AdmissionReview"}"#, "the AdmissionReview has no request")]
#[case(
    r#"{"kind":"AdmissionReview","request":null}"#,
    "not an admission request: invalid type: null, expected struct AdmissionRequest"
)]
#[case(&REQUEST.replace(r#""Pod""#, "null"), "not an admission request: kind.kind: invalid type: null, expected a string")]
#[case(&REQUEST.replace(r#""CREATE""#, "1"), "not an admission request: operation: invalid type: integer `1`, expected a string")]
#[case(&REQUEST.replace("{},", "1,"), "not an admission request: userInfo: invalid type: integer `1`, expected struct UserInfo")]
#[case(&REQUEST.replace("{},", "{}, \"dryRun\": 1,"), "not an admission request: dryRun: invalid type: integer `1`, expected a boolean")]
#[case("kind: Pod\nkind: Job\n", "not valid YAML: duplicate entry with key \"kind\"")]
fn names_what_is_wrong_with_a_request(#[case] request: &str, #[case] problem: &str) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), request);
    assert_eq!(directory.evaluate("run", &[]), failure(&format!("request.json: {problem}")));
}

const ONE: &str = "expected settings in one document, or the manifest of one policy";

#[rstest]
#[case("- a\n", "settings must be an object or null")]
#[case("a: [\n", "not valid YAML: did not find expected node content at line 2 column 1, while parsing a flow node")]
#[case("a: 1\na: 2\n", "not valid YAML: duplicate entry with key \"a\"")]
#[case("a: 1\n---\nb: 1\n", ONE)]
#[case("kind: ClusterAdmissionPolicy\n---\nkind: ClusterAdmissionPolicy\n", ONE)]
#[case("apiVersion: v1\nkind: Secret\n", ONE)]
fn names_what_is_wrong_with_settings(#[case] settings: &str, #[case] problem: &str) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST).with("s.yaml", settings);
    assert_eq!(directory.evaluate("run", &["--settings-path", "s.yaml"]), failure(&format!("s.yaml: {problem}")));
}

#[rstest]
#[case("[]", "settings must be an object or null")]
#[case("a: 1", "not valid JSON: expected value at line 1 column 1")]
fn names_what_is_wrong_with_settings_in_an_option(#[case] settings: &str, #[case] problem: &str) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    assert_eq!(
        directory.evaluate("run", &["--settings-json", settings]),
        failure(&format!("--settings-json: {problem}"))
    );
}

#[rstest]
#[case(&["run", "-r", "none", "policy.wasm"])]
#[case(&["run", "-r", "request.json", "-s", "none", "policy.wasm"])]
#[case(&["run", "-r", "request.json", "--replay-host-capabilities-interactions", "none", "policy.wasm"])]
#[case(&["run", "-r", "request.json", "none"])]
fn names_a_missing_file(#[case] arguments: &[&str]) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    assert_eq!(directory.runner(arguments, ""), failure("none: No such file or directory (os error 2)"));
}
