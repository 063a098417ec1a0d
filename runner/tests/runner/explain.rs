//! `runner explain`: the whole text.

use rstest::rstest;

use crate::{
    command::{Directory, REQUEST, printed},
    guest::{ACCEPTED, Reply, validating},
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

#[rstest]
#[case(ACCEPTED, "accepted unchanged")]
#[case(r#"{"accepted":true,"audit_annotations":{"problems":"hm"}}"#, "problems: hm\naccepted unchanged")]
#[case(r#"{"accepted":false,"message":"not here","warnings":["hm"]}"#, "warning: hm\nrejected: not here")]
#[case(r#"{"accepted":false}"#, "rejected: no reason given")]
fn shows_the_other_outcomes(#[case] returned: &str, #[case] outcome: &str) {
    assert_explained(returned, POD, &format!("Pod web in namespace shop\n{outcome}\n"));
}

#[rstest]
#[case(
    r#"{"accepted":true,"mutated_object":{"spec":{"a":1,"b":[1,3]}}}"#,
    &[
        "",
        "\u{1b}[1m--- before\u{1b}[0m",
        "\u{1b}[1m+++ after\u{1b}[0m",
        "\u{1b}[1m@@ -2,4 +2,4 @@\u{1b}[0m",
        "   a: 1",
        "   b:",
        "   - 1",
        "\u{1b}[31m-  - 2\u{1b}[0m",
        "\u{1b}[32m+  - 3\u{1b}[0m",
    ]
)]
#[case(r#"{"accepted":false,"message":"no"}"#, &["\u{1b}[31mrejected: no\u{1b}[0m"])]
fn colors_on_a_terminal(#[case] answer: &str, #[case] outcome: &[&str]) {
    let directory = Directory::new(&validating(Reply::Answer(answer)), REQUEST);
    let mut command = directory.command(&["explain", "--request-path", "request.json", "policy.wasm"]);
    let output = command.env("CLICOLOR_FORCE", "1").output().unwrap();
    let heading = "\u{1b}[1mPod without a name\u{1b}[0m";
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{heading}\n{}\n", outcome.join("\n")));
}

#[rstest]
#[case(
    r#""operation": "CREATE", "object": {"metadata": {"generateName": "web-", "namespace": "shop"}}"#,
    "Deployment web-* in namespace shop"
)]
#[case(
    r#""operation": "UPDATE", "subResource": "scale", "name": "web", "object": {"metadata": {"name": "web", "generateName": "w"}}"#,
    "Deployment/scale web, UPDATE"
)]
#[case(r#""operation": "DELETE", "name": "web", "namespace": "shop""#, "Deployment web in namespace shop, DELETE")]
#[case(r#""operation": "CREATE", "object": {}"#, "Deployment without a name")]
fn names_the_object(#[case] rest: &str, #[case] name: &str) {
    let request = format!(
        r#"{{"uid": "u1", "kind": {{"group": "apps", "version": "v1", "kind": "Deployment"}}, "userInfo": {{}},
             "resource": {{"group": "apps", "version": "v1", "resource": "deployments"}}, {rest}}}"#
    );
    assert_explained(ACCEPTED, &request, &format!("{name}\naccepted unchanged\n"));
}

#[test]
fn explains_each_request() {
    let pods =
        "{kind: Pod, apiVersion: v1, metadata: {name: a}}\n---\n{kind: Pod, apiVersion: v1, metadata: {name: b}}";
    let unchanged = |name| format!("Pod {name} in namespace default\naccepted unchanged\n");
    assert_explained(ACCEPTED, pods, &format!("{}\n{}", unchanged("a"), unchanged("b")));
}
