//! The cursor against `serde_json`, and what an opened value keeps of its text.

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::string::decode;
use super::{Cursor, Malformed, Object, Shape, Value};

fn skip(text: &str) -> Result<&str, Malformed> {
    let mut cursor = Cursor::new(text);
    let value = cursor.value().and_then(|value| cursor.end().map(|()| value));
    value.map_err(|expected| Malformed { expected, at: cursor.at() })
}

fn written(value: &Value) -> String {
    let mut out = String::new();
    value.write(&mut out);
    out
}

fn read(text: &str) -> serde_json::Value {
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
        "\"\"",
        "\"\\n\\u00e9\"",
        "\"\\ud800\"",
        "\"\\u12\"",
        "\"\\x\"",
        "\"\u{1}\"",
        "\"ä€𝄞",
        "\"",
        "\\",
        "true",
        "false",
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
        "abcdefghijklmnopqrstuvwxyz",
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
    leaf.prop_recursive(5, 40, 5, |inner| {
        let member = (any::<String>(), inner.clone());
        let member =
            member.prop_map(|(name, value)| format!("{}: {value}", serde_json::to_string(&name).expect("a string")));
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(|items| format!("[{}]", items.join(" ,\n"))),
            proptest::collection::vec(member, 0..5).prop_map(|members| format!("{{ {} }}", members.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn the_cursor_takes_what_serde_json_takes(text in prop_oneof![pieces(), json(), any::<String>()]) {
        let serde_json = serde_json::from_str::<IgnoredAny>(&text);
        prop_assert_eq!(skip(&text).is_ok(), serde_json.is_ok(), "{}: {:?}", text, serde_json.err());
    }

    #[test]
    fn strings_are_read_as_serde_json_reads_them(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "a", "ä€𝄞", "\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", "\\u0041", "\\u00e9", "\\uD834\\udd1e", "\\ud834", "\\udd1e", "\\uFFFF",
        ]), 0..6),
    ) {
        let raw = pieces.concat();
        let expected = serde_json::from_str::<String>(&format!("\"{raw}\"")).ok();
        prop_assert_eq!(decode(&raw).map(|text| text.into_owned()), expected, "{}", raw);
    }

    #[test]
    fn the_cursor_takes_no_part_of_a_text(text in json(), cut in any::<prop::sample::Index>()) {
        // Part of a number may be a number.
        let text = format!("[{text}]");
        let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let (part, _) = text.split_at(*cut.get(&cuts));
        prop_assert!(skip(part).is_err());
    }

    #[test]
    fn an_opened_value_is_the_same_value(text in json()) {
        let mut value = Value::parse(&text, &Shape::Text).expect("JSON");
        prop_assert_eq!(written(&value), text.as_str());
        open(&mut value);
        prop_assert_eq!(read(&text), read(&written(&value)));
    }

    #[test]
    fn a_shape_changes_nothing(text in json()) {
        const DEEP: Shape = Shape::Items(&Shape::Members(&[("", Shape::Items(&Shape::Text))]));
        let shaped = Value::parse(&text, &DEEP).expect("JSON");
        prop_assert_eq!(read(&text), read(&written(&shaped)));
    }
}

/// Opens everything.
fn open(value: &mut Value) {
    if let Ok(object) = value.as_object_mut() {
        object.iter_mut().for_each(|(_, value)| open(value));
    } else if let Ok(items) = value.as_array_mut() {
        items.iter_mut().for_each(open);
    }
}

#[test]
fn the_last_of_two_members_counts() {
    let mut value = Value::parse(r#"{"a":1,"b":2,"\u0061":3}"#, &Shape::Text).expect("JSON");
    let object = value.as_object_mut().expect("an object");
    assert_eq!(object.get("a").and_then(Value::text), Some("3"));
    object.set("a", Value::Text("4"));
    assert_eq!(object.get("a").and_then(Value::text), Some("4"));
    assert!(object.remove("a"));
    assert!(!object.remove("a"));
    assert_eq!(written(&value), r#"{"b":2}"#);
}

/// What is asked of an object or done to it, with names that the shape has and others.
fn use_object(object: &mut Object, step: usize) -> Option<String> {
    let names = ["a", "b", "c", "d"];
    let name = names[step % 4];
    match step / 4 {
        0 => object.get(name).map(written),
        1 => object.present(name).map(written),
        2 => object.take(name).as_ref().map(written),
        3 => Some(object.remove(name).to_string()),
        4 => Some(object.set_string(name, "new").to_string()),
        5 => {
            object.rename(name, names[(step + 1) % 4]);
            None
        }
        6 => Some(format!("{:?}", object.all_present_mut(names).map(|value| value.map(|value| written(value))))),
        _ => Some(format!("{:?}", object.iter_mut().map(|(name, value)| (name, written(value))).collect::<Vec<_>>())),
    }
}

proptest! {
    #[test]
    fn a_shape_changes_nothing_that_is_read(
        members in proptest::collection::vec((
            proptest::sample::select(vec!["a", "b", "c", "d", "\\u0061", "\\u0063", "ab", ""]),
            proptest::sample::select(vec!["1", "null", "{ \"a\": 2 }", "[ ]", "\"x\""]),
        ), 0..7),
        steps in proptest::collection::vec(0..32_usize, 0..6),
    ) {
        const SHAPES: [Shape; 3] = [
            Shape::Text,
            Shape::Members(&[("a", Shape::Members(&[])), ("b", Shape::Object)]),
            Shape::Members(&[]),
        ];
        let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
        let text = format!("{{ {} }}", members.join(" , "));
        let answers = SHAPES.map(|shape| {
            let mut value = Value::parse(&text, &shape).expect("JSON");
            let object = value.as_object_mut().expect("an object");
            let answers: Vec<_> = steps.iter().map(|step| use_object(object, *step)).collect();
            let compact = |text: &str| text.replace(' ', "");
            (answers.into_iter().map(|answer| answer.as_deref().map(compact)).collect::<Vec<_>>(), compact(&written(&value)))
        });
        prop_assert_eq!(&answers[0], &answers[1]);
        prop_assert_eq!(&answers[0], &answers[2]);
    }
}

#[test]
fn what_the_policy_made_is_read_as_what_was_sent() {
    let item = Value::object([("x", Value::string("\n"))]);
    let mut value = Value::object([("list", Value::Array(vec![item])), ("text", Value::string("t"))]);
    let object = value.as_object_mut().expect("an object");
    assert_eq!(object.get("text").expect("there").as_str().as_deref(), Ok("t"));
    let list = object.present_mut("list").expect("there").as_array_mut().expect("a list");
    let item = list.first_mut().expect("an item").as_object_mut().expect("an object");
    assert_eq!(item.get("x").expect("there").as_str().as_deref(), Ok("\n"));
    assert!(item.set_string("x", "y"));
    assert!(!item.set_string("x", "y"));
    assert_eq!(written(&value), r#"{"list":[{"x":"y"}],"text":"t"}"#);
}

/// Strings are passed over eight bytes at a time, so what ends one or is refused in it can stand anywhere among eight.
#[test]
fn every_byte_counts_wherever_it_stands() {
    for special in (0..0x80_u8).map(char::from).chain(['\u{80}', 'é', '\u{10ffff}']) {
        for before in 0..18 {
            let text = format!("\"{}{special}{}\"", "a".repeat(before), "b".repeat(17));
            let expected = serde_json::from_str::<IgnoredAny>(&text).is_ok();
            assert_eq!(skip(&text) == Ok(&text), expected, "{text}");
        }
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let cases = [
        ("", "a value", 0),
        ("[1 2]", "`,` or `]`", 3),
        (r#"{"a" 1}"#, "`:`", 5),
        (r#"{"a":1 "b"}"#, "`,` or `}`", 7),
        ("{1:2}", "a member's name", 1),
        ("[1,]", "a value", 3),
        ("1 1", "the end", 2),
        (r#""\x""#, "an escape", 2),
        (r#""\u00g0""#, "four hexadecimal digits", 2),
        ("\"a\nb\"", "an escaped control character", 2),
        ("-", "a digit", 1),
        ("1.e1", "a digit", 2),
        ("nul", "a value", 0),
    ];
    for (text, expected, at) in cases {
        assert_eq!(skip(text), Err(Malformed { expected, at }), "{text}");
    }
}
