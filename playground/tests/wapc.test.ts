import { expect, test } from "vitest";
import { call, GuestFailure } from "../src/wapc.ts";
import { endless } from "./endless.ts";
import { policy } from "./runner.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("the policy answers", () => {
  expect(text(call(policy, "protocol_version", bytes("")))).toBe('"v1"');
  expect(JSON.parse(text(call(policy, "validate_settings", bytes("{}"))))).toEqual({ valid: true });
  expect(JSON.parse(text(call(policy, "validate", bytes("ü"))))).toEqual({
    accepted: false,
    message: "the request is not JSON: expected a value at byte 0",
  });
});

test("a function that is not there is a failure", () => {
  expect(() => call(policy, "nothing", bytes(""))).toThrow(GuestFailure);
});

test("a module that is no policy does not link", () => {
  const other = new WebAssembly.Module(endless("other"));
  expect(() => call(other, "validate", bytes(""))).toThrow(
    /__guest_call is not a function|wapc_init is not a function/,
  );
});
