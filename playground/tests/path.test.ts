import { expect, test } from "vitest";
import type { Step } from "../src/json.ts";
import { pathOf } from "../src/path.ts";

test.each<[string, Step[] | undefined]>([
  ["metadata.name: expected a name", ["metadata", "name"]],
  ["spec.containers[0].env[12].name: expected a string", ["spec", "containers", 0, "env", 12, "name"]],
  [
    'spec.template.metadata.annotations["liqo.io/api-server-support"]: "x" is not a mode',
    ["spec", "template", "metadata", "annotations", "liqo.io/api-server-support"],
  ],
  ["home-api-server-port: expected a number", ["home-api-server-port"]],
  ["allowedModes[1]: expected", ["allowedModes", 1]],
  ["the request is not JSON: expected a value at byte 3", undefined],
  ["the policy's settings are not valid: x: y", undefined],
  ["liqo.io/remote-service-account-name is ignored in mode", undefined],
  ["spec.containers[0", undefined],
  ["", undefined],
])("%s", (message, path) => {
  expect(pathOf(message)).toEqual(path);
});
