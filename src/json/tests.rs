//! What is kept of a text, whatever is opened of it; and what is said of a text that is not JSON.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::shape::{open, read};
use super::{Shape, Value};

const NAMED: Shape = Shape::Object(&[("a", Shape::Object(&[("a", Shape::Any)])), ("b", Shape::List(&Shape::Any))]);
const NESTED: Shape = Shape::List(&NAMED);

fn written(value: &Value) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn tree(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// Texts near JSON: pieces of it in any order.
fn pieces() -> impl Strategy<Value = String> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "\"\"",
        "\"\\n\\u00e9\"",
        "\"\\u12\"",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"ä€𝄞",
        "\"",
        "\\",
        "true",
        "null",
        "tru",
        "0",
        "-0",
        "01",
        "1.5",
        "1.",
        ".5",
        "1e9",
        "1E+",
        "-",
        "1e400",
        "12345678901234567890",
        " ",
        "\n\t\r",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..12).prop_map(|pieces| pieces.concat())
}

/// JSON text, as compact as policy-server writes it or with white space.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<f64>().prop_filter("a number", |value| value.is_finite()).prop_map(|value| format!("{value:e}")),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<String>().prop_map(|value| serde_json::to_string(&value).expect("a string")),
    ];
    let name = prop_oneof![4 => proptest::sample::select(vec!["a", "b", "\\u0061"]).prop_map(|name| format!("\"{name}\"")), 1 => any::<String>().prop_map(|name| serde_json::to_string(&name).expect("a string"))];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let member = (name.clone(), inner.clone()).prop_map(|(name, value)| format!("{name}: {value}"));
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{ {} }}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn what_serde_json_takes_is_taken(text in prop_oneof![pieces(), json(), any::<String>()]) {
        let taken = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        for shape in [Shape::Any, NAMED, NESTED] {
            prop_assert_eq!(Value::parse(&text, &shape).is_ok(), taken, "{}", text);
        }
    }

    /// Opening changes no value, and what stays unopened keeps its text.
    #[test]
    fn a_shape_changes_nothing(text in json()) {
        prop_assert_eq!(written(&Value::parse(&text, &Shape::Any).expect("JSON")), text.as_str());
        for shape in [NAMED, NESTED] {
            let value = Value::parse(&text, &shape).expect("JSON");
            prop_assert_eq!(tree(&written(&value)), tree(&text));
        }
    }

    /// One pass and the reading of each level by itself give the same.
    #[test]
    fn both_ways_to_read_give_the_same(text in json()) {
        for shape in [NAMED, NESTED] {
            let by_level = read(&text, &Shape::Any).and_then(|value| open(value, &shape)).expect("JSON");
            if let Ok(value) = read(&text, &shape) {
                prop_assert_eq!(written(&value), written(&by_level));
            }
        }
    }
}

#[test]
fn the_last_of_two_members_counts() {
    let mut value = Value::parse(r#"{"a":1,"b":2,"\u0061":3}"#, &Shape::Object(&[])).expect("JSON");
    let object = value.as_object_mut().expect("an object");
    assert_eq!(object.get("a").and_then(Value::text), Some("3"));
    object.set("a", Value::written(&4));
    assert_eq!(object.get("a").and_then(Value::text), Some("4"));
    assert_eq!(written(&value), r#"{"a":1,"b":2,"a":4}"#);
    let object = value.as_object_mut().expect("an object");
    object.rename("a", "b");
    assert_eq!(written(&value), r#"{"b":1,"b":4}"#);
    let object = value.as_object_mut().expect("an object");
    object.remove("b");
    assert_eq!(written(&value), "{}");
}

/// A part of another shape than expected is no error, and loses nothing: whoever asks for it tells.
#[test]
fn a_part_of_another_shape_stays_as_it_came() {
    let text = r#"{"x":{"exact":1.10},"a":1E+400,"b":[1.0,-0]}"#;
    let value = Value::parse(text, &NAMED).expect("JSON");
    assert_eq!(written(&value), text);
    let object = value.as_object().expect("an object");
    assert_eq!(object.get("a").map(Value::kind), Some("a number"));
    assert_eq!(object.get("a").expect("there").as_object().err(), Some("a number"));
    assert_eq!(object.get("b").expect("there").as_list().map(<[_]>::len), Ok(2));
    // What was opened is told by what it is.
    assert_eq!(object.get("b").expect("there").as_object().err(), Some("a list"));
    assert_eq!(value.as_list().err(), Some("an object"));
}

#[test]
fn what_is_opened_later_is_opened_as_well() {
    let value = Value::parse(r#"{"x":{"b":[{"c":1}]}}"#, &Shape::Object(&[])).expect("JSON");
    let part = value.as_object().expect("an object").get("x").expect("there");
    assert_eq!(part.as_object().err(), Some("an object"));
    let part = part.opened(&NAMED).expect("JSON");
    assert_eq!(part.as_object().expect("opened").get("b").expect("there").as_list().map(<[_]>::len), Ok(1));
}

#[test]
fn strings_are_read_without_their_escapes() {
    let string = |text: &str| {
        let value = Value::parse(text, &Shape::Any).expect("JSON");
        value.as_str().map(|string| string.into_owned())
    };
    assert_eq!(string(r#""a\n\u00e9\"""#), Ok("a\né\"".to_owned()));
    assert_eq!(string(r#""\ud834\udd1e""#), Ok("𝄞".to_owned()));
    assert_eq!(string(r#""\ud834""#), Err("half of a surrogate pair"));
    assert_eq!(string("1"), Err("a number"));
    assert_eq!(Value::written("a\"b").as_str().as_deref(), Ok("a\"b"));
}

/// Messages say where and what, and quote nothing.
#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        ("", "EOF while parsing a value at line 1 column 0"),
        ("[1 2]", "expected `,` or `]` at line 1 column 4"),
        (r#"{"S3CR3T" 1}"#, "expected `:` at line 1 column 11"),
        ("{\"a\":1\n\"b\"}", "expected `,` or `}` at line 2 column 1"),
        ("{1:2}", "key must be a string at line 1 column 2"),
        ("1 S3CR3T", "trailing characters at line 1 column 3"),
        (r#"{"S3CR3T":"\x"}"#, "invalid escape at line 1 column 13"),
        (r#"{"a":"S3CR3T","b":{}} x"#, "trailing characters at line 1 column 23"),
        ("{\"\\ud800\":1}", "unexpected end of hex escape at line 1 column 9"),
    ];
    for (text, expected) in cases {
        let error = Value::parse(text, &NAMED).expect_err("an error").to_string();
        assert_eq!(error, expected, "{text}");
    }
}
