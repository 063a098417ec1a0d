//! `docs/messages.md`: every message of the policy is in it, and nothing that the policy does not say.
//!
//! The messages are those of the cases in `test_data`, whose snapshots the policy's tests hold true.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::files::{names, read};
use crate::support::{Case, evaluate, problem_of_text, settings_problem};

/// What a section of the document explains: templates of messages, each with the text below its heading.
fn explained(section: &str) -> Vec<(String, String)> {
    let document = read("docs/messages.md");
    let sections = document.split("\n## ").filter(|text| text.starts_with(section));
    let parts = sections.flat_map(|text| text.split("\n### ").skip(1));
    let parts = parts.map(|part| part.split_once('\n').unwrap());
    parts
        .map(|(heading, text)| {
            let template = heading.strip_prefix('`').unwrap().strip_suffix('`').unwrap();
            (template.to_owned(), text.trim().to_owned())
        })
        .collect()
}

fn templates(section: &str) -> Vec<String> {
    explained(section).into_iter().map(|(template, _)| template).collect()
}

/// Whether a message is what a template describes, where `…` stands for any text.
fn describes(template: &str, message: &str) -> bool {
    let Some((start, rest)) = template.split_once('…') else {
        return template == message;
    };
    let after = message.strip_prefix(start);
    after.is_some_and(|after| after.char_indices().any(|(at, _)| describes(rest, &after[at..])) || describes(rest, ""))
}

/// The template that describes a message best: the longest of those that do.
#[track_caller]
fn template_of<'a>(templates: &'a [String], message: &str) -> &'a str {
    let fitting = templates.iter().filter(|template| describes(template, message));
    fitting
        .max_by_key(|template| template.len())
        .unwrap_or_else(|| panic!("docs/messages.md does not explain: {message}"))
}

/// Each template of a section describes one of the messages, and each message is described.
#[track_caller]
fn exactly(section: &str, messages: impl IntoIterator<Item = String>) {
    let templates = templates(section);
    let described: BTreeSet<_> =
        messages.into_iter().map(|message| template_of(&templates, &message).to_owned()).collect();
    assert_eq!(described, templates.iter().cloned().collect());
}

/// What snapshots have in lines that start so.
fn recorded(start: &str) -> BTreeSet<String> {
    let subjects = names("test_data/cases", "").into_iter().filter(|name| name != "README.md");
    let folders = subjects.map(|subject| format!("test_data/cases/{subject}"));
    let folders = folders.chain(["outcomes", "examples", "offloaders"].map(|folder| format!("test_data/{folder}")));
    let files = folders.flat_map(|folder| names(&folder, "").into_iter().map(move |name| format!("{folder}/{name}")));
    let texts = files.filter(|file| file.ends_with(".snap")).map(read);
    texts
        .flat_map(|text| text.lines().filter_map(|line| Some(line.strip_prefix(start)?.to_owned())).collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_rejection_exists() {
    // These take payloads that no case in a file can have, or very long ones.
    let pod = |name: String, containers: Value| {
        let mount = json!({"name": "v", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"});
        let token = json!({"name": "v", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}});
        let spec = json!({"containers": containers, "initContainers": [{"volumeMounts": [mount]}], "volumes": [token]});
        Case::pod(json!({"metadata": {"name": name}, "spec": spec})).rejection()
    };
    let long = [
        pod("n".repeat(248), json!([])),
        pod("n".repeat(254), json!([])),
        pod("p".to_owned(), json!(vec![json!({}); 1_001])),
    ];
    let unread = [b"{".as_slice(), b"\xff"].map(|payload| {
        let answer: Value = serde_json::from_slice(&evaluate(payload)).unwrap();
        answer["message"].as_str().unwrap().to_owned()
    });
    exactly("Rejections", recorded("message: ").into_iter().chain(long).chain(unread));
}

#[test]
fn every_problem_of_settings_exists() {
    let recorded = recorded("message: the policy's settings are not valid: ").into_iter().chain(recorded("settings: "));
    // Of several problems in one message none can be told apart.
    let alone = recorded.filter(|problem| !problem.replace("; known are ", "").contains("; "));
    let half_a_pair = br#"{"homeClusters": {"milan": {"\ud800": 1}}}"#;
    let unread = [half_a_pair, b"{".as_slice(), b"\xff"].map(|settings| problem_of_text(settings).unwrap());
    exactly("Settings", alone.chain(unread));
}

#[test]
fn every_warning_exists() {
    exactly("Warnings", recorded("warning: "));
}

#[test]
fn the_document_says_what_strict_makes_of_each_warning() {
    for (template, text) in explained("Warnings") {
        let last = text.rsplit("\n\n").next().unwrap();
        assert!(last.starts_with("`strict`: "), "{template}: {last}");
    }
}

/// The rows of the table in the section whose heading starts so: the first cell, without code marks, and the rest.
fn table(section: &str, heading: &str) -> Vec<(Vec<String>, String)> {
    let (_, text) = explained(section).into_iter().find(|(template, _)| template.starts_with(heading)).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let codes = |cell: &str| cell.trim_matches('`').split("`, `").map(str::to_owned).collect();
    rows.map(|(cell, rest)| (codes(cell), rest.to_owned())).collect()
}

#[test]
fn every_reason_against_a_host_exists() {
    let mut reasons = BTreeSet::new();
    let of_names = table("Settings", "…: expected a DNS name or an IP address");
    for (reason, example) in of_names.into_iter().chain(table("Settings", "…: expected an IP address")) {
        let [reason] = reason.try_into().unwrap();
        let host = match example.split(" |").next().unwrap() {
            "64 letters without a dot" => "a".repeat(64),
            "a name of 255 characters" => "a.".repeat(127) + "a",
            host => host.trim_matches(['`', '"']).to_owned(),
        };
        let problem = settings_problem(&json!({"homeApiServerHost": host})).unwrap();
        assert!(problem.ends_with(&format!(": {reason}")), "{problem}");
        assert!(reasons.insert(reason));
    }
    assert_eq!(reasons.len(), 15 + 7);
}

/// What the second lock finds wrong with a pod that another webhook changed after the policy.
#[test]
fn every_difference_that_the_second_lock_tells_exists() {
    let messages = recorded("message: ").into_iter();
    let told = messages.filter_map(|message| {
        let message = message.strip_suffix("; another webhook changed the pod after this policy")?;
        Some(message.split_once(": ").unwrap().1.to_owned())
    });
    let documented =
        table("Rejections: the pod", "…: …; another webhook").into_iter().flat_map(|(problems, _)| problems);
    assert_eq!(documented.collect::<BTreeSet<_>>(), told.collect());
}
