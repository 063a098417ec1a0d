use serde_json::{Value, json};

use super::remove_shadowed;
use crate::pod::SPEC;

fn secret(name: &str, paths: &[&str]) -> Value {
    let items: Vec<_> = paths.iter().map(|path| json!({"key": "k", "path": path})).collect();
    json!({"secret": {"name": name, "items": items}})
}

fn token(path: &str) -> Value {
    json!({"serviceAccountToken": {"path": path}})
}

/// Asserts what is left of sources of which some are written by the policy.
#[track_caller]
fn left(sources: &[(Value, bool)], expected: Vec<Value>) {
    let (mut list, written): (Vec<_>, Vec<_>) = sources.iter().cloned().unzip();
    remove_shadowed(&mut list, &written, SPEC.member("sources")).unwrap();
    assert_eq!(list, expected);
}

#[test]
fn the_earlier_source_goes() {
    let (foreign, home) = (token("token"), secret("home", &["token"]));
    left(&[(foreign.clone(), false), (home.clone(), true)], vec![home.clone()]);
    left(&[(home.clone(), true), (foreign.clone(), false)], vec![foreign.clone()]);
    left(&[(token("./token"), false), (home.clone(), true)], vec![home.clone()]);
    left(&[(token("other"), false), (home.clone(), true)], vec![token("other"), home]);
}

/// The API server refuses or accepts those as it did before.
#[test]
fn what_the_policy_did_not_write_stays() {
    left(&[(token("a"), false), (token("a"), false)], vec![token("a"), token("a")]);
    let (home, others) = (secret("home", &["token"]), secret("x", &["a", "a"]));
    left(&[(others.clone(), false), (home.clone(), true)], vec![others, home]);
}

#[test]
fn an_item_goes_alone_and_the_last_one_with_its_source() {
    let home = secret("home", &["token"]);
    left(&[(secret("x", &["token", "a"]), false), (home.clone(), true)], vec![secret("x", &["a"]), home.clone()]);
    left(&[(secret("x", &["token", "token"]), false), (home.clone(), true)], vec![home]);
    left(&[(secret("x", &["a", "b", "a"]), true)], vec![secret("x", &["b", "a"])]);
}

#[test]
fn a_certificate_is_not_thrown_away_for_one_of_its_files() {
    let certificate = json!({"podCertificate": {"keyPath": "key", "certificateChainPath": "token"}});
    let mut sources = vec![certificate, secret("home", &["token"])];
    let rejection = remove_shadowed(&mut sources, &[false, true], SPEC.member("sources")).unwrap_err();
    assert_eq!(
        rejection.to_string(),
        "spec.sources[0]: shows a file where the home cluster's credentials must be; move it to another path or volume"
    );
    let bundle = json!({"podCertificate": {"credentialBundlePath": "token"}});
    left(&[(bundle, false), (secret("home", &["token"]), true)], vec![secret("home", &["token"])]);
}
