import { expect, test } from "vitest";
import { type Evaluation, evaluate, type Input } from "../src/evaluate.ts";
import { textAt } from "../src/json.ts";
import { pastedIn } from "../src/objects.ts";
import { readYaml } from "../src/yaml.ts";
import { policy } from "./runner.ts";

const pod = (name: string, metadata = "") => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: shop${metadata}}
spec: {containers: [{name: web}]}
`;
const NAMESPACE =
  "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {liqo.io/remote-cluster-id: rome}}\n";
const MANIFEST = `apiVersion: policies.kubewarden.io/v1
kind: ClusterAdmissionPolicy
metadata: {name: own}
spec: {settings: {homeClusterId: rome}}
`;

test("objects are found in documents and lists, with their places", () => {
  const text = `${pod("one")}---
apiVersion: v1
kind: List
items:
- ${pod("two").trim().replaceAll("\n", "\n  ")}
- {apiVersion: v1, kind: Service, metadata: {name: three}}
---
apiVersion: v1
kind: PodList
items: [{metadata: {name: four}}]
---
${NAMESPACE}---
${MANIFEST}`;
  const { objects, namespaces, policies } = pastedIn(readYaml(text));
  const names = objects.map(({ value }) => `${textAt(value, "kind")} ${textAt(value, "metadata", "name")}`);
  expect(names).toEqual(["Pod one", "Pod two", "Service three", "Pod four"]);
  const places = objects.map(({ locate }) =>
    text.slice(locate(["metadata", "name"]).from).slice(0, "name: four".length),
  );
  expect(places).toEqual(["name: one,", "name: two,", "name: thre", "name: four"]);
  expect(namespaces.map((namespace) => textAt(namespace, "metadata", "name"))).toEqual(["shop"]);
  expect(policies.map((policy) => textAt(policy, "metadata", "name"))).toEqual(["own"]);
});

const INPUT: Input = { object: "", settings: "", as: "api-server", namespace: undefined, chosen: undefined };
const evaluated = (input: Partial<Input>): Promise<Evaluation> => evaluate(policy, "1.2.3", { ...INPUT, ...input });
const SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\n";
const MISSPELT = pod("bad", ", annotations: {liqo.io/api-server-support: Remote}");

test("each object has a verdict, and the first pod is shown", async () => {
  const object = [SERVICE, pod("good"), MISSPELT].join("---\n");
  const { objects, chosen, verdict } = await evaluated({ object });
  expect(objects).toEqual([
    { kind: "Service", name: "shop", state: "other", isAsked: undefined },
    { kind: "Pod", name: "good", state: "warned", isAsked: undefined },
    { kind: "Pod", name: "bad", state: "rejected", isAsked: undefined },
  ]);
  expect([chosen, verdict.kind]).toEqual([1, "accepted"]);
  const other = await evaluated({ object, chosen: 2 });
  expect([other.chosen, other.verdict.kind]).toEqual([2, "rejected"]);
  expect(other.marks.map(({ from }) => object.slice(from).split(":")[0])).toEqual(["liqo.io/api-server-support"]);
  expect((await evaluated({ object, chosen: 0 })).verdict.kind).toBe("other-kind");
  expect((await evaluated({ object, chosen: 9 })).chosen).toBe(2);
});

test("a pasted Namespace is the one that is looked up and selected", async () => {
  const object = `${NAMESPACE}---\n${pod("web")}`;
  const { madeNamespace, verdict } = await evaluated({
    object,
    settings: "namespaceLookup: true\nhomeClusterId: milan\n",
  });
  expect(madeNamespace).toContain("remote-cluster-id: rome");
  expect(verdict).toMatchObject({ kind: "rejected", message: expect.stringContaining('belongs to cluster "rome"') });
});

test("a manifest beside the objects is handed out, and no verdict is about it", async () => {
  const { policy, objects } = await evaluated({ object: `${MANIFEST}---\n${pod("web")}` });
  expect(objects.map(({ kind }) => kind)).toEqual(["Pod"]);
  expect(readYaml(policy ?? "")[0]?.value).toEqual(readYaml(MANIFEST)[0]?.value);
  expect(await evaluated({ object: MANIFEST })).toMatchObject({ objects: [], verdict: { kind: "empty" }, policy });
});

test("the selectors of the manifest that holds the settings are told for each object", async () => {
  const rule = "{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}";
  const selector = `objectSelector: {matchLabels: {a: b}}, rules: [${rule}]`;
  const settings = MANIFEST.replace("spec: {", `spec: {${selector}, `);
  const { objects, verdict } = await evaluated({
    object: `${pod("one", ", labels: {a: b}")}---\n${pod("two")}`,
    settings,
  });
  expect(objects.map(({ isAsked }) => isAsked)).toEqual([true, false]);
  expect(verdict).toMatchObject({ selection: { policy: "own", isAsked: true } });
});

test("a workload's pods have the verdict, and the workload its own warnings", async () => {
  const object = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, annotations: {liqo.io/api-server-support: remote}}
spec: {template: {metadata: {}, spec: {containers: [{name: web}]}}}
`;
  const settings =
    "homeClusterId: milan\nhomeApiServerHost: api.milan.example.org\nhomeApiServerAddresses: [10.0.0.1]\n";
  const misplaced = expect.stringMatching(/^metadata: liqo\.io\/api-server-support has no effect/);
  const { verdict } = await evaluated({ object, settings, as: "liqo" });
  expect(verdict).toMatchObject({
    kind: "accepted",
    subject: "Pod",
    workload: "Deployment",
    warnings: [misplaced],
    access: {
      mode: "home",
      pod: "web-5d8f6c7b9-x2x8k",
      homeCluster: "milan",
      homeApiServer: "api.milan.example.org:443",
      credential: "token from Secret web-5d8f6c7b9-x2x8k-token",
    },
  });
  const pasted = await evaluated({ object, settings, as: "pasted" });
  expect(pasted.verdict).toMatchObject({
    subject: "Deployment",
    workload: undefined,
    change: undefined,
    warnings: [misplaced],
  });
});
