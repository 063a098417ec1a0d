//! The engine that kwctl and policy-server embed, for what is tested and timed: wasmtime, without the parts that a policy
//! does not need. The crate `wasmtime-provider` would bring them all, and make the first test take twice as long.

use std::sync::Arc;

use wapc::{
    ModuleState, WebAssemblyEngineProvider,
    errors::Error as WapcError,
    wapc_functions::{GUEST_CALL, REQUIRED_STARTS},
};
use wasmtime::{
    Caller, Engine, Error, Extern, InstancePre, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc,
};

use super::{
    BoxError, Code, LoadError, Provider,
    imports::{Fault, MEMORY, link_imports},
};

/// A module that was compiled and has its imports.
#[derive(Clone)]
pub(super) struct Compiled {
    module: InstancePre<Guest>,
    memory_limit: Option<usize>,
}

/// What the imports of a guest work on.
struct Guest {
    host: Arc<ModuleState>,
    limits: StoreLimits,
}

/// Lengths of the function's name and of the payload, and whether the guest answered.
type GuestCall = TypedFunc<(i32, i32), i32>;

struct Compiler {
    code: Compiled,
    running: Option<(Store<Guest>, GuestCall)>,
}

impl Compiled {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, LoadError> {
        let engine = Engine::default();
        let module = Module::new(&engine, bytes)
            .and_then(|module| linker(&engine)?.instantiate_pre(&module))
            .map_err(|error| LoadError::Invalid(error.to_string()))?;
        Ok(Self { module, memory_limit: None })
    }
}

impl Code for Compiled {
    fn provider(&self) -> Result<Provider, WapcError> {
        Ok(Box::new(Compiler { code: self.clone(), running: None }))
    }

    fn with_memory_limit(&self, bytes: usize) -> Arc<dyn Code> {
        Arc::new(Self { memory_limit: Some(bytes), ..self.clone() })
    }
}

impl WebAssemblyEngineProvider for Compiler {
    fn init(&mut self, host: Arc<ModuleState>) -> Result<(), BoxError> {
        let Compiled { module, memory_limit } = &self.code;
        let limits = StoreLimitsBuilder::new().memory_size(memory_limit.unwrap_or(usize::MAX)).build();
        let mut store = Store::new(module.module().engine(), Guest { host, limits });
        store.limiter(|guest| &mut guest.limits);
        let instance = module.instantiate(&mut store)?;
        for function in REQUIRED_STARTS {
            if let Some(start) = instance.get_func(&mut store, function) {
                start.typed::<(), ()>(&store)?.call(&mut store, ())?;
            }
        }
        let guest_call = instance.get_typed_func(&mut store, GUEST_CALL)?;
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

fn linker(engine: &Engine) -> Result<Linker<Guest>, Error> {
    let mut linker = Linker::new(engine);
    link_imports!(linker, parts, error);
    Ok(linker)
}

fn parts<'caller>(caller: &'caller mut Caller<'_, Guest>) -> Option<(&'caller mut [u8], &'caller ModuleState)> {
    let memory = caller.get_export(MEMORY).and_then(Extern::into_memory)?;
    let (bytes, guest) = memory.data_and_store_mut(caller);
    Some((bytes, &guest.host))
}

fn error(fault: Fault) -> Error {
    Error::new(fault)
}
