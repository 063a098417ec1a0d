//! What the fuzz targets share: the policy's answer, in the form that every answer has.

use std::collections::BTreeMap;

use liqo_api_access_policy::{Cluster, validate};
use serde::Deserialize;
use serde_json::Value;

/// A response of the policy. A field that it never writes is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether the request was accepted.
    pub accepted: bool,
    /// Why it was not.
    pub message: Option<String>,
    /// The whole object, where something in it has changed.
    pub mutated_object: Option<Value>,
    /// What the audit log keeps.
    #[serde(default)]
    pub audit_annotations: BTreeMap<String, String>,
    /// What the client is told.
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// A foreign cluster that answers every question for a Namespace with the same, or refuses with the same reason.
#[derive(Debug)]
pub struct Host(pub Result<String, String>);

impl Cluster for Host {
    fn namespace(&self, _: &str) -> Result<String, String> {
        self.0.clone()
    }
}

/// The policy's answer to a payload.
///
/// # Panics
///
/// When it is not of the form that every answer has.
pub fn answer(payload: &[u8], host: &Host) -> Answer {
    let bytes = validate(payload, host);
    let answer: Answer = serde_json::from_slice(&bytes)
        .unwrap_or_else(|error| panic!("no response ({error}): {}", String::from_utf8_lossy(&bytes)));
    let Answer { accepted, message, mutated_object, audit_annotations, warnings } = &answer;
    assert_eq!(*accepted, message.is_none(), "a message goes with a rejection, and only with one: {answer:?}");
    let is_bare = mutated_object.is_none() && audit_annotations.is_empty() && warnings.is_empty();
    assert!(*accepted || is_bare, "nothing but a message goes with a rejection: {answer:?}");
    assert!(warnings.iter().all(|warning| warning.chars().count() <= 120), "a long warning: {answer:?}");
    answer
}
