//! Settings that no file of `test_data/cases/settings` can hold: text that is no JSON, long names, very many problems.

use crate::support::{Case, problem_of_text, settings_problem};
use rstest::rstest;
use serde_json::json;

#[rstest]
#[case(b"", "they are not JSON: EOF while parsing a value at line 1 column 0")]
#[case(b"{", "they are not JSON: EOF while parsing an object at line 1 column 1")]
#[case(b"[]", "expected an object, found a list")]
#[case(b"\"x\"", "expected an object, found a string")]
#[case(b"{\"\xff\":1}", "expected UTF-8 text, see byte 2")]
fn are_no_settings(#[case] text: &[u8], #[case] message: &str) {
    assert_eq!(problem_of_text(text).as_deref(), Some(message));
}

/// Each form has a longest value; of a longer one messages show the start.
#[rstest]
#[case::label("homeApiServerHost", "a".repeat(63), "a".repeat(64) + ".example", &format!(r#"expected a DNS name or an IP address, found "{}…": a label is longer than 63 characters"#, "a".repeat(63)))]
#[case::host("homeApiServerHost", format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(61)), format!("{0}.{0}.{0}.{1}", "a".repeat(63), "a".repeat(62)), &format!(r#"expected a DNS name or an IP address, found "{}…": it is longer than 253 characters"#, "a".repeat(63)))]
#[case::underscore("homeApiServerHost", "a.".repeat(126) + "a", "a_".repeat(126) + "a", &format!(r#"expected a DNS name or an IP address, found "{}…": labels hold letters, digits and inner hyphens only"#, "a_".repeat(31) + "a"))]
#[case::id("homeClusterId", "m".repeat(63), "m".repeat(64), &format!(r#"expected the id of a Liqo cluster (at most 63 lower-case letters, digits and hyphens), found "{}""#, "m".repeat(64)))]
#[case::secret("homeCredentialsSecret", "s".repeat(253), "s".repeat(254), &format!(r#"expected a name (a DNS-1123 subdomain of at most 253 characters), found "{}…""#, "s".repeat(63)))]
#[case::domain("clusterDomain", format!("{0}.{0}.{0}.{1}", "a".repeat(60), "a".repeat(47)), format!("{0}.{0}.{0}.{1}", "a".repeat(60), "a".repeat(48)), &format!(r#"expected a DNS name of at most 230 characters, found "{}.aa…""#, "a".repeat(60)))]
fn values_have_a_longest(#[case] key: &str, #[case] longest: String, #[case] longer: String, #[case] message: &str) {
    assert_eq!(settings_problem(&json!({key: longest})), None);
    Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": []}})).settings(json!({key: longest})).object();
    assert_eq!(settings_problem(&json!({key: longer})), Some(format!("{key}: {message}")));
}

/// Where a name stands twice the last value counts, as it does for policy-server.
#[test]
fn of_two_values_the_last_one_counts() {
    assert_eq!(problem_of_text(br#"{"homeApiServerPort":0,"homeApiServerPort":1}"#), None);
    assert_eq!(
        problem_of_text(br#"{"homeApiServerPort":1,"homeApiServerPort":0}"#),
        Some("homeApiServerPort: expected a number from 1 to 65535, found 0".to_owned())
    );
}

#[test]
fn many_problems_are_counted() {
    let entries: serde_json::Map<_, _> =
        (0..1000).map(|index| (format!("c-{index:03}"), json!({"homeApiServerPort": 0}))).collect();
    let message = settings_problem(&json!({"homeClusters": entries})).expect("problems");
    assert!(message.starts_with("homeClusters.c-000.homeApiServerPort: "), "{message}");
    assert!(message.ends_with("; and 968 more"), "{message}");
    assert_eq!(message.matches("; ").count(), 32);
}
