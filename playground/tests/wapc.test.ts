import { WASI } from "@bjorn3/browser_wasi_shim";
import { expect, test } from "vitest";
import { call, GuestFailure, type Host, type HostCall } from "../src/wapc.ts";
import { endless } from "./endless.ts";
import { policy } from "./runner.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const nobody: Host = ({ operation }) => ({ error: `nobody is asked for ${operation}` });
const ask = (operation: string, payload: string, host = nobody, module = policy) =>
  text(call(module, operation, bytes(payload), host));

test("the module asks for no more than its hosts have", () => {
  const needed = WebAssembly.Module.imports(policy);
  const of = (name: string) => needed.filter(({ module }) => module === name).map(({ name }) => name);
  expect(of("wapc").sort()).toEqual([
    "__guest_error",
    "__guest_request",
    "__guest_response",
    "__host_call",
    "__host_error",
    "__host_error_len",
    "__host_response",
    "__host_response_len",
  ]);
  // A library brings these, and more than the module needs.
  expect(Object.keys(new WASI([], [], []).wasiImport)).toEqual(expect.arrayContaining(of("wasi_snapshot_preview1")));
  expect([...new Set(needed.map(({ module }) => module))].sort()).toEqual(["wapc", "wasi_snapshot_preview1"]);
});

test("the module has nothing to be started but what the host starts", () => {
  const functions = WebAssembly.Module.exports(policy).filter(({ kind }) => kind === "function");
  expect(functions.map(({ name }) => name).sort()).toEqual(["__guest_call", "wapc_init"]);
});

test("the policy answers", () => {
  expect(ask("protocol_version", "")).toBe('"v1"');
  expect(JSON.parse(ask("validate_settings", "{}"))).toEqual({ valid: true, message: null });
  expect(JSON.parse(ask("validate", "ü"))).toEqual({
    accepted: false,
    message: expect.stringMatching(/: expected value at line 1 column 1$/),
  });
});

const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "web" }, spec: { containers: [] } };
const REQUEST = {
  request: {
    uid: "1",
    kind: { group: "", version: "v1", kind: "Pod" },
    namespace: "shop-ü",
    operation: "CREATE",
    object: POD,
  },
  settings: { namespaceLookup: true },
};

test("the policy asks its host, which answers", () => {
  const calls: HostCall[] = [];
  const answer = ask("validate", JSON.stringify(REQUEST), (call) => {
    calls.push(call);
    // Longer than a page of memory: the guest's memory grows while the host is asked.
    return { payload: JSON.stringify({ metadata: { name: "shop-ü", labels: {} }, filler: "ü".repeat(200_000) }) };
  });
  expect(JSON.parse(answer)).toEqual({ accepted: true });
  expect(calls.map((call) => ({ ...call, payload: JSON.parse(call.payload) }))).toEqual([
    {
      binding: "kubewarden",
      namespace: "kubernetes",
      operation: "get_resource",
      payload: {
        api_version: "v1",
        kind: "Namespace",
        name: "shop-ü",
        namespace: null,
        disable_cache: false,
        field_masks: null,
      },
    },
  ]);
});

test("the policy asks its host, which refuses", () => {
  const answer = ask("validate", JSON.stringify(REQUEST), () => ({ error: "nobody is thöre" }));
  expect(JSON.parse(answer)).toEqual({
    accepted: false,
    message: expect.stringMatching(/^request\.namespace: Namespace "shop-ü" .*: Host error: nobody is thöre; /),
  });
});

test("a function that is not there is a failure", () => {
  expect(() => ask("nothing", "")).toThrow(GuestFailure);
});

test("a module that is no policy does not link", () => {
  const other = new WebAssembly.Module(endless("other"));
  expect(() => ask("validate", "", nobody, other)).toThrow(
    /__guest_call is not a function|wapc_init is not a function/,
  );
});
