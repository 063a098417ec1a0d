import { expect, test } from "vitest";
import { kwctlCommand } from "../src/command.ts";
import { start } from "./runner.ts";

test("the shell hands kwctl what it is to have", async () => {
  const request = `{"quotes":"'\\"$HOME \`ls\` \\\\"}`;
  const settings = `{"x":"it's $HOME"}`;
  const command = kwctlCommand(request, settings, "1.2.3");
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
