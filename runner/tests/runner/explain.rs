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
fn says_so_when_nothing_changes() {
    assert_explained(
        ACCEPTED,
        POD,
        "\
Pod web in namespace shop
accepted unchanged
",
    );
}

#[test]
fn shows_annotations_without_a_mode() {
    assert_explained(
        r#"{"accepted":true,"audit_annotations":{"problems":"hm"}}"#,
        POD,
        "\
Pod web in namespace shop
problems: hm
accepted unchanged
",
    );
}

#[test]
fn shows_a_rejection() {
    assert_explained(
        r#"{"accepted":false,"message":"not here","warnings":["hm"]}"#,
        POD,
        "\
Pod web in namespace shop
warning: hm
rejected: not here
",
    );
    assert_explained(
        r#"{"accepted":false}"#,
        POD,
        "\
Pod web in namespace shop
rejected: no reason given
",
    );
}

#[test]
fn names_the_object() {
    let kind = r#""kind": {"group": "apps", "version": "v1", "kind": "Deployment"}"#;
    let envelope = |rest: &str| {
        format!(
            r#"{{"uid": "u1", {kind}, "resource": {{"group": "apps", "version": "v1", "resource": "deployments"}}, "userInfo": {{}}, {rest}}}"#
        )
    };
    assert_explained(
        ACCEPTED,
        &envelope(r#""operation": "CREATE", "object": {"metadata": {"generateName": "web-", "namespace": "shop"}}"#),
        "Deployment web-* in namespace shop\naccepted unchanged\n",
    );
    assert_explained(
        ACCEPTED,
        &envelope(
            r#""operation": "UPDATE", "subResource": "scale", "name": "web", "object": {"metadata": {"name": "web", "generateName": "w"}}"#,
        ),
        "Deployment/scale web, UPDATE\naccepted unchanged\n",
    );
    assert_explained(
        ACCEPTED,
        &envelope(r#""operation": "DELETE", "name": "web", "namespace": "shop""#),
        "Deployment web in namespace shop, DELETE\naccepted unchanged\n",
    );
    assert_explained(
        ACCEPTED,
        &envelope(r#""operation": "CREATE", "object": {}"#),
        "Deployment without a name\naccepted unchanged\n",
    );
}

#[test]
fn explains_each_request() {
    let pods =
        "{kind: Pod, apiVersion: v1, metadata: {name: a}}\n---\n{kind: Pod, apiVersion: v1, metadata: {name: b}}";
    let policy = validating(Reply::Answer(ACCEPTED));
    assert_eq!(
        Directory::new(&policy, pods).evaluate("explain", &["--from-make"]),
        Outcome {
            stderr: "note: REQUEST=request.json: evaluated as requests to create the objects in it\n".to_owned(),
            ..printed(
                "Pod a in namespace default\naccepted unchanged\n\nPod b in namespace default\naccepted unchanged\n"
            )
        }
    );
}

#[test]
fn shows_each_problem_of_the_settings_once() {
    let verdict =
        r#"{"valid":false,"message":"b: unknown; known are a, c; d: found \"x; \\\"y\"; e: unknown; known are a, c"}"#;
    let policy = guest(Reply::Answer(verdict), Reply::Answer(ACCEPTED));
    assert_eq!(
        Directory::new(&policy, POD).evaluate("explain", &[]),
        failure(
            1,
            "Error: the policy refuses the settings:\n  b: unknown\n  known are a, c\n  d: found \"x; \\\"y\"\n  e: unknown"
        )
    );
}
