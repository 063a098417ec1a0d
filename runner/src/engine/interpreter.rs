//! The engine of the program: an interpreter, which Cargo builds in seconds where a compiler of
//! WebAssembly takes minutes. A guest has the imports of waPC, and of WASI those that Rust's standard
//! library uses in a policy: it finds no environment, may write to stderr and may exit.

use std::{
    error::Error as StdError,
    io::{self, Write as _},
    sync::Arc,
};

use wapc::{HOST_NAMESPACE, ModuleState, WebAssemblyEngineProvider, wapc_functions as names};
use wasmi::{
    Caller, Engine, Error, Extern, ExternType, Linker, Memory, Module, Store, StoreLimits, StoreLimitsBuilder,
    TrapCode, TypedFunc, ValType, errors::LinkerError,
};

use super::{Code, LoadError, Provider};

const WASI: &str = "wasi_snapshot_preview1";
/// Where a host reads what the guest says, and writes what it tells the guest.
const MEMORY: &str = "memory";

/// WASI's numbers for success, for a file that is not open and for stderr.
const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const STDERR: u32 = 2;

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
type GuestCall = TypedFunc<(u32, u32), u32>;

struct Interpreter {
    code: Interpreted,
    running: Option<(Store<Guest>, GuestCall)>,
}

impl Interpreted {
    pub(super) fn new(bytes: &[u8]) -> Result<Self, LoadError> {
        let module = Module::new(&Engine::default(), bytes).map_err(|error| LoadError::Invalid(error.to_string()))?;
        let is_guest_call =
            module.get_export(names::GUEST_CALL).as_ref().and_then(ExternType::func).is_some_and(|function| {
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
    fn provider(&self) -> Result<Provider, wapc::errors::Error> {
        Ok(Box::new(Interpreter { code: self.clone(), running: None }))
    }

    fn with_memory_limit(&self, bytes: usize) -> Result<Arc<dyn Code>, LoadError> {
        let limits = StoreLimitsBuilder::new().memory_size(bytes).build();
        Ok(Arc::new(Self { limits, ..self.clone() }))
    }
}

impl WebAssemblyEngineProvider for Interpreter {
    fn init(&mut self, host: Arc<ModuleState>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let Interpreted { module, limits } = self.code.clone();
        let mut store = Store::new(module.engine(), Guest { host, limits });
        store.limiter(|guest| &mut guest.limits);
        let instance = imports(module.engine())?.instantiate_and_start(&mut store, &module)?;
        for function in names::REQUIRED_STARTS {
            if instance.get_export(&store, function).is_some() {
                instance.get_typed_func::<(), ()>(&store, function)?.call(&mut store, ())?;
            }
        }
        let guest_call = instance.get_typed_func(&store, names::GUEST_CALL)?;
        self.running = Some((store, guest_call));
        Ok(())
    }

    fn call(&mut self, operation_length: i32, payload_length: i32) -> Result<i32, Box<dyn StdError + Send + Sync>> {
        let (store, guest_call) = self.running.as_mut().ok_or("the instance is not initialized")?;
        let lengths = (operation_length.cast_unsigned(), payload_length.cast_unsigned());
        Ok(guest_call.call(store, lengths)?.cast_signed())
    }

    fn replace(&mut self, _bytes: &[u8]) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Err("an instance keeps its module".into())
    }
}

/// Everything that a guest can import.
fn imports(engine: &Engine) -> Result<Linker<Guest>, LinkerError> {
    let mut linker = Linker::new(engine);
    add_wapc(&mut linker)?;
    add_wasi(&mut linker)?;
    Ok(linker)
}

fn add_wapc(linker: &mut Linker<Guest>) -> Result<(), LinkerError> {
    linker
        .func_wrap(
            HOST_NAMESPACE,
            names::GUEST_REQUEST_FN,
            |mut caller: Caller<'_, Guest>, operation: u32, payload: u32| match caller.data().host.get_guest_request() {
                None => Ok(()),
                Some(request) => {
                    write(&mut caller, operation, request.operation.as_bytes())?;
                    write(&mut caller, payload, &request.msg)
                }
            },
        )?
        .func_wrap(HOST_NAMESPACE, names::GUEST_RESPONSE_FN, |caller: Caller<'_, Guest>, text: u32, length: u32| {
            caller.data().host.set_guest_response(read(&caller, text, length)?.to_vec());
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, names::GUEST_ERROR_FN, |caller: Caller<'_, Guest>, text: u32, length: u32| {
            caller.data().host.set_guest_error(read_text(&caller, text, length)?);
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_CONSOLE_LOG, |caller: Caller<'_, Guest>, text: u32, length: u32| {
            caller.data().host.do_console_log(&read_text(&caller, text, length)?);
            Ok::<_, Error>(())
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_CALL, host_call)?
        .func_wrap(HOST_NAMESPACE, names::HOST_RESPONSE_LEN_FN, |caller: Caller<'_, Guest>| {
            length(caller.data().host.host_response_len())
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_RESPONSE_FN, |mut caller: Caller<'_, Guest>, at: u32| {
            let response = caller.data().host.with_host_response(<[u8]>::to_vec).unwrap_or_default();
            write(&mut caller, at, &response)
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_ERROR_LEN_FN, |caller: Caller<'_, Guest>| {
            length(caller.data().host.get_host_error().unwrap_or_default().len())
        })?
        .func_wrap(HOST_NAMESPACE, names::HOST_ERROR_FN, |mut caller: Caller<'_, Guest>, at: u32| {
            let error = caller.data().host.get_host_error().unwrap_or_default();
            write(&mut caller, at, error.as_bytes())
        })?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "the import has so many")]
