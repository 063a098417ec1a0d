import { expect, test } from "vitest";
import { kwctlCommand } from "../src/command.ts";
import { start } from "./runner.ts";

test("the shell hands kwctl what it is to have", async () => {
  const request = `{"quotes":"'\\"$HOME \`ls\` \\\\"}`;
  const settings = `{"x":"it's $HOME"}`;
  const command = kwctlCommand(request, settings, "1.2.3", []);
  const printed = await start("bash", ["-eu"], `kwctl() { printf '%s\\n' "$@"; cat; }\n${command}`);
  expect(printed.split("\n")).toEqual([
    "run",
    "--request-path",
    "-",
    "--settings-json",
    settings,
    "registry://ghcr.io/liqo-api-access-policy/liqo-api-access-policy:v1.2.3",
    request,
    "",
  ]);
});

test("what the policy asked for is handed to kwctl as it records it", async () => {
  const question = (name: string) => {
    return { api_version: "v1", kind: "Namespace", name, namespace: null, disable_cache: false };
  };
  const command = kwctlCommand('{"uid":"1"}', "{}", "1.2.3", [
    {
      request: question("shop"),
      answer: { payload: `{"metadata":{"name":"shop","annotations":{"a":"it's\\n$HOME"}}}` },
    },
    { request: question("lost"), answer: { error: "Cannot find it" } },
  ]);
  const printed = await start("sh", ["-eu"], `kwctl() { printf '%s\\n' "$@"; cat /dev/fd/3; cat; }\n${command}`);
  expect(printed).toBe(`run
--allow-context-aware
--replay-host-capabilities-interactions
/dev/fd/3
--request-path
-
--settings-json
{}
registry://ghcr.io/liqo-api-access-policy/liqo-api-access-policy:v1.2.3
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: shop
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: "{\\"metadata\\":{\\"name\\":\\"shop\\",\\"annotations\\":{\\"a\\":\\"it's\\\\n$HOME\\"}}}"
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: lost
    namespace: null
    disable_cache: false
  response:
    type: Error
    message: Cannot find it
{"uid":"1"}
`);
});
