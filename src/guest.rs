//! The module's side of waPC: what policy-server and kwctl call. Beside the arena it is the only code that is not native.
//!
//! The crate `wapc-guest` does the same. Its registry of functions brings a hash map, and with that a source of random
//! numbers with all its errors: a sixth of the module, for the three functions that a policy has.
//! Source: `wapc_functions` in the crate `wapc`, which is the host's side.
#![expect(unsafe_code, reason = "the host and the module share memory, and the host finds functions by their names")]

#[link(wasm_import_module = "wapc")]
unsafe extern "C" {
    /// Has the host write the function's name and the payload, of the lengths that it gave to [`guest_call`].
    #[link_name = "__guest_request"]
    fn guest_request(function: *mut u8, payload: *mut u8);

    /// Hands the answer to the host, which copies it.
    #[link_name = "__guest_response"]
    fn guest_response(answer: *const u8, length: usize);

    /// As [`guest_response`], for what went wrong.
    #[link_name = "__guest_error"]
    fn guest_error(message: *const u8, length: usize);
}

/// Every module for waPC has this: hosts know one by it, and call it once for each instance.
#[unsafe(export_name = "wapc_init")]
extern "C" fn init() {}

/// Answers one call, and tells whether that went well.
#[unsafe(export_name = "__guest_call")]
extern "C" fn guest_call(function_length: usize, payload_length: usize) -> i32 {
    let mut function = vec![0; function_length];
    let mut payload = vec![0; payload_length];
    // SAFETY: the host writes as many bytes as it said, and both buffers have room for them.
    unsafe { guest_request(function.as_mut_ptr(), payload.as_mut_ptr()) };
    match crate::call(&function, &payload) {
        Some(answer) => {
            // SAFETY: pointer and length are those of a slice.
            unsafe { guest_response(answer.as_ptr(), answer.len()) };
            1
        }
        None => {
            let message = b"no such function: expected validate, validate_settings or protocol_version";
            // SAFETY: as above.
            unsafe { guest_error(message.as_ptr(), message.len()) };
            0
        }
    }
}
