//! Cases in files, each with its whole outcome: requests that were recorded, payloads that once went wrong, and what
//! `test_data/cases` tells about the rules. All of them have the properties of every answer.

use std::path::{Path, PathBuf};

use rstest::rstest;
use serde_json::{Value, json};

use crate::properties::check;
use crate::support::{Answer, Case, MODE, Namespaces, Outcome, evaluate, root, settings_problem};

#[track_caller]
fn assert_snapshot(folder: PathBuf, name: &str, outcome: String) {
    insta::with_settings!({snapshot_path => folder, prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!(name, outcome);
    });
}

fn name(path: &Path) -> &str {
    path.file_stem().and_then(|name| name.to_str()).expect("a name")
}

/// A case as its file tells it.
fn case(file: &Value) -> Case {
    let mut case = match &file["workload"] {
        Value::Null => Case::pod(file["pod"].clone()),
        workload => {
            let api_version = workload["apiVersion"].as_str().expect("apiVersion");
            let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
            Case::create(group, version, workload["kind"].as_str().expect("a kind"), workload.clone())
        }
    };
    case.settings = file["settings"].clone();
    case.request["namespace"] = case.request["object"]["metadata"]["namespace"].clone();
    if let Some(operation) = file.get("operation") {
        case.request["operation"] = operation.clone();
        case.request["oldObject"] = file["oldObject"].clone();
    }
    match &file["namespace"] {
        Value::Null => case,
        namespace => case.namespace(namespace),
    }
}

/// The cases of a file: what its `cases` say, each a JSON merge patch to all else in the file, or the file itself.
fn cases(path: &Path) -> Vec<(String, Case)> {
    let text = std::fs::read_to_string(path).expect("a file");
    let mut file: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    match file["cases"].take() {
        Value::Object(cases) => cases
            .into_iter()
            .map(|(name, patch)| {
                let mut file = file.clone();
                json_patch::merge(&mut file, &patch);
                (name, case(&file))
            })
            .collect(),
        _ => vec![(name(path).to_owned(), case(&file))],
    }
}

/// The outcome of a case that has the properties of every answer.
#[track_caller]
fn outcome(case: &Case, name: &str) -> Outcome {
    check(case).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[rstest]
fn of_the_rules(#[files("test_data/cases/*/*.yaml")] path: PathBuf) {
    let outcomes = cases(&path).into_iter().map(|(name, case)| {
        let outcome = outcome(&case, &name);
        let message = outcome.answer.message.as_deref().unwrap_or_default();
        let told = message.strip_prefix("the policy's settings are not valid: ");
        // A pod's message has no problems of home clusters that the pod does not come from.
        let problem = settings_problem(&case.settings);
        assert!(problem.is_some() || told.is_none(), "{name}: the settings were accepted");
        let settings = problem.filter(|problem| told != Some(problem)).map(|problem| format!("settings: {problem}\n"));
        let settings = settings.unwrap_or_default();
        format!("# {name}\n{settings}{outcome}")
    });
    assert_snapshot(path.parent().expect("a folder").to_owned(), name(&path), outcomes.collect::<Vec<_>>().join("\n"));
}

/// Settings that a user would have: the defaults, everything about the home API server, and credentials of one's own.
fn settings() -> [(&'static str, Value); 3] {
    let full = json!({
        "homeApiServerHost": "api.milan.example.org",
        "homeApiServerPort": 6443,
        "homeApiServerAddresses": ["10.80.0.5", "fd00:80::5"],
        "homeClusterId": "milan",
        "defaultMode": "home",
        "allowedModes": ["home", "remote", "disabled"],
        "allowedRemoteServiceAccounts": ["foreign-reporter", "inventory", "batch-runner"],
        "validateOnly": false,
    });
    let own_secret = json!({"homeApiServerAddresses": ["10.80.0.5"], "homeCredentialsSecret": "home-api"});
    [("defaults", json!({})), ("full", full), ("own-secret", own_secret)]
}

/// The recorded requests under each of the settings.
#[rstest]
fn of_recorded_requests(#[files("test_data/requests/*.json")] path: PathBuf) {
    let name = name(&path);
    for (variant, settings) in settings() {
        let case = Case::recorded(name).settings(settings);
        let outcome = outcome(&case, name);
        assert_snapshot(root().join("test_data/outcomes"), &format!("{name}.{variant}"), outcome.to_string());
        for mode in ["remote", "disabled"] {
            if outcome.answer.audit_annotations.contains_key("mode") {
                let mut case = case.clone();
                case.request["object"]["metadata"]["annotations"][MODE] = json!(mode);
                check(&case).unwrap_or_else(|error| panic!("{name} in mode {mode}: {error}"));
            }
        }
    }
}

/// Payloads that once went wrong, and hostile ones, each with its exact answer.
#[rstest]
fn of_payloads(#[files("test_data/regressions/*.payload")] path: PathBuf) {
    let payload = std::fs::read(&path).expect("a payload");
    let text = String::from_utf8(evaluate(&payload)).expect("text");
    assert_snapshot(root().join("test_data/regressions"), name(&path), text.clone());

    let answer: Answer = serde_json::from_str(&text).expect("an answer");
    assert_eq!(answer.accepted, answer.message.is_none());
    let Some(object) = answer.mutated_object else { return };
    let mut payload: Value = serde_json::from_slice(&payload).expect("JSON");
    payload["request"]["object"] = object;
    let second: Answer = serde_json::from_slice(&evaluate(payload.to_string().as_bytes())).expect("an answer");
    assert!(second.accepted && second.mutated_object.is_none(), "{second:?}");
}

/// The files of a folder of `test_data` that have this extension, in folders below it too.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let of_entry = |path: PathBuf| match path.extension() {
        _ if path.is_dir() => files(&path, extension),
        Some(found) if found == extension => vec![path],
        _ => Vec::new(),
    };
    entries.flat_map(of_entry).collect()
}

/// Every payload, with what the host answers.
pub(crate) fn payloads() -> Vec<(Vec<u8>, Namespaces)> {
    let of_rules = files(&root().join("test_data/cases"), "yaml");
    let of_rules = of_rules.iter().flat_map(|path| cases(path)).map(|(_, case)| case);
    let recorded = files(&root().join("test_data/requests"), "json");
    let recorded = recorded.iter().map(|path| Case::recorded(name(path)));
    let recorded = recorded.flat_map(|case| settings().map(|(_, settings)| case.clone().settings(settings)));
    let raw = files(&root().join("test_data/regressions"), "payload");
    let raw = raw.iter().map(|path| (std::fs::read(path).expect("a payload"), Namespaces::default()));
    of_rules.chain(recorded).map(|case| (case.payload(), case.namespaces)).chain(raw).collect()
}
