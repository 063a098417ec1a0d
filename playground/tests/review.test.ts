import { describe, expect, test } from "vitest";
import type { Json } from "../src/json.ts";
import { ShapeProblem } from "../src/path.ts";
import { type As, OtherKind, reviewOf } from "../src/review.ts";

const reviewed = (value: Json, as: As = "pasted", settings: Json = {}) => reviewOf(value, as, settings);
const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" }, spec: { containers: [] } };

test("an object gets a request around it", async () => {
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 2 } };
  const review = await reviewed(object, "liqo");
  expect(review.request).toEqual({
    uid: "00000000-0000-0000-0000-000000000000",
    kind: { group: "apps", version: "v1", kind: "Deployment" },
    resource: { group: "apps", version: "v1", resource: "deployments" },
    name: "web",
    namespace: "default",
    operation: "CREATE",
    userInfo: { username: "playground", groups: ["system:authenticated"] },
    object,
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
  });
  expect(review.pathInText(["metadata", "name"])).toEqual(["metadata", "name"]);
  expect(review.pathInText(["request", "namespace"])).toEqual(["metadata", "namespace"]);
});

test("a pod comes in three ways", async () => {
  const stored = { ...pod, status: {}, metadata: { ...pod.metadata, uid: "1", managedFields: [] } };
  const pasted = await reviewed(stored);
  expect([pasted.way, pasted.request.object]).toEqual(["The policy gets the pod as it stands here.", stored]);
  const sent = await reviewed(stored, "api-server");
  const account = { serviceAccountName: "default", serviceAccount: "default" };
  expect([sent.way, sent.request.object]).toEqual([
    "The API server adds: ServiceAccount default.",
    { ...pod, spec: { containers: [], ...account } },
  ]);
  const made = await reviewed(stored, "liqo", { homeClusterId: "rome" });
  expect([made.way, made.request.object]).toEqual([
    "As Liqo's virtual kubelet prepares a pod of the cluster rome, with API server support on.",
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: "web",
        namespace: "shop-rome",
        labels: {
          "liqo.io/managed-by": "shadowpod",
          "offloading.liqo.io/destination": "foreign",
          "offloading.liqo.io/nodename": "foreign",
          "offloading.liqo.io/origin": "rome",
        },
      },
      spec: {
        containers: [],
        hostAliases: [{ ip: "10.112.0.2", hostnames: ["kubernetes.default", "kubernetes.default.svc"] }],
        automountServiceAccountToken: false,
        ...account,
      },
    },
  ]);
});

test("a pod that another cluster sent is not sent once more", async () => {
  const labels = { "offloading.liqo.io/origin": "rome" };
  const { way, request } = await reviewed({ ...pod, metadata: { ...pod.metadata, labels } }, "liqo");
  expect(way).toBe("Liqo has prepared this pod already. The API server adds: ServiceAccount default.");
  expect(request.namespace).toBe("shop");
});

test("a pod that Liqo cannot offload is told", async () => {
  const env = [{ name: "KUBERNETES_SERVICE_HOST", value: "x" }];
  const { way } = await reviewed({ ...pod, spec: { containers: [{ name: "web", env }] } }, "liqo");
  expect(way).toBe(
    "Liqo cannot offload this pod while its API server support is on: it sets KUBERNETES_SERVICE_HOST itself.",
  );
});

test.each<[string, string, Json, string[], string, string | undefined]>([
  ["apps/v1", "Deployment", {}, ["spec", "template"], "web-5d8f6c7b9-x2x8k", "web-5d8f6c7b9-"],
  ["apps/v1", "StatefulSet", {}, ["spec", "template"], "web-0", undefined],
  ["apps/v1", "DaemonSet", {}, ["spec", "template"], "web-x2x8k", "web-"],
  ["batch/v1", "CronJob", {}, ["spec", "jobTemplate", "spec", "template"], "web-29412000-x2x8k", "web-29412000-"],
])("a pod is made of a %s %s", async (apiVersion, kind, _, path, name, generateName) => {
  const template = { metadata: { annotations: { a: "b" } }, spec: { containers: [] } };
  const spec = path.slice(1).reduceRight<Json>((inner, step) => ({ [step]: inner }), template);
  const workload = { apiVersion, kind, metadata: { name: "web", namespace: "shop" }, spec };
  const review = await reviewed(workload, "liqo");
  expect([review.request.name, review.request.namespace, review.workload?.object]).toEqual([
    name,
    "shop-milan",
    workload,
  ]);
  expect(review.pathInText(["metadata", "annotations", "a"])).toEqual([...path, "metadata", "annotations", "a"]);
  const { request } = await reviewed(workload, "api-server");
  expect(request.object).toMatchObject({
    metadata: generateName ? { generateName, annotations: { a: "b" } } : { name },
  });
  expect((await reviewed(workload)).request.object).toBe(workload);
});

test("a review and its request go in as they are", async () => {
  const request = { uid: "1", kind: { kind: "Pod" }, operation: "CREATE", object: { spec: {} } };
  const whole = await reviewed({ kind: "AdmissionReview", request }, "liqo");
  expect(whole.request).toEqual(request);
  expect(whole.pathInText(["spec", "containers"])).toEqual(["request", "object", "spec", "containers"]);
  expect(whole.pathInText(["request", "kind"])).toEqual(["request", "kind"]);
  const bare = await reviewed(request, "liqo");
  expect(bare.request).toEqual(request);
  expect(bare.pathInText(["spec"])).toEqual(["object", "spec"]);
  expect(bare.pathInText(["request", "kind"])).toEqual(["kind"]);
});

describe("anything else is nothing to review", () => {
  const expected = "expected a Pod, a workload such as a Deployment, or an AdmissionReview";
  test.each<[Json, ShapeProblem]>([
    ["text", new ShapeProblem(expected, [])],
    [[], new ShapeProblem(expected, [])],
    [{}, new ShapeProblem(`kind is missing: ${expected}`, [])],
    [{ kind: "Pod" }, new ShapeProblem(`apiVersion is missing: ${expected}`, ["kind"])],
    [{ kind: "Pod", apiVersion: "v2/v1" }, new OtherKind("the policy ignores Pod (v2/v1)", ["kind"])],
    [{ kind: "Service", apiVersion: "v1" }, new OtherKind("the policy ignores Service (v1)", ["kind"])],
    [{ kind: "toString", apiVersion: "v1" }, new OtherKind("the policy ignores toString (v1)", ["kind"])],
    [{ kind: "AdmissionReview" }, new ShapeProblem("expected an AdmissionReview with a request", ["request"])],
  ])("%j", async (value, problem) => {
    const error = await reviewed(value).catch((error) => error);
    expect(error).toBeInstanceOf(problem.constructor);
    expect([error.message, error.path]).toEqual([problem.message, problem.path]);
  });
});
