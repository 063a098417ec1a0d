//! What the tests share: requests, and one way to evaluate them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use liqo_api_access_policy::Cluster;
use serde_json::{Value, json};
use similar::TextDiff;

use crate::kubelet::Endpoint;

/// The annotations that the policy reads, the one that it writes, and the label with the home cluster.
pub(crate) const MODE: &str = "liqo.io/api-server-support";
pub(crate) const REMOTE_NAME: &str = "liqo.io/remote-service-account-name";
pub(crate) const HOME_NAMESPACE: &str = "liqo-api-access-policy.github.io/home-namespace";
pub(crate) const ORIGIN: &str = "offloading.liqo.io/origin";

/// The folder of the project.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A request and the settings it is evaluated with.
#[derive(Clone)]
pub(crate) struct Case {
    pub(crate) request: Value,
    pub(crate) settings: Value,
    pub(crate) namespaces: Namespaces,
}

impl Case {
    /// A request of `test_data/requests`, with `{}` as settings.
    #[track_caller]
    pub(crate) fn recorded(name: &str) -> Self {
        let path = root().join("test_data/requests").join(name).with_extension("json");
        Self { request: read_json(&path), settings: json!({}), namespaces: Namespaces::default() }
    }

    /// The creation of a pod.
    pub(crate) fn pod(pod: Value) -> Self {
        Self::create("", "v1", "Pod", pod)
    }

    /// The creation of an object of any kind.
    pub(crate) fn create(group: &str, version: &str, kind: &str, object: Value) -> Self {
        let request = json!({
            "uid": "made",
            "kind": {"group": group, "version": version, "kind": kind},
            "operation": "CREATE",
            "object": object,
        });
        Self { request, settings: json!({}), namespaces: Namespaces::default() }
    }

    pub(crate) fn settings(mut self, settings: Value) -> Self {
        self.settings = settings;
        self
    }

    /// Puts a Namespace into the foreign cluster.
    #[track_caller]
    pub(crate) fn namespace(mut self, namespace: &Value) -> Self {
        let name = namespace["metadata"]["name"].as_str().expect("a name").to_owned();
        self.namespaces.0.insert(name, namespace.to_string());
        self
    }

    /// Puts a value at a JSON pointer of the request, into an object or (`-` for its end) an array.
    #[track_caller]
    pub(crate) fn set(self, pointer: &str, value: Value) -> Self {
        let operation = if self.request.pointer(pointer).is_some() { "replace" } else { "add" };
        self.patch(json!([{"op": operation, "path": pointer, "value": value}]))
    }

    /// Takes away what is at a JSON pointer of the request.
    #[track_caller]
    pub(crate) fn remove(self, pointer: &str) -> Self {
        self.patch(json!([{"op": "remove", "path": pointer}]))
    }

    #[track_caller]
    fn patch(mut self, patch: Value) -> Self {
        let patch: json_patch::Patch = serde_json::from_value(patch).expect("a JSON patch");
        json_patch::patch(&mut self.request, &patch).unwrap_or_else(|error| panic!("{error}"));
        self
    }

    /// The payload as policy-server writes it.
    pub(crate) fn payload(&self) -> Vec<u8> {
        json!({"request": self.request, "settings": self.settings}).to_string().into_bytes()
    }

    /// The policy's answer.
    #[track_caller]
    pub(crate) fn outcome(&self) -> Outcome {
        let answer = liqo_api_access_policy::validate(&self.payload(), &self.namespaces);
        let answer: Answer = serde_json::from_slice(&answer).expect("an answer");
        let before = self.request["object"].clone();
        Outcome { answer, before }
    }

    /// The message of a rejection.
    #[track_caller]
    pub(crate) fn rejection(&self) -> String {
        let outcome = self.outcome();
        assert!(!outcome.answer.accepted, "accepted:\n{outcome}");
        outcome.answer.message.expect("a message")
    }

