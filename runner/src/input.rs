//! Requests and settings as people have them, in JSON or YAML. Every failure is one line that names the input.

use std::{
    fmt::Display,
    fs,
    io::{self, Read as _},
    path::Path,
};

use serde::Deserialize as _;
use serde_json::{Value, json};
use serde_yaml::Value as Yaml;

use crate::{AdmissionRequest, RequestError};

/// An input that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {problem}")]
pub struct InputError {
    origin: String,
    problem: String,
}

/// The settings of a policy: always an object, by default an empty one.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings(pub(crate) Value);

/// What was read, and what its author should know about the way it was read.
#[derive(Debug)]
pub struct Read<T> {
    /// The requests or the settings.
    pub content: T,
    /// One line each.
    pub notes: Vec<String>,
}

impl InputError {
    /// `origin` names the input. Line breaks in the problem become spaces.
    pub fn new(origin: impl Display, problem: impl Display) -> Self {
        let problem = problem.to_string();
        let lines: Vec<_> = problem.lines().map(str::trim).collect();
        Self { origin: origin.to_string(), problem: lines.join(" ") }
    }
}

impl Settings {
    /// Takes an object, or null for none.
    pub fn from_value(value: Value) -> Result<Self, &'static str> {
        match value {
            Value::Null => Ok(Self::default()),
            Value::Object(_) => Ok(Self(value)),
            _ => Err("settings must be an object or null"),
        }
    }

    /// The bytes that a policy's `validate_settings` is called with.
    #[must_use]
    pub fn payload(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self(json!({}))
    }
}

/// Reads requests from a file, or from stdin for `-`. It can hold AdmissionReviews, their bare requests, or the pods and
/// workloads themselves, as several documents and in Lists too.
pub fn requests(path: &Path, origin: &str) -> Result<Read<Vec<AdmissionRequest>>, InputError> {
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map_err(|error| unreadable(origin, &error))?;
        bytes
    } else {
        read(path, origin)?
    };
    let documents = documents(&bytes).map_err(|error| InputError::new(origin, error))?;
    let (mut content, mut skipped, mut created) = (Vec::new(), Vec::new(), false);
    for value in documents.into_iter().flat_map(items) {
        let is_object = value.get("kind").is_some_and(|kind| kind.is_string() && kind != "AdmissionReview");
        let request = if is_object { AdmissionRequest::to_create(value) } else { AdmissionRequest::from_value(value) };
        match request {
            Ok(request) => content.push(request),
            // A file of manifests holds other objects too.
            Err(error @ RequestError::Unhandled(_)) => skipped.push(error),
            Err(error) => return Err(InputError::new(origin, error)),
        }
        created |= is_object;
    }
    if content.is_empty() {
        return Err(InputError::new(origin, skipped.pop().unwrap_or_else(RequestError::unknown)));
    }
    let mut notes: Vec<_> = skipped.iter().map(|error| format!("{origin}: {error}")).collect();
    if created {
        notes.push(format!("{origin}: evaluated as requests to create the objects in it"));
    }
    Ok(Read { content, notes })
}

/// Reads settings from a file. It can hold the manifest of one policy: then they are its `spec.settings`.
pub fn settings_file(path: &Path, origin: &str) -> Result<Read<Settings>, InputError> {
    let invalid = |problem: &str| InputError::new(origin, problem);
    let documents = documents(&read(path, origin)?).map_err(|error| InputError::new(origin, error))?;
    let (mut policies, mut others): (Vec<_>, Vec<_>) = documents.into_iter().partition(is_policy);
    let mut notes = Vec::new();
    let value = match (policies.as_mut_slice(), others.as_mut_slice()) {
        ([policy], _) => {
            notes.push(format!("{origin}: a policy's manifest, its spec.settings are used"));
            policy.pointer_mut("/spec/settings").map_or(Value::Null, Value::take)
        }
        ([], []) => Value::Null,
        ([], [object]) if object.get("apiVersion").is_some() => {
            return Err(invalid("expected settings or the manifest of a policy"));
        }
        ([], [settings]) => settings.take(),
        ([], _) => return Err(invalid("expected one document, found several")),
        (..) => return Err(invalid("expected one policy, found several")),
    };
    let content = Settings::from_value(value).map_err(invalid)?;
    Ok(Read { content, notes })
}

/// Reads settings from JSON text, as the option `--settings-json` has it.
pub fn settings_json(text: &str, origin: &str) -> Result<Settings, InputError> {
    let value =
        serde_json::from_str(text).map_err(|error| InputError::new(origin, format_args!("not valid JSON: {error}")))?;
    Settings::from_value(value).map_err(|error| InputError::new(origin, error))
}

pub(crate) fn read(path: &Path, origin: impl Display) -> Result<Vec<u8>, InputError> {
    fs::read(path).map_err(|error| unreadable(origin, &error))
}

fn unreadable(origin: impl Display, error: &io::Error) -> InputError {
    InputError::new(origin, format_args!("cannot be read: {error}"))
}

/// The documents of a text, without empty ones. In YAML a key that stands twice is an error; in JSON the last one counts,
/// as for kwctl.
fn documents(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let json = match serde_json::from_slice(bytes) {
        Ok(value) => return Ok(vec![value]),
        Err(error) => error,
    };
    let documents = serde_yaml::Deserializer::from_slice(bytes).map(|document| {
        let mut value = Yaml::deserialize(document)?;
        value.apply_merge()?;
        serde_json::to_value(value).map_err(serde::de::Error::custom)
    });
    match documents.collect::<Result<Vec<_>, serde_yaml::Error>>() {
        Ok(documents) => Ok(documents.into_iter().filter(|document| !document.is_null()).collect()),
        Err(_) if bytes.trim_ascii_start().starts_with(b"{") => Err(format!("not valid JSON: {json}")),
        Err(error) => Err(format!("not valid YAML: {error}")),
    }
}

/// The items of a List, or the value itself.
fn items(mut value: Value) -> Vec<Value> {
    if value.get("kind").is_some_and(|kind| kind == "List")
        && let Some(items) = value.get_mut("items").and_then(Value::as_array_mut)
    {
        return std::mem::take(items);
    }
    vec![value]
}

fn is_policy(document: &Value) -> bool {
    document.get("kind").is_some_and(|kind| kind == "ClusterAdmissionPolicy" || kind == "AdmissionPolicy")
}
