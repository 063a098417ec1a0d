import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { withoutAdmission } from "../build/examples.ts";
import { admit } from "../src/admission.ts";
import { itemsAt, type Json, type Members, textAt } from "../src/json.ts";
import { inRoot } from "./runner.ts";

/** Its ServiceAccount has the mounting off, which nothing in the pod tells. */
const NOT_MOUNTED = "dry-run.json";

const recorded = readdirSync(inRoot("test_data/requests"))
  .filter((name) => name.endsWith(".json") && name !== NOT_MOUNTED)
  .map((name) => ({ name, request: JSON.parse(readFileSync(inRoot(`test_data/requests/${name}`), "utf8")) }))
  .filter(({ request }) => textAt(request, "operation") === "CREATE")
  .map(({ name, request }) => ({ name, pod: request.object as Members }))
  .filter(({ pod }) => textAt(pod, "kind") === "Pod");

test("there are pods to compare with", () => {
  expect(recorded.length).toBeGreaterThan(20);
});

test.each(recorded)("$name is admitted as the API server did it", ({ pod }) => {
  const volumes = itemsAt(pod, "spec", "volumes").map((volume) => textAt(volume, "name"));
  const suffix = volumes.find((name) => name.startsWith("kube-api-access-"))?.slice("kube-api-access-".length);
  const written = withoutAdmission(pod);
  const admitted = admit(written, suffix);
  expect(admitted.pod).toEqual(pod);
});

describe("what is there stays", () => {
  const pod = (spec: Json): Members => ({ metadata: { name: "web", namespace: "shop" }, spec });

  test("a mount at the path of the token, and a volume from an earlier time", () => {
    const mounts = [{ name: "own", mountPath: "/var/run/secrets/kubernetes.io/serviceaccount" }];
    const { pod: admitted, added } = admit(
      pod({
        serviceAccountName: "builder",
        volumes: [{ name: "kube-api-access-12345", emptyDir: {} }],
        initContainers: [{ name: "init" }],
        containers: [{ name: "web", volumeMounts: mounts }],
      }),
    );
    const tokenMount = { name: "kube-api-access-12345", readOnly: true, mountPath: mounts[0]?.mountPath };
    expect(admitted.spec).toEqual({
      serviceAccountName: "builder",
      serviceAccount: "builder",
      volumes: [{ name: "kube-api-access-12345", emptyDir: {} }],
      initContainers: [{ name: "init", volumeMounts: [tokenMount] }],
      containers: [{ name: "web", volumeMounts: mounts }],
    });
    expect(added).toEqual(["its mount in init"]);
  });

  test("a pod that wants no token", () => {
    const { pod: admitted, added } = admit(
      pod({ automountServiceAccountToken: false, serviceAccount: "builder", containers: [{ name: "web" }] }),
    );
    expect(admitted.spec).toEqual({
      automountServiceAccountToken: false,
      serviceAccountName: "builder",
      serviceAccount: "builder",
      containers: [{ name: "web" }],
    });
    expect(added).toEqual([]);
  });

  test.each<[string, Members]>([
    ["no spec", { metadata: {} }],
    ["no metadata", { spec: {} }],
    ["a spec that is none", { metadata: {}, spec: [] }],
    ["a mirror pod", { metadata: { annotations: { "kubernetes.io/config.mirror": "" } }, spec: {} }],
  ])("%s", (_, given) => {
    expect(admit(given)).toEqual({ pod: given, added: [] });
  });
});

test("what is added is told", () => {
  const given = { metadata: {}, spec: { containers: [{ name: "web" }, {}, "none"] } };
  const { pod, added } = admit(given);
  expect(textAt(pod, "metadata", "namespace")).toBe("default");
  expect(added).toEqual([
    "namespace default",
    "ServiceAccount default",
    "volume kube-api-access-xxxxx",
    "its mount in web, unnamed",
  ]);
});
