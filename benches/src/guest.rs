//! Guests in the engine of kwctl and policy-server, and what these do for an evaluation.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, anyhow};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kubewarden_policy_sdk::response::ValidationResponse;
use wapc::WapcHost;
use wasmtime_provider::{WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use crate::inputs::Input;

/// A compiled module.
pub(crate) struct Guest(WasmtimeEngineProviderPre);

/// A module at work.
pub(crate) struct Instance(WapcHost);

impl Guest {
    pub(crate) fn load(module: &[u8]) -> Result<Self> {
        Ok(Self(WasmtimeEngineProviderBuilder::new().module_bytes(module).build_pre()?))
    }

    /// A guest that returns these bytes whatever it is asked, so that an evaluation is the host's work alone. It takes the
    /// request like every guest: the answer stands at the start of its memory, and requests behind it.
    pub(crate) fn echo(answer: &[u8]) -> Result<Self> {
        /// Room for requests, in pages of 64 kB.
        const PAGES: usize = 16;
        let (length, pages) = (answer.len(), answer.len().div_ceil(65536) + PAGES);
        let mut text = String::new();
        for byte in answer {
            write!(text, "\\{byte:02x}")?;
        }
        Self::load(
            format!(
                r#"(module
                     (import "wapc" "__guest_request" (func $request (param i32 i32)))
                     (import "wapc" "__guest_response" (func $response (param i32 i32)))
                     (memory (export "memory") {pages})
                     (data (i32.const 0) "{text}")
                     (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
                       (call $request (i32.const {length}) (i32.add (i32.const {length}) (local.get $operation)))
                       (call $response (i32.const 0) (i32.const {length}))
                       (i32.const 1)))"#
            )
            .as_bytes(),
        )
    }

    pub(crate) fn start(&self) -> Result<Instance> {
        Ok(Instance(WapcHost::new(Box::new(self.0.rehydrate(None)?), None)?))
    }
}

impl Instance {
    /// What the guest answers.
    pub(crate) fn call(&self, payload: &[u8]) -> Result<Vec<u8>> {
        self.0.call("validate", payload).map_err(|error| anyhow!("{error}"))
    }

    /// A whole evaluation: the patch, if there is one. The steps are those of policy-evaluator, which kwctl and
    /// policy-server share (`WapcRuntime::validate` and `AdmissionResponse::from_policy_validation_response`).
    pub(crate) fn evaluate(&self, input: &Input) -> Result<Option<String>> {
        let request = input.request.clone();
        let payload = serde_json::json!({"request": &request, "settings": &input.settings}).to_string();
        let answer = self.call(payload.as_bytes())?;
        let response: ValidationResponse = serde_json::from_slice(&answer)?;
        let Some(mutated) = response.mutated_object.clone() else { return Ok(None) };
        let patch = json_patch::diff(request.get("object").context("the request has no object")?, &mutated);
        if patch.is_empty() {
            return Ok(None);
        }
        Ok(Some(BASE64.encode(serde_json::to_string(&patch)?)))
    }
}
