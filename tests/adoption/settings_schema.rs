//! The JSON Schema of the settings, `docs/settings.schema.json`: generated from the types below, and held against the
//! policy key by key and value by value.
//!
//! `UPDATE_SCHEMA=1 cargo test settings_schema` writes the file.

use std::collections::BTreeMap;

use boon::{Compiler, SchemaIndex, Schemas};
use rstest::rstest;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use crate::files::{known_settings, read, recorded_requests};
use crate::support::{Case, root, settings_problem};

/// The settings of the Kubewarden policy liqo-api-access-policy. All are optional, and null means unset.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(
    title = "Settings of liqo-api-access-policy",
    extend("$id" = "https://raw.githubusercontent.com/liqo-api-access-policy/liqo-api-access-policy/main/docs/settings.schema.json"),
    extend("allOf" = rules()),
)]
struct Settings {
    /// Host of the home API server: a lower-case DNS name or an IP address, without scheme, port, path and brackets.
    /// Default: `kubernetes.default`.
    #[schemars(length(max = 253), extend("anyOf" = [{"pattern": DNS_NAME}, {"format": "ipv4"}, {"format": "ipv6"}]))]
    home_api_server_host: Option<String>,
    /// Port of the home API server, 1 to 65535. Default: `443`.
    #[schemars(extend("type" = ["integer", "string", "null"], "minimum" = 1, "maximum" = u16::MAX, "pattern" = PORT))]
    home_api_server_port: Option<String>,
    /// Where the home API server is reached from the foreign cluster's pods; they become host aliases. Default: `[]`.
    home_api_server_addresses: Option<Vec<Address>>,
    /// Liqo's id of the home cluster. Pods with another cluster's label are rejected. Not beside `homeClusters`. Default:
    /// what the pod's Namespace or label says.
    #[schemars(length(max = 63), regex(pattern = CLUSTER_ID))]
    home_cluster_id: Option<String>,
    /// One policy for many home clusters: settings by cluster id. What an entry leaves out it has from the settings
    /// beside it. Pods of any other cluster are rejected. Default: none.
    #[schemars(extend("minProperties" = 1, "propertyNames" = {"maxLength": 63, "pattern": CLUSTER_ID}, "additionalProperties" = home_cluster()))]
    home_clusters: Option<BTreeMap<String, Value>>,
    /// A Secret in the pod's namespace with the keys `token` and `ca.crt`. Default: the objects that Liqo reflects.
    #[schemars(length(max = 253), regex(pattern = OBJECT_NAME))]
    home_credentials_secret: Option<String>,
    /// The mode of pods without the annotation; must be one of `allowedModes`. Default: `home`.
    default_mode: Option<Mode>,
    /// Pods in any other mode are rejected. Default: all three.
    #[schemars(length(min = 1))]
    allowed_modes: Option<Vec<Mode>>,
    /// ServiceAccounts that pods in mode remote may use; `default` stands for a pod that names none. Default: any.
    #[schemars(inner(length(max = 253), regex(pattern = OBJECT_NAME)))]
    allowed_remote_service_accounts: Option<Vec<String>>,
    /// Tokens with one of these audiences stay in every mode: those for services of the foreign cluster (a cloud's
    /// identity service, Vault, a mesh), never for its API server. Default: `[]`.
    #[schemars(inner(length(min = 1)))]
    kept_token_audiences: Option<Vec<String>>,
    /// The pod's label that holds the id of its home cluster. Default: `offloading.liqo.io/origin`.
    #[schemars(regex(pattern = LABEL_KEY))]
    origin_label: Option<String>,
    /// Takes the home cluster from the pod's Namespace, shows the pod its namespace's name at home, and leaves pods of
    /// other namespaces alone. Needs `contextAwareResources`. Default: `false`.
    namespace_lookup: Option<bool>,
    /// Rejects a pod or workload that would get a warning, with all its warnings. Default: `false`.
    strict: Option<bool>,
    /// Checks everything and changes nothing: for the home cluster, in a policy with `mutating: false`.
    /// Default: `false`.
    validate_only: Option<bool>,
    /// Changes nothing, and rejects a pod that the policy would change: a second lock, in a policy with
    /// `mutating: false`. Not beside `validateOnly`. Default: `false`.
    verify_only: Option<bool>,
}

