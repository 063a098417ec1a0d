//! Requests and settings as people have them.

use crate::{
    command::{ALLOWED, Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{ACCEPTED, Reply, validating},
};

/// Runs a guest that hands back what it was given, and expects this payload in the answer.
#[track_caller]
fn assert_payload(request: &str, options: &[&str], payload: &str) {
    let directory = Directory::new(&validating(Reply::FailWithPayload), request)
        .with("settings.yaml", "# who and where\nb: {d: 1.50, c: yes}\na: [x]\n")
        .with("settings.json", r#"{"b": {"d": 1.50, "c": true}, "a": ["x"]}"#)
        .with("null.yaml", "null\n")
        .with("empty.yaml", "");
    let line = failed(&format!("Guest call failure: {payload}"));
    assert_eq!(directory.evaluate("run", options), answer(&line));
}

#[test]
fn hands_over_the_fields_that_kwctl_knows() {
    let request = r#"{
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
    }"#;
    assert_payload(
        request,
        &[],
        r#"{"request":{"dryRun":false,"kind":{"group":"","kind":"Pod","version":"v1"},"name":"n","namespace":"ns","object":{"a":18446744073709551615,"unknown":null,"z":1.0},"oldObject":{},"operation":"UPDATE","options":{"kind":"UpdateOptions"},"requestKind":{"group":"","kind":"Pod","version":"v1"},"requestResource":{"group":"","resource":"pods","version":"v1"},"requestSubResource":"s","resource":{"group":"","resource":"pods","version":"v1"},"subResource":"s","uid":"u1","userInfo":{"extra":{"e":["f"]},"groups":["g"],"uid":"1","username":"u"}},"settings":{}}"#,
    );
}

#[test]
fn null_in_the_envelope_is_absent() {
    let request = r#"{
        "uid": "u1",
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
        "subResource": null, "requestKind": null, "requestResource": null,
        "requestSubResource": null, "name": null, "namespace": null, "operation": "DELETE",
        "userInfo": {"username": null, "uid": null, "groups": null, "extra": null},
        "object": null, "oldObject": null, "dryRun": null, "options": null
    }"#;
    assert_payload(
        request,
        &[],
        r#"{"request":{"kind":{"group":"","kind":"Pod","version":"v1"},"operation":"DELETE","resource":{"group":"","resource":"pods","version":"v1"},"uid":"u1","userInfo":{}},"settings":{}}"#,
    );
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
    assert_payload(&review, &[], &payload_with("{}"));
}

