import { describe, expect, test } from "vitest";
import { fromLiteral, type Literal, type Members } from "../src/json.ts";
import { Cluster, looksUpNamespaces, namespaceOf, offloadedNamespace } from "../src/namespace.ts";
import { ShapeProblem } from "../src/path.ts";
import { readYaml } from "../src/yaml.ts";

test.each<[Literal, boolean]>([
  [{ namespaceLookup: true }, true],
  [{ namespace_lookup: true }, true],
  [{ namespaceLookup: null, namespace_lookup: true }, true],
  [{ namespaceLookup: false }, false],
  [{ namespaceLookup: "true" }, false],
  [{}, false],
  [null, false],
])("%j: Namespaces are looked up: %j", (settings, looksUp) => {
  expect(looksUpNamespaces(fromLiteral(settings))).toBe(looksUp);
});

describe("a Namespace is made for the object", () => {
  const request = (namespace: string, labels: Literal = {}) =>
    fromLiteral({ namespace, object: { metadata: { labels } } }) as Members;
  const origin = { "offloading.liqo.io/origin": "rome" };

  test.each<[string, Members, Literal, string, string]>([
    ["the label", request("shop-rome", origin), { homeClusterId: "milan" }, "rome", "shop"],
    ["a label of another name", request("a", { from: "rome" }), { originLabel: "from" }, "rome", "a"],
    ["an empty label", request("a", { from: "" }), { origin_label: "from", home_cluster_id: "turin" }, "turin", "a"],
    ["the virtual kubelet's flag", request("a-b-c"), { "home-cluster-id": "c" }, "c", "a-b"],
    ["the first of many", request("shop"), { homeClusters: { turin: {}, genoa: {} } }, "turin", "shop"],
    [
      "the name, not a forged label",
      request("a-genoa", origin),
      { home_clusters: { turin: {}, genoa: {} } },
      "genoa",
      "a",
    ],
    ["none", request("shop"), { homeClusters: {} }, "milan", "shop"],
    ["settings that are none", request("shop"), null, "milan", "shop"],
  ])("%s", (_, request, settings, cluster, originalName) => {
    const name = request.get("namespace") as string;
    expect(readYaml(offloadedNamespace(request, fromLiteral(settings))).value).toEqual(
      fromLiteral({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: {
          name,
          labels: { "liqo.io/remote-cluster-id": cluster },
          annotations: { "liqo.io/original-name": originalName },
        },
      }),
    );
  });

  test("in YAML that its reader can change", () => {
    expect(offloadedNamespace(fromLiteral({ object: {} }) as Members, fromLiteral({}))).toBe(`apiVersion: v1
kind: Namespace
metadata:
  name: default
  labels:
    liqo.io/remote-cluster-id: milan
  annotations:
    liqo.io/original-name: default
`);
  });
});

test("a Namespace is one, or there is none", () => {
  const namespace = fromLiteral({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  expect(namespaceOf(namespace)).toBe(namespace);
  expect(namespaceOf(null)).toBeUndefined();
});

test.each<[Literal, string, string[]]>([
  ["shop", "expected a Namespace", []],
  [{ apiVersion: "v1", kind: "Pod", metadata: { name: "shop" } }, "expected a Namespace", ["kind"]],
  [{ apiVersion: "v2", kind: "Namespace", metadata: { name: "shop" } }, "expected apiVersion v1", ["apiVersion"]],
  [{ apiVersion: "v1", kind: "Namespace", metadata: {} }, "expected a Namespace with a name", ["metadata"]],
])("%j is no Namespace", (literal, message, path) => {
  const problem = new ShapeProblem(message, path);
  expect(() => namespaceOf(fromLiteral(literal))).toThrow(problem);
  try {
    namespaceOf(fromLiteral(literal));
  } catch (error) {
    expect((error as ShapeProblem).path).toEqual(path);
  }
});

describe("a cluster", () => {
  const namespace = fromLiteral({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" }, own: [1] });
  const question = { api_version: "v1", kind: "Namespace", name: "shop", namespace: null, disable_cache: false };
  const call = { binding: "kubewarden", namespace: "kubernetes", operation: "get_resource" };
  const ask = (cluster: Cluster, payload: object) => cluster.host({ ...call, payload: JSON.stringify(payload) });

  test("gives the Namespace", () => {
    const cluster = new Cluster(namespace as Members);
    const payload = '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"},"own":[1]}';
    expect(ask(cluster, question)).toEqual({ payload });
    expect(cluster.exchanges).toEqual([{ request: fromLiteral(question), answer: { payload } }]);
  });

  test.each([
    ["another Namespace", namespace as Members],
    ["none", undefined],
  ])("that has %s says so as kwctl does", (_, namespace) => {
    const cluster = new Cluster(namespace);
    const error = "Cannot find v1/Namespace named 'lost' inside of namespace 'None'";
    expect(ask(cluster, { ...question, name: "lost" })).toEqual({ error: `Callback evaluation failure: ${error}` });
    const request = fromLiteral({ ...question, name: "lost" });
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
    const cluster = new Cluster(namespace as Members);
    expect(cluster.host({ ...call, payload: JSON.stringify(payload) })).toEqual({
      error: "the playground knows nothing but the Namespace",
    });
    expect(cluster.exchanges).toEqual([]);
  });
});
