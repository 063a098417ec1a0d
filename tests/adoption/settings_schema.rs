//! The JSON Schema of the settings, `docs/settings.schema.json`: generated from the types below and from
//! `docs/settings.md`, and held against the policy key by key and value by value.

use std::collections::BTreeMap;

use boon::{Compiler, SchemaIndex, Schemas};
use rstest::rstest;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use crate::files::{assert_generated, known_settings, names, read, settings_page};
use crate::support::{Case, settings_problem};

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(
    title = "Settings of liqo-api-access-policy",
    description = "The settings of the Kubewarden policy liqo-api-access-policy. All are optional, and null means unset.",
    extend("$id" = "https://raw.githubusercontent.com/liqo-api-access-policy/liqo-api-access-policy/main/docs/settings.schema.json"),
    extend("allOf" = rules()),
)]
struct Settings {
    #[schemars(
        length(max = 253),
        extend(
            "anyOf" = [{"pattern": DNS_NAME}, {"format": "ipv4"}, {"format": "ipv6"}],
            "not" = {"type": "string", "anyOf": [{"pattern": LOCALHOST}, {"pattern": NOWHERE}]},
        )
    )]
    home_api_server_host: Option<String>,
    #[schemars(extend("type" = ["integer", "string", "null"], "minimum" = 1, "maximum" = u16::MAX, "pattern" = PORT))]
    home_api_server_port: Option<String>,
    home_api_server_addresses: Option<Vec<Address>>,
    #[schemars(length(max = 230), regex(pattern = DNS_NAME), extend("not" = {"type": "string", "pattern": LOCALHOST}))]
    cluster_domain: Option<String>,
    #[schemars(length(max = 63), regex(pattern = CLUSTER_ID))]
    home_cluster_id: Option<String>,
    #[schemars(extend("minProperties" = 1, "propertyNames" = {"maxLength": 63, "pattern": CLUSTER_ID}, "additionalProperties" = home_cluster()))]
    home_clusters: Option<BTreeMap<String, Value>>,
    #[schemars(length(max = 253), regex(pattern = OBJECT_NAME))]
    home_credentials_secret: Option<String>,
    default_mode: Option<Mode>,
    #[schemars(length(min = 1))]
    allowed_modes: Option<Vec<Mode>>,
    #[schemars(inner(length(max = 253), regex(pattern = OBJECT_NAME)))]
    allowed_remote_service_accounts: Option<Vec<String>>,
    #[schemars(extend("items" = {"type": "string", "minLength": 1, "not": {"pattern": API_SERVER_AUDIENCE}}))]
    kept_token_audiences: Option<Vec<String>>,
    #[schemars(inner(length(max = 63), regex(pattern = CONTAINER_NAME)))]
    foreign_containers: Option<Vec<String>>,
    #[schemars(regex(pattern = LABEL_KEY))]
    origin_label: Option<String>,
    namespace_lookup: Option<bool>,
    strict: Option<bool>,
    validate_only: Option<bool>,
    verify_only: Option<bool>,
}

