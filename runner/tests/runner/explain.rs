//! `runner explain`: the whole text.

use crate::{
    command::{Directory, failure, printed},
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
fn fails_like_run() {
    let policy = guest(Reply::Answer(r#"{"valid":false,"message":"a: unknown"}"#), Reply::Answer(ACCEPTED));
    assert_eq!(
        Directory::new(&policy, POD).evaluate("explain", &[]),
        failure(1, "Error: Provided settings are not valid: a: unknown")
    );
    assert_eq!(
        Directory::new(b"policy", POD).evaluate("explain", &[]),
        failure(2, "Error: policy.wasm: not a WebAssembly module")
    );
}
