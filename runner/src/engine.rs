//! waPC modules: compiled once, called in as many instances as wanted.
//!
//! A [`Policy`] is known to be a waPC policy: it has the exports that a host calls and reads, and
//! imports only what a host provides. An [`Instance`] answers like kwctl's: a guest that traps
//! or reports an error yields a response that says so, never a panic. What a guest asks of its host
//! is answered by the function given to [`Policy::with_host`]; without one every call fails.

use std::{error::Error, fmt, io::Write as _, path::Path, sync::Arc};

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

/// Answers a call of the guest, which is named by a binding, a namespace and an operation such as
/// `kubewarden`, `kubernetes` and `get_resource`, and comes with a payload. An error is what the
/// guest is told as the reason.
type Host = dyn Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// A policy's module, compiled. Clones share the compiled code.
#[derive(Clone)]
pub struct Policy {
    engine: Engine,
    module: Module,
    provider: WasmtimeEngineProviderPre,
    host: Arc<Host>,
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
        let provider = provider(&engine, &module, ResourceLimits::default())?;
        Ok(Self { engine, module, provider, host: Arc::new(no_host) })
    }

    /// The same policy with instances that fail to grow their memory beyond so many bytes. What
    /// a policy needs shows in the limit under which it still answers: the memory itself is out
    /// of the provider's sight.
    pub fn with_memory_limit(&self, bytes: usize) -> Result<Self, LoadError> {
        let limits = ResourceLimits { max_memory_size: Some(bytes), ..ResourceLimits::default() };
        let provider = provider(&self.engine, &self.module, limits)?;
        Ok(Self { provider, ..self.clone() })
    }

    /// The same policy with instances whose calls of the host are answered so. The function gets
    /// binding, namespace, operation and payload; a reason that it gives instead of an answer is
    /// what the guest is told. Logs do not come to it: they go to stderr.
    #[must_use]
    pub fn with_host(
        &self,
        host: impl Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self { host: Arc::new(host), ..self.clone() }
    }

    /// Starts a fresh instance, without compiling anything: what policy-server does for each
    /// evaluation.
    pub fn instance(&self) -> Result<Instance, wapc::errors::Error> {
        let provider = self.provider.rehydrate(None)?;
        let answer = Arc::clone(&self.host);
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            host_call(&*answer, binding, namespace, operation, payload).map_err(Box::<dyn Error + Send + Sync>::from)
        };
        let host = WapcHost::new(Box::new(provider), Some(Box::new(callback)))?;
        Ok(Instance { host })
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

fn provider(engine: &Engine, module: &Module, limits: ResourceLimits) -> Result<WasmtimeEngineProviderPre, LoadError> {
    let builder = WasmtimeEngineProviderBuilder::new().engine(engine.clone()).module(module.clone());
    Ok(builder.enable_resource_limits(limits).build_pre()?)
}

/// Answers what the guest asks: every guest may log, the rest is up to the host that was given.
fn host_call(host: &Host, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
    match (binding, namespace, operation) {
        ("kubewarden", "tracing", "log") => {
            let event = String::from_utf8_lossy(payload);
            // A log that cannot be written must not change the policy's answer.
            let _ = writeln!(std::io::stderr().lock(), "policy log: {event}");
            Ok(Vec::new())
        }
        ("kubewarden", "tracing", _) => Err(format!("unknown operation: {operation}")),
        ("kubewarden", _, _) => host(binding, namespace, operation, payload),
        _ => Err(format!("unknown binding: {binding}")),
    }
}

/// The host of a policy that was given none.
fn no_host(_binding: &str, namespace: &str, operation: &str, _payload: &[u8]) -> Result<Vec<u8>, String> {
    Err(format!("the runner has no host capability {namespace}/{operation}"))
}
