//! waPC modules: read once, called in any number of instances.
//!
//! A guest that traps or reports an error yields the response that kwctl would print, never a panic. The function given to
//! [`Policy::with_host`] answers the guest's calls of its host; without one every call fails.

use std::{error::Error, io::Write as _, path::Path, sync::Arc};

use wapc::{
    ModuleState, WapcHost, WebAssemblyEngineProvider,
    wapc_functions::{GUEST_CALL, REQUIRED_STARTS},
};
use wasmi::{Engine, ExternType, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc, ValType};

use crate::{
    AdmissionRequest, AdmissionResponse, InputError, Settings, SettingsResponse,
    imports::{MEMORY, linker},
    input,
};

/// A policy's module. Clones share its code.
#[derive(Clone)]
pub struct Policy {
    module: Module,
    limits: StoreLimits,
    host: Arc<Host>,
}

/// Answers a call of the guest: binding, namespace and operation, such as `kubewarden`, `kubernetes` and `get_resource`,
/// and a payload. The guest gets the error as the reason.
type Host = dyn Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync;

type BoxError = Box<dyn Error + Send + Sync>;

/// A running module, with a memory of its own that lasts from call to call. It stays on the thread that started it.
#[derive(Debug)]
pub struct Instance {
    host: WapcHost,
}

/// Why a module cannot be used as a policy.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

impl Policy {
    /// Reads the module in a file. The error names the file.
    pub fn load(path: &Path) -> Result<Self, InputError> {
        let bytes = input::read(path, path.display())?;
        Self::from_bytes(&bytes).map_err(|error| InputError::new(path.display(), error))
    }

    /// Reads a module in the binary format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, LoadError> {
        // The engine's message for any other file would be about the version of a module.
        if !bytes.starts_with(b"\0asm") {
            return Err(LoadError("not a WebAssembly module".to_owned()));
        }
        let module = Module::new(&Engine::default(), bytes)
            .map_err(|error| LoadError(format!("not a valid WebAssembly module: {error}")))?;
        let guest_call = module.get_export(GUEST_CALL);
        let is_guest_call = guest_call.as_ref().and_then(ExternType::func).is_some_and(|function| {
            function.params() == [ValType::I32, ValType::I32] && function.results() == [ValType::I32]
        });
        let has_memory = module.get_export(MEMORY).is_some_and(|export| export.memory().is_some());
        let missing = match (is_guest_call, has_memory) {
            (true, true) => return Ok(Self { module, limits: StoreLimits::default(), host: Arc::new(no_host) }),
            (false, _) => "the function __guest_call",
            (true, false) => "a memory",
        };
        Err(LoadError(format!("not a waPC policy: it does not export {missing}")))
    }

    /// The same policy with instances that cannot grow their memory beyond this many bytes.
    #[must_use]
    pub fn with_memory_limit(&self, bytes: usize) -> Self {
        Self { limits: StoreLimitsBuilder::new().memory_size(bytes).build(), ..self.clone() }
    }

    /// The same policy with a function that answers its calls of the host. It receives binding, namespace, operation and
    /// payload; the guest receives its answer or its error. Logs go to stderr instead.
    #[must_use]
    pub fn with_host(
        &self,
        host: impl Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self { host: Arc::new(host), ..self.clone() }
    }

    /// Starts a fresh instance, as policy-server does for each evaluation.
    pub fn instance(&self) -> Result<Instance, wapc::errors::Error> {
        let answer = Arc::clone(&self.host);
        let callback = move |_id: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            host_call(&*answer, binding, namespace, operation, payload).map_err(BoxError::from)
        };
        let guest = Guest { module: self.module.clone(), limits: self.limits.clone(), running: None };
        let host = WapcHost::new(Box::new(guest), Some(Box::new(callback)))?;
        Ok(Instance { host })
    }
}

impl Instance {
    /// Calls a function that the guest registered, such as `protocol_version`.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, wapc::errors::Error> {
        self.host.call(function, payload)
    }

    /// Validates settings. A call that fails is a refusal.
    #[must_use]
    pub fn validate_settings(&self, settings: &Settings) -> SettingsResponse {
        let refusal = |message| SettingsResponse { valid: false, message: Some(message) };
        match self.call("validate_settings", &settings.payload()) {
            Ok(answer) => serde_json::from_slice(&answer)
                .unwrap_or_else(|error| refusal(format!("error: InvalidResponseWithError({error:?})"))),
            Err(error) => refusal(format!("Error invoking settings validation callback: {error:?}")),
        }
    }

    /// Evaluates a request. A call that fails is a rejection.
    #[must_use]
    pub fn validate(&self, request: &AdmissionRequest, settings: &Settings) -> AdmissionResponse {
        match self.call("validate", &request.payload(settings)) {
            Ok(answer) => AdmissionResponse::from_answer(request, &answer),
            Err(error) => AdmissionResponse::internal_error(request, error),
        }
    }
}

/// One instance, as waPC's host drives it.
struct Guest {
    module: Module,
    limits: StoreLimits,
    running: Option<(Store<State>, GuestCall)>,
}

/// Takes the lengths of the function's name and of the payload, and returns whether the guest answered.
type GuestCall = TypedFunc<(i32, i32), i32>;

/// What the imports of a guest work on.
pub(crate) struct State {
    pub(crate) host: Arc<ModuleState>,
    limits: StoreLimits,
}

impl WebAssemblyEngineProvider for Guest {
    fn init(&mut self, host: Arc<ModuleState>) -> Result<(), BoxError> {
        let mut store = Store::new(self.module.engine(), State { host, limits: self.limits.clone() });
        store.limiter(|state| &mut state.limits);
        let instance = linker(self.module.engine())?.instantiate_and_start(&mut store, &self.module)?;
        for function in REQUIRED_STARTS {
            if instance.get_export(&store, function).is_some() {
                instance.get_typed_func::<(), ()>(&store, function)?.call(&mut store, ())?;
            }
        }
        let guest_call = instance.get_typed_func(&store, GUEST_CALL)?;
        self.running = Some((store, guest_call));
        Ok(())
    }

    fn call(&mut self, operation_length: i32, payload_length: i32) -> Result<i32, BoxError> {
        let (store, guest_call) = self.running.as_mut().ok_or("the instance is not initialized")?;
        Ok(guest_call.call(store, (operation_length, payload_length))?)
    }

    fn replace(&mut self, _bytes: &[u8]) -> Result<(), BoxError> {
        Err("an instance keeps its module".into())
    }
}

/// Answers a call of the guest: every guest may log, the given host answers the rest.
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
