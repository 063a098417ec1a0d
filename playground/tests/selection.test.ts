import { expect, test } from "vitest";
import { manifests } from "../build/examples.ts";
import type { Json, Members } from "../src/json.ts";
import { isPolicy, selectionOf } from "../src/selection.ts";
import { settingsIn } from "../src/settings.ts";

const request = (labels: Members, others: Members = {}): Members => ({
  kind: { group: "", version: "v1", kind: "Pod" },
  resource: { group: "", version: "v1", resource: "pods" },
  namespace: "shop-milan",
  operation: "CREATE",
  object: { metadata: { labels } },
  ...others,
});
const origin = { "offloading.liqo.io/origin": "milan" };
const namespace = (labels: Members): Members => ({ metadata: { name: "shop-milan", labels } });
const ofMilan = namespace({ "liqo.io/remote-cluster-id": "milan" });

const example = (name: string): Members => {
  const { policy } = settingsIn(manifests().find((manifest) => manifest.name === name)?.text ?? "");
  if (!policy) throw new Error(`no ${name}`);
  return policy;
};

test("every manifest but the plain settings is a policy, and the default one selects a pod as Liqo makes it", () => {
  const plain = manifests().filter(({ text }) => !settingsIn(text).policy);
  expect(plain.map(({ name }) => name)).toEqual(["settings.yaml"]);
  expect(selectionOf(example("one-home-cluster.yaml"), request(origin), ofMilan)).toEqual({
    policy: "liqo-api-access-milan",
    isAsked: true,
    missing: [],
    advice: [],
  });
});

test.each<[string, string, Members, Members | undefined, string[]]>([
  [
    "no label",
    "one-home-cluster.yaml",
    request({}),
    ofMilan,
    ["the Pod lacks the label offloading.liqo.io/origin: milan"],
  ],
  [
    "another label",
    "one-home-cluster.yaml",
    request({ "offloading.liqo.io/origin": "rome" }),
    ofMilan,
    ["the label offloading.liqo.io/origin of the Pod is rome, not milan"],
  ],
  ["no key", "many-home-clusters.yaml", request({}), ofMilan, ["the Pod lacks the label offloading.liqo.io/origin"]],
  [
    "a Namespace that is not Liqo's",
    "one-home-cluster.yaml",
    request(origin),
    namespace({}),
    ["the Namespace shop-milan lacks the label liqo.io/remote-cluster-id: milan"],
  ],
  ["no Namespace", "one-home-cluster.yaml", request(origin), undefined, ["the Namespace shop-milan is not known"]],
  [
    "a Namespace that does not take part",
    "opt-in.yaml",
    request({}),
    ofMilan,
    [
      "the Pod lacks the label offloading.liqo.io/origin: milan",
      "the Namespace shop-milan lacks the label api-access.example.org/enabled: true",
    ],
  ],
  [
    "another namespace",
    "one-namespace.yaml",
    request(origin),
    ofMilan,
    ["it serves the namespace demo-milan, not shop-milan"],
  ],
  [
    "a workload",
    "one-home-cluster.yaml",
    request(origin, { resource: { group: "apps", version: "v1", resource: "deployments" } }),
    ofMilan,
    ["its rules do not list deployments"],
  ],
  [
    "an update",
    "one-home-cluster.yaml",
    request(origin, { operation: "UPDATE" }),
    ofMilan,
    ["its rules do not list UPDATE of pods"],
  ],
])("%s: %s does not select it", (_, name, request, namespace, missing) => {
  const selection = selectionOf(example(name), request, namespace);
  expect([selection.isAsked, selection.missing]).toEqual([false, missing]);
});

const RULES = [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*"], operations: ["*"] }];
const policy = (spec: Members, kind = "ClusterAdmissionPolicy"): Members => ({
  apiVersion: "policies.kubewarden.io/v1",
  kind,
  metadata: { name: "own" },
  spec: { rules: RULES, ...spec },
});

test.each<[string, Json[], string[]]>([
  ["Exists", [{ key: "a", operator: "Exists" }], []],
  ["DoesNotExist", [{ key: "a", operator: "DoesNotExist" }], ["the Pod has the label a"]],
  ["NotIn", [{ key: "a", operator: "NotIn", values: ["1", "2"] }], ["the label a of the Pod is 1"]],
  ["NotIn without the label", [{ key: "b", operator: "NotIn", values: ["1"] }], []],
  ["In", [{ key: "a", operator: "In", values: ["2", "3"] }], ["the label a of the Pod is 1, not 2 or 3"]],
  ["another", [{ key: "a", operator: "Like" }], ["the operator of the requirement on a is unknown"]],
])("the operator %s", (_, matchExpressions, missing) => {
  const selection = selectionOf(policy({ objectSelector: { matchExpressions } }), request({ a: "1" }), undefined);
  expect(selection.missing).toEqual(missing);
});

test.each<[string, Members, string[]]>([
  ["no selectors", policy({}), ["the policy has no selectors, so it also changes pods that were not offloaded"]],
  [
    "labels of the Namespace",
    policy({ namespaceSelector: { matchLabels: { a: "b" } } }),
    ["Kubewarden ignores matchLabels in a namespaceSelector: use matchExpressions"],
  ],
  [
    "conditions",
    policy({ matchConditions: [{}], objectSelector: {} }, "AdmissionPolicy"),
    ["matchConditions are not evaluated here"],
  ],
])("%s: there is something to know", (_, policy, advice) => {
  expect(selectionOf(policy, request({}), undefined).advice).toEqual(advice);
});

test("a policy is one of Kubewarden's", () => {
  expect(isPolicy(policy({}))).toBe(true);
  expect(isPolicy({ apiVersion: "policies.kubewarden.io/v1", kind: "PolicyServer" })).toBe(false);
  expect(isPolicy({ apiVersion: "v1", kind: "AdmissionPolicy" })).toBe(false);
});
