//! waPC modules: read once, called in as many instances as wanted.
//!
//! An [`Instance`] answers like kwctl's: a guest that traps or reports an error yields a response
//! that says so, never a panic. What a guest asks of its host is answered by the function given to
//! [`Policy::with_host`]; without one every call fails.

#[cfg(feature = "wasmtime")]
mod compiler;
mod imports;
mod interpreter;

use std::{error::Error, fmt, io::Write as _, path::Path, sync::Arc};

use wapc::{WapcHost, WebAssemblyEngineProvider};

use crate::{
    admission::{AdmissionRequest, AdmissionResponse, Settings, SettingsResponse},
    input::{self, InputError},
};

/// What a module runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// An interpreter, which is built in seconds.
    Interpreter,
    /// The compiler that kwctl and policy-server embed. It takes minutes to build.
    #[cfg(feature = "wasmtime")]
    Wasmtime,
}

/// A policy's module. Clones share its code.
#[derive(Clone)]
pub struct Policy {
    code: Arc<dyn Code>,
    host: Arc<Host>,
}

/// Answers a call of the guest, which is named by a binding, a namespace and an operation such as
/// `kubewarden`, `kubernetes` and `get_resource`, and comes with a payload. An error is what the
/// guest is told as the reason.
type Host = dyn Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

/// A module as an engine keeps it.
trait Code: Send + Sync {
    /// What runs one fresh instance.
    fn provider(&self) -> Result<Provider, wapc::errors::Error>;

    /// The same module with instances that fail to grow their memory beyond so many bytes.
    fn with_memory_limit(&self, bytes: usize) -> Arc<dyn Code>;
}

type Provider = Box<dyn WebAssemblyEngineProvider>;
type BoxError = Box<dyn Error + Send + Sync>;

/// A module at work, with a memory of its own that lasts from call to call. It stays on the
/// thread that made it.
#[derive(Debug)]
pub struct Instance {
    host: WapcHost,
}

/// Why a module cannot be used as a policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoadError {
    /// The bytes are something else.
    #[error("not a WebAssembly module")]
    NotWasm,
    /// The bytes start like a module, and the engine refuses them.
    #[error("not a valid WebAssembly module: {0}")]
    Invalid(String),
    /// A module that a waPC host cannot call.
    #[error("not a waPC policy: it does not export {0}")]
    Export(&'static str),
}

impl Policy {
    /// Reads the module in a file. The error names the file.
    pub fn load(engine: Engine, path: &Path) -> Result<Self, InputError> {
        let bytes = input::read(path)?;
        Self::from_bytes(engine, &bytes).map_err(|error| InputError::new(path.display(), error))
    }

    /// Reads a module in the binary format.
    pub fn from_bytes(engine: Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        // An engine may take the text format too, and tell the reader of any other file that its
        // syntax is wrong.
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError::NotWasm);
        }
        let code: Arc<dyn Code> = match engine {
            Engine::Interpreter => Arc::new(interpreter::Interpreted::new(bytes)?),
            #[cfg(feature = "wasmtime")]
            Engine::Wasmtime => Arc::new(compiler::Compiled::new(bytes)?),
        };
        Ok(Self { code, host: Arc::new(no_host) })
    }

    /// The same policy with instances that fail to grow their memory beyond so many bytes. What
    /// a policy needs shows in the limit under which it still answers: the memory itself is out
    /// of sight.
    #[must_use]
    pub fn with_memory_limit(&self, bytes: usize) -> Self {
        Self { code: self.code.with_memory_limit(bytes), host: Arc::clone(&self.host) }
    }

    /// The same policy with instances whose calls of the host are answered so. The function gets
    /// binding, namespace, operation and payload; a reason that it gives instead of an answer is
    /// what the guest is told. Logs do not come to it: they go to stderr.
    #[must_use]
    pub fn with_host(
        &self,
        host: impl Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self { code: Arc::clone(&self.code), host: Arc::new(host) }
    }

    /// Starts a fresh instance of the module that was read: what policy-server does for each
    /// evaluation.
    pub fn instance(&self) -> Result<Instance, wapc::errors::Error> {
        let answer = Arc::clone(&self.host);
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            host_call(&*answer, binding, namespace, operation, payload).map_err(BoxError::from)
        };
        let host = WapcHost::new(self.code.provider()?, Some(Box::new(callback)))?;
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
    pub fn validate_settings(&self, settings: &Settings) -> SettingsResponse {
        let refusal = |message| SettingsResponse { valid: false, message: Some(message) };
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
