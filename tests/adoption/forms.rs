//! README.md's table and Rancher's form describe the settings that the schema has.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::files::{known_settings, read};
use crate::settings_schema::published;
use crate::support::{Case, settings_problem};

/// The rows of the table of settings in README.md: key, type, default, meaning.
fn table() -> Vec<[String; 4]> {
    let readme = read("README.md");
    let (_, section) = readme.split_once("## Settings\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| {
        let cells: Vec<_> = row.split(" | ").map(str::to_owned).collect();
        let [key, kind, default, meaning] = cells.try_into().unwrap();
        [key.trim_end_matches('`').to_owned(), kind, default, meaning]
    })
    .collect()
}

/// The type of a setting in the words of README.md.
fn words(key: &str, property: &Value) -> &'static str {
    let is_list = property["type"][0] == "array";
    match property["type"][0].as_str().unwrap() {
        "boolean" => "boolean",
        "object" => "map from cluster ids to settings",
        "integer" if property["type"][1] == "string" => "integer or numeric string",
        _ if is_list && property["items"]["enum"].is_array() => "list of modes",
        _ if is_list && property["items"]["anyOf"].is_array() => "list of IP addresses",
        _ if is_list && property["items"]["pattern"].is_string() => "list of names",
        _ if is_list => "list of strings",
        "string" if property["enum"] == json!(["home", "remote", "disabled", null]) => "`home`, `remote` or `disabled`",
        "string" => "string",
        other => panic!("{key}: README.md has no words for {other}"),
    }
}

#[test]
fn the_table_in_the_readme_is_the_schema() {
    let schema = published();
    let table = table();
    assert_eq!(table.iter().map(|[key, ..]| key.clone()).collect::<Vec<_>>(), known_settings());
    for [key, kind, default, meaning] in table {
        let property = &schema["properties"][&key];
        assert_eq!(kind, words(&key, property), "{key}");
        assert_eq!(property["description"], format!("{meaning} Default: {default}."), "{key}");
        let value = &property["default"];
        if !value.is_null() && default != "all three" {
            let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(default, format!("`{shown}`"), "{key}");
        }
    }
    assert_eq!(schema["properties"]["allowedModes"]["default"], json!(["home", "remote", "disabled"]));
}

/// What the table calls the default host and port is what a pod gets that Liqo has not forged.
#[test]
fn the_defaults_of_host_and_port_are_true() {
    let [host, port] = ["homeApiServerHost", "homeApiServerPort"].map(|key| {
        let row = table().into_iter().find(|[row, ..]| row == key).unwrap();
        row[2].trim_matches('`').to_owned()
    });
    let answer = Case::pod(json!({"metadata": {"name": "p"}, "spec": {"containers": []}})).outcome().answer;
    assert_eq!(answer.audit_annotations["home-api-server"], format!("{host}:{port}"));
}

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

#[test]
fn the_form_asks_for_every_setting() {
    let mut form: BTreeMap<String, Vec<Question>> = serde_yaml::from_str(&read("questions-ui.yml")).unwrap();
    let mut questions: BTreeMap<_, _> =
        form.remove("questions").unwrap().into_iter().map(|question| (question.variable.clone(), question)).collect();
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
        let mode = match key.as_str() {
            "allowedRemoteServiceAccounts" => Some("remote"),
            "homeApiServerHost" | "homeApiServerPort" | "homeApiServerAddresses" | "homeCredentialsSecret" => {
                Some("home")
            }
            _ => None,
        };
        let condition = mode.map(|mode| format!("!allowedModes || \"{mode}\" in allowedModes"));
        assert_eq!(question.show_if, condition, "{key}");
    }
    assert_eq!(questions.keys().collect::<Vec<_>>(), [""; 0], "these are no settings");
}

/// What the form writes when nothing is filled in, and when a text was filled in and cleared again.
#[test]
fn the_form_says_how_to_leave_a_text_unset() {
    let form: Value = serde_yaml::from_str(&read("questions-ui.yml")).unwrap();
    let questions = form["questions"].as_array().unwrap();
    let defaults =
        questions.iter().map(|question| (question["variable"].as_str().unwrap(), question["default"].clone()));
    let untouched: Value =
        defaults.collect::<BTreeMap<_, _>>().into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(settings_problem(untouched.to_string().as_bytes()), None);
    for question in questions.iter().filter(|question| question["type"] == "string") {
        let cleared = json!({question["variable"].as_str().unwrap(): ""});
        assert!(settings_problem(cleared.to_string().as_bytes()).is_some());
        assert!(question["tooltip"].as_str().unwrap().ends_with("To clear it, remove the line in the YAML view."));
    }
}
