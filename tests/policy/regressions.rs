//! Payloads that once went wrong, and hostile ones, each with its exact answer: see `test_data/regressions`.

use std::path::PathBuf;

use crate::support::{Answer, evaluate};
use rstest::rstest;
use serde_json::Value;

#[rstest]
fn answer(#[files("test_data/regressions/*.payload")] path: PathBuf) {
    let payload = std::fs::read(&path).expect("a payload");
    let expected = std::fs::read_to_string(path.with_extension("answer")).expect("an answer beside the payload");
    let text = String::from_utf8(evaluate(&payload)).expect("text");
    assert_eq!(text, expected.trim_end());

    let answer: Answer = serde_json::from_str(&text).expect("an answer");
    assert_eq!(answer.accepted, answer.message.is_none());
    let Some(object) = answer.mutated_object else { return };
    let mut payload: Value = serde_json::from_slice(&payload).expect("JSON");
    payload["request"]["object"] = object;
    let second: Answer = serde_json::from_slice(&evaluate(payload.to_string().as_bytes())).expect("an answer");
    assert!(second.accepted && second.mutated_object.is_none(), "{second:?}");
}
