//! `runner run`: the exact line that kwctl prints, or the exact failure.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::{
    command::{Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{ACCEPTED, Reply, VALID, assemble, guest, validating},
};

#[track_caller]
fn assert_answer(policy: &[u8], request: &str, line: &str) {
    assert_eq!(Directory::new(policy, request).evaluate("run", &[]), answer(line));
}

/// The guest returns the first from `validate`; the runner prints the uid and the second.
#[track_caller]
fn assert_answer_of(returned: &str, response: &str) {
    assert_answer(&validating(Reply::Answer(returned)), REQUEST, &format!(r#"{{"uid":"u1",{response}}}"#));
}

#[test]
fn prints_what_the_policy_answers() {
    let nothing = r#""auditAnnotations":null,"warnings":null"#;
    assert_answer_of(ACCEPTED, &format!(r#""allowed":true,{nothing}"#));
    assert_answer_of(r#"{"accepted":false}"#, &format!(r#""allowed":false,{nothing}"#));
    assert_answer_of(
        r#"{"accepted":false,"message":"no \"way\"","code":403}"#,
        &format!(r#""allowed":false,"status":{{"message":"no \"way\"","code":403}},{nothing}"#),
    );
    assert_answer_of(
        r#"{"accepted":false,"message":"no"}"#,
        &format!(r#""allowed":false,"status":{{"message":"no"}},{nothing}"#),
    );
    assert_answer_of(
        r#"{"accepted":true,"code":200}"#,
        &format!(r#""allowed":true,"status":{{"code":200}},{nothing}"#),
    );
    // Annotations are sorted, warnings are not.
    assert_answer_of(
        r#"{"accepted":true,"audit_annotations":{"b":"2","a":"1"},"warnings":["z","y"]}"#,
        r#""allowed":true,"auditAnnotations":{"a":"1","b":"2"},"warnings":["z","y"]"#,
    );
    assert_answer_of(
        r#"{"accepted":true,"audit_annotations":{},"warnings":[]}"#,
        r#""allowed":true,"auditAnnotations":{},"warnings":[]"#,
    );
}

#[test]
fn a_mutation_becomes_a_patch() {
    let patch = BASE64.encode(
        r#"[{"op":"replace","path":"/spec/b/1","value":3},{"op":"add","path":"/spec/c","value":"x"},{"op":"remove","path":"/spec/a"}]"#,
    );
    assert_answer_of(
        r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,3],"c":"x"}}}"#,
        &format!(r#""allowed":true,"patchType":"JSONPatch","patch":"{patch}","auditAnnotations":null,"warnings":null"#),
    );
    assert_answer_of(
        r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,2],"a":1}}}"#,
        r#""allowed":true,"auditAnnotations":null,"warnings":null"#,
    );
}

#[test]
fn a_mutation_of_a_deleted_object_is_refused() {
    assert_answer(
        &validating(Reply::Answer(r#"{"accepted":true,"mutated_object":{},"warnings":["w"]}"#)),
        &REQUEST.replace("CREATE", "DELETE").replace("\"object\"", "\"oldObject\""),
        r#"{"uid":"u1","allowed":false,"status":{"message":"Incoming object is null, which happens only with DELETE operations, but the policy is attempting a mutation. This is not allowed"},"auditAnnotations":null,"warnings":null}"#,
    );
}

#[test]
fn a_call_that_fails_is_a_rejection() {
    let assert_failed = |reply, reason: &str| assert_answer(&validating(reply), REQUEST, &failed(reason));
    assert_failed(Reply::Trap, "Guest call failure: wasm `unreachable` instruction executed");
    let invalid = "invalid response from policy";
    assert_failed(Reply::Answer("yes"), &format!("{invalid}: expected value at line 1 column 1"));
    assert_failed(Reply::Answer("{}"), &format!("{invalid}: missing field `accepted` at line 1 column 2"));

    let refused = |call, reason: &str| assert_failed(Reply::Relay(call), &format!("Guest call failure: {reason}"));
    refused(
        ["kubewarden", "net", "v1/dns_lookup_host", r#""host""#],
        "the runner has no host capability net/v1/dns_lookup_host",
    );
    refused(["kubewarden", "tracing", "span", "{}"], "unknown operation: span");
    refused(["other", "tracing", "log", "{}"], "unknown binding: other");
}

#[test]
fn refuses_settings_that_the_policy_refuses() {
    let assert_refused = |reply, problem: &str| {
        let policy = guest(reply, Reply::Answer(ACCEPTED));
        let line = format!("Error: Provided settings are not valid: {problem}");
        let options = ["--settings-json", r#"{"a":1}"#];
        assert_eq!(Directory::new(&policy, REQUEST).evaluate("run", &options), failure(1, &line));
    };
    assert_refused(Reply::Answer(r#"{"valid":false,"message":"a: unknown"}"#), "a: unknown");
    assert_refused(Reply::Answer(r#"{"valid":false}"#), "");
    let failed = "Error invoking settings validation callback: GuestCallFailure";
    assert_refused(Reply::FailWithPayload, &format!(r#"{failed}("{{\"a\":1}}")"#));
    assert_refused(Reply::Trap, &format!(r#"{failed}("wasm `unreachable` instruction executed")"#));
    assert_refused(
        Reply::Answer("fine"),
        r#"error: InvalidResponseWithError(Error("expected ident", line: 1, column: 2))"#,
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
    let line = "no host\nError: Provided settings are not valid: Error invoking settings validation callback: GuestCallFailure(\"the policy exited with status 3\")";
    assert_eq!(Directory::new(&policy, REQUEST).evaluate("run", &[]), failure(1, line));
}

/// The guest calls an import with parameters that make no sense.
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
                 (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
                   (if (i32.eq (local.get $operation) (i32.const {}))
                     (then (call $response (i32.const 0) (i32.const 14)) (return (i32.const 1))))
                   {code}
                   (i32.const 1)))"#,
            "validate_settings".len()
        ));
        assert_answer(&policy, REQUEST, &failed(&format!("Guest call failure: {reason}")));
    };
    let out_of_bounds = "out of bounds memory access";
    rejected("(call $response (i32.const 65535) (i32.const 2))", out_of_bounds);
    rejected("(call $response (i32.const -1) (i32.const -1))", out_of_bounds);
    rejected("(call $request (i32.const 0) (i32.const 65535))", out_of_bounds);
    let rest = "(i32.const 0) (i32.const 1) ".repeat(3);
    rejected(&format!("(drop (call $host_call (i32.const 32) (i32.const 65536) {rest}))"), out_of_bounds);
}

#[test]
fn names_what_is_wrong_with_a_module() {
    let assert_error = |module: &[u8], problem: &str| {
        let line = format!("Error: policy.wasm: {problem}");
        assert_eq!(Directory::new(module, REQUEST).evaluate("run", &[]), failure(2, &line));
    };
    assert_error(b"", "not a WebAssembly module");
    assert_error(b"(module)", "not a WebAssembly module");
    assert_error(b"\0asm", "not a valid WebAssembly module: unexpected end-of-file (at offset 0x4)");

    let export = |name| format!("not a waPC policy: it does not export {name}");
    let call = r#"(func (export "__guest_call") (param i32 i32) (result i32) i32.const 1)"#;
    let memory = r#"(memory (export "memory") 1)"#;
    let assert_error = |items: &str, problem: &str| assert_error(&assemble(&format!("(module {items})")), problem);
    assert_error(memory, &export("the function __guest_call"));
    assert_error(&format!("{memory} {}", call.replace("(param i32 i32)", "")), &export("the function __guest_call"));
    assert_error(call, &export("a memory"));
    assert_error(
        &format!(r#"(import "env" "clock" (func)) {memory} {call}"#),
        "Initialization failed: cannot find definition for import (env,clock) with type Func(FuncType { core: FuncType { params: [], results: [] } })",
    );
    assert_error(
        &format!(r#"{memory} (func (export "wapc_init") unreachable) {call}"#),
        "Initialization failed: wasm `unreachable` instruction executed",
    );
}

#[test]
fn a_wrong_command_line_is_told_apart_from_a_refusal() {
    let directory = Directory::new(&guest(Reply::Answer(VALID), Reply::Answer(ACCEPTED)), REQUEST);
    let usage = "error: the following required arguments were not provided:\n  --request-path <PATH>\n\nUsage: runner run --request-path <PATH> <MODULE>\n\nFor more information, try '--help'.";
    assert_eq!(directory.runner(&["run", "policy.wasm"], ""), failure(2, usage));
    assert_eq!(directory.runner(&["--version"], ""), answer(concat!("runner ", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn the_policy_may_log() {
    let event = r#"{"level":"INFO","message":"hello"}"#;
    let policy = guest(Reply::Answer(VALID), Reply::Relay(["kubewarden", "tracing", "log", event]));
    // The host's answer is empty, and so is that of the guest.
    let line = failed("invalid response from policy: EOF while parsing a value at line 1 column 0");
    assert_eq!(
        Directory::new(&policy, REQUEST).evaluate("run", &[]),
        Outcome { stderr: format!("policy log: {event}\n"), ..answer(&line) }
    );
}
