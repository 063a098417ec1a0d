import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Answer, evaluate } from "../src/evaluate.ts";
import { inRoot, policy, run } from "./runner.ts";

const SETTINGS = {
  homeApiServerHost: "api.milan.example.org",
  homeApiServerPort: 6443,
  homeApiServerAddresses: ["10.80.0.5", "fd00:80::5"],
  homeClusterId: "milan",
  allowedRemoteServiceAccounts: ["foreign-reporter", "inventory", "batch-runner"],
};

const recorded = readdirSync(inRoot("test_data/requests")).filter((name) => name.endsWith(".json"));

test.concurrent.each(recorded)("the answer to %s is the runner's", async (name) => {
  const object = readFileSync(inRoot(`test_data/requests/${name}`), "utf8");
  const settings = JSON.stringify(SETTINGS);
  const { verdict } = evaluate(policy, "1.2.3", { object, settings, asApiServer: true });
  const answer = verdict as Answer;
  expect({
    allowed: answer.kind === "accepted",
    message: answer.message,
    patch: JSON.parse(answer.change?.patch ?? "[]"),
    auditAnnotations: Object.fromEntries(answer.auditAnnotations),
    warnings: answer.warnings,
  }).toEqual(await run(object, settings));
});
