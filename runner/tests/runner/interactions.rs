//! Answers of a cluster, replayed from a file as kwctl writes it.

use crate::{
    command::{Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{Reply, validating},
};

/// What the policy asks.
const ASKED: &str = r#"{"api_version":"v1","kind":"Namespace","name":"demo-milan","namespace":null,"disable_cache":false,"field_masks":["metadata.labels"]}"#;

/// As kwctl records it, but for the payload: the guest gives that as its answer.
const RECORDED: &str = r#"- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: demo-milan
    namespace: null
    disable_cache: false
    field_masks:
    - metadata.labels
  response:
    type: Success
    payload: '{"accepted":true,"warnings":["found"]}'
"#;

const ALLOWED: &[&str] = &["--allow-context-aware", "--replay-host-capabilities-interactions", "session.yml"];

fn evaluate(call: [&str; 4], session: &str, options: &[&str]) -> Outcome {
    Directory::new(&validating(Reply::Relay(call)), REQUEST).with("session.yml", session).evaluate("run", options)
}

/// The outcome when the policy asks for the Namespace `demo-milan`.
fn ask(session: &str, options: &[&str]) -> Outcome {
    evaluate(["kubewarden", "kubernetes", "get_resource", ASKED], session, options)
}

/// The policy reports why its call failed, and may have something noted on stderr.
fn refused(reason: &str, notes: &str) -> Outcome {
    let line = failed(&format!("Guest call failure: {reason}"));
    Outcome { stderr: notes.to_owned(), ..answer(&line) }
}

#[test]
fn gives_the_recorded_answer() {
    assert_eq!(
        ask(RECORDED, ALLOWED),
        answer(r#"{"uid":"u1","allowed":true,"auditAnnotations":null,"warnings":["found"]}"#)
    );
}

#[test]
fn gives_the_recorded_error() {
    let (request, _) = RECORDED.split_once("  response:").unwrap();
    let session = format!("{request}  response:\n    type: Error\n    message: Cannot find v1/Namespace\n");
    assert_eq!(ask(&session, ALLOWED), refused("Callback evaluation failure: Cannot find v1/Namespace", ""));
}

#[test]
fn gives_no_answer_to_another_question() {
    let other = "Callback evaluation failure: the next recorded answer is not for v1/Namespace demo-milan";
    assert_eq!(ask(&RECORDED.replace("demo-milan", "shop"), ALLOWED), refused(other, ""));
    assert_eq!(ask(&RECORDED.replace("disable_cache: false", "disable_cache: true"), ALLOWED), refused(other, ""));
}

#[test]
fn gives_each_answer_once() {
    let none = "Callback evaluation failure: no answer was recorded for v1/Namespace demo-milan";
    assert_eq!(ask("[]", ALLOWED), refused(none, ""));
    assert_eq!(ask(&RECORDED.repeat(2), ALLOWED).stderr, "note: not every recorded answer was requested\n");
}

#[test]
fn refuses_what_the_policy_was_not_granted() {
    let refused = refused(
        "Policy has not been granted access to Kubernetes v1/Namespace resources. The violation has been reported.",
        "note: --allow-context-aware and --replay-host-capabilities-interactions let the policy read resources\n",
    );
    assert_eq!(ask(RECORDED, &[]), refused);
    let replay = ask(RECORDED, &["--replay-host-capabilities-interactions", "session.yml"]);
    assert_eq!(replay.stdout, refused.stdout);
}

#[test]
fn refuses_what_kwctl_would_not_understand() {
    let call = ["kubewarden", "kubernetes", "get_resource", "{}"];
    assert_eq!(
        evaluate(call, RECORDED, ALLOWED).stdout,
        refused("missing field `api_version` at line 1 column 2", "").stdout
    );
    let call = ["kubewarden", "kubernetes", "list_resources_all", "{}"];
    assert_eq!(
        evaluate(call, "[]", ALLOWED),
        refused("the runner has no host capability kubernetes/list_resources_all", "")
    );
}

#[test]
fn names_what_is_wrong_with_a_session() {
    let error = |session: &str, line: &str| assert_eq!(ask(session, ALLOWED), failure(2, line));
    error("a: 1\n", "Error: session.yml: not a recording of kwctl: invalid type: map, expected a sequence");
    error(
        &RECORDED.replace("GetResource", "CanI"),
        "Error: session.yml: not a recording of kwctl: unknown variant `KubernetesCanI`, expected `KubernetesGetResource`",
    );
    assert_eq!(
        ask(RECORDED, &["--allow-context-aware", "--replay-host-capabilities-interactions", "none.yml"]),
        failure(2, "Error: none.yml: cannot be read: No such file or directory (os error 2)")
    );
    assert_eq!(
        ask(RECORDED, &["--allow-context-aware"]),
        failure(
            2,
            "Error: --allow-context-aware: there is no cluster here: give its answers with --replay-host-capabilities-interactions, or use kwctl"
        )
    );
}
