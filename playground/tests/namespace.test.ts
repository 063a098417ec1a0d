import { describe, expect, test } from "vitest";
import type { Json, Members } from "../src/json.ts";
import {
  Cluster,
  homeCluster,
  labelsOf,
  looksUpNamespaces,
  namespaceOf,
  offloadedNamespace,
} from "../src/namespace.ts";
import { ShapeProblem } from "../src/path.ts";

test.each<[Json, boolean]>([
  [{ namespaceLookup: true }, true],
  [{ namespace_lookup: true }, true],
  [{ namespaceLookup: null, namespace_lookup: true }, true],
  [{ namespaceLookup: false }, false],
  [{ namespaceLookup: "true" }, false],
  [{}, false],
  [null, false],
])("%j: Namespaces are looked up: %j", (settings, looksUp) => {
  expect(looksUpNamespaces(settings)).toBe(looksUp);
});

describe("the home cluster of an object", () => {
  const object = (namespace: string, labels: Json = {}): Members => ({ metadata: { namespace, labels } });
  const origin = { "offloading.liqo.io/origin": "rome" };

  test.each<[string, Members, Json, string]>([
    ["the label", object("shop-rome", origin), { homeClusterId: "milan" }, "rome"],
    ["a label of another name", object("a", { from: "rome" }), { originLabel: "from" }, "rome"],
    ["an empty label", object("a", { from: "" }), { origin_label: "from", home_cluster_id: "turin" }, "turin"],
    ["the virtual kubelet's flag", object("a-b-c"), { "home-cluster-id": "c" }, "c"],
    ["the first of many", object("shop"), { homeClusters: { turin: {}, genoa: {} } }, "turin"],
    ["the name, not a forged label", object("a-genoa", origin), { home_clusters: { turin: {}, genoa: {} } }, "genoa"],
    ["none", object("shop"), { homeClusters: {} }, "milan"],
    ["settings that are none", object("shop"), null, "milan"],
  ])("is told by %s", (_, object, settings, cluster) => {
    expect(homeCluster(object, settings)).toBe(cluster);
  });
});

test.each([
  ["shop-rome", "shop"],
  ["shop", "shop"],
])("the Namespace %s is made as Liqo makes it", (name, originalName) => {
  const namespace = offloadedNamespace(name, "rome");
  expect(namespace).toEqual({
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name,
      labels: { "liqo.io/remote-cluster-id": "rome" },
      annotations: { "liqo.io/original-name": originalName },
    },
  });
  expect(labelsOf(namespace)).toEqual({ "kubernetes.io/metadata.name": name, "liqo.io/remote-cluster-id": "rome" });
});

test("a Namespace is one, or there is none", () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } };
  expect(namespaceOf(namespace)).toBe(namespace);
  expect(namespaceOf(null)).toBeUndefined();
});

test.each<[Json, string, string[]]>([
  ["shop", "expected a Namespace", []],
  [{ apiVersion: "v1", kind: "Pod", metadata: { name: "shop" } }, "expected a Namespace", ["kind"]],
  [{ apiVersion: "v2", kind: "Namespace", metadata: { name: "shop" } }, "expected apiVersion v1", ["apiVersion"]],
  [{ apiVersion: "v1", kind: "Namespace", metadata: {} }, "expected a Namespace with a name", ["metadata"]],
])("%j is no Namespace", (literal, message, path) => {
  const problem = new ShapeProblem(message, path);
  expect(() => namespaceOf(literal)).toThrow(problem);
  try {
    namespaceOf(literal);
  } catch (error) {
    expect((error as ShapeProblem).path).toEqual(path);
  }
});

describe("a cluster", () => {
  const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" }, own: [1] };
  const question = { api_version: "v1", kind: "Namespace", name: "shop", namespace: null, disable_cache: false };
  const call = { binding: "kubewarden", namespace: "kubernetes", operation: "get_resource" };
  const ask = (cluster: Cluster, payload: object) => cluster.host({ ...call, payload: JSON.stringify(payload) });

  test("gives the Namespace", () => {
    const cluster = new Cluster(namespace);
    const payload = '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"},"own":[1]}';
    expect(ask(cluster, question)).toEqual({ payload });
    expect(cluster.exchanges).toEqual([{ request: question, answer: { payload } }]);
  });

  test.each([
    ["another Namespace", namespace],
    ["none", undefined],
  ])("that has %s says so as kwctl does", (_, namespace) => {
    const cluster = new Cluster(namespace);
    const error = "Cannot find v1/Namespace named 'lost' inside of namespace 'None'";
    expect(ask(cluster, { ...question, name: "lost" })).toEqual({ error: `Callback evaluation failure: ${error}` });
    const request = { ...question, name: "lost" };
    expect(cluster.exchanges).toEqual([{ request, answer: { error } }]);
  });

  test.each([
    [{ ...call, operation: "list_resources_all" }, question],
    [{ ...call, namespace: "oci" }, question],
    [{ ...call, binding: "other" }, question],
    [call, { ...question, kind: "Secret" }],
    [call, { ...question, api_version: "v2" }],
    [call, []],
  ])("gives nothing else: %j, %j", (call, payload) => {
    const cluster = new Cluster(namespace);
    expect(cluster.host({ ...call, payload: JSON.stringify(payload) })).toEqual({
      error: "the playground knows nothing but the Namespace",
    });
    expect(cluster.exchanges).toEqual([]);
  });
});
