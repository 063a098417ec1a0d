//! `runner explain`: the whole text.

use crate::{
    command::{Directory, Outcome, failure, printed},
    guest::{ACCEPTED, Reply, guest, validating},
};

const POD: &str = r#"{
    "uid": "u1",
    "kind": {"group": "", "version": "v1", "kind": "Pod"},
    "resource": {"group": "", "version": "v1", "resource": "pods"},
    "name": "web", "namespace": "shop", "operation": "CREATE", "userInfo": {},
    "object": {
        "metadata": {"name": "web", "namespace": "shop", "managedFields": [{"manager": "kubectl"}]},
        "spec": {
            "containers": [{"name": "web", "env": [{"name": "A", "value": "1"}]}],
            "nodeName": "n", "restartPolicy": "Always", "schedulerName": "s"
        }
    }
}"#;

#[track_caller]
fn assert_explained(returned: &str, request: &str, text: &str) {
    let policy = validating(Reply::Answer(returned));
    assert_eq!(Directory::new(&policy, request).evaluate("explain", &[]), printed(text));
}

#[test]
fn shows_the_mode_the_notes_and_the_difference() {
    assert_explained(
        r#"{
            "accepted": true,
            "audit_annotations": {"home-api-server": "home:6443", "mode": "home", "problems": "hm"},
            "warnings": ["hm"],
            "mutated_object": {
                "metadata": {"name": "web", "namespace": "shop", "managedFields": [{"manager": "kubectl"}]},
                "spec": {
                    "automountServiceAccountToken": false,
                    "containers": [{"name": "web", "env": [{"name": "A", "value": "2"}]}],
                    "nodeName": "n", "restartPolicy": "Always"
                }
            }
        }"#,
        POD,
        "\
Pod web in namespace shop
mode: home
home-api-server: home:6443
warning: hm

--- before
+++ after
@@ -2,11 +2,11 @@
   name: web
   namespace: shop
 spec:
+  automountServiceAccountToken: false
   containers:
   - env:
     - name: A
-      value: '1'
+      value: '2'
     name: web
   nodeName: n
   restartPolicy: Always
-  schedulerName: s
",
    );
}

#[test]
fn shows_the_other_outcomes() {
    let pod = "Pod web in namespace shop\n";
    assert_explained(ACCEPTED, POD, &format!("{pod}accepted unchanged\n"));
    assert_explained(
        r#"{"accepted":true,"audit_annotations":{"problems":"hm"}}"#,
        POD,
        &format!("{pod}problems: hm\naccepted unchanged\n"),
    );
    assert_explained(
        r#"{"accepted":false,"message":"not here","warnings":["hm"]}"#,
        POD,
        &format!("{pod}warning: hm\nrejected: not here\n"),
    );
    assert_explained(r#"{"accepted":false}"#, POD, &format!("{pod}rejected: no reason given\n"));
}

#[test]
fn colors_on_a_terminal() {
    let colored = |answer: &str| {
        let request = POD.replace("\"metadata\"", "\"a\": 1, \"metadata\"");
        let directory = Directory::new(&validating(Reply::Answer(answer)), &request);
        let output = directory
            .command(&["explain", "--request-path", "request.json", "policy.wasm"])
            .env("CLICOLOR_FORCE", "1")
            .output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    assert_eq!(
        colored(r#"{"accepted":true,"mutated_object":{"a":2}}"#).lines().take(7).collect::<Vec<_>>(),
        [
            "\u{1b}[1mPod web in namespace shop\u{1b}[0m",
            "",
            "\u{1b}[1m--- before\u{1b}[0m",
            "\u{1b}[1m+++ after\u{1b}[0m",
            "\u{1b}[1m@@ -1,13 +1 @@\u{1b}[0m",
            "\u{1b}[31m-a: 1\u{1b}[0m",
            "\u{1b}[31m-metadata:\u{1b}[0m",
        ]
    );
    assert!(colored(r#"{"accepted":true,"mutated_object":{"a":2}}"#).ends_with("\u{1b}[32m+a: 2\u{1b}[0m\n"));
    assert_eq!(
        colored(r#"{"accepted":false,"message":"no"}"#),
        "\u{1b}[1mPod web in namespace shop\u{1b}[0m\n\u{1b}[31mrejected: no\u{1b}[0m\n"
    );
}

#[test]
fn names_the_object() {
    let assert_named = |rest: &str, name: &str| {
        let request = format!(
            r#"{{"uid": "u1", "kind": {{"group": "apps", "version": "v1", "kind": "Deployment"}}, "userInfo": {{}},
                 "resource": {{"group": "apps", "version": "v1", "resource": "deployments"}}, {rest}}}"#
        );
        assert_explained(ACCEPTED, &request, &format!("{name}\naccepted unchanged\n"));
    };
    assert_named(
        r#""operation": "CREATE", "object": {"metadata": {"generateName": "web-", "namespace": "shop"}}"#,
        "Deployment web-* in namespace shop",
    );
    assert_named(
        r#""operation": "UPDATE", "subResource": "scale", "name": "web", "object": {"metadata": {"name": "web", "generateName": "w"}}"#,
        "Deployment/scale web, UPDATE",
    );
    assert_named(
        r#""operation": "DELETE", "name": "web", "namespace": "shop""#,
        "Deployment web in namespace shop, DELETE",
    );
    assert_named(r#""operation": "CREATE", "object": {}"#, "Deployment without a name");
}

#[test]
fn explains_each_request() {
    let pods =
        "{kind: Pod, apiVersion: v1, metadata: {name: a}}\n---\n{kind: Pod, apiVersion: v1, metadata: {name: b}}";
    let unchanged = |name| format!("Pod {name} in namespace default\naccepted unchanged\n");
    assert_eq!(
        Directory::new(&validating(Reply::Answer(ACCEPTED)), pods).evaluate("explain", &["--from-make"]),
        Outcome {
            stderr: "note: REQUEST=request.json: evaluated as requests to create the objects in it\n".to_owned(),
            ..printed(&format!("{}\n{}", unchanged("a"), unchanged("b")))
        }
    );
}

#[test]
fn shows_each_problem_of_the_settings_once() {
    let verdict =
        r#"{"valid":false,"message":"b: unknown; known are a, c; d: found \"x; \\\"y\"; e: unknown; known are a, c"}"#;
    assert_eq!(
        Directory::new(&guest(Reply::Answer(verdict), Reply::Answer(ACCEPTED)), POD).evaluate("explain", &[]),
        failure(
            1,
            "Error: the policy refuses the settings:\n  b: unknown\n  known are a, c\n  d: found \"x; \\\"y\"\n  e: unknown"
        )
    );
}