#[test]
fn takes_settings_in_every_form() {
    let some = payload_with(r#"{"a":["x"],"b":{"c":"yes","d":1.5}}"#);
    assert_payload(REQUEST, &["--settings-path", "settings.yaml"], &some);
    assert_payload(REQUEST, &["-s", "settings.yaml"], &some);

    let some = payload_with(r#"{"a":["x"],"b":{"c":true,"d":1.5}}"#);
    assert_payload(REQUEST, &["--settings-path", "settings.json"], &some);
    assert_payload(REQUEST, &["--settings-json", r#"{"b":{"d":1.50,"c":true},"a":["x"]}"#], &some);

    let none = payload_with("{}");
    assert_payload(REQUEST, &["--settings-path", "null.yaml"], &none);
    assert_payload(REQUEST, &["--settings-path", "empty.yaml"], &none);
    assert_payload(REQUEST, &["--settings-json", "null"], &none);
    assert_payload(REQUEST, &["--settings-json", "{}"], &none);
}

#[test]
fn takes_the_settings_of_a_manifest() {
    let directory = Directory::new(&validating(Reply::FailWithPayload), REQUEST).with(
        "policy.yaml",
        "kind: ServiceAccount\napiVersion: v1\n---\nkind: AdmissionPolicy\napiVersion: policies.kubewarden.io/v1\nspec: {settings: {a: 1}}\n",
    );
    let line = failed(&format!("Guest call failure: {}", payload_with(r#"{"a":1}"#)));
    assert_eq!(
        directory.evaluate("run", &["--settings-path", "policy.yaml"]),
        Outcome {
            stderr: "note: policy.yaml: a policy's manifest, its spec.settings are used\n".to_owned(),
            ..answer(&line)
        }
    );
}

/// What a Pod's author writes.
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";

const CREATED: &str = "note: request.json: evaluated as requests to create the objects in it\n";

/// The payload of the request that creates an object.
fn creation(group: &str, kind: &str, resource: &str, name: &str, namespace: &str, object: &str) -> String {
    format!(
        r#"{{"request":{{"dryRun":false,"kind":{{"group":"{group}","kind":"{kind}","version":"v1"}},"name":"{name}","namespace":"{namespace}","object":{object},"operation":"CREATE","options":{{"apiVersion":"meta.k8s.io/v1","kind":"CreateOptions"}},"resource":{{"group":"{group}","resource":"{resource}","version":"v1"}},"uid":"00000000-0000-0000-0000-000000000000","userInfo":{{"groups":["system:authenticated"],"username":"runner"}}}},"settings":{{}}}}"#
    )
}

/// Evaluates a file that holds these things, which lead to calls with these payloads and to these notes.
#[track_caller]
fn assert_payloads(file: &str, payloads: &[&str], notes: &str) {
    let lines = payloads.iter().map(|payload| {
        let line = failed(&format!("Guest call failure: {payload}"));
        if payload.contains(r#""uid":"u1""#) {
            line
        } else {
            line.replacen("u1", "00000000-0000-0000-0000-000000000000", 1)
        }
    });
    let stdout = lines.map(|line| line + "\n").collect();
    assert_eq!(
        Directory::new(&validating(Reply::FailWithPayload), file).evaluate("run", &[]),
        Outcome { code: Some(0), stdout, stderr: notes.to_owned() }
    );
}

#[test]
fn makes_a_request_for_a_pod() {
    let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}"#;
    let payload = creation("", "Pod", "pods", "web", "shop", object);
    assert_payloads(POD, &[&payload], CREATED);
    assert_payloads(object, &[&payload], CREATED);
}

#[test]
fn takes_documents_and_lists() {
    let job = r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"generateName":"j-"}}"#;
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"}}"#;
    let list = format!(r#"{{"apiVersion":"v1","kind":"List","items":[{job},{pod}]}}"#);
    let file = format!("---\n{list}\n---\n{REQUEST}\n---\n# nothing\n---\napiVersion: v1\nkind: Service\n");
    assert_payloads(
        &file,
        &[
            &creation("batch", "Job", "jobs", "", "default", job),
            &creation("", "Pod", "pods", "web", "shop", pod),
            &payload_with("{}"),
        ],
        &format!("note: request.json: the policy handles pods and workloads, not Service of v1\n{CREATED}"),
    );
}

#[test]
fn merges_yaml_anchors() {
    let file = "apiVersion: v1\nkind: Pod\nmetadata: &m {name: web}\nspec: {<<: *m, a: 1}\n";
    let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"a":1,"name":"web"}}"#;
    assert_payloads(file, &[&creation("", "Pod", "pods", "web", "default", object)], CREATED);
}

#[test]
fn reads_the_request_from_stdin() {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), "");
    let run = ["run", "-r", "-", "policy.wasm"];
    assert_eq!(directory.runner(&run, REQUEST), answer(ALLOWED));
    let line = "Error: stdin: not valid JSON: EOF while parsing an object at line 1 column 1";
    assert_eq!(directory.runner(&run, "{"), failure(2, line));
}

/// The request file has this content; the runner refuses with this problem.
#[track_caller]
fn assert_request_error(request: &str, problem: &str) {
    let policy = validating(Reply::Answer(ACCEPTED));
    let line = format!("Error: request.json: {problem}");
    assert_eq!(Directory::new(&policy, request).evaluate("run", &[]), failure(2, &line));
}

#[test]
fn names_what_is_wrong_with_a_request() {
    let expected = "expected a Pod, a workload such as a Deployment, a List, or an AdmissionReview";
    for request in ["", "[]", "null", "text", "{\"kind\":\"List\",\"items\":[]}"] {
        assert_request_error(request, expected);
    }
    assert_request_error("{}", "the admission request has no uid");
    assert_request_error(r#"{"kind":"AdmissionReview"}"#, "the AdmissionReview has no request");
    assert_request_error(r#"{"kind":"AdmissionReview","request":null}"#, "the AdmissionReview has no request");
    assert_request_error("kind: Pod", "the Pod has no apiVersion");
    assert_request_error("{apiVersion: v1, kind: Service}", "the policy handles pods and workloads, not Service of v1");
    assert_request_error(&REQUEST.replace(r#""Pod""#, "null"), "the admission request has no kind.kind");
    assert_request_error(&REQUEST.replace(r#""CREATE""#, "1"), "the admission request's operation is not a string");
    assert_request_error(&REQUEST.replace("{},", "[],"), "the admission request's userInfo is not an object");
    assert_request_error(
        &REQUEST.replace("{},", "{}, \"dryRun\": 1,"),
        "the admission request's dryRun is not true or false",
    );
    assert_request_error("kind: Pod\nkind: Job\n", "not valid YAML: duplicate entry with key \"kind\"");
}

/// Running with these settings fails with this problem.
#[track_caller]
fn assert_settings_error(settings: &str, problem: &str) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST).with("s.yaml", settings);
    let line = format!("Error: s.yaml: {problem}");
    assert_eq!(directory.evaluate("run", &["--settings-path", "s.yaml"]), failure(2, &line));
}

#[test]
fn names_what_is_wrong_with_settings() {
    assert_settings_error("- a\n", "settings must be an object or null");
    assert_settings_error(
        "a: [\n",
        "not valid YAML: did not find expected node content at line 2 column 1, while parsing a flow node",
    );
    assert_settings_error("a: 1\n---\nb: 1\n", "expected one document, found several");
    assert_settings_error("a: 1\na: 2\n", "not valid YAML: duplicate entry with key \"a\"");
    let policy = "kind: ClusterAdmissionPolicy\n";
    assert_settings_error(&format!("{policy}---\n{policy}"), "expected one policy, found several");
    assert_settings_error("apiVersion: v1\nkind: Secret\n", "expected settings or the manifest of a policy");

    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    let error = |json, problem| {
        let line = format!("Error: --settings-json: {problem}");
        assert_eq!(directory.evaluate("run", &["--settings-json", json]), failure(2, &line));
    };
    error("[]", "settings must be an object or null");
    error("a: 1", "not valid JSON: expected value at line 1 column 1");
}

#[test]
fn names_a_missing_file() {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    let missing = |options: &[&str], origin: &str| {
        let line = format!("Error: {origin}: cannot be read: No such file or directory (os error 2)");
        assert_eq!(directory.runner(options, ""), failure(2, &line));
    };
    missing(&["run", "-r", "none.json", "policy.wasm"], "none.json");
    missing(&["run", "-r", "request.json", "-s", "none.yaml", "policy.wasm"], "none.yaml");
    missing(&["run", "-r", "request.json", "none.wasm"], "none.wasm");
    missing(&["explain", "--from-make", "-r", "none.json", "policy.wasm"], "REQUEST=none.json");
    missing(&["explain", "--from-make", "-r", "request.json", "-s", "none.yaml", "policy.wasm"], "SETTINGS=none.yaml");
}
