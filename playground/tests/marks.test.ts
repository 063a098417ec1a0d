import { expect, test } from "vitest";
import { evaluate, type Input } from "../src/evaluate.ts";
import { policy } from "./runner.ts";

/** The verdict's kind and message, and each mark with the text that it covers. */
async function told(object: string, settings = "", namespace?: string, module = policy) {
  const input: Input = { object, settings, as: "api-server", namespace, chosen: undefined };
  const { verdict, marks } = await evaluate(module, "1.2.3", input);
  return {
    kind: verdict.kind,
    message: "message" in verdict ? verdict.message : undefined,
    marks: marks.map(({ editor, from, to, severity, message }) => ({
      place: `${editor}: ${input[editor]?.slice(from, to)}`,
      [severity]: message,
    })),
  };
}

const deployment = (annotations: string) => `apiVersion: apps/v1
kind: Deployment
metadata:
  annotations: {liqo.io/api-server-support: remote}
spec:
  template:
    metadata:
      annotations: {${annotations}}
`;

test("a warning marks the place that it names", async () => {
  const warning = expect.stringMatching(/^metadata: liqo\.io\/api-server-support has no effect/);
  expect(await told(deployment(""))).toEqual({
    kind: "accepted",
    message: undefined,
    marks: [{ place: "object: metadata", warning }],
  });
});

test("a rejection marks the place that it names", async () => {
  const message =
    'spec.template.metadata.annotations["liqo.io/api-server-support"]: "both" is not a mode; ' +
    'set "remote" or "disabled", or leave it unset for home';
  expect(await told(deployment("liqo.io/api-server-support: both"))).toEqual({
    kind: "rejected",
    message,
    marks: [{ place: "object: liqo.io/api-server-support", error: message }],
  });
});

test("what is missing is told at the nearest place", async () => {
  const message =
    "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; " +
    "a pod with generateName needs the setting homeCredentialsSecret";
  const pod = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\nspec: {containers: [{name: web}]}\n";
  expect(await told(pod)).toEqual({
    kind: "rejected",
    message,
    marks: [{ place: "object: metadata", error: message }],
  });
});

test("problems of both texts are told, those of the settings first", async () => {
  expect(await told("kind: [", "a: [")).toEqual({
    kind: "unreadable",
    message: "settings, line 1: a `[` before this has no `]`",
    marks: [
      { place: "settings: ", error: "a `[` before this has no `]`" },
      { place: "object: ", error: "a `[` before this has no `]`" },
    ],
  });
});

test("settings that the policy refuses come before everything else", async () => {
  const unknown = expect.stringMatching(/^"hom": no such setting.*; known are .*strict/);
  const port = "homeApiServerPort: expected a number from 1 to 65535, found 0";
  expect(await told("kind: [", "hom: 1\nhomeApiServerPort: 0\n")).toEqual({
    kind: "invalid-settings",
    message: expect.stringMatching(new RegExp(`^"hom": .*; ${port}$`)),
    marks: [
      { place: "settings: hom", error: unknown },
      { place: "settings: homeApiServerPort", error: port },
    ],
  });
  expect(await told("", "- 1\n")).toEqual({
    kind: "invalid-settings",
    message: "expected an object, found a list",
    marks: [{ place: "settings: - 1\n", error: "expected an object, found a list" }],
  });
});

test("problems of a home cluster are told where they are", async () => {
  const port = "homeClusters.milan.homeApiServerPort: expected a number from 1 to 65535, found 0";
  const mode = 'homeClusters.milan.allowedModes[1]: expected "home", "remote" or "disabled", found a number';
  const turin = "homeClusters.turin: expected an object, found a list";
  const settings =
    "homeClusters:\n  milan:\n    homeApiServerPort: 0\n    allowedModes: [home, 17]\n    hom: 1\n  turin: []\n  A: {}\n";
  const { kind, marks } = await told("", settings);
  expect(kind).toBe("invalid-settings");
  expect(marks.length).toBe(5);
  expect(marks).toEqual(
    expect.arrayContaining([
      { place: "settings: hom", error: expect.stringMatching(/^homeClusters\.milan: "hom": no such setting/) },
      { place: "settings: homeApiServerPort", error: port },
      { place: "settings: 17", error: mode },
      { place: "settings: turin", error: turin },
      { place: "settings: homeClusters", error: expect.stringMatching(/^homeClusters: expected .*, found "A"$/) },
    ]),
  );
});

test("a Namespace is told of where the policy asks for it", async () => {
  const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web}]}\n";
  const message = "expected a Namespace";
  expect(await told(pod, "namespaceLookup: true", "kind: [")).toEqual({
    kind: "unreadable",
    message: "Namespace, line 1: a `[` before this has no `]`",
    marks: [{ place: "namespace: ", error: "a `[` before this has no `]`" }],
  });
  expect(await told("kind: [", "namespaceLookup: true", "# none\nkind: Pod\n")).toEqual({
    kind: "unreadable",
    message: "line 1: a `[` before this has no `]`",
    marks: [
      { place: "object: ", error: "a `[` before this has no `]`" },
      { place: "namespace: kind", error: message },
    ],
  });
  expect(await told(pod, "homeClusterId: milan", "kind: [")).toMatchObject({ marks: [] });
});

test("what aliases make too long is refused", async () => {
  const object = `a: &a ${"x".repeat(100_000)}\nb: [${Array(40).fill("*a").join(", ")}]\n`;
  expect(await told(object)).toEqual({
    kind: "unreadable",
    message: "line 2: longer than the 3 MiB that the API server takes",
    marks: [{ place: "object: *a", error: "longer than the 3 MiB that the API server takes" }],
  });
});

test("the message of a pod's template is told in the template", async () => {
  const message =
    'metadata.annotations["liqo.io/remote-service-account-name"]: "A" is not a ServiceAccount name; ' +
    "expected a DNS-1123 subdomain of at most 253 characters";
  const annotations = "liqo.io/api-server-support: remote, liqo.io/remote-service-account-name: A";
  const workload = deployment(annotations).replace(
    "    metadata:",
    "    spec: {containers: [{name: web}]}\n    metadata:",
  );
  const { marks } = await told(workload);
  expect(marks.map(({ place, error }) => [place, error])).toContainEqual([
    "object: liqo.io/remote-service-account-name",
    `spec.template.${message}`,
  ]);
});

test("a Service is none of the policy's business", async () => {
  const message = "the policy ignores Service (v1)";
  expect(await told("apiVersion: v1\nkind: Service\n")).toEqual({
    kind: "other-kind",
    message,
    marks: [{ place: "object: kind", error: message }],
  });
});

test("nothing is told of nothing", async () => {
  expect(await told(" \n")).toEqual({ kind: "empty", message: undefined, marks: [] });
});
