import { expect, test } from "vitest";
import schema from "../../docs/settings.schema.json";
import { evaluate, type Input } from "../src/evaluate.ts";
import { policy } from "./runner.ts";

/** The verdict's kind and message, and each mark with the text that it covers. */
function told(object: string, settings = "", namespace?: string, module = policy) {
  const input: Input = { object, settings, asApiServer: true, namespace };
  const { verdict, marks } = evaluate(module, "1.2.3", input);
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

test("a warning marks the place that it names", () => {
  const warning = "metadata: liqo.io/api-server-support has no effect, set it in the pod template's metadata";
  expect(told(deployment(""))).toEqual({
    kind: "accepted",
    message: undefined,
    marks: [{ place: "object: metadata", warning }],
  });
});

test("a rejection marks the place that it names", () => {
  const message =
    'spec.template.metadata.annotations["liqo.io/api-server-support"]: "both" is not a mode; ' +
    'set "remote" or "disabled", or leave it unset for home';
  expect(told(deployment("liqo.io/api-server-support: both"))).toEqual({
    kind: "rejected",
    message,
    marks: [{ place: "object: liqo.io/api-server-support", error: message }],
  });
});

test("what is missing is told at the nearest place", () => {
  const message =
    "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; " +
    "a pod with generateName needs the setting homeCredentialsSecret";
  const pod = "apiVersion: v1\nkind: Pod\nmetadata: {generateName: web-}\nspec: {containers: [{name: web}]}\n";
  expect(told(pod)).toEqual({
    kind: "rejected",
    message,
    marks: [{ place: "object: metadata", error: message }],
  });
});

test("problems of both texts are told, those of the settings first", () => {
  expect(told("kind: [", "a: [")).toEqual({
    kind: "unreadable",
    message: "settings, line 1: expected ] before this",
    marks: [
      { place: "settings: ", error: "expected ] before this" },
      { place: "object: ", error: "expected ] before this" },
    ],
  });
});

test("settings that the policy refuses come before everything else", () => {
  const known = Object.keys(schema.properties).join(", ");
  const unknown = `"hom": no such setting; known are ${known}`;
  const port = "homeApiServerPort: expected a number from 1 to 65535, found 0";
  expect(told("kind: [", "hom: 1\nhomeApiServerPort: 0\n")).toEqual({
    kind: "invalid-settings",
    message: `${unknown}; ${port}`,
    marks: [
      { place: "settings: hom", error: unknown },
      { place: "settings: homeApiServerPort", error: port },
    ],
  });
  expect(told("", "- 1\n")).toEqual({
    kind: "invalid-settings",
    message: "expected an object, found a list",
    marks: [{ place: "settings: - 1\n", error: "expected an object, found a list" }],
  });
});

test("problems of a home cluster are told where they are", () => {
  const port = "homeClusters.milan.homeApiServerPort: expected a number from 1 to 65535, found 0";
  const mode = 'homeClusters.milan.allowedModes[1]: expected "home", "remote" or "disabled", found a number';
  const turin = "homeClusters.turin: expected an object, found a list";
  const settings =
    "homeClusters:\n  milan:\n    homeApiServerPort: 0\n    allowedModes: [home, 17]\n    hom: 1\n  turin: []\n  A: {}\n";
  const { kind, marks } = told("", settings);
  expect(kind).toBe("invalid-settings");
  expect(marks).toEqual([
    { place: "settings: hom", error: expect.stringMatching(/^homeClusters\.milan: "hom": no such setting/) },
    { place: "settings: homeApiServerPort", error: port },
    { place: "settings: 17", error: mode },
    { place: "settings: turin", error: turin },
    { place: "settings: homeClusters", error: expect.stringMatching(/^homeClusters: expected the id .*, found "A"$/) },
  ]);
});

test("a Namespace is told of where the policy asks for it", () => {
  const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web}]}\n";
  const message = "expected a Namespace";
  expect(told(pod, "namespaceLookup: true", "kind: [")).toEqual({
    kind: "unreadable",
    message: "Namespace, line 1: expected ] before this",
    marks: [{ place: "namespace: ", error: "expected ] before this" }],
  });
  expect(told("kind: List", "namespaceLookup: true", "# none\nkind: Pod\n")).toEqual({
    kind: "unreadable",
    message: "line 1: apiVersion is missing: expected a Pod, a workload such as a Deployment, or an AdmissionReview",
    marks: [
      {
        place: "object: kind",
        error: "apiVersion is missing: expected a Pod, a workload such as a Deployment, or an AdmissionReview",
      },
      { place: "namespace: kind", error: message },
    ],
  });
  expect(told(pod, "homeClusterId: milan", "kind: [")).toMatchObject({ marks: [] });
});

test("what aliases make too long is refused", () => {
  const object = `a: &a ${"x".repeat(100_000)}\nb: [${Array(40).fill("*a").join(", ")}]\n`;
  expect(told(object)).toEqual({
    kind: "unreadable",
    message: "line 1: longer than the 3 MiB that the API server takes",
    marks: [{ place: "object: a", error: "longer than the 3 MiB that the API server takes" }],
  });
});

test("what aliases make too deep is refused", () => {
  const nested = (inner: string) => `${"[".repeat(200)}${inner}${"]".repeat(200)}`;
  expect(told(`a: &a ${nested("")}\nb: &b ${nested("*a")}\nc: ${nested("*b")}\n`)).toEqual({
    kind: "unreadable",
    message: "line 1: nested more than 500 levels deep",
    marks: [{ place: "object: a", error: "nested more than 500 levels deep" }],
  });
});

test("nothing is told of nothing", () => {
  expect(told(" \n")).toEqual({ kind: "empty", message: undefined, marks: [] });
});
