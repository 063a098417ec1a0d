//! What a host does for one evaluation, step by step as policy-evaluator does it for kwctl and policy-server. The runner,
//! which answers once, spares itself some of these steps; here they belong to what an evaluation takes.
//!
//! Source: `Evaluator::evaluate` in kwctl; `Runtime::validate` for waPC and
//! `AdmissionResponse::from_policy_validation_response` in policy-evaluator.

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kubewarden_policy_sdk::response::ValidationResponse;
use runner::{Instance, Policy};

use crate::pods::Pod;

/// Evaluates a pod in an instance that was called before, and gives what the response has as patch.
pub(crate) fn evaluate(instance: &Instance, pod: &Pod) -> Result<Option<String>> {
    // The evaluator takes the request as its own.
    let request = pod.request.clone();
    let value = serde_json::to_value(request.as_value())?;
    let object = value.get("object").context("the request has an object")?;
    let answer = instance.call("validate", &request.payload(&pod.settings))?;
    let response: ValidationResponse = serde_json::from_slice(&answer)?;
    let Some(mutated) = response.mutated_object.clone() else { return Ok(None) };
    let patch = json_patch::diff(object, &mutated);
    if patch.is_empty() {
        return Ok(None);
    }
    Ok(Some(BASE64.encode(serde_json::to_string(&patch)?)))
}

/// As [`evaluate`], in an instance of its own.
pub(crate) fn evaluate_afresh(policy: &Policy, pod: &Pod) -> Result<Option<String>> {
    evaluate(&policy.instance()?, pod)
}
