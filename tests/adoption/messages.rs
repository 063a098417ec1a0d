//! `docs/messages.md`: every message of the policy is in it, and nothing that the policy does not say.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use serde_json::{Value, json};

use crate::files::{read, recorded_requests};
use crate::support::{Case, evaluate, settings_problem};

/// The files that word messages.
const SOURCES: [&str; 4] = ["src/outcome.rs", "src/settings.rs", "src/access_mode.rs", "src/lib.rs"];

/// The templates that a section of the document explains, one for each of its headings.
fn templates(section: &str) -> Vec<String> {
    let document = read("docs/messages.md");
    let sections = document.split("\n## ").filter(|text| text.starts_with(section));
    let headings = sections.flat_map(|text| text.lines().filter_map(|line| line.strip_prefix("### ")));
    headings.map(|heading| heading.strip_prefix('`').unwrap().strip_suffix('`').unwrap().to_owned()).collect()
}

/// Whether a message is what a template describes, where `…` stands for any text.
fn describes(template: &str, message: &str) -> bool {
    let mut parts = template.split('…');
    let Some(mut rest) = message.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut parts: Vec<_> = parts.collect();
    let last = parts.pop();
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// The template that describes a message best: the longest of those that do.
#[track_caller]
fn template_of<'a>(templates: &'a [String], message: &str) -> &'a str {
    let fitting = templates.iter().filter(|template| describes(template, message));
    fitting
        .max_by_key(|template| template.len())
        .unwrap_or_else(|| panic!("docs/messages.md does not explain: {message}"))
}

/// The string literals of a file that somebody may read, in pieces between the values that are put into them.
fn pieces(source: &str) -> Vec<String> {
    // Comments would come as strings, too.
    let code: String =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect();
    let mut literals = Vec::new();
    collect_strings(code.parse().expect("Rust"), &mut literals);
    let texts = literals
        .iter()
        .flat_map(|text| text.split('{').map(|piece| piece.split_once('}').map_or(piece, |(_, piece)| piece)));
    let pieces = texts.map(|piece| piece.trim_matches(|c: char| !c.is_alphanumeric()).to_owned());
    pieces.filter(|piece| piece.contains(' ')).collect()
}

