//! `runner run`: the exact line that kwctl prints, or the exact failure.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::{
    command::{ALLOWED, Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{ACCEPTED, Reply, VALID, assemble, guest, validating},
};

#[track_caller]
fn assert_answer(policy: &[u8], request: &str, line: &str) {
    assert_eq!(Directory::new(policy, request).evaluate("run", &[]), answer(line));
}

/// The guest returns this from `validate`; the runner prints that.
#[track_caller]
fn assert_answer_of(returned: &str, line: &str) {
    assert_answer(&validating(Reply::Answer(returned)), REQUEST, line);
}

#[test]
fn accepts() {
    assert_answer_of(ACCEPTED, ALLOWED);
}

#[test]
fn a_rejection_is_an_answer() {
    assert_answer_of(
        r#"{"accepted":false,"message":"no \"way\"","code":403}"#,
        r#"{"uid":"u1","allowed":false,"status":{"message":"no \"way\"","code":403},"auditAnnotations":null,"warnings":null}"#,
    );
}

#[test]
fn a_status_has_only_what_the_policy_gave() {
    assert_answer_of(
        r#"{"accepted":false}"#,
        r#"{"uid":"u1","allowed":false,"auditAnnotations":null,"warnings":null}"#,
    );
    assert_answer_of(
        r#"{"accepted":false,"message":"no"}"#,
        r#"{"uid":"u1","allowed":false,"status":{"message":"no"},"auditAnnotations":null,"warnings":null}"#,
    );
    assert_answer_of(
        r#"{"accepted":true,"code":200}"#,
        r#"{"uid":"u1","allowed":true,"status":{"code":200},"auditAnnotations":null,"warnings":null}"#,
    );
}

#[test]
fn a_mutation_becomes_a_patch() {
    let patch = BASE64.encode(
        r#"[{"op":"replace","path":"/spec/b/1","value":3},{"op":"add","path":"/spec/c","value":"x"},{"op":"remove","path":"/spec/a"}]"#,
    );
    assert_answer_of(
        r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,3],"c":"x"}}}"#,
        &format!(
            r#"{{"uid":"u1","allowed":true,"patchType":"JSONPatch","patch":"{patch}","auditAnnotations":null,"warnings":null}}"#
        ),
    );
}

#[test]
fn an_equal_object_is_no_patch() {
    assert_answer_of(r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,2],"a":1}}}"#, ALLOWED);
}

