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
export interface HostCall {
  binding: string;
  namespace: string;
  operation: string;
  payload: string;
}

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
  const conversation = new Conversation(new TextEncoder().encode(operation), payload, host);
  const instance = new WebAssembly.Instance(module, {
    wasi_snapshot_preview1: wasi.wasiImport,
    wapc: conversation.functions,
  });
  const exports = instance.exports as unknown as Exports;
  conversation.memory = exports.memory;

  try {
    wasi.initialize({ exports: { memory: exports.memory } });
    // A host calls `_start` before this, which only a module with a `main` has.
    exports.wapc_init();
    if (exports.__guest_call(conversation.operation.length, payload.length) === 1) return conversation.answer;
  } catch (error) {
    throw new GuestFailure([String(error), ...stderr].join("\n"));
  }
  throw new GuestFailure(conversation.failure || `the policy has no answer to ${operation}`);
}

/** One call of a guest, with what it asks its host meanwhile. Guest and host read and write the guest's memory. */
export class Conversation {
  memory: WebAssembly.Memory | undefined;
  /** What the guest answered, or why it did not. */
  answer = new Uint8Array();
  failure = "";
  /** What the host answered last, or why it did not. */
  #hostAnswer = new Uint8Array();

  constructor(
    readonly operation: Uint8Array,
    private readonly payload: Uint8Array,
    private readonly host: Host,
  ) {}

  /** The host's functions, by the names that waPC gives them. */
  readonly functions = {
    __guest_request: (operationAt: number, payloadAt: number) => {
      this.#write(this.operation, operationAt);
      this.#write(this.payload, payloadAt);
    },
    __guest_response: (at: number, length: number) => {
      this.answer = this.#read(at, length);
    },
    __guest_error: (at: number, length: number) => {
      this.failure = this.#readText(at, length);
    },
    /** The guest gives four texts, each with where it stands and how long it is. */
    __host_call: (...texts: number[]) => {
      const [binding, namespace, operation, payload] = [0, 2, 4, 6].map((index) =>
        this.#readText(texts[index] ?? 0, texts[index + 1] ?? 0),
      ) as [string, string, string, string];
      const answer = this.host({ binding, namespace, operation, payload });
      this.#hostAnswer = new TextEncoder().encode("payload" in answer ? answer.payload : answer.error);
      return "payload" in answer ? 1 : 0;
    },
    __host_response_len: () => this.#hostAnswer.length,
    __host_response: (at: number) => this.#write(this.#hostAnswer, at),
    __host_error_len: () => this.#hostAnswer.length,
    __host_error: (at: number) => this.#write(this.#hostAnswer, at),
  };

  #bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.memory?.buffer ?? new ArrayBuffer());
  }

  #read(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#bytes().slice(at, at + length);
  }

  #readText(at: number, length: number): string {
    return new TextDecoder().decode(this.#read(at, length));
  }

  #write(bytes: Uint8Array, at: number): void {
    this.#bytes().set(bytes, at);
  }
}

/** Streams without an input; what the guest writes when it panics is kept. */
function standardStreams(stderr: string[]): Fd[] {
  return [
    new OpenFile(new File([])),
    ConsoleStdout.lineBuffered(() => {}),
    ConsoleStdout.lineBuffered((line) => stderr.push(line)),
  ];
}
