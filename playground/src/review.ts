/**
 * Owns the way from what a user wrote to an admission request: a pod and a workload get a request around them, and an
 * AdmissionReview or its request goes in as it is.
 */

import { admit } from "./admission.ts";
import { fromLiteral, isMembers, type Members, member, textMember, type Value } from "./json.ts";
import { ShapeProblem, type Step } from "./path.ts";

export interface Review {
  request: Members;
  /** What the API server would have added, in words; none where it was not asked for or has been there already. */
  added?: string[] | undefined;
  /** Where in the text a path of the policy's messages leads. */
  pathInText(path: Step[]): Step[];
}

/** The kinds that the policy looks at, by group, with the names of their resources. */
const RESOURCES = new Map([
  ["/Pod", "pods"],
  ["/ReplicationController", "replicationcontrollers"],
  ["apps/Deployment", "deployments"],
  ["apps/ReplicaSet", "replicasets"],
  ["apps/StatefulSet", "statefulsets"],
  ["apps/DaemonSet", "daemonsets"],
  ["batch/Job", "jobs"],
  ["batch/CronJob", "cronjobs"],
]);

const EXPECTED = "expected a Pod, a workload such as a Deployment, or an AdmissionReview";

/** Throws a {@link ShapeProblem} when nothing can be made of the value. */
export function reviewOf(value: Value, asApiServer: boolean): Review {
  if (!isMembers(value)) throw new ShapeProblem(EXPECTED, []);
  if (value.get("kind") === "AdmissionReview") {
    const request = value.get("request");
    if (!isMembers(request)) throw new ShapeProblem("expected an AdmissionReview with a request", ["request"]);
    return recorded(request, ["request"]);
  }
  if (value.has("operation") && isMembers(value.get("kind"))) return recorded(value, []);
  return written(value, asApiServer);
}

function recorded(request: Members, place: Step[]): Review {
  return {
    request,
    pathInText: (path) => (path[0] === "request" ? [...place, ...path.slice(1)] : [...place, "object", ...path]),
  };
}

function written(object: Members, asApiServer: boolean): Review {
  const kind = textMember(object, "kind");
  const apiVersion = textMember(object, "apiVersion");
  if (!kind) throw new ShapeProblem(`kind is missing: ${EXPECTED}`, []);
  if (!apiVersion) throw new ShapeProblem(`apiVersion is missing: ${EXPECTED}`, ["kind"]);
  const [version = "", group = ""] = apiVersion.split("/").reverse();
  const resource = RESOURCES.get(`${group}/${kind}`);
  if (!resource) {
    throw new ShapeProblem(`the policy does not look at ${kind} of ${apiVersion}: ${EXPECTED}`, ["kind"]);
  }

  const admitted = asApiServer && kind === "Pod" ? admit(object) : undefined;
  const request = fromLiteral({
    uid: "00000000-0000-0000-0000-000000000000",
    kind: { group, version, kind },
    resource: { group, version, resource },
    name: textMember(member(object, "metadata"), "name") ?? "",
    namespace: textMember(member(object, "metadata"), "namespace") ?? "default",
    operation: "CREATE",
    userInfo: { username: "playground", groups: ["system:authenticated"] },
    object: admitted?.pod ?? object,
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
  }) as Members;
  return { request, added: admitted?.added, pathInText: fromNamespace };
}

/** The request's namespace is the one in the object's metadata. */
function fromNamespace(path: Step[]): Step[] {
  return path.join(".") === "request.namespace" ? ["metadata", "namespace"] : path;
}
