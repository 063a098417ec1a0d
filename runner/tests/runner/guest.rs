//! Guests in the text format, one behaviour each.

/// What a guest does when one of its functions is called.
#[derive(Clone, Copy)]
pub(crate) enum Reply<'a> {
    /// Returns these bytes.
    Answer(&'a str),
    /// Reports the payload of the call as its error: the host passes that on verbatim.
    FailWithPayload,
    /// Executes `unreachable`.
    Trap,
    /// Grows its memory by a page, or traps if it cannot, and returns these bytes, in which the digit after `call ` is one
    /// higher each time.
    Grow(&'a str),
    /// Calls the host with binding, namespace, operation and payload. Returns the host's answer, or reports its error.
    Relay([&'a str; 4]),
}

pub(crate) const VALID: &str = r#"{"valid":true}"#;
pub(crate) const ACCEPTED: &str = r#"{"accepted":true}"#;

/// Where the guests keep the text of their replies, and what they receive.
const SETTINGS_TEXT: usize = 0x1000;
const VALIDATE_TEXT: usize = 0x2000;
const OPERATION: usize = 0x10000;
const PAYLOAD: usize = 0x20000;

/// A guest with valid settings.
pub(crate) fn validating(validate: Reply) -> Vec<u8> {
    guest(Reply::Answer(VALID), validate)
}

/// A guest that replies so to `validate_settings`, and so to everything else. It starts with 16 pages of memory.
pub(crate) fn guest(settings: Reply, validate: Reply) -> Vec<u8> {
    let (settings_data, settings_code) = compile(settings, SETTINGS_TEXT);
    let (validate_data, validate_code) = compile(validate, VALIDATE_TEXT);
    let length = "validate_settings".len();
    assemble(&format!(
        r#"(module
             (import "wapc" "__guest_request" (func $request (param i32 i32)))
             (import "wapc" "__guest_response" (func $response (param i32 i32)))
             (import "wapc" "__guest_error" (func $error (param i32 i32)))
             (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
             (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
             (import "wapc" "__host_response" (func $host_response (param i32)))
             (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
             (import "wapc" "__host_error" (func $host_error (param i32)))
             (memory (export "memory") 16)
             {settings_data} {validate_data}
             (func $validate_settings (param $length i32) (result i32) {settings_code})
             (func $validate (param $length i32) (result i32) {validate_code})
             (func (export "__guest_call") (param $operation i32) (param $length i32) (result i32)
               (call $request (i32.const {OPERATION}) (i32.const {PAYLOAD}))
               (if (result i32) (i32.eq (local.get $operation) (i32.const {length}))
                 (then (call $validate_settings (local.get $length)))
                 (else (call $validate (local.get $length))))))"#
    ))
}

/// Turns the text format into a module.
pub(crate) fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The data segments and the body of a function that replies so, with its text at an address.
fn compile(reply: Reply, address: usize) -> (String, String) {
    let answer = |text: &str| {
        let code = format!("(call $response (i32.const {address}) (i32.const {})) (i32.const 1)", text.len());
        (data(address, text), code)
    };
    match reply {
        Reply::Answer(text) => answer(text),
        Reply::FailWithPayload => {
            (String::new(), format!("(call $error (i32.const {PAYLOAD}) (local.get $length)) (i32.const 0)"))
        }
        Reply::Trap => (String::new(), "unreachable".to_owned()),
        Reply::Grow(text) => {
            let (data, code) = answer(text);
            let digit = address + text.find("call ").unwrap() + "call ".len();
            let count = format!(
                "(if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then unreachable))
                 (i32.store8 (i32.const {digit}) (i32.add (i32.load8_u (i32.const {digit})) (i32.const 1)))"
            );
            (data, format!("{count} {code}"))
        }
        Reply::Relay(arguments) => {
            let (mut segments, mut operands, mut next) = (String::new(), String::new(), address);
            for argument in arguments {
                segments += &data(next, argument);
                operands += &format!("(i32.const {next}) (i32.const {})", argument.len());
                next += argument.len();
            }
            let code = format!(
                "(if (i32.eqz (call $host_call {operands}))
                   (then
                     (call $host_error (i32.const {PAYLOAD}))
                     (call $error (i32.const {PAYLOAD}) (call $host_error_len))
                     (return (i32.const 0))))
                 (call $host_response (i32.const {PAYLOAD}))
                 (call $response (i32.const {PAYLOAD}) (call $host_response_len)) (i32.const 1)"
            );
            (segments, code)
        }
    }
}

fn data(address: usize, text: &str) -> String {
    let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    format!("(data (i32.const {address}) \"{bytes}\")")
}
