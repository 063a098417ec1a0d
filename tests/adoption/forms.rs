//! `docs/settings.md` and Rancher's form describe the settings that the schema has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::files::{known_settings, read, settings_page};
use crate::settings_schema::published;
use crate::support::{Case, settings_problem};

/// The type of a setting in the words of `docs/settings.md`.
fn words(key: &str, property: &Value) -> &'static str {
    let items = &property["items"];
    match property["type"][0].as_str().unwrap() {
        "boolean" => "boolean",
        "object" => "map from cluster ids to settings",
        "integer" if property["type"][1] == "string" => "integer or numeric string",
        "array" if items["enum"].is_array() => "list of modes",
        "array" if items["anyOf"].is_array() => "list of IP addresses",
        "array" if items["maxLength"] == 63 => "list of container names",
        "array" if items["pattern"].is_string() => "list of names",
        "array" => "list of strings",
        "string" if property["enum"] == json!(["home", "remote", "disabled", null]) => "`home`, `remote` or `disabled`",
        "string" if key == "originLabel" => "label key",
        "string" => "string",
        other => panic!("{key}: docs/settings.md has no words for {other}"),
    }
}

#[test]
fn the_entries_are_the_schema() {
    let schema = published();
    let properties = schema["properties"].as_object().unwrap();
    let entries = settings_page();
    assert_eq!(entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>(), known_settings());
    for entry in entries {
        let (key, property) = (&entry.key, &properties[&entry.key]);
        assert_eq!(entry.kind, words(key, property), "{key}");
        let value = &property["default"];
        if !value.is_null() && entry.default != "all three" {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(entry.default, format!("`{shown}`"), "{key}");
        }
        let example: Value = serde_yaml::from_str(&entry.example).unwrap();
        assert!(example.get(key).is_some(), "{key} is not in its example");
    }
    assert_eq!(properties["allowedModes"]["default"], json!(["home", "remote", "disabled"]));
}

/// What the page calls the default host and port is what a pod gets that Liqo has not prepared.
#[test]
fn the_defaults_of_host_and_port_are_true() {
    let entries = settings_page();
    let [host, port] = ["homeApiServerHost", "homeApiServerPort"]
        .map(|key| entries.iter().find(|entry| entry.key == key).unwrap().default.trim_matches('`'));
    let answer = Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": []}})).outcome().answer;
    assert_eq!(answer.audit_annotations["home-api-server"], format!("{host}:{port}"));
}

/// Settings that matter in home mode only.
const HOME_MODE: [&str; 5] =
    ["homeApiServerHost", "homeApiServerPort", "homeApiServerAddresses", "clusterDomain", "homeCredentialsSecret"];

/// A question of `questions-ui.yml`. A field that Rancher's form does not know is an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    variable: String,
    r#type: String,
    options: Option<Value>,
    default: Value,
    min: Option<Value>,
    max: Option<Value>,
    required: bool,
    group: String,
    label: String,
    description: String,
    tooltip: String,
    show_if: Option<String>,
    /// Of the Kubewarden extension, which then shows label and description only.
    hide_input: Option<bool>,
}

fn form() -> Vec<Question> {
    let mut form: BTreeMap<String, Vec<Question>> = serde_yaml::from_str(&read("questions-ui.yml")).unwrap();
    form.remove("questions").unwrap()
}

#[test]
fn the_form_asks_for_every_setting() {
    let mut questions: BTreeMap<_, _> =
        form().into_iter().map(|question| (question.variable.clone(), question)).collect();
    let schema = published();
    for (key, property) in schema["properties"].as_object().unwrap() {
        let question = questions.remove(key).unwrap_or_else(|| panic!("{key} is not asked for"));
        let kind = match property["type"][0].as_str().unwrap() {
            "array" => "array[",
            "integer" => "int",
            "object" => "map[",
            "string" if property["enum"].is_array() => "enum",
            other => other,
        };
        assert_eq!(question.r#type, kind, "{key}");
        assert_eq!(question.default, property["default"], "{key}");
        // A map's values are text there, and those of this one are maps.
        assert_eq!(question.hide_input, (kind == "map[").then_some(true), "{key}");
        let options =
            property["enum"].as_array().map(|modes| modes.iter().filter(|mode| !mode.is_null()).cloned().collect());
        assert_eq!(question.options, options, "{key}");
        assert_eq!(question.min.as_ref(), property.get("minimum"), "{key}");
        assert_eq!(question.max.as_ref(), property.get("maximum"), "{key}");
        // A form cannot leave a choice open, every other setting may stay unset.
        assert_eq!(question.required, kind == "enum", "{key}");
        for text in [&question.group, &question.label, &question.description, &question.tooltip] {
            assert!(!text.is_empty() && text.trim() == text, "{key}: {text:?}");
        }
        let of_home_mode = HOME_MODE.contains(&key.as_str());
        let condition = of_home_mode.then_some("!allowedModes || \"home\" in allowedModes");
        assert_eq!(question.show_if.as_deref(), condition, "{key}");
    }
    assert_eq!(questions.keys().collect::<Vec<_>>(), [""; 0], "these are no settings");
}

/// What the form writes if nothing is filled in, and if a text was filled in and cleared again.
#[test]
fn the_form_says_how_to_leave_a_text_unset() {
    let untouched: Value = form().into_iter().map(|question| (question.variable, question.default)).collect();
    assert_eq!(settings_problem(&untouched), None);
    for question in form().iter().filter(|question| question.r#type == "string") {
        let cleared = json!({&question.variable: ""});
        assert!(settings_problem(&cleared).is_some());
        assert!(question.tooltip.ends_with("To clear it, remove the line in the YAML view."));
    }
}
