import { describe, expect, test } from "vitest";
import { fromLiteral, type Literal, writeJson } from "../src/json.ts";
import { ShapeProblem } from "../src/path.ts";
import { reviewOf } from "../src/review.ts";

const reviewed = (literal: Literal, asApiServer = false) => reviewOf(fromLiteral(literal), asApiServer);

test("an object gets a request around it", () => {
  const object = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "web" }, spec: { replicas: 2 } };
  const review = reviewed(object, true);
  expect(JSON.parse(writeJson(review.request))).toEqual({
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
  expect(review.added).toBeUndefined();
  expect(review.pathInText(["metadata", "name"])).toEqual(["metadata", "name"]);
  expect(review.pathInText(["request", "namespace"])).toEqual(["metadata", "namespace"]);
});

test("a pod is admitted where that is wanted", () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "web", namespace: "shop" }, spec: {} };
  expect(reviewed(pod, true).added).toEqual(["ServiceAccount default"]);
  expect(reviewed(pod, false).added).toBeUndefined();
  expect(reviewed(pod, false).request.get("object")).toEqual(fromLiteral(pod));
});

test("a review and its request go in as they are", () => {
  const request = { uid: "1", kind: { kind: "Pod" }, operation: "CREATE", object: { spec: {} } };
  const whole = reviewed({ kind: "AdmissionReview", request }, true);
  expect(whole.request).toEqual(fromLiteral(request));
  expect(whole.pathInText(["spec", "containers"])).toEqual(["request", "object", "spec", "containers"]);
  expect(whole.pathInText(["request", "kind"])).toEqual(["request", "kind"]);
  const bare = reviewed(request, true);
  expect(bare.request).toEqual(fromLiteral(request));
  expect(bare.pathInText(["spec"])).toEqual(["object", "spec"]);
  expect(bare.pathInText(["request", "kind"])).toEqual(["kind"]);
});

describe("anything else is nothing to review", () => {
  const expected = "expected a Pod, a workload such as a Deployment, or an AdmissionReview";
  test.each<[Literal, string, string[]]>([
    ["text", expected, []],
    [[], expected, []],
    [{}, `kind is missing: ${expected}`, []],
    [{ kind: "Pod" }, `apiVersion is missing: ${expected}`, ["kind"]],
    [{ kind: "Pod", apiVersion: "v2/v1" }, `the policy does not look at Pod of v2/v1: ${expected}`, ["kind"]],
    [{ kind: "List", apiVersion: "v1" }, `the policy does not look at List of v1: ${expected}`, ["kind"]],
    [{ kind: "toString", apiVersion: "v1" }, `the policy does not look at toString of v1: ${expected}`, ["kind"]],
    [{ kind: "AdmissionReview" }, "expected an AdmissionReview with a request", ["request"]],
  ])("%j", (literal, message, path) => {
    const problem = new ShapeProblem(message, path);
    expect(() => reviewed(literal)).toThrow(problem);
    try {
      reviewed(literal);
    } catch (error) {
      expect((error as ShapeProblem).path).toEqual(path);
    }
  });
});
