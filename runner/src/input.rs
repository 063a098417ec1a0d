//! Requests and settings as people have them, in JSON or YAML.

use std::mem;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::{report, request::AdmissionRequest};

/// The requests in a text: AdmissionReviews, their bare requests, or the pods and workloads themselves, as several documents
/// and in Lists too. Other objects, which a file of manifests holds too, are left out.
pub(crate) fn requests(text: &str) -> Result<Vec<AdmissionRequest>> {
    let values: Vec<Value> = documents(text)?.into_iter().flat_map(items).collect();
    ensure!(
        !values.is_empty() && values.iter().all(Value::is_object),
        "expected a Pod, a workload such as a Deployment, a List, or an AdmissionReview"
    );
    let mut requests = Vec::new();
    for value in values {
        match AdmissionRequest::new(&value)? {
            Some(request) => requests.push(request),
            None => {
                let (kind, api_version) = (&value["kind"], &value["apiVersion"]);
                let reason = "the policy handles pods and workloads";
                report("note", format_args!("{kind} of apiVersion {api_version} is left out: {reason}"));
            }
        }
    }
    ensure!(!requests.is_empty(), "nothing to evaluate");
    Ok(requests)
}

/// The settings in a text. It can hold the manifest of one policy: then they are its `spec.settings`.
pub(crate) fn settings(text: &str) -> Result<Value> {
    let is_policy = |document: &Value| {
        document.get("kind").is_some_and(|kind| kind == "ClusterAdmissionPolicy" || kind == "AdmissionPolicy")
    };
    let (mut policies, mut others): (Vec<_>, Vec<_>) = documents(text)?.into_iter().partition(is_policy);
    let settings = match (&mut policies[..], &mut others[..]) {
        ([policy], _) => policy.pointer_mut("/spec/settings").map_or(Value::Null, Value::take),
        ([], []) => Value::Null,
        ([], [settings]) if settings.get("apiVersion").is_none() => settings.take(),
        _ => bail!("expected settings in one document, or the manifest of one policy"),
    };
    checked_settings(settings)
}

/// The settings in JSON, as kwctl expects them in `--settings-json`.
pub(crate) fn settings_json(text: &str) -> Result<Value> {
    checked_settings(serde_json::from_str(text).context("not valid JSON")?)
}

/// Settings are an object, by default an empty one.
fn checked_settings(value: Value) -> Result<Value> {
    match value {
        Value::Null => Ok(json!({})),
        Value::Object(_) => Ok(value),
        _ => bail!("settings must be an object or null"),
    }
}

/// The documents of a text, without empty ones. In YAML a key that stands twice is an error; in JSON the last one counts,
/// as for kwctl.
fn documents(text: &str) -> Result<Vec<Value>> {
    let json = match serde_json::from_str(text) {
        Ok(value) => return Ok(vec![value]),
        Err(error) => error,
    };
    let documents = serde_yaml::Deserializer::from_str(text).map(|document| {
        let mut value = serde_yaml::Value::deserialize(document)?;
        value.apply_merge()?;
        serde_json::to_value(value).map_err(serde::de::Error::custom)
    });
    match documents.collect::<Result<Vec<_>, serde_yaml::Error>>() {
        Ok(documents) => Ok(documents.into_iter().filter(|document| !document.is_null()).collect()),
        Err(_) if text.trim_start().starts_with('{') => Err(anyhow!("not valid JSON: {json}")),
        Err(error) => Err(anyhow!("not valid YAML: {error}")),
    }
}

/// The items of a List, or the value itself.
fn items(mut value: Value) -> Vec<Value> {
    match value.get_mut("items") {
        Some(Value::Array(items)) => mem::take(items),
        _ => vec![value],
    }
}