#[test]
fn a_mutation_of_a_deleted_object_is_refused() {
    let request = REQUEST.replace("CREATE", "DELETE").replace("\"object\"", "\"oldObject\"");
    assert_answer(
        &validating(Reply::Answer(r#"{"accepted":true,"mutated_object":{},"warnings":["w"]}"#)),
        &request,
        r#"{"uid":"u1","allowed":false,"status":{"message":"Incoming object is null, which happens only with DELETE operations, but the policy is attempting a mutation. This is not allowed"},"auditAnnotations":null,"warnings":null}"#,
    );
}

#[test]
fn annotations_are_sorted_and_warnings_are_not() {
    assert_answer_of(
        r#"{"accepted":true,"audit_annotations":{"b":"2","c":"3","a":"1"},"warnings":["z","y"]}"#,
        r#"{"uid":"u1","allowed":true,"auditAnnotations":{"a":"1","b":"2","c":"3"},"warnings":["z","y"]}"#,
    );
    assert_answer_of(
        r#"{"accepted":true,"audit_annotations":{},"warnings":[]}"#,
        r#"{"uid":"u1","allowed":true,"auditAnnotations":{},"warnings":[]}"#,
    );
}

#[test]
fn a_trap_is_a_rejection() {
    assert_answer(
        &validating(Reply::Trap),
        REQUEST,
        &failed("Guest call failure: wasm `unreachable` instruction executed"),
    );
}

#[test]
fn an_error_of_the_guest_is_a_rejection() {
    assert_answer(&validating(Reply::Fail("out of luck")), REQUEST, &failed("Guest call failure: out of luck"));
}

#[test]
fn an_answer_that_is_no_answer_is_a_rejection() {
    assert_answer_of("accepted", &failed("invalid response from policy: expected value at line 1 column 1"));
    assert_answer_of("{}", &failed("invalid response from policy: missing field `accepted` at line 1 column 2"));
}

/// The guest replies so to `validate_settings`; the runner refuses with this line.
#[track_caller]
fn assert_invalid_settings(reply: Reply, line: &str) {
    let policy = guest(reply, Reply::Answer(ACCEPTED));
    assert_eq!(Directory::new(&policy, REQUEST).evaluate("run", &["--settings-json", r#"{"a":1}"#]), failure(1, line));
}

#[test]
fn refuses_settings_that_the_policy_refuses() {
    assert_invalid_settings(
        Reply::Answer(r#"{"valid":false,"message":"a: unknown"}"#),
        "Error: Provided settings are not valid: a: unknown",
    );
    assert_invalid_settings(Reply::Answer(r#"{"valid":false}"#), "Error: Provided settings are not valid: ");
}

#[test]
fn refuses_settings_that_the_policy_cannot_judge() {
    assert_invalid_settings(
        Reply::FailWithPayload,
        r#"Error: Provided settings are not valid: Error invoking settings validation callback: GuestCallFailure("{\"a\":1}")"#,
    );
    assert_invalid_settings(
        Reply::Trap,
        r#"Error: Provided settings are not valid: Error invoking settings validation callback: GuestCallFailure("wasm `unreachable` instruction executed")"#,
    );
    assert_invalid_settings(
        Reply::Answer("fine"),
        r#"Error: Provided settings are not valid: error: InvalidResponseWithError(Error("expected ident", line: 1, column: 2))"#,
    );
}

/// The guest uses what Rust's standard library does: it asks for the environment and for random numbers, writes to stdout,
/// which is not open, and in two pieces to stderr, and exits.
#[test]
fn gives_a_policy_the_system_that_rust_expects() {
    let policy = assemble(
        r#"(module
             (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
             (memory (export "memory") 1)
             (data (i32.const 0) "\10\00\00\00\02\00\00\00\12\00\00\00\06\00\00\00no host\0a")
             (func $require (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))
             (func (export "__guest_call") (param i32 i32) (result i32)
               (call $require (i32.eqz (call $sizes (i32.const 64) (i32.const 68))))
               (call $require (i32.eqz (i32.load (i32.const 64))))
               (call $require (i32.eqz (call $environ (i32.const 64) (i32.const 72))))
               (call $require (i32.eqz (call $random (i32.const 64) (i32.const 16))))
               (call $require (i32.eq (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 64)) (i32.const 8)))
               (call $require (i32.eqz (call $write (i32.const 2) (i32.const 0) (i32.const 2) (i32.const 64))))
               (call $require (i32.eq (i32.load (i32.const 64)) (i32.const 8)))
               (call $exit (i32.const 3))
               unreachable))"#,
    );
    assert_eq!(
        Directory::new(&policy, REQUEST).evaluate("run", &[]),
        failure(
            1,
            "no host\nError: Provided settings are not valid: Error invoking settings validation callback: GuestCallFailure(\"the policy exited with status 3\")"
        )
    );
}

/// The guest calls an import with parameters that make no sense; the runner answers for it.
#[test]
fn a_call_that_makes_no_sense_is_a_rejection() {
    let rejected = |code: &str, reason: &str| {
        let policy = assemble(&format!(
            r#"(module
                 (import "wapc" "__guest_request" (func $request (param i32 i32)))
                 (import "wapc" "__guest_response" (func $response (param i32 i32)))
                 (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
                 (memory (export "memory") 1)
                 (data (i32.const 0) "{{\22valid\22:true}}")
                 (data (i32.const 32) "\ff")
                 (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
                   (if (i32.eq (local.get $operation) (i32.const {}))
                     (then (call $response (i32.const 0) (i32.const 14)) (return (i32.const 1))))
                   {code}
                   (i32.const 1)))"#,
            "validate_settings".len()
        ));
        assert_answer(&policy, REQUEST, &failed(&format!("Guest call failure: {reason}")));
    };
    let out_of_bounds = "the policy names memory that it does not have";
    rejected("(call $response (i32.const 65535) (i32.const 2))", out_of_bounds);
    rejected("(call $response (i32.const -1) (i32.const -1))", out_of_bounds);
    rejected("(call $request (i32.const 0) (i32.const 65535))", out_of_bounds);
    let ask = |length| {
        let rest = "(i32.const 0) (i32.const 1) ".repeat(3);
        format!("(drop (call $host_call (i32.const 32) (i32.const {length}) {rest}))")
    };
    rejected(&ask(1), "the policy names a call in bytes that are no text");
    rejected(&ask(65536), out_of_bounds);
}

/// The module file has this content; the runner refuses with this line.
#[track_caller]
fn assert_module_error(module: &[u8], line: &str) {
    assert_eq!(Directory::new(module, REQUEST).evaluate("run", &[]), failure(2, line));
}

#[test]
fn names_what_is_wrong_with_a_module() {
    assert_module_error(b"", "Error: policy.wasm: not a WebAssembly module");
    assert_module_error(b"(module)", "Error: policy.wasm: not a WebAssembly module");
    assert_module_error(
        b"\0asm",
        "Error: policy.wasm: not a valid WebAssembly module: unexpected end-of-file (at offset 0x4)",
    );
    assert_module_error(
        &assemble("(component)"),
        "Error: policy.wasm: not a valid WebAssembly module: unknown binary version and encoding combination: 0xd and 0x1, note: encoded as a component but the WebAssembly component model feature is not enabled - enable the feature to allow component validation (at offset 0x0)",
    );
    assert_module_error(
        &assemble("(module)"),
        "Error: policy.wasm: not a waPC policy: it does not export the function __guest_call",
    );
    assert_module_error(
        &assemble(r#"(module (func (export "__guest_call") (result i32) i32.const 1))"#),
        "Error: policy.wasm: not a waPC policy: it does not export the function __guest_call",
    );
    assert_module_error(
        &assemble(r#"(module (func (export "__guest_call") (param i32 i32) (result i32) i32.const 1))"#),
        "Error: policy.wasm: not a waPC policy: it does not export a memory",
    );
    assert_module_error(
        &assemble(
            r#"(module
                 (import "env" "clock" (func))
                 (memory (export "memory") 1)
                 (func (export "__guest_call") (param i32 i32) (result i32) i32.const 1))"#,
        ),
        "Error: policy.wasm: Initialization failed: cannot find definition for import (env,clock) with type Func(FuncType { core: FuncType { params: [], results: [] } })",
    );
    assert_module_error(
        &assemble(
            r#"(module
                 (memory (export "memory") 1)
                 (func (export "wapc_init") unreachable)
                 (func (export "__guest_call") (param i32 i32) (result i32) i32.const 1))"#,
        ),
        "Error: policy.wasm: Initialization failed: wasm `unreachable` instruction executed",
    );
}

#[test]
fn a_wrong_command_line_is_told_apart_from_a_refusal() {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    let outcome = directory.runner(&["run", "policy.wasm"], "");
    assert_eq!(
        outcome,
        failure(
            2,
            "error: the following required arguments were not provided:\n  --request-path <PATH>\n\nUsage: runner run --request-path <PATH> <MODULE>\n\nFor more information, try '--help'."
        )
    );
}

#[test]
fn the_policy_may_log() {
    let event = r#"{"level":"INFO","message":"hello"}"#;
    let policy = validating(Reply::AskHost(["kubewarden", "tracing", "log", event], ACCEPTED));
    assert_eq!(
        Directory::new(&policy, REQUEST).evaluate("run", &[]),
        Outcome { code: Some(0), stdout: format!("{ALLOWED}\n"), stderr: format!("policy log: {event}\n") }
    );
}

#[test]
fn the_policy_may_ask_for_nothing_else() {
    let refusal = |request, error| {
        assert_answer(
            &guest(Reply::Answer(VALID), Reply::AskHost(request, ACCEPTED)),
            REQUEST,
            &failed(&format!("Guest call failure: {error}")),
        );
    };
    refusal(
        ["kubewarden", "net", "v1/dns_lookup_host", r#""host""#],
        "the runner has no host capability net/v1/dns_lookup_host",
    );
    refusal(["kubewarden", "tracing", "span", "{}"], "unknown operation: span");
    refusal(["other", "tracing", "log", "{}"], "unknown binding: other");
}
