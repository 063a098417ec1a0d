//! `runner run`: the exact line that kwctl prints, or the exact failure.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use rstest::rstest;

use crate::{
    command::{Directory, Outcome, REQUEST, answer, failed, failure},
    guest::{ACCEPTED, Reply, assemble, guest, validating},
};

#[track_caller]
fn assert_answer(policy: &[u8], request: &str, line: &str) {
    assert_eq!(Directory::new(policy, request).evaluate("run", &[]), answer(line));
}

const NO_NOTES: &str = r#""auditAnnotations":null,"warnings":null"#;

/// The guest returns the first from `validate`; the runner prints the uid and the others.
#[rstest]
#[case(ACCEPTED, r#""allowed":true"#, NO_NOTES)]
#[case(r#"{"accepted":false}"#, r#""allowed":false"#, NO_NOTES)]
#[case(
    r#"{"accepted":false,"message":"no \"way\"","code":403}"#,
    r#""allowed":false,"status":{"message":"no \"way\"","code":403}"#,
    NO_NOTES
)]
#[case(r#"{"accepted":false,"message":"no"}"#, r#""allowed":false,"status":{"message":"no"}"#, NO_NOTES)]
#[case(r#"{"accepted":true,"code":200}"#, r#""allowed":true,"status":{"code":200}"#, NO_NOTES)]
#[case::annotations_are_sorted_and_warnings_are_not(
    r#"{"accepted":true,"audit_annotations":{"b":"2","a":"1"},"warnings":["z","y"]}"#,
    r#""allowed":true"#,
    r#""auditAnnotations":{"a":"1","b":"2"},"warnings":["z","y"]"#
)]
#[case(
    r#"{"accepted":true,"audit_annotations":{},"warnings":[]}"#,
    r#""allowed":true"#,
    r#""auditAnnotations":{},"warnings":[]"#
)]
#[case::the_same_object(
    r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,2],"a":1}}}"#,
    r#""allowed":true"#,
    NO_NOTES
)]
fn prints_what_the_policy_answers(#[case] returned: &str, #[case] response: &str, #[case] notes: &str) {
    assert_answer(&validating(Reply::Answer(returned)), REQUEST, &format!(r#"{{"uid":"u1",{response},{notes}}}"#));
}

#[test]
fn a_mutation_becomes_a_patch() {
    let patch = BASE64.encode(
        r#"[{"op":"replace","path":"/spec/b/1","value":3},{"op":"add","path":"/spec/c","value":"x"},{"op":"remove","path":"/spec/a"}]"#,
    );
    assert_answer(
        &validating(Reply::Answer(r#"{"accepted":true,"mutated_object":{"spec":{"b":[1,3],"c":"x"}}}"#)),
        REQUEST,
        &format!(r#"{{"uid":"u1","allowed":true,"patchType":"JSONPatch","patch":"{patch}",{NO_NOTES}}}"#),
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

#[rstest]
#[case(Reply::Trap, "Guest call failure: wasm `unreachable` instruction executed")]
#[case(Reply::Answer("yes"), "invalid response from policy: expected value at line 1 column 1")]
#[case(Reply::Answer("{}"), "invalid response from policy: missing field `accepted` at line 1 column 2")]
fn a_call_that_fails_is_a_rejection(#[case] reply: Reply, #[case] reason: &str) {
    assert_answer(&validating(reply), REQUEST, &failed(reason));
}

#[rstest]
#[case(Reply::Answer(r#"{"valid":false,"message":"a: unknown"}"#), "a: unknown")]
#[case(Reply::Answer(r#"{"valid":false}"#), "")]
#[case(Reply::FailWithPayload, r#"Error invoking settings validation callback: GuestCallFailure("{\"a\":1}")"#)]
#[case(
    Reply::Trap,
    r#"Error invoking settings validation callback: GuestCallFailure("wasm `unreachable` instruction executed")"#
)]
#[case(Reply::Answer("fine"), r#"error: InvalidResponseWithError(Error("expected ident", line: 1, column: 2))"#)]
fn refuses_settings_that_the_policy_refuses(
    #[case] reply: Reply,
    #[case] problem: &str,
    #[values("run", "explain")] command: &str,
) {
    let directory = Directory::new(&guest(reply, Reply::Answer(ACCEPTED)), REQUEST);
    assert_eq!(
        directory.evaluate(command, &["--settings-json", r#"{"a":1}"#]),
        failure(&format!("Provided settings are not valid: {problem}"))
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
    let error = "Error: Provided settings are not valid: Error invoking settings validation callback: GuestCallFailure(\"the policy exited with status 3\")";
    let stderr = format!("no host\n{error}\n");
    let outcome = Outcome { code: Some(1), stdout: String::new(), stderr };
    assert_eq!(Directory::new(&policy, REQUEST).evaluate("run", &[]), outcome);
}

/// The guest calls an import with addresses that it does not have.
#[rstest]
#[case("(call $response (i32.const 65535) (i32.const 2))")]
#[case("(call $response (i32.const -1) (i32.const -1))")]
#[case("(call $request (i32.const 0) (i32.const 65535))")]
#[case(
    "(drop (call $host_call (i32.const 32) (i32.const 65536)
       (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 1)))"
)]
fn a_call_that_makes_no_sense_is_a_rejection(#[case] code: &str) {
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
    assert_answer(&policy, REQUEST, &failed("Guest call failure: out of bounds memory access"));
}

#[rstest]
#[case(b"", "not a WebAssembly module")]
#[case(b"(module)", "not a WebAssembly module")]
#[case(b"\0asm", "not a valid WebAssembly module: unexpected end-of-file (at offset 0x4)")]
#[case(&assemble("(module)"), "Initialization failed: __guest_call: could not find exported function")]
#[case(
    &assemble(r#"(module (func (export "__guest_call") (result i32) i32.const 1))"#),
    "Initialization failed: __guest_call: encountered an incorrect number of parameters"
)]
#[case(
    &assemble(
        r#"(module
             (import "wapc" "__guest_error" (func $error (param i32 i32)))
             (func (export "wapc_init") (call $error (i32.const 0) (i32.const 1))))"#
    ),
    "Initialization failed: the policy exports no memory"
)]
#[case(
    &assemble(r#"(module (import "env" "clock" (func)))"#),
    "Initialization failed: cannot find definition for import (env,clock) with type Func(FuncType { core: FuncType { params: [], results: [] } })"
)]
#[case(
    &assemble(r#"(module (func (export "wapc_init") unreachable))"#),
    "Initialization failed: wasm `unreachable` instruction executed"
)]
fn names_what_is_wrong_with_a_module(#[case] module: &[u8], #[case] problem: &str) {
    let outcome = Directory::new(module, REQUEST).evaluate("run", &[]);
    assert_eq!(outcome, failure(&format!("policy.wasm: {problem}")));
}

#[rstest]
#[case(
    &["run", "policy.wasm"],
    "the following required arguments were not provided:\n  --request-path <PATH>\n\nUsage: runner run --request-path <PATH> <MODULE>"
)]
#[case(
    &["run", "--allow-context-aware", "-r", "-", "policy.wasm"],
    "the following required arguments were not provided:\n  --replay-host-capabilities-interactions <FILE>\n\nUsage: runner run --request-path <PATH> --replay-host-capabilities-interactions <FILE> --allow-context-aware <MODULE>"
)]
fn a_wrong_command_line_is_told_apart_from_a_refusal(#[case] arguments: &[&str], #[case] problem: &str) {
    let directory = Directory::new(&validating(Reply::Answer(ACCEPTED)), REQUEST);
    let stderr = format!("error: {problem}\n\nFor more information, try '--help'.\n");
    let outcome = Outcome { code: Some(2), stdout: String::new(), stderr };
    assert_eq!(directory.runner(arguments, ""), outcome);
    assert_eq!(directory.runner(&["--version"], ""), answer(concat!("runner ", env!("CARGO_PKG_VERSION"))));
}
