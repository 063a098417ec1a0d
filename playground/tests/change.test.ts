import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { changeInWords } from "../src/change.ts";
import { type Answer, evaluate, type Input } from "../src/evaluate.ts";
import { inRoot, policy } from "./runner.ts";

const HOME = "homeClusterId: milan\nhomeApiServerHost: api.milan.example.org\nhomeApiServerAddresses: [10.0.0.1]\n";

test.each([
  [
    "plain-web",
    HOME,
    "8 variables in 1 container, 5 names of the API server, token and certificates from the home cluster, " +
      "token of the ServiceAccount not mounted",
  ],
  [
    "named-service-account",
    HOME,
    "8 variables in 2 containers, 1 ServiceAccount name as text in 1 container, 5 names of the API server, " +
      "token and certificates from the home cluster, ServiceAccount removed",
  ],
  ["already-forged", HOME, "5 variables in 2 containers, 5 names of the API server"],
  ["disabled", HOME, "certificates from the home cluster, token removed, ServiceAccount removed"],
  ["remote-other-sa", "", "ServiceAccount foreign-reporter"],
])("%s", async (name, settings, words) => {
  const object = readFileSync(inRoot(`test_data/requests/${name}.json`), "utf8");
  const input: Input = { object, settings, as: "pasted", namespace: undefined, chosen: undefined };
  const { change } = (await evaluate(policy, "1.2.3", input)).verdict as Answer;
  expect(change?.words.join(", ")).toBe(words);
});

const spec = (containers: object[], others = {}) => ({ metadata: {}, spec: { containers, ...others } });
const projected = (source: object) => ({ volumes: [{ name: "v", projected: { sources: [source] } }] });
const mount = { name: "v", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" };

test.each([
  [
    "a token that comes back",
    spec([]),
    spec([], projected({ serviceAccountToken: {} })),
    ["token from the foreign cluster"],
  ],
  [
    "a mount",
    spec([{ name: "a" }]),
    spec([{ name: "a", volumeMounts: [mount] }]),
    ["credentials mounted in 1 container"],
  ],
  [
    "an alias less",
    spec([], { hostAliases: [{ ip: "1.1.1.1", hostnames: ["a"] }] }),
    spec([]),
    ["1 host alias removed"],
  ],
  ["another field", spec([]), spec([], { hostNetwork: true }), ["details only"]],
  [
    "the home namespace",
    spec([]),
    { ...spec([]), metadata: { annotations: { "liqo-api-access-policy.github.io/home-namespace": "shop" } } },
    ["home namespace shown to the pod"],
  ],
])("%s", (_, before, after, words) => {
  expect(changeInWords(before as never, after as never)).toEqual(words);
});
