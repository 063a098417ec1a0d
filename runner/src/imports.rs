//! What a guest can import: waPC, and of WASI what Rust's standard library uses in a policy. A guest finds
//! no environment and no files but stderr.
//!
//! Each function gets the guest's memory and the state of its call, then the parameters of the import, which are addresses
//! and lengths. A fault stops the guest.

use std::{
    io::{self, Write as _},
    ops::Range,
};

use wapc::ModuleState;
use wasmi::{Caller, Engine, Error, Extern, Linker, errors::LinkerError};

use crate::policy::State;

/// Where the host reads what the guest says, and writes what it tells the guest.
pub(crate) const MEMORY: &str = "memory";

/// WASI's numbers for success, for a file that is not open and for stderr.
const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const STDERR: u32 = 2;

/// Why an import cannot do what the guest asks.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the policy names memory that it does not have")]
    OutOfBounds,
    #[error("the policy names a call in bytes that are no text")]
    NoText,
    #[error("the policy exited with status {0}")]
    Exit(u32),
}

/// Adds functions to a linker under the names by which a guest imports them.
macro_rules! link {
    ($linker:ident, $module:literal, { $($name:literal => $function:ident($($parameter:ident),*),)* }) => {
        $($linker.func_wrap($module, $name, |caller: Caller<'_, State>, $($parameter: u32),*| {
            with_memory(caller, |memory, host| $function(memory, host, $($parameter),*))
        })?;)*
    };
}

/// Every import that a guest may have.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>, LinkerError> {
    let mut linker = Linker::new(engine);
    link!(linker, "wapc", {
        "__guest_request" => guest_request(operation, payload),
        "__guest_response" => guest_response(text, length),
        "__guest_error" => guest_error(text, length),
        "__console_log" => console_log(text, length),
        "__host_call" => host_call(binding, b, namespace, n, operation, o, payload, p),
        "__host_response_len" => host_response_len(),
        "__host_response" => host_response(at),
        "__host_error_len" => host_error_len(),
        "__host_error" => host_error(at),
    });
    link!(linker, "wasi_snapshot_preview1", {
        "environ_get" => environ_get(variables, text),
        "environ_sizes_get" => environ_sizes_get(count, size),
        "fd_write" => fd_write(file, pieces, count, written),
        "proc_exit" => proc_exit(status),
        "random_get" => random_get(at, length),
    });
    Ok(linker)
}

fn with_memory<R>(
    mut caller: Caller<'_, State>,
    import: impl FnOnce(&mut [u8], &ModuleState) -> Result<R, Fault>,
) -> Result<R, Error> {
    let memory = caller.get_export(MEMORY).and_then(Extern::into_memory);
    let result = memory.ok_or(Fault::OutOfBounds).and_then(|memory| {
        let (bytes, state) = memory.data_and_store_mut(&mut caller);
        import(bytes, &state.host)
    });
    result.map_err(|fault| Error::new(fault.to_string()))
}

fn guest_request(memory: &mut [u8], host: &ModuleState, operation: u32, payload: u32) -> Result<(), Fault> {
    let Some(request) = host.get_guest_request() else { return Ok(()) };
    write(memory, operation, request.operation.as_bytes())?;
    write(memory, payload, &request.msg)
}

fn guest_response(memory: &mut [u8], host: &ModuleState, text: u32, length: u32) -> Result<(), Fault> {
    host.set_guest_response(read(memory, text, length)?.to_vec());
    Ok(())
}

fn guest_error(memory: &mut [u8], host: &ModuleState, text: u32, length: u32) -> Result<(), Fault> {
    host.set_guest_error(String::from_utf8_lossy(read(memory, text, length)?).into_owned());
    Ok(())
}

fn console_log(memory: &mut [u8], host: &ModuleState, text: u32, length: u32) -> Result<(), Fault> {
    host.do_console_log(&String::from_utf8_lossy(read(memory, text, length)?));
    Ok(())
}

