/**
 * Owns the calls into the policy's module: a host for waPC guests (https://wapc.io), with the calls that guests make to
 * their host.
 *
 * Each call has an instance of its own, as in policy-server, so no call can see what another one left behind.
 */

import { ConsoleStdout, type Fd, File, OpenFile, WASI } from "@bjorn3/browser_wasi_shim";

/** The guest did not answer: it trapped, or it said that it failed. */
export class GuestFailure extends Error {}

/** What a guest asks its host for. */
export type HostCall = Record<"binding" | "namespace" | "operation" | "payload", string>;

export type HostAnswer = { payload: string } | { error: string };

export type Host = (call: HostCall) => HostAnswer;

interface Exports {
  memory: WebAssembly.Memory;
  wapc_init: () => void;
  __guest_call: (operationLength: number, payloadLength: number) => number;
}

/** Calls one of the functions that the guest registered. */
export function call(module: WebAssembly.Module, operation: string, payload: Uint8Array, host: Host): Uint8Array {
  const stderr: string[] = [];
  const wasi = new WASI([], [], standardStreams(stderr));
  const operationBytes = new TextEncoder().encode(operation);
  let answer = new Uint8Array();
  let failure = "";
  let hostAnswer = new Uint8Array();

  // Guest and host read and write the guest's memory, which moves when it grows.
  const bytes = () => new Uint8Array(exports.memory.buffer);
  const read = (at: number, length: number) => bytes().slice(at, at + length);
  const readText = (at = 0, length = 0) => new TextDecoder().decode(read(at, length));
  const writeHostAnswer = (at: number) => bytes().set(hostAnswer, at);
  const wapc = {
    __guest_request: (operationAt: number, payloadAt: number) => {
      bytes().set(operationBytes, operationAt);
      bytes().set(payload, payloadAt);
    },
    __guest_response: (at: number, length: number) => {
      answer = read(at, length);
    },
    __guest_error: (at: number, length: number) => {
      failure = readText(at, length);
    },
    /** The guest gives four texts, each with where it stands and how long it is. */
    __host_call: (...texts: number[]) => {
      const textAt = (index: number) => readText(texts[index], texts[index + 1]);
      const call = { binding: textAt(0), namespace: textAt(2), operation: textAt(4), payload: textAt(6) };
      const given = host(call);
      hostAnswer = new TextEncoder().encode("payload" in given ? given.payload : given.error);
      return "payload" in given ? 1 : 0;
    },
    __host_response_len: () => hostAnswer.length,
    __host_response: writeHostAnswer,
    __host_error_len: () => hostAnswer.length,
    __host_error: writeHostAnswer,
  };
  const instance = new WebAssembly.Instance(module, { wasi_snapshot_preview1: wasi.wasiImport, wapc });
  const exports = instance.exports as unknown as Exports;

  try {
    wasi.initialize({ exports: { memory: exports.memory } });
    // A host calls `_start` before this, which only a module with a `main` has.
    exports.wapc_init();
    if (exports.__guest_call(operationBytes.length, payload.length) === 1) return answer;
  } catch (error) {
    throw new GuestFailure([String(error), ...stderr].join("\n"));
  }
  throw new GuestFailure(failure || `the policy has no answer to ${operation}`);
}

/** Streams without an input; what the guest writes when it panics is kept. */
function standardStreams(stderr: string[]): Fd[] {
  return [
    new OpenFile(new File([])),
    ConsoleStdout.lineBuffered(() => {}),
    ConsoleStdout.lineBuffered((line) => stderr.push(line)),
  ];
}
