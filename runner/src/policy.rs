//! waPC modules: read once, called in any number of instances. A guest that traps or reports an error is an error of the
//! call, never a panic.

use std::{error::Error, fs, path::Path, sync::Arc};

use anyhow::{Result, anyhow, ensure};
use wapc::{
    ModuleState, WapcHost, WebAssemblyEngineProvider,
    wapc_functions::{GUEST_CALL, REQUIRED_STARTS},
};
use wasmi::{Engine, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc};

use crate::{
    WapcError,
    imports::{State, linker},
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
pub struct Instance(WapcHost);

impl Policy {
    /// Reads the module in a file. The error names the file.
    pub fn load(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).map_err(anyhow::Error::from);
        // The tests show this error with `{}`, which would leave out a cause.
        bytes.and_then(|bytes| Self::from_bytes(&bytes)).map_err(|error| anyhow!("{}: {error}", path.display()))
    }

    /// Reads a module in the binary format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        // The engine's message for any other file is eleven lines long.
        ensure!(bytes.starts_with(b"\0asm"), "not a WebAssembly module");
        let module = Module::new(&Engine::default(), bytes)
            .map_err(|error| anyhow!("not a valid WebAssembly module: {error}"))?;
        let host = |_: &str, _: &str, _: &str, _: &[u8]| Err("the policy has no host".to_owned());
        Ok(Self { module, limits: StoreLimits::default(), host: Arc::new(host) })
    }

    /// The same policy with instances that cannot grow their memory beyond this many bytes.
    #[must_use]
    pub fn with_memory_limit(&self, bytes: usize) -> Self {
        Self { limits: StoreLimitsBuilder::new().memory_size(bytes).build(), ..self.clone() }
    }

    /// The same policy with a function that answers its calls of the host. It receives binding, namespace, operation and
    /// payload; the guest receives its answer or its error. Without such a function every call fails.
    #[must_use]
    pub fn with_host(
        &self,
        host: impl Fn(&str, &str, &str, &[u8]) -> Result<Vec<u8>, String> + Send + Sync + 'static,
    ) -> Self {
        Self { host: Arc::new(host), ..self.clone() }
    }

    /// Starts a fresh instance, as policy-server does for each evaluation.
    pub fn instance(&self) -> Result<Instance, WapcError> {
        let host = Arc::clone(&self.host);
        let callback = move |_: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            host(binding, namespace, operation, payload).map_err(BoxError::from)
        };
        let guest = Guest { module: self.module.clone(), limits: self.limits.clone(), running: None };
        Ok(Instance(WapcHost::new(Box::new(guest), Some(Box::new(callback)))?))
    }
}

impl Instance {
    /// Calls a function that the guest registered, such as `validate`.
    pub fn call(&self, function: &str, payload: &[u8]) -> Result<Vec<u8>, WapcError> {
        self.0.call(function, payload)
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
        let guest_call = instance.get_typed_func(&store, GUEST_CALL);
        let guest_call = guest_call.map_err(|error| format!("{GUEST_CALL}: {error}"))?;
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