/// The parameters are four addresses, each with its length.
#[expect(clippy::too_many_arguments, reason = "the import has so many")]
fn host_call(
    memory: &mut [u8],
    host: &ModuleState,
    binding: u32,
    binding_length: u32,
    namespace: u32,
    namespace_length: u32,
    operation: u32,
    operation_length: u32,
    payload: u32,
    payload_length: u32,
) -> Result<u32, Fault> {
    let binding = read_text(memory, binding, binding_length)?;
    let namespace = read_text(memory, namespace, namespace_length)?;
    let operation = read_text(memory, operation, operation_length)?;
    let payload = read(memory, payload, payload_length)?;
    // The state keeps the answer or the reason against one, and says here only which it is.
    Ok(host.do_host_call(binding, namespace, operation, payload).unwrap_or(0).cast_unsigned())
}

fn host_response_len(_: &mut [u8], host: &ModuleState) -> Result<u32, Fault> {
    size(host.host_response_len())
}

fn host_response(memory: &mut [u8], host: &ModuleState, at: u32) -> Result<(), Fault> {
    host.with_host_response(|response| write(memory, at, response)).unwrap_or(Ok(()))
}

fn host_error_len(_: &mut [u8], host: &ModuleState) -> Result<u32, Fault> {
    size(host.get_host_error().unwrap_or_default().len())
}

fn host_error(memory: &mut [u8], host: &ModuleState, at: u32) -> Result<(), Fault> {
    write(memory, at, host.get_host_error().unwrap_or_default().as_bytes())
}

fn environ_get(_: &mut [u8], _: &ModuleState, _variables: u32, _text: u32) -> Result<u32, Fault> {
    Ok(SUCCESS)
}

fn environ_sizes_get(memory: &mut [u8], _: &ModuleState, count: u32, size: u32) -> Result<u32, Fault> {
    write(memory, count, &[0; 4])?;
    write(memory, size, &[0; 4])?;
    Ok(SUCCESS)
}

/// Writes to stderr, where a policy that panics says why. The pieces are a list of addresses and lengths.
fn fd_write(
    memory: &mut [u8],
    _: &ModuleState,
    file: u32,
    pieces: u32,
    count: u32,
    written: u32,
) -> Result<u32, Fault> {
    if file != STDERR {
        return Ok(BAD_FILE);
    }
    let mut text = Vec::new();
    for piece in read(memory, pieces, count.saturating_mul(8))?.chunks_exact(8) {
        text.extend_from_slice(read(memory, number(piece, 0), number(piece, 4))?);
    }
    // A text that cannot be written must not change the policy's answer.
    let _ = io::stderr().lock().write_all(&text);
    write(memory, written, &size(text.len())?.to_le_bytes())?;
    Ok(SUCCESS)
}

fn proc_exit(_: &mut [u8], _: &ModuleState, status: u32) -> Result<(), Fault> {
    Err(Fault::Exit(status))
}

/// Gives zeros: the numbers seed hash maps, and a policy then answers the same each time.
fn random_get(memory: &mut [u8], _: &ModuleState, at: u32, length: u32) -> Result<u32, Fault> {
    memory.get_mut(range(at, length as usize)).ok_or(Fault::OutOfBounds)?.fill(0);
    Ok(SUCCESS)
}

fn range(at: u32, length: usize) -> Range<usize> {
    let start = at as usize;
    start..start.saturating_add(length)
}

fn read(memory: &[u8], at: u32, length: u32) -> Result<&[u8], Fault> {
    memory.get(range(at, length as usize)).ok_or(Fault::OutOfBounds)
}

fn read_text(memory: &[u8], at: u32, length: u32) -> Result<&str, Fault> {
    str::from_utf8(read(memory, at, length)?).map_err(|_| Fault::NoText)
}

fn write(memory: &mut [u8], at: u32, bytes: &[u8]) -> Result<(), Fault> {
    memory.get_mut(range(at, bytes.len())).ok_or(Fault::OutOfBounds)?.copy_from_slice(bytes);
    Ok(())
}

/// The number that starts at this byte of the piece.
fn number(piece: &[u8], at: usize) -> u32 {
    piece.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn size(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| Fault::OutOfBounds)
}