    /// The object after an accepted request, changed or not.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        let outcome = self.outcome();
        assert!(outcome.answer.accepted, "not accepted:\n{outcome}");
        outcome.answer.mutated_object.unwrap_or(outcome.before)
    }

    /// The warnings of an accepted request.
    #[track_caller]
    pub(crate) fn warnings(&self) -> Vec<String> {
        let outcome = self.outcome();
        assert!(outcome.answer.accepted, "not accepted:\n{outcome}");
        outcome.answer.warnings
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, settings, namespaces } = self;
        write!(f, "{request} under {settings} with {:?}", namespaces.0)
    }
}

/// The answer of the policy to a payload.
pub(crate) fn evaluate(payload: &[u8]) -> Vec<u8> {
    liqo_api_access_policy::validate(payload, &Namespaces::default())
}

/// The Namespaces of a foreign cluster, by name, as JSON or whatever else the host answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Namespaces(pub(crate) BTreeMap<String, String>);

impl Namespaces {
    /// What a host answers.
    pub(crate) fn get(&self, name: &str) -> Result<String, String> {
        let missing = || format!("namespaces \"{name}\" not found");
        self.0.get(name).cloned().ok_or_else(missing)
    }
}

/// wapc-guest tells the host's reason so.
impl Cluster for Namespaces {
    fn namespace(&self, name: &str) -> Result<String, String> {
        self.get(name).map_err(|reason| format!("Host error: {reason}"))
    }
}

/// What the policy says of settings: nothing, or what is wrong.
#[track_caller]
pub(crate) fn settings_problem(settings: &Value) -> Option<String> {
    problem_of_text(settings.to_string().as_bytes())
}

/// As [`settings_problem`], for settings as text.
#[track_caller]
pub(crate) fn problem_of_text(text: &[u8]) -> Option<String> {
    let answer = liqo_api_access_policy::validate_settings(text);
    let SettingsValidationResponse { valid, message } = serde_json::from_slice(&answer).expect("an answer");
    assert_eq!(valid, message.is_none());
    message
}

/// A response of the policy. A field that it never writes is an error.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) accepted: bool,
    pub(crate) message: Option<String>,
    pub(crate) mutated_object: Option<Value>,
    #[serde(default)]
    pub(crate) audit_annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) warnings: Vec<String>,
}

/// An answer, and the object before it.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) before: Value,
}

/// The whole outcome as text: the answer without the object, then what changed in the object as a diff of its YAML.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { accepted, message, mutated_object, audit_annotations, warnings } = &self.answer;
        writeln!(f, "{}", if *accepted { "accepted" } else { "rejected" })?;
        if let Some(message) = message {
            writeln!(f, "message: {message}")?;
        }
        for (key, value) in audit_annotations {
            writeln!(f, "audit: {key}: {value}")?;
        }
        for warning in warnings {
            writeln!(f, "warning: {warning}")?;
        }
        let Some(after) = mutated_object else {
            return writeln!(f, "unchanged");
        };
        f.write_str(&difference(&self.before, after))
    }
}

/// How two values differ, as a diff of their YAML.
pub(crate) fn difference(before: &Value, after: &Value) -> String {
    let [before, after] = [before, after].map(|value| serde_yaml::to_string(value).expect("YAML"));
    TextDiff::from_lines(&before, &after).unified_diff().context_radius(2).to_string()
}

/// A variable with a literal value.
pub(crate) fn var(name: &str, value: &str) -> Value {
    json!({"name": name, "value": value})
}

/// The variables that the policy writes for an API server. An IPv6 host goes without brackets.
pub(crate) fn block(host: &str, port: impl fmt::Display) -> Vec<Value> {
    let variables = Endpoint::new(host, &port.to_string()).variables();
    variables.iter().map(|(name, value)| var(name, value)).collect()
}

/// What the virtual kubelet appends: the same but for one.
pub(crate) fn forged(host: &str, port: impl fmt::Display) -> Vec<Value> {
    let mut variables = block(host, port);
    variables.remove(2);
    variables
}

/// Reads a file of JSON.
#[track_caller]
pub(crate) fn read_json(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