/// A default is what the absence of a key means; where that depends on the pod, it is null.
impl Default for Settings {
    fn default() -> Self {
        Self {
            home_api_server_host: None,
            home_api_server_port: None,
            home_api_server_addresses: Some(Vec::new()),
            home_cluster_id: None,
            home_clusters: None,
            home_credentials_secret: None,
            default_mode: Some(Mode::Home),
            allowed_modes: Some(Mode::ALL.to_vec()),
            allowed_remote_service_accounts: None,
            kept_token_audiences: Some(Vec::new()),
            origin_label: Some("offloading.liqo.io/origin".to_owned()),
            namespace_lookup: Some(false),
            strict: Some(false),
            validate_only: Some(false),
            verify_only: Some(false),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    Home,
    Remote,
    Disabled,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Home, Self::Remote, Self::Disabled];
}

#[derive(Serialize, JsonSchema)]
#[schemars(extend("anyOf" = [{"format": "ipv4"}, {"format": "ipv6"}], "not" = {"pattern": NOWHERE}))]
struct Address(String);

/// The settings that an entry of `homeClusters` may have.
const OF_A_HOME_CLUSTER: [&str; 7] = [
    "homeApiServerHost",
    "homeApiServerPort",
    "homeApiServerAddresses",
    "homeCredentialsSecret",
    "defaultMode",
    "allowedModes",
    "allowedRemoteServiceAccounts",
];

/// An entry of `homeClusters`. That its default mode is one of its allowed ones, of which it may have either from the
/// settings beside it, is left to the policy.
fn home_cluster() -> Value {
    let properties = OF_A_HOME_CLUSTER.map(|key| (key.to_owned(), json!({"$ref": format!("#/properties/{key}")})));
    json!({"type": ["object", "null"], "properties": Value::from_iter(properties), "additionalProperties": false})
}

/// Labels of letters, digits and inner hyphens, the last one not all digits. That a label has at most 63 characters is
/// left to the policy.
const DNS_NAME: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)*\
                        ([0-9]*[a-z]([-a-z0-9]*[a-z0-9])?|[0-9]+-[-a-z0-9]*[a-z0-9])$";
