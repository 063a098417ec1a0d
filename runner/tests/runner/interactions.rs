//! Answers of a cluster, replayed from a file as kwctl writes it.

use rstest::rstest;

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

/// The policy reports why its call failed.
fn refused(reason: &str) -> Outcome {
    answer(&failed(&format!("Guest call failure: {reason}")))
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
    assert_eq!(ask(&session, ALLOWED), refused("Callback evaluation failure: Cannot find v1/Namespace"));
}

#[test]
fn gives_no_answer_to_another_question() {
    let other = "Callback evaluation failure: the next recorded answer is not for v1/Namespace demo-milan";
    assert_eq!(ask(&RECORDED.replace("demo-milan", "shop"), ALLOWED), refused(other));
    assert_eq!(ask(&RECORDED.replace("disable_cache: false", "disable_cache: true"), ALLOWED), refused(other));
    let none = "Callback evaluation failure: no answer was recorded for v1/Namespace demo-milan";
    assert_eq!(ask("[]", ALLOWED), refused(none));
}

#[test]
fn refuses_what_the_policy_was_not_granted() {
    let reason =
        "Policy has not been granted access to Kubernetes v1/Namespace resources. The violation has been reported.";
    let note = "note: --allow-context-aware and --replay-host-capabilities-interactions, or CLUSTER=FILE of `make run`, let the policy read resources\n";
    for options in [&[], &["--replay-host-capabilities-interactions", "session.yml"][..]] {
        assert_eq!(ask(RECORDED, options), Outcome { stderr: note.to_owned(), ..refused(reason) });
    }
}

#[rstest]
#[case(["kubewarden", "kubernetes", "get_resource", "{}"], "missing field `api_version` at line 1 column 2")]
#[case(["kubewarden", "kubernetes", "can_i", "{}"], "the runner has no host capability kubewarden/kubernetes/can_i")]
#[case(["other", "net", "get_resource", "{}"], "the runner has no host capability other/net/get_resource")]
fn refuses_other_calls(#[case] call: [&str; 4], #[case] reason: &str) {
    assert_eq!(evaluate(call, RECORDED, ALLOWED), refused(reason));
}

#[rstest]
#[case("a: 1\n".to_owned(), "invalid type: map, expected a sequence")]
#[case(
    RECORDED.replace("GetResource", "CanI"),
    "unknown variant `KubernetesCanI`, expected `KubernetesGetResource`"
)]
fn names_what_is_wrong_with_a_session(#[case] session: String, #[case] problem: &str) {
    assert_eq!(ask(&session, ALLOWED), failure(&format!("session.yml: not a recording of kwctl: {problem}")));
}
