//! What the fuzz targets share: the form that every answer has, and what must hold for all of them.

pub mod case;

use std::collections::BTreeMap;

use liqo_api_access_policy::{Cluster, validate};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The most characters of a warning that the API server is sure to pass on.
const WARNING_LENGTH: usize = 120;

/// A response of the policy. A field that it never writes is an error.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Whether the request was accepted.
    pub accepted: bool,
    /// Why it was not.
    pub message: Option<String>,
    /// The whole object, where something in it has changed. Its text, since numbers and strings may be such that
    /// `serde_json` has no value for them.
    pub mutated_object: Option<Box<RawValue>>,
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

impl Answer {
    /// Everything that is told to somebody, as one text.
    pub fn told(&self) -> String {
        format!("{:?} {:?} {:?}", self.message, self.audit_annotations, self.warnings)
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
    if !accepted {
        let bare = mutated_object.is_none() && audit_annotations.is_empty() && warnings.is_empty();
        assert!(bare, "nothing but a message goes with a rejection: {answer:?}");
    }
    for warning in warnings {
        assert!(warning.chars().count() <= WARNING_LENGTH, "too long: {warning}");
    }
    assert!(audit_annotations.keys().all(|key| !key.contains('/')), "a slash in a key: {answer:?}");
    answer
}

/// The payload with another object under review; `None` when it cannot be taken apart.
pub fn with_object(payload: &[u8], object: &RawValue) -> Option<Vec<u8>> {
    // As for the policy and for the API server, the last of several members of one name counts.
    type Members = BTreeMap<String, Box<RawValue>>;
    let mut payload: Members = serde_json::from_slice(payload).ok()?;
    let mut request: Members = serde_json::from_str(payload.get("request")?.get()).ok()?;
    request.insert("object".to_owned(), object.to_owned());
    payload.insert("request".to_owned(), serde_json::value::to_raw_value(&request).ok()?);
    serde_json::to_vec(&payload).ok()
}

/// Asserts that the policy leaves alone what it has changed.
///
/// # Panics
///
/// When it changes or rejects the object of its own answer.
pub fn assert_idempotent(payload: &[u8], host: &Host, answer: &Answer) {
    let Some(object) = &answer.mutated_object else { return };
    let Some(payload) = with_object(payload, object) else { return };
    let second = self::answer(&payload, host);
    assert!(second.accepted && second.mutated_object.is_none(), "{object} became {second:?}");
}