fn host_call(
    caller: Caller<'_, Guest>,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> Result<i32, Error> {
    let binding = read_text(&caller, binding, binding_length)?;
    let namespace = read_text(&caller, namespace, namespace_length)?;
    let operation = read_text(&caller, operation, operation_length)?;
    let payload = read(&caller, payload, payload_length)?;
    let answer = caller.data().host.do_host_call(&binding, &namespace, &operation, payload);
    answer.map_err(|error| Error::new(error.to_string()))
}

fn add_wasi(linker: &mut Linker<Guest>) -> Result<(), LinkerError> {
    linker
        .func_wrap(WASI, "environ_sizes_get", |mut caller: Caller<'_, Guest>, count: u32, size: u32| {
            write(&mut caller, count, &0_u32.to_le_bytes())?;
            write(&mut caller, size, &0_u32.to_le_bytes())?;
            Ok::<_, Error>(SUCCESS)
        })?
        .func_wrap(WASI, "environ_get", |_: Caller<'_, Guest>, _: u32, _: u32| SUCCESS)?
        .func_wrap(WASI, "fd_write", fd_write)?
        // It seeds hash maps, nothing else. Without chance a policy answers the same each time.
        .func_wrap(WASI, "random_get", |mut caller: Caller<'_, Guest>, at: u32, length: u32| {
            let chosen = vec![0; read(&caller, at, length)?.len()];
            write(&mut caller, at, &chosen)?;
            Ok::<_, Error>(SUCCESS)
        })?
        .func_wrap(WASI, "proc_exit", |_: Caller<'_, Guest>, status: u32| {
            Err::<(), _>(Error::new(format!("the policy exited with status {status}")))
        })?;
    Ok(())
}

/// Writes to stderr, where a policy that panics says why. The pieces are a list of addresses and lengths.
fn fd_write(mut caller: Caller<'_, Guest>, file: u32, pieces: u32, count: u32, written: u32) -> Result<u32, Error> {
    if file != STDERR {
        return Ok(BAD_FILE);
    }
    let word = |bytes: &[u8]| bytes.first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
    let mut text = Vec::new();
    for piece in read(&caller, pieces, count.saturating_mul(8))?.chunks_exact(8) {
        let (address, length) = piece.split_at(4);
        text.extend_from_slice(read(&caller, word(address), word(length))?);
    }
    // A text that cannot be written must not change the policy's answer.
    let _ = io::stderr().lock().write_all(&text);
    write(&mut caller, written, &length(text.len())?.to_le_bytes())?;
    Ok(SUCCESS)
}

fn memory(caller: &Caller<'_, Guest>) -> Result<Memory, Error> {
    caller.get_export(MEMORY).and_then(Extern::into_memory).ok_or_else(|| TrapCode::MemoryOutOfBounds.into())
}

fn read<'caller>(caller: &'caller Caller<'_, Guest>, at: u32, length: u32) -> Result<&'caller [u8], Error> {
    let bytes = memory(caller)?.data(caller).get(at as usize..).and_then(|bytes| bytes.get(..length as usize));
    bytes.ok_or_else(|| TrapCode::MemoryOutOfBounds.into())
}

fn read_text(caller: &Caller<'_, Guest>, at: u32, length: u32) -> Result<String, Error> {
    String::from_utf8(read(caller, at, length)?.to_vec()).map_err(|error| Error::new(error.to_string()))
}

fn write(caller: &mut Caller<'_, Guest>, at: u32, bytes: &[u8]) -> Result<(), Error> {
    Ok(memory(caller)?.write(caller, at as usize, bytes)?)
}

fn length(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|_| TrapCode::MemoryOutOfBounds.into())
}
