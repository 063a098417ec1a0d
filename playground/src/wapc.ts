/**
 * Owns the calls into the policy's module: a host for waPC guests (https://wapc.io) that make no host calls, as this
 * policy makes none. A module that asked for more would not link.
 *
 * Each call has an instance of its own, as in policy-server, so no call can see what another one left behind.
 */

import { ConsoleStdout, type Fd, File, OpenFile, WASI } from "@bjorn3/browser_wasi_shim";

/** The guest did not answer: it trapped, or it said that it failed. */
export class GuestFailure extends Error {}

interface Exports {
  memory: WebAssembly.Memory;
  wapc_init: () => void;
  __guest_call: (operationLength: number, payloadLength: number) => number;
}

/** Calls one of the functions that the guest registered. */
export function call(module: WebAssembly.Module, operation: string, payload: Uint8Array): Uint8Array {
  const operationName = new TextEncoder().encode(operation);
  const stderr: string[] = [];
  let answer = new Uint8Array();
  let failure = "";

  const wasi = new WASI([], [], standardStreams(stderr));
  const write = (bytes: Uint8Array, at: number) => new Uint8Array(exports.memory.buffer).set(bytes, at);
  const read = (at: number, length: number) => new Uint8Array(exports.memory.buffer).slice(at, at + length);
  const instance = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi.wasiImport,
    wapc: {
      __guest_request(operationAt: number, payloadAt: number) {
        write(operationName, operationAt);
        write(payload, payloadAt);
      },
      __guest_response(at: number, length: number) {
        answer = read(at, length);
      },
      __guest_error(at: number, length: number) {
        failure = new TextDecoder().decode(read(at, length));
      },
    },
  });
  const exports = instance.exports as unknown as Exports;

  try {
    wasi.initialize({ exports: { memory: exports.memory } });
    exports.wapc_init();
    if (exports.__guest_call(operationName.length, payload.length) === 1) return answer;
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