/// A string that reads as a port: 1 to 65535, without zeros in front.
const PORT: &str = "^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";
const CLUSTER_ID: &str = "^[a-z0-9][-a-z0-9]*$";
/// Addresses that lead nowhere, or that Kubernetes refuses, as they are usually written; the policy knows them all.
const NOWHERE: &str = "^(0\\.0\\.0\\.0$|127\\.|2(2[4-9]|3[0-9])\\.|::1?$|::[fF]{4}:|[fF]{2}[0-9a-fA-F]{2}:)";
/// A label's name, with a DNS name and a slash before it. How long that is is left to the policy.
const LABEL_KEY: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?\
                         [a-zA-Z0-9]([-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$";
const OBJECT_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// What holds between settings.
fn rules() -> Vec<Value> {
    let both = |one: &str, other: &str, set: Value| {
        let properties = json!({one: set, other: set});
        json!({"not": {"required": [one, other], "properties": properties}})
    };
    let default_is_allowed = Mode::ALL.map(default_is_allowed).into_iter();
    default_is_allowed
        .chain([
            both("homeClusterId", "homeClusters", json!({"not": {"type": "null"}})),
            both("validateOnly", "verifyOnly", json!({"const": true})),
        ])
        .collect()
}

/// The rule that the default mode is one of the allowed ones, for one mode. An absent key is the default.
fn default_is_allowed(mode: Mode) -> Value {
    let is_default = match mode {
        Mode::Home => json!({"properties": {"defaultMode": {"enum": [mode, null]}}}),
        Mode::Remote | Mode::Disabled => {
            json!({"required": ["defaultMode"], "properties": {"defaultMode": {"const": mode}}})
        }
    };
    json!({"if": is_default, "then": {"properties": {"allowedModes": {"contains": {"const": mode}}}}})
}

/// Doc comments are broken into lines, descriptions are not.
fn on_one_line(text: &mut serde_yaml::Value) {
    *text = text.as_str().unwrap().replace('\n', " ").into();
}

/// The schema as its file has it, with the settings in the order of the struct.
fn generated() -> String {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let schema = generator.root_schema_for::<Settings>();
    // The schema's own maps are sorted, those of YAML keep their order.
    let mut document: serde_yaml::Mapping = serde_yaml::to_value(&schema).and_then(serde_yaml::from_value).unwrap();
    on_one_line(&mut document["description"]);
    let properties = document.get_mut("properties").and_then(|properties| properties.as_mapping_mut()).unwrap();
    let serde_yaml::Value::Mapping(defaults) = serde_yaml::to_value(Settings::default()).unwrap() else {
        unreachable!("a struct is a mapping");
    };
    *properties = defaults
        .keys()
        .map(|key| {
            let mut property = properties[key].clone();
            on_one_line(&mut property["description"]);
            (key.clone(), property)
        })
        .collect();
    serde_json::to_string_pretty(&document).unwrap() + "\n"
}

#[track_caller]
fn problem(settings: &Value) -> Option<String> {
    settings_problem(settings.to_string().as_bytes())
}

/// The schema as it is published.
pub(crate) fn published() -> Value {
    serde_json::from_str(&read("docs/settings.schema.json")).unwrap()
}

/// The published schema's judgement.
struct Judge {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Judge {
    fn new() -> Self {
        let mut compiler = Compiler::new();
        compiler.enable_format_assertions();
        compiler.add_resource("settings.schema.json", published()).unwrap();
        let mut schemas = Schemas::new();
        let index = compiler.compile("settings.schema.json", &mut schemas).unwrap();
        Self { schemas, index }
    }

    fn accepts(&self, settings: &Value) -> bool {
        self.schemas.validate(settings, self.index).is_ok()
    }
}

#[test]
fn the_file_is_generated() {
    let schema = generated();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(root().join("docs/settings.schema.json"), &schema).unwrap();
    }
    assert_eq!(read("docs/settings.schema.json"), schema, "UPDATE_SCHEMA=1 cargo test settings_schema writes it");
}

#[test]
fn the_policy_knows_the_same_settings() {
    let schema: serde_yaml::Value = serde_yaml::from_str(&generated()).unwrap();
    let keys: Vec<_> = schema["properties"].as_mapping().unwrap().keys().map(|key| key.as_str().unwrap()).collect();
    assert_eq!(keys, known_settings());
}

#[test]
fn a_default_is_what_the_absence_of_its_key_means() {
    let schema = published();
    let requests = recorded_requests();
    for (key, property) in schema["properties"].as_object().unwrap() {
        let settings = json!({key: property["default"]});
        assert_eq!(problem(&settings), None, "{settings}");
        for name in &requests {
            let case = Case::recorded(name);
            let absent = case.outcome().answer;
            assert_eq!(case.settings(settings.clone()).outcome().answer, absent, "{name} with {settings}");
        }
    }
}

/// Values of every type and of every setting's shape, right and wrong.
fn values() -> Vec<Value> {
    let long_name = ["a".repeat(63).as_str(); 4].join(".");
    let texts = [
        "",
        "h",
        "h:443",
        "h/api",
        "h.",
        ".h",
        " h",
        "H",
        "a_b",
        "a..b",
        "*.h",
        "-h",
        "h-",
        "-",
        "--",
        "1",
        "1-2",
        "1a",
        "1.2.3.4.h",
        "api.milan.example.org",
        "xn--mnchen-3ya.example",
        "münchen",
        "https://h",
        "10.0.0.1",
        "010.0.0.1",
        "10.0.1",
        "256.0.0.1",
        "10.0.0.1/24",
        "::1",
        "[::1]",
        "2001:DB8::1",
        "2001:db8::g",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "::",
        "0.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "ff02::1",
        "fe80::1",
        "0",
        "443",
        "0443",
        "+443",
        "443 ",
        "9999",
        "10000",
        "59999",
        "64999",
        "65499",
        "65529",
        "65535",
        "65536",
        "70000",
        "100000",
        "443.0",
        "home",
        "remote",
        "disabled",
        "Home",
        "both",
        "default",
        "true",
        "a\nb",
        "example.org/origin",
        "example.org/Origin_of.the-pod",
        "example.org/",
        "Example.org/origin",
        "/origin",
        "a/b/c",
        "-a",
        "_a",
    ];
    let texts = texts.into_iter().map(str::to_owned).chain([
        "m".repeat(63),
        "m".repeat(64),
        "1".repeat(64),
        "a.".repeat(126) + "a",
        long_name[..253].to_owned(),
        "s".repeat(254),
        long_name,
    ]);
    let mut values: Vec<Value> = texts.map(Value::from).collect();
    values.extend([json!(null), json!(true), json!(false), json!({}), json!({"a": 1})]);
    values.extend([json!({"milan": {}}), json!({"milan": {}, "turin": {}}), json!({"Milan": {}}), json!({"": {}})]);
    values.extend([json!({"milan": null}), json!({"milan": []}), json!({"milan": {"homeClusterId": "milan"}})]);
    values.extend([json!(0), json!(-1), json!(1), json!(443), json!(443.5), json!(65_535), json!(65_536)]);
    let lists: Vec<Value> = values.iter().map(|value| json!([value])).collect();
    values.extend(lists);
    values.extend([
        json!([]),
        json!(["home", "remote"]),
        json!(["home", "home"]),
        json!(["home", "x"]),
        json!([["home"]]),
    ]);
    values
}

/// Each setting that an entry of `homeClusters` may have is judged there as it is beside it, and no other is known.
#[test]
fn schema_and_policy_judge_home_clusters_alike() {
    let judge = Judge::new();
    for key in known_settings() {
        for value in values() {
            let settings = json!({"homeClusters": {"milan": {key.as_str(): value}}});
            let alone = problem(&json!({key.as_str(): value})).is_none();
            let accepted = OF_A_HOME_CLUSTER.contains(&key.as_str()) && alone;
            assert_eq!(problem(&settings).is_none(), accepted, "{settings}");
            // Whether an entry's list has its default mode depends on the settings beside it.
            let depends = key == "allowedModes" && !accepted;
            if !depends && !is_left_to_the_policy(&key, &value) {
                assert_eq!(judge.accepts(&settings), accepted, "{settings}");
            }
        }
    }
}

/// What an entry inherits counts, and JSON Schema does not see it.
#[rstest]
#[case(json!({"allowedModes": ["home"], "homeClusters": {"milan": {"defaultMode": "remote"}}}))]
#[case(json!({"homeClusters": {"milan": {"allowedModes": ["remote"]}}}))]
fn an_entry_with_what_it_inherits_is_left_to_the_policy(#[case] settings: Value) {
    assert!(problem(&settings).is_some());
    assert!(Judge::new().accepts(&settings));
}

/// Whether the policy alone tells a value to be wrong.
fn is_left_to_the_policy(key: &str, value: &Value) -> bool {
    let has_long_label = value.as_str().is_some_and(|name| name.split('.').any(|label| label.len() > 63));
    key == "homeApiServerHost" && has_long_label
}

#[test]
fn schema_and_policy_judge_values_alike() {
    let judge = Judge::new();
    let values = values();
    for key in known_settings() {
        let mut judged = [0, 0];
        for value in &values {
            let settings = json!({key.as_str(): value});
            let accepted = problem(&settings).is_none();
            judged[usize::from(accepted)] += 1;
            if is_left_to_the_policy(&key, value) {
                assert!(!accepted, "{settings}");
            } else {
                assert_eq!(judge.accepts(&settings), accepted, "{settings}");
            }
        }
        assert!(judged[0] > 0 && judged[1] > 1, "{key} has no value that is right, or none that is wrong");
    }
}

#[test]
fn a_number_in_a_form_that_no_yaml_has_is_left_to_the_policy() {
    // JSON Schema takes each number without a fraction for an integer, the policy only one that is written as such.
    let settings = json!({"homeApiServerPort": 443.0});
    assert!(Judge::new().accepts(&settings));
    let message = "homeApiServerPort: expected a number from 1 to 65535, found 443.0";
    assert_eq!(problem(&settings).as_deref(), Some(message));
}

#[rstest]
#[case(json!({}))]
#[case(json!({"defaultMode": "home", "allowedModes": ["home"]}))]
#[case(json!({"defaultMode": "home", "allowedModes": ["remote", "disabled"]}))]
#[case(json!({"defaultMode": "remote", "allowedModes": ["remote"]}))]
#[case(json!({"defaultMode": "remote", "allowedModes": ["home", "disabled"]}))]
#[case(json!({"defaultMode": "disabled", "allowedModes": ["home", "disabled"]}))]
#[case(json!({"defaultMode": "disabled", "allowedModes": ["home", "remote"]}))]
#[case(json!({"defaultMode": "disabled", "allowedModes": null}))]
#[case(json!({"defaultMode": null, "allowedModes": ["home"]}))]
#[case(json!({"defaultMode": null, "allowedModes": ["remote"]}))]
#[case(json!({"allowedModes": ["remote", "disabled"]}))]
#[case(json!({"homeClusterId": "milan", "homeClusters": {"milan": {}}}))]
#[case(json!({"homeClusterId": "milan", "homeClusters": null}))]
#[case(json!({"homeClusterId": null, "homeClusters": {"milan": {}}}))]
#[case(json!({"allowedModes": ["remote"], "defaultMode": "remote", "homeClusters": {"milan": {"homeApiServerPort": 6443}}}))]
#[case(json!({"validateOnly": true, "verifyOnly": true}))]
#[case(json!({"validateOnly": false, "verifyOnly": true}))]
#[case(json!({"validateOnly": true, "verifyOnly": null}))]
#[case(json!({"homeApiServerHots": "h"}))]
#[case(json!({"homeApiServerHots": null}))]
#[case(json!({"homeApiServerHost": "h", "homeApiServerPort": 0}))]
#[case(Value::Null)]
#[case(json!([]))]
#[case(json!("home"))]
fn schema_and_policy_judge_settings_alike(#[case] settings: Value) {
    // Settings that are null as a whole are the defaults to the policy; no manifest can have them.
    let accepted = problem(&settings).is_none() && !settings.is_null();
    assert_eq!(Judge::new().accepts(&settings), accepted);
}