/// A default is what the absence of a key means; where that depends on the pod, it is null.
impl Default for Settings {
    fn default() -> Self {
        Self {
            home_api_server_host: None,
            home_api_server_port: None,
            home_api_server_addresses: Some(Vec::new()),
            cluster_domain: None,
            home_cluster_id: None,
            home_clusters: None,
            home_credentials_secret: None,
            default_mode: Some(Mode::Home),
            allowed_modes: Some(Mode::ALL.to_vec()),
            allowed_remote_service_accounts: None,
            kept_token_audiences: Some(Vec::new()),
            foreign_containers: Some(Vec::new()),
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
const OF_A_HOME_CLUSTER: [&str; 8] = [
    "homeApiServerHost",
    "homeApiServerPort",
    "homeApiServerAddresses",
    "clusterDomain",
    "homeCredentialsSecret",
    "defaultMode",
    "allowedModes",
    "allowedRemoteServiceAccounts",
];

/// An entry of `homeClusters`. Only the policy sees that its default mode is one of its allowed ones, since it may inherit
/// either.
fn home_cluster() -> Value {
    let properties = OF_A_HOME_CLUSTER.map(|key| (key.to_owned(), json!({"$ref": format!("#/properties/{key}")})));
    json!({"type": ["object", "null"], "properties": Value::from_iter(properties), "additionalProperties": false})
}

/// Labels of letters, digits and inner hyphens, the last one not all digits. Only the policy sees that a label has at most
/// 63 characters.
const DNS_NAME: &str = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?\\.)*\
                        ([0-9]*[a-z]([-a-z0-9]*[a-z0-9])?|[0-9]+-[-a-z0-9]*[a-z0-9])$";
/// A string that reads as a port: 1 to 65535, without zeros in front.
const PORT: &str = "^([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";
const CLUSTER_ID: &str = "^[a-z0-9][-a-z0-9]*$";
/// Addresses that lead nowhere, or that Kubernetes refuses, as they are usually written; the policy knows every spelling.
const NOWHERE: &str = "^((0|127|22[4-9]|23[0-9])(\\.[0-9]+){3}|169\\.254(\\.[0-9]+){2}|255\\.255\\.255\\.255|\
                       ::([fF]{4}:.*|[0-9a-fA-F.]*|[0-9a-fA-F]{1,4}:[0-9a-fA-F]{1,4})|\
                       [fF][eE][89abAB][0-9a-fA-F]:.*|[fF]{2}[0-9a-fA-F]{2}:.*)$";
const LOCALHOST: &str = "(^|\\.)localhost$";
const API_SERVER_AUDIENCE: &str = "^https://kubernetes(\\.default|$)";
const CONTAINER_NAME: &str = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
/// A label's name, with a DNS name and a slash before it. Only the policy sees how long that is.
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

/// The schema as its file has it: settings and descriptions in the order and the words of `docs/settings.md`.
fn generated() -> String {
    let mut generator =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true).into_generator();
    let schema = generator.root_schema_for::<Settings>();
    // The schema's own maps are sorted, those of YAML keep their order.
    let mut document: serde_yaml::Mapping = serde_yaml::to_value(&schema).and_then(serde_yaml::from_value).unwrap();
    let properties = document["properties"].as_mapping_mut().unwrap();
    let described = settings_page().into_iter().map(|entry| {
        let mut property = properties.remove(&entry.key).unwrap_or_else(|| panic!("no setting {}", entry.key));
        let description = format!("{} Default: {}.", entry.meaning, entry.default).into();
        property.as_mapping_mut().unwrap().insert("description".into(), description);
        (entry.key.into(), property)
    });
    let described: serde_yaml::Mapping = described.collect();
    assert_eq!(properties.len(), 0, "docs/settings.md lacks settings");
    *properties = described;
    serde_json::to_string_pretty(&document).unwrap() + "\n"
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
    assert_generated("docs/settings.schema.json", &generated());
}

#[test]
fn a_default_is_what_the_absence_of_its_key_means() {
    let schema = published();
    let requests = names("test_data/requests", ".json");
    for (key, property) in schema["properties"].as_object().unwrap() {
        let settings = json!({key: property["default"]});
        assert_eq!(settings_problem(&settings), None, "{settings}");
        for name in &requests {
            let case = Case::recorded(name);
            let absent = case.outcome().answer;
            assert_eq!(case.settings(settings.clone()).outcome().answer, absent, "{name} with {settings}");
        }
    }
}

/// Texts that are right for some setting, or nearly so.
const TEXTS: &str = "\
    h h:443 h/api h. .h H a_b a..b *.h -h h- - -- 1 1-2 1a 1.2.3.4.h api.milan.example.org xn--mnchen-3ya.example \
    münchen https://h 10.0.0.1 010.0.0.1 10.0.1 256.0.0.1 10.0.0.1/24 ::1 [::1] 2001:DB8::1 2001:db8::g fe80::1%eth0 \
    ::ffff:10.0.0.1 ::10.0.0.1 ::a00:1 ::a:b:c :: 0.0.0.0 0.0.0.1 127.0.0.1 127.0.0.1.h 169.254.0.1 169.253.0.1 \
    224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255 255.255.255.254 ff02::1 fe80::1 FEBF::1 fec0::1 localhost \
    localhost.h h.localhost kubernetes.default 0 443 0443 +443 9999 10000 59999 64999 65499 65529 65535 65536 70000 100000 443.0 \
    home remote disabled Home both default true vault https://kubernetes https://kubernetes.default https://kubernetes.default.svc \
    http://kubernetes.default https://vault.example.org istio-proxy \
    example.org/origin example.org/Origin_of.the-pod example.org/ Example.org/origin /origin a/b/c -a _a";

/// Values of every type and of every setting's shape, right and wrong.
fn values() -> Vec<Value> {
    let long_name = ["a".repeat(63).as_str(); 4].join(".");
    let spaced = ["", " h", "443 ", "a\nb"].map(str::to_owned);
    let long = [
        "m".repeat(63),
        "m".repeat(64),
        "1".repeat(64),
        "a.".repeat(126) + "a",
        long_name[..230].to_owned(),
        long_name[..231].to_owned(),
        long_name[..253].to_owned(),
        "s".repeat(254),
        long_name,
    ];
    let texts = TEXTS.split_whitespace().map(str::to_owned).chain(spaced).chain(long);
    let mut values: Vec<Value> = texts.map(Value::from).collect();
    let others = json!([
        null, true, false, {}, {"a": 1}, 0, -1, 1, 443, 443.5, 65535, 65536,
        {"milan": {}}, {"milan": {}, "turin": {}}, {"Milan": {}}, {"": {}}, {"milan": null}, {"milan": []},
        {"milan": {"homeClusterId": "milan"}},
    ]);
    values.extend(others.as_array().unwrap().iter().cloned());
    let lists: Vec<Value> = values.iter().map(|value| json!([value])).collect();
    values.extend(lists);
    let more = json!([[], ["home", "remote"], ["home", "home"], ["home", "x"], [["home"]]]);
    values.extend(more.as_array().unwrap().iter().cloned());
    values
}

/// Whether only the policy sees that a value is wrong.
fn is_left_to_the_policy(key: &str, value: &Value) -> bool {
    let has_long_label = value.as_str().is_some_and(|name| name.split('.').any(|label| label.len() > 63));
    matches!(key, "homeApiServerHost" | "clusterDomain") && has_long_label
}

#[test]
fn schema_and_policy_judge_values_alike() {
    let judge = Judge::new();
    let values = values();
    for key in known_settings() {
        let mut judged = [0, 0];
        for value in &values {
            let settings = json!({key.as_str(): value});
            let accepted = settings_problem(&settings).is_none();
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

/// Each setting that an entry of `homeClusters` may have is judged there as at the top level, and no other is known.
#[test]
fn schema_and_policy_judge_home_clusters_alike() {
    let judge = Judge::new();
    for key in known_settings() {
        for value in values() {
            let settings = json!({"homeClusters": {"milan": {key.as_str(): value}}});
            let alone = settings_problem(&json!({key.as_str(): value})).is_none();
            let accepted = OF_A_HOME_CLUSTER.contains(&key.as_str()) && alone;
            assert_eq!(settings_problem(&settings).is_none(), accepted, "{settings}");
            // Whether an entry's list has its default mode depends on what it inherits.
            let depends = key == "allowedModes" && !accepted;
            if !depends && !is_left_to_the_policy(&key, &value) {
                assert_eq!(judge.accepts(&settings), accepted, "{settings}");
            }
        }
    }
}

/// JSON Schema does not see what an entry inherits, and takes each number without a fraction for an integer.
#[rstest]
#[case(
    json!({"allowedModes": ["home"], "homeClusters": {"milan": {"defaultMode": "remote"}}}),
    "homeClusters.milan.defaultMode: \"remote\" is not one of allowedModes"
)]
#[case(
    json!({"homeClusters": {"milan": {"allowedModes": ["remote"]}}}),
    "homeClusters.milan.defaultMode: \"home\" (inherited) is not one of allowedModes"
)]
#[case(json!({"homeApiServerPort": 443.0}), "homeApiServerPort: expected a number from 1 to 65535, found 443.0")]
fn left_to_the_policy(#[case] settings: Value, #[case] message: &str) {
    assert_eq!(settings_problem(&settings).as_deref(), Some(message));
    assert!(Judge::new().accepts(&settings));
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
    // Settings that are null as a whole are the defaults to the policy; no manifest can contain them.
    let accepted = settings_problem(&settings).is_none() && !settings.is_null();
    assert_eq!(Judge::new().accepts(&settings), accepted);
}
