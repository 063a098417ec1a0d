//! waPC modules: compiled once, called in as many instances as wanted.
//!
//! A [`Policy`] is known to be a waPC policy: it has the exports that a host calls and reads, and
//! imports only what a host provides. An [`Instance`] answers like kwctl's: a guest that traps
//! or reports an error yields a response that says so, never a panic.

use std::{error::Error, fmt, io::Write as _, path::Path};

use kubewarden_policy_sdk::settings::SettingsValidationResponse;
use wapc::{WapcHost, wapc_functions::GUEST_CALL};
use wasmtime_provider::{
    ResourceLimits, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre,
    wasmtime::{Engine, ExternType, Module, ValType},
};

use crate::{
    admission::{AdmissionRequest, AdmissionResponse, Settings},
    input::{self, InputError},
};

/// Where a waPC host reads what the guest says.
const MEMORY: &str = "memory";

/// A policy's module, compiled. Clones share the compiled code.
#[derive(Clone)]
pub struct Policy {
    engine: Engine,
    module: Module,
    provider: WasmtimeEngineProviderPre,
}

/// A module at work, with a memory of its own that lasts from call to call. It stays on the
/// thread that made it.
#[derive(Debug)]
pub struct Instance {
    host: WapcHost,
}

/// Why a module cannot be used as a policy.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are something else.
    #[error("not a WebAssembly module")]
    NotWasm,
    /// The bytes start like a module, and the engine refuses them.
    #[error("not a valid WebAssembly module: {}", .0.root_cause())]
    Invalid(wasmtime_provider::wasmtime::Error),
    /// A module that a waPC host cannot call.
    #[error("not a waPC policy: it does not export {0}")]
    Export(&'static str),
    /// A module that wants more than a waPC host has.
    #[error("not a waPC policy: {0}")]
    Import(#[from] wasmtime_provider::errors::Error),
}

impl Policy {
    /// Compiles the module in a file. The error names the file.
    pub fn load(path: &Path) -> Result<Self, InputError> {
        let bytes = input::read(path)?;
        Self::from_bytes(&bytes).map_err(|error| InputError::new(path.display(), error))
    }

    /// Compiles a module in the binary format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        // The engine would take the text format too, and tell the reader of any other file
        // that its syntax is wrong.
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::NotWasm);
        }
        let engine = Engine::default();
        let module = Module::new(&engine, bytes).map_err(LoadError::Invalid)?;
        require_exports(&module)?;
        Self::assemble(engine, module, ResourceLimits::default())
    }

    /// The same policy with instances that fail to grow their memory beyond so many bytes. What
    /// a policy needs shows in the limit under which it still answers: the memory itself is out
    /// of the provider's sight.
    pub fn with_memory_limit(&self, bytes: usize) -> Result<Self, LoadError> {
        let limits = ResourceLimits { max_memory_size: Some(bytes), ..ResourceLimits::default() };
        Self::assemble(self.engine.clone(), self.module.clone(), limits)
    }

    /// Starts a fresh instance, without compiling anything: what policy-server does for each
    /// evaluation.
    pub fn instance(&self) -> Result<Instance, wapc::errors::Error> {
        let provider = self.provider.rehydrate(None)?;
        let host = WapcHost::new(Box::new(provider), Some(Box::new(host_call)))?;
        Ok(Instance { host })
    }

    fn assemble(engine: Engine, module: Module, limits: ResourceLimits) -> Result<Self, LoadError> {
        let provider = WasmtimeEngineProviderBuilder::new()
            .engine(engine.clone())
            .module(module.clone())
            .enable_resource_limits(limits)
            .build_pre()?;
        Ok(Self { engine, module, provider })
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").finish_non_exhaustive()
    }
}

impl Instance {
    /// Calls a function that the guest registered, such as `protocol_version`.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, wapc::errors::Error> {
        self.host.call(function, payload)
    }

    /// Asks the policy whether it accepts these settings. A call that fails counts as a no.
    #[must_use]
    pub fn validate_settings(&self, settings: &Settings) -> SettingsValidationResponse {
        let refusal = |message| SettingsValidationResponse { valid: false, message: Some(message) };
        match self.call("validate_settings", &settings.payload()) {
            Ok(answer) => serde_json::from_slice(&answer)
                .unwrap_or_else(|error| refusal(format!("error: InvalidResponseWithError({error:?})"))),
            Err(error) => refusal(format!("Error invoking settings validation callback: {error:?}")),
        }
    }

    /// Has the policy decide on a request. A call that fails is a rejection.
    #[must_use]
    pub fn validate(&self, request: &AdmissionRequest, settings: &Settings) -> AdmissionResponse {
        match self.call("validate", &request.payload(settings)) {
            Ok(answer) => AdmissionResponse::from_answer(request, &answer),
            Err(error) => AdmissionResponse::internal_error(request, error),
        }
    }
}

fn require_exports(module: &Module) -> Result<(), LoadError> {
    let is_guest_call = module.get_export(GUEST_CALL).as_ref().and_then(ExternType::func).is_some_and(|function| {
        let is_i32 = |value: ValType| matches!(value, ValType::I32);
        function.params().len() == 2
            && function.params().all(is_i32)
            && function.results().len() == 1
            && function.results().all(is_i32)
    });
    if !is_guest_call {
        return Err(LoadError::Export("the function __guest_call"));
    }
    if !matches!(module.get_export(MEMORY), Some(ExternType::Memory(_))) {
        return Err(LoadError::Export("a memory"));
    }
    Ok(())
}

/// Answers what the guest asks of its host: it may log, to stderr here. Nothing else of what
/// kwctl offers (registries, DNS, Kubernetes) is there.
fn host_call(
    _id: u64,
    binding: &str,
    namespace: &str,
    operation: &str,
    payload: &[u8],
) -> Result<Vec<u8>, Box<dyn Error + Send + Sync>> {
    match (binding, namespace, operation) {
        ("kubewarden", "tracing", "log") => {
            let event = String::from_utf8_lossy(payload);
            // A log that cannot be written must not change the policy's answer.
            let _ = writeln!(std::io::stderr().lock(), "policy log: {event}");
            Ok(Vec::new())
        }
        ("kubewarden", "tracing", _) => Err(format!("unknown operation: {operation}").into()),
        ("kubewarden", _, _) => Err(format!("the runner has no host capability {namespace}/{operation}").into()),
        _ => Err(format!("unknown binding: {binding}").into()),
    }
}
