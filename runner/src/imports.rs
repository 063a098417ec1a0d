//! What a guest can import: waPC, and of WASI what Rust's standard library uses in a policy. A guest finds no environment
//! and no files but stderr.

use std::{
    io::{self, Write as _},
    ops::Range,
};

use wasmi::{Caller, Engine, Error, Extern, Linker, errors::LinkerError};

use crate::policy::State;

/// The export through which host and guest exchange bytes.
pub(crate) const MEMORY: &str = "memory";

/// WASI's numbers for success, for a file that is not open and for stderr.
const SUCCESS: u32 = 0;
const BAD_FILE: u32 = 8;
const STDERR: u32 = 2;

/// Why an import cannot do what the guest asks. It stops the guest.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the policy names memory that it does not have")]
    OutOfBounds,
    #[error("the policy names a call in bytes that are no text")]
    NoText,
    #[error("the policy exited with status {0}")]
    Exit(u32),
}

/// The memory of a guest, by address and length.
struct Memory<'m>(&'m mut [u8]);

impl Memory<'_> {
    fn read(&self, at: u32, length: u32) -> Result<&[u8], Fault> {
        self.0.get(range(at, length as usize)).ok_or(Fault::OutOfBounds)
    }

    fn text(&self, at: u32, length: u32) -> Result<&str, Fault> {
        str::from_utf8(self.read(at, length)?).map_err(|_| Fault::NoText)
    }

    fn lossy(&self, at: u32, length: u32) -> Result<String, Fault> {
        Ok(String::from_utf8_lossy(self.read(at, length)?).into_owned())
    }

    fn at(&mut self, at: u32, length: usize) -> Result<&mut [u8], Fault> {
        self.0.get_mut(range(at, length)).ok_or(Fault::OutOfBounds)
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Fault> {
        self.at(at, bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }
}

/// Adds functions to a linker: each gets the guest's memory, the state of its call and the parameters of the import.
macro_rules! import {
    ($linker:ident, $module:literal, {
        $($name:literal => |$memory:ident, $host:ident $(, $parameter:ident)*| $body:block)*
    }) => {
        $($linker.func_wrap($module, $name, |mut caller: Caller<'_, State>, $($parameter: u32),*| {
            let memory = caller.get_export(MEMORY).and_then(Extern::into_memory);
            let memory = memory.ok_or_else(|| Error::new(Fault::OutOfBounds.to_string()))?;
            let (bytes, state) = memory.data_and_store_mut(&mut caller);
            #[allow(unused_mut, unused_variables, reason = "not every import needs both")]
            let (mut $memory, $host) = (Memory(bytes), &state.host);
            stopping(|| $body)
        })?;)*
    };
}

/// Every import that a guest may have.
pub(crate) fn linker(engine: &Engine) -> Result<Linker<State>, LinkerError> {
    let mut linker = Linker::new(engine);
    import!(linker, "wapc", {
        "__guest_request" => |memory, host, operation, payload| {
            let Some(request) = host.get_guest_request() else { return Ok(()) };
            memory.write(operation, request.operation.as_bytes())?;
            memory.write(payload, &request.msg)
        }
        "__guest_response" => |memory, host, at, length| {
            host.set_guest_response(memory.read(at, length)?.to_vec());
            Ok(())
        }
        "__guest_error" => |memory, host, at, length| {
            host.set_guest_error(memory.lossy(at, length)?);
            Ok(())
        }
        "__console_log" => |memory, host, at, length| {
            host.do_console_log(&memory.lossy(at, length)?);
            Ok(())
        }
        "__host_call" => |memory, host, binding, b, namespace, n, operation, o, payload, p| {
            let (binding, namespace) = (memory.text(binding, b)?, memory.text(namespace, n)?);
            let (operation, payload) = (memory.text(operation, o)?, memory.read(payload, p)?);
            // The host keeps the answer or the reason against one, and returns here only which it is.
            Ok(host.do_host_call(binding, namespace, operation, payload).unwrap_or(0).cast_unsigned())
        }
        "__host_response_len" => |memory, host| { size(host.host_response_len()) }
        "__host_response" => |memory, host, at| {
            host.with_host_response(|response| memory.write(at, response)).unwrap_or(Ok(()))
        }
        "__host_error_len" => |memory, host| { size(host.get_host_error().unwrap_or_default().len()) }
        "__host_error" => |memory, host, at| {
            memory.write(at, host.get_host_error().unwrap_or_default().as_bytes())
        }
    });
    import!(linker, "wasi_snapshot_preview1", {
        "environ_get" => |memory, host, _variables, _text| { Ok(SUCCESS) }
        "environ_sizes_get" => |memory, host, count, length| {
            memory.write(count, &[0; 4])?;
            memory.write(length, &[0; 4])?;
            Ok(SUCCESS)
        }
        // A policy that panics writes the reason to stderr. The pieces are a list of addresses and lengths.
        "fd_write" => |memory, host, file, pieces, count, written| {
            if file != STDERR {
                return Ok(BAD_FILE);
            }
            let mut text = Vec::new();
            for piece in memory.read(pieces, count.saturating_mul(8))?.chunks_exact(8) {
                text.extend_from_slice(memory.read(number(piece, 0), number(piece, 4))?);
            }
            // A text that cannot be written must not change the policy's answer.
            let _ = io::stderr().lock().write_all(&text);
            memory.write(written, &size(text.len())?.to_le_bytes())?;
            Ok(SUCCESS)
        }
        "proc_exit" => |memory, host, status| { Err::<(), _>(Fault::Exit(status)) }
        // Zeros: the numbers seed hash maps, and a policy then answers the same each time.
        "random_get" => |memory, host, at, length| {
            memory.at(at, length as usize)?.fill(0);
            Ok(SUCCESS)
        }
    });
    Ok(linker)
}

/// A fault stops the guest, with this error.
fn stopping<R>(import: impl FnOnce() -> Result<R, Fault>) -> Result<R, Error> {
    import().map_err(|fault| Error::new(fault.to_string()))
}

fn range(at: u32, length: usize) -> Range<usize> {
    let start = at as usize;
    start..start.saturating_add(length)
}

/// The number that starts at this byte of the piece.
fn number(piece: &[u8], at: usize) -> u32 {
    piece.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn size(length: usize) -> Result<u32, Fault> {
    u32::try_from(length).map_err(|_| Fault::OutOfBounds)
}
