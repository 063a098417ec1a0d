//! The engine of the program: wasmi, an interpreter, which Cargo builds in seconds where a compiler of WebAssembly takes
//! minutes.

use std::sync::Arc;

use wapc::{
    ModuleState, WebAssemblyEngineProvider,
    errors::Error as WapcError,
    wapc_functions::{GUEST_CALL, REQUIRED_STARTS},
};
use wasmi::{
    Caller, Engine, Error, Extern, ExternType, Linker, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc,
    ValType, errors::LinkerError,
};

use super::{
    BoxError, Code, LoadError, Provider,
    imports::{Fault, MEMORY, link_imports},
};

/// A module that was read and checked.
#[derive(Clone)]
pub(super) struct Interpreted {
    module: Module,
    limits: StoreLimits,
}

/// What the imports of a guest work on.
struct Guest {
    host: Arc<ModuleState>,
    limits: StoreLimits,
}

/// Lengths of the function's name and of the payload, and whether the guest answered.
type GuestCall = TypedFunc<(i32, i32), i32>;

struct Interpreter {
    code: Interpreted,
    running: Option<(Store<Guest>, GuestCall)>,
}

impl Interpreted {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, LoadError> {
        let module = Module::new(&Engine::default(), bytes).map_err(|error| LoadError::Invalid(error.to_string()))?;
        let guest_call = module.get_export(GUEST_CALL);
        let is_guest_call = guest_call.as_ref().and_then(ExternType::func).is_some_and(|function| {
            function.params() == [ValType::I32, ValType::I32] && function.results() == [ValType::I32]
        });
        if !is_guest_call {
            return Err(LoadError::Export("the function __guest_call"));
        }
        if module.get_export(MEMORY).as_ref().and_then(ExternType::memory).is_none() {
            return Err(LoadError::Export("a memory"));
        }
        Ok(Self { module, limits: StoreLimits::default() })
    }
}

impl Code for Interpreted {
    fn provider(&self) -> Result<Provider, WapcError> {
        Ok(Box::new(Interpreter { code: self.clone(), running: None }))
    }

    fn with_memory_limit(&self, bytes: usize) -> Arc<dyn Code> {
        let limits = StoreLimitsBuilder::new().memory_size(bytes).build();
        Arc::new(Self { limits, ..self.clone() })
    }
}

impl WebAssemblyEngineProvider for Interpreter {
    fn init(&mut self, host: Arc<ModuleState>) -> Result<(), BoxError> {
        let Interpreted { module, limits } = self.code.clone();
        let mut store = Store::new(module.engine(), Guest { host, limits });
        store.limiter(|guest| &mut guest.limits);
        let instance = linker(module.engine())?.instantiate_and_start(&mut store, &module)?;
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

fn linker(engine: &Engine) -> Result<Linker<Guest>, LinkerError> {
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
    Error::new(fault.to_string())
}
