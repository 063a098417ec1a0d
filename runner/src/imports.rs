//! What a guest can import: waPC, and of WASI what Rust's standard library uses in a policy. A guest finds no environment
//! and no files but stderr. An import that fails stops the guest.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use wapc::ModuleState;
use wasmi::{
    Caller, Engine, Error, Extern, Linker, Memory, StoreLimits,
    errors::{LinkerError, MemoryError},
};

const WAPC: &str = "wapc";
const WASI: &str = "wasi_snapshot_preview1";

/// WASI's numbers for success, for a file that is not open and for stderr.
const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const STDERR: u32 = 2;

/// What the imports of a guest work on.
pub(crate) struct State {
    pub(crate) host: Arc<ModuleState>,
    pub(crate) limits: StoreLimits,
}

/// Every import that a guest may have.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>, LinkerError> {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap(WAPC, "__guest_request", |mut guest: Caller<State>, operation: u32, payload: u32| {
            let Some(request) = guest.data().host.get_guest_request() else { return Ok(()) };
            write(&mut guest, operation, request.operation.as_bytes())?;
            write(&mut guest, payload, &request.msg)
        })?
        .func_wrap(WAPC, "__guest_response", |guest: Caller<State>, at: u32, length: u32| {
            guest.data().host.set_guest_response(read(&guest, at, length)?.to_vec());
            Ok(())
        })?
        .func_wrap(WAPC, "__guest_error", |guest: Caller<State>, at: u32, length: u32| {
            guest.data().host.set_guest_error(text(&guest, at, length)?);
            Ok(())
        })?
        .func_wrap(
            WAPC,
            "__host_call",
            |guest: Caller<State>, binding, b, namespace, n, operation, o, payload: u32, p: u32| {
                let (binding, namespace) = (text(&guest, binding, b)?, text(&guest, namespace, n)?);
                let (operation, payload) = (text(&guest, operation, o)?, read(&guest, payload, p)?);
                // The host keeps the answer, or the reason against one, and returns here only which it is.
                Ok(guest.data().host.do_host_call(&binding, &namespace, &operation, payload).unwrap_or(0))
            },
        )?
        .func_wrap(WAPC, "__host_response_len", |guest: Caller<State>| size(guest.data().host.host_response_len()))?
        .func_wrap(WAPC, "__host_response", |mut guest: Caller<State>, at: u32| {
            let response = guest.data().host.with_host_response(<[u8]>::to_vec);
            write(&mut guest, at, &response.unwrap_or_default())
        })?
        .func_wrap(WAPC, "__host_error_len", |guest: Caller<State>| {
            size(guest.data().host.get_host_error().unwrap_or_default().len())
        })?
        .func_wrap(WAPC, "__host_error", |mut guest: Caller<State>, at: u32| {
            let error = guest.data().host.get_host_error();
            write(&mut guest, at, error.unwrap_or_default().as_bytes())
        })?
        .func_wrap(WASI, "environ_get", |_variables: u32, _text: u32| SUCCESS)?
        .func_wrap(WASI, "environ_sizes_get", |mut guest: Caller<State>, count: u32, length: u32| {
            write(&mut guest, count, &[0; 4])?;
            write(&mut guest, length, &[0; 4])?;
            Ok(SUCCESS)
        })?
        // A policy that panics writes the reason to stderr. The pieces are a list of addresses and lengths.
        .func_wrap(WASI, "fd_write", |mut guest: Caller<State>, file: u32, pieces, count: u32, written| {
            if file != STDERR {
                return Ok(BAD_FILE);
            }
            let mut text = Vec::new();
            for piece in read(&guest, pieces, count.saturating_mul(8))?.as_chunks::<4>().0.as_chunks().0 {
                let [at, length] = piece.map(u32::from_le_bytes);
                text.extend_from_slice(read(&guest, at, length)?);
            }
            // A text that cannot be written must not change the policy's answer.
            let _ = io::stderr().lock().write_all(&text);
            write(&mut guest, written, &size(text.len())?.to_le_bytes())?;
            Ok(SUCCESS)
        })?
        .func_wrap(WASI, "proc_exit", |status: u32| {
            Err::<(), _>(Error::new(format!("the policy exited with status {status}")))
        })?
        // Zeros: the numbers seed hash maps, and a policy then answers the same each time.
        .func_wrap(WASI, "random_get", |mut guest: Caller<State>, at, length: u32| {
            let zeros = vec![0; read(&guest, at, length)?.len()];
            write(&mut guest, at, &zeros)?;
            Ok(SUCCESS)
        })?;
    Ok(linker)
}

fn memory(guest: &Caller<State>) -> Result<Memory, Error> {
    let memory = guest.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::new("the policy exports no memory"))
}

fn read<'g>(guest: &'g Caller<State>, at: u32, length: u32) -> Result<&'g [u8], Error> {
    let start = at as usize;
    let bytes = memory(guest)?.data(guest).get(start..start.saturating_add(length as usize));
    Ok(bytes.ok_or(MemoryError::OutOfBoundsAccess)?)
}

fn text(guest: &Caller<State>, at: u32, length: u32) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(read(guest, at, length)?).into_owned())
}

fn write(guest: &mut Caller<State>, at: u32, bytes: &[u8]) -> Result<(), Error> {
    Ok(memory(guest)?.write(guest, at as usize, bytes)?)
}

fn size(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|_| MemoryError::OutOfBoundsAccess.into())
}