fn collect_strings(tokens: TokenStream, literals: &mut Vec<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => collect_strings(group.stream(), literals),
            TokenTree::Literal(literal) => {
                if let Some(text) = literal.to_string().strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
                    let mut lines = text.split("\\\n");
                    let first = lines.next().unwrap_or_default().to_owned();
                    let text = lines.fold(first, |text, line| text + line.trim_start());
                    literals.push(text.replace("\\\"", "\""));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn every_wording_is_in_the_document() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let document = words(&read("docs/messages.md"));
    for source in SOURCES {
        let pieces = pieces(&read(source));
        let missing: Vec<_> = pieces.iter().filter(|piece| !document.contains(&words(piece))).collect();
        assert!(missing.is_empty(), "docs/messages.md lacks what {source} says: {missing:?}");
    }
    // Nothing was overlooked because the literals were not found.
    assert!(pieces(&read("src/outcome.rs")).iter().any(|piece| piece == "must have key"));
}

/// Every message that a recorded request gets is explained.
#[test]
fn every_recorded_message_is_in_the_document() {
    let [rejections, warnings] = ["Rejections", "Warnings"].map(templates);
    let mut seen = 0;
    for name in recorded_requests() {
        for settings in [json!({}), json!({"allowedModes": ["home"]}), json!({"homeClusterId": "turin"})] {
            let answer = Case::recorded(&name).settings(settings).outcome().answer;
            for (templates, message) in answer
                .message
                .iter()
                .map(|message| (&rejections, message))
                .chain(answer.warnings.iter().map(|warning| (&warnings, warning)))
            {
                template_of(templates, message);
                seen += 1;
            }
        }
    }
    assert!(seen > 50, "only {seen} messages");
}

fn answer(payload: &[u8]) -> Value {
    serde_json::from_slice(&evaluate(payload)).unwrap()
}

fn pod(annotations: &Value, spec: Value) -> Case {
    Case::pod(json!({"metadata": {"name": "p", "annotations": annotations}, "spec": spec}))
}

/// Every heading is about a message that the policy gives.
#[test]
fn every_rejection_exists() {
    let mode = |mode: Value| pod(&json!({"liqo.io/api-server-support": mode}), json!({"containers": []}));
    let remote = |name: &str| {
        let annotations = json!({"liqo.io/api-server-support": "remote", "liqo.io/remote-service-account-name": name});
        pod(&annotations, json!({"containers": []})).settings(json!({"allowedRemoteServiceAccounts": ["a"]}))
    };
    let volume = |sources: Value| {
        let volume = json!({"name": "v", "projected": {"sources": sources}});
        json!({"containers": [], "volumes": [volume]})
    };
    let cases = [
        mode(json!("Remote")),
        mode(json!("home")),
        mode(json!("remote")).settings(json!({"allowedModes": ["home"]})),
        remote("A"),
        remote("b"),
        Case::recorded("prometheus").settings(json!({"homeClusterId": "turin"})),
        Case::recorded("generate-name"),
        Case::recorded("already-forged").settings(json!({"defaultMode": "remote"})),
        pod(&json!({}), volume(json!([{"secret": {}, "configMap": {}}]))),
        pod(&json!({}), json!({"containers": vec![json!({}); 10_001]})),
        pod(&json!({}), json!({"containers": {}})),
        mode(json!("remote")).settings(json!({"a": 1})),
    ];
    let payloads = cases.iter().map(Case::payload).chain([b"{".to_vec(), b"\xff".to_vec()]);
    let messages = payloads.map(|payload| answer(&payload)["message"].as_str().unwrap().to_owned());
    exactly("Rejections", messages);
}

#[test]
fn every_problem_of_settings_exists() {
    let settings = [
        json!({"a": 1}),
        json!({"homeApiServerHost": "h", "home_api_server_host": "h"}),
        json!({"homeApiServerHost": "h/"}),
        json!({"homeApiServerPort": 0}),
        json!({"homeApiServerAddresses": ["h"]}),
        json!({"homeClusterId": ""}),
        json!({"homeCredentialsSecret": ""}),
        json!({"defaultMode": "x"}),
        json!({"validateOnly": "true"}),
        json!({"allowedModes": "home"}),
        json!({"allowedModes": []}),
        json!({"allowedModes": ["remote"]}),
        json!([]),
    ];
    let settings = settings.iter().map(|settings| settings.to_string().into_bytes());
    let settings = settings.chain([b"{".to_vec(), b"\xff".to_vec()]);
    exactly("Settings", settings.map(|settings| settings_problem(&settings).unwrap()));
}

#[test]
fn every_reason_against_a_host_exists() {
    let document = read("docs/messages.md");
    let rows =
        document.lines().filter_map(|line| line.strip_prefix("| `")).map(|row| row.split(" | ").collect::<Vec<_>>());
    let mut reasons = BTreeSet::new();
    for row in rows {
        let reason = row[0].trim_end_matches('`');
        let long_label = "a".repeat(64);
        let long_name = "a.".repeat(127) + "a";
        let host = match row[1] {
            "`\"\"`" => "",
            "64 letters without a dot" => long_label.as_str(),
            "a name of 255 characters" => long_name.as_str(),
            host => host.trim_matches('`'),
        };
        let problem = settings_problem(json!({"homeApiServerHost": host}).to_string().as_bytes()).unwrap();
        assert!(problem.ends_with(&format!(": {reason}")), "{problem}");
        assert!(reasons.insert(reason.to_owned()));
    }
    assert_eq!(reasons.len(), 14);
}

#[test]
fn every_warning_exists() {
    let mount = json!({"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
    let credentials = |source: &Value| {
        let spec = json!({
            "containers": [{"name": "c", "volumeMounts": [mount]}],
            "volumes": [{"name": "v", "projected": {"sources": [source]}}],
        });
        pod(&json!({}), spec)
    };
    let token = json!({"serviceAccountToken": {"path": "token", "audience": "vault"}});
    let certificates =
        json!({"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}});
    let workload = json!({"metadata": {"annotations": {"liqo.io/api-server-support": "remote"}}, "spec": {}});
    let cases = [
        pod(&json!({"liqo.io/remote-service-account-name": "a"}), json!({"containers": []})),
        Case::create("apps", "v1", "Deployment", workload),
        credentials(&token),
        credentials(&token).settings(json!({"homeCredentialsSecret": "s"})),
        credentials(&certificates),
    ];
    exactly("Warnings", cases.iter().flat_map(Case::warnings));
}

/// Each template of a section describes one of the messages, and each message is described.
#[track_caller]
fn exactly(section: &str, messages: impl IntoIterator<Item = String>) {
    let templates = templates(section);
    let described: BTreeSet<_> =
        messages.into_iter().map(|message| template_of(&templates, &message).to_owned()).collect();
    assert_eq!(described, templates.iter().cloned().collect());
}
