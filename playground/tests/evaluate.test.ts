import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Answer, evaluate, type Input } from "../src/evaluate.ts";
import { inRoot, type NativeAnswer, policy, run, runCommand } from "./runner.ts";

const SETTINGS = {
  homeApiServerHost: "api.milan.example.org",
  homeApiServerPort: 6443,
  homeApiServerAddresses: ["10.80.0.5", "fd00:80::5"],
  homeClusterId: "milan",
  allowedRemoteServiceAccounts: ["foreign-reporter", "inventory", "batch-runner"],
};

const INPUT: Input = { object: "", settings: "", as: "api-server", namespace: undefined, chosen: undefined };

const recorded = readdirSync(inRoot("test_data/requests")).filter((name) => name.endsWith(".json"));

/** The answer as the runner gives it. */
function shown({ kind, message, change, auditAnnotations, warnings }: Answer): NativeAnswer {
  return {
    allowed: kind === "accepted",
    message,
    patch: JSON.parse(change?.patch ?? "[]"),
    auditAnnotations: Object.fromEntries(auditAnnotations),
    warnings,
  };
}

test.concurrent.each(recorded)("the answer to %s is the runner's", async (name) => {
  const object = readFileSync(inRoot(`test_data/requests/${name}`), "utf8");
  const settings = JSON.stringify(SETTINGS);
  const { verdict } = await evaluate(policy, "1.2.3", { ...INPUT, object, settings });
  expect(shown(verdict as Answer)).toEqual(await run(object, settings));
});

const FORGED = readFileSync(inRoot("test_data/requests/already-forged.json"), "utf8");
const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: liqo-demo
  labels: {liqo.io/remote-cluster-id: milan}
  annotations: {liqo.io/original-name: demo}
`;

test.concurrent.each([
  ["it", NAMESPACE, { message: undefined, home: true }],
  ["a local one", NAMESPACE.replace("remote-cluster-id", "name"), { message: undefined, home: false }],
  [
    "none",
    "",
    {
      message: expect.stringMatching(
        /^request\.namespace: Namespace "liqo-demo" .*: Cannot find v1\/Namespace named 'liqo-demo' inside of namespace 'None'; /,
      ),
      home: false,
    },
  ],
])(
  "where a Namespace is looked up and the cluster has %s, the command gives the same answer",
  async (_, namespace, expected) => {
    const settings = JSON.stringify({ namespaceLookup: true });
    const { verdict } = await evaluate(policy, "1.2.3", { ...INPUT, object: FORGED, settings, namespace });
    const answer = verdict as Answer;
    const annotation = /home-namespace: demo/.test(answer.change?.after ?? "");
    expect({ message: answer.message, home: annotation }).toEqual(expected);
    expect(shown(answer)).toEqual(await runCommand(answer.command));
  },
);

test("what the policy made of a pod is not changed again", async () => {
  const settings = { ...SETTINGS, namespaceLookup: true };
  const ask = async (object: string, settings: object) => {
    const input = { ...INPUT, object, settings: JSON.stringify(settings), namespace: NAMESPACE };
    return (await evaluate(policy, "1.2.3", input)).verdict as Answer;
  };
  const { change } = await ask(FORGED, settings);
  const verified = { kind: "accepted", change: undefined };
  expect(await ask(change?.after ?? "", settings)).toMatchObject(verified);
  expect(await ask(change?.after ?? "", { ...settings, verifyOnly: true })).toMatchObject(verified);
  expect(await ask(FORGED, { ...settings, verifyOnly: true })).toMatchObject({ kind: "rejected", change: undefined });
});
