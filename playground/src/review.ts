/**
 * Owns the way from what a user wrote to admission requests: a pod and a workload get a request around them, and an
 * AdmissionReview or its request goes in as it is.
 */

import { admit, containersOf } from "./admission.ts";
import { copyOf, isMembers, itemsAt, type Json, type Members, membersAt, type Step, textAt } from "./json.ts";
import { offloaded, variablesOf } from "./liqo.ts";
import { homeCluster, originOf } from "./namespace.ts";
import { ShapeProblem } from "./path.ts";

/** How a pod comes to the policy. */
export type As = "liqo" | "api-server" | "pasted";

/** What the policy is asked: about a pod, about a workload, or about a workload and a pod of it. */
export interface Review {
  /** What is shown of it: the pod, unless there is none. */
  request: Members;
  /** The workload's own request, where `request` is about a pod of it. */
  workload?: Members | undefined;
  /** What became of the pod on its way to the policy, in words. */
  way: string;
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

/** The object is of a kind that the policy does not look at. */
export class OtherKind extends ShapeProblem {}

/** Where Liqo's network shows the home API server to pods of the foreign cluster, as an example. */
const REMAPPED = "10.112.0.2";

/** Throws a {@link ShapeProblem} when nothing can be made of the value. */
export async function reviewOf(value: Json, as: As, settings: Json): Promise<Review> {
  if (!isMembers(value)) throw new ShapeProblem(EXPECTED, []);
  if (value.kind === "AdmissionReview") {
    if (!isMembers(value.request)) throw new ShapeProblem("expected an AdmissionReview with a request", ["request"]);
    return recorded(value.request, ["request"]);
  }
  if (value.operation !== undefined && isMembers(value.kind)) return recorded(value, []);
  const resource = resourceOf(value);
  if (resource === "pods") return podReview(value, as, settings);

  const workload = requestFor(value, resource);
  const place = value.kind === "CronJob" ? ["spec", "jobTemplate", "spec", "template"] : ["spec", "template"];
  const template = membersAt(value, ...place);
  if (as === "pasted" || !isMembers(template.spec)) {
    return { request: workload, way: "A workload goes to the policy as it is.", pathInText: fromNamespace };
  }
  const review = await podReview(podOf(value, template, as), as, settings);
  return {
    ...review,
    workload,
    pathInText: (path) => (path[0] === "request" ? fromNamespace(path) : [...place, ...path]),
  };
}

function recorded(request: Members, place: Step[]): Review {
  return {
    request,
    way: "A recorded request goes to the policy as it is.",
    pathInText: (path) => (path[0] === "request" ? [...place, ...path.slice(1)] : [...place, "object", ...path]),
  };
}

function resourceOf(object: Members): string {
  const kind = textAt(object, "kind");
  const apiVersion = textAt(object, "apiVersion");
  if (!kind) throw new ShapeProblem(`kind is missing: ${EXPECTED}`, []);
  if (!apiVersion) throw new ShapeProblem(`apiVersion is missing: ${EXPECTED}`, ["kind"]);
  const resource = RESOURCES.get(`${apiVersion.split("/").slice(0, -1).join("/")}/${kind}`);
  if (!resource) throw new OtherKind(`the policy ignores ${kind} (${apiVersion})`, ["kind"]);
  return resource;
}

async function podReview(pasted: Members, as: As, settings: Json): Promise<Review> {
  const review = (pod: Members, way: string) => ({ request: requestFor(pod, "pods"), way, pathInText: fromNamespace });
  if (as === "pasted") return review(pasted, "The policy gets the pod as it stands here.");
  const pod = withoutServerFields(pasted);
  if (as === "api-server" || originOf(pod, settings)) {
    const { pod: admitted, added } = admit(pod);
    const additions = added.length ? `The API server adds: ${added.join(", ")}.` : "The API server adds nothing.";
    return review(admitted, as === "liqo" ? `Liqo has prepared this pod already. ${additions}` : additions);
  }
  const cluster = homeCluster(pod, settings);
  const made = await offloaded(admit(pod).pod, { homeCluster: cluster, addresses: [REMAPPED] });
  const own = ownVariable(pod);
  const way = own
    ? `Liqo cannot offload this pod while its API server support is on: it sets ${own} itself.`
    : `As Liqo's virtual kubelet prepares a pod of the cluster ${cluster}, with API server support on.`;
  return review(admit(made).pod, way);
}

/** A variable that a container sets and Liqo would set as well: the ShadowPod's list has each name once. */
function ownVariable(pod: Members): string | undefined {
  const names = variablesOf("kubernetes.default", "443").map(([name]) => name);
  const set = containersOf(pod.spec).flatMap((container) => itemsAt(container, "env"));
  return set.map((variable) => textAt(variable, "name")).find((name) => names.includes(name));
}

/** What only a pod that is stored already has. */
function withoutServerFields(pod: Members): Members {
  const { status: _, ...object } = copyOf(pod);
  const metadata = membersAt(object, "metadata");
  for (const field of ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"]) {
    delete metadata[field];
  }
  if (isMembers(object.spec)) delete object.spec.nodeName;
  return object;
}

/** What ends the names of a workload's pods, with made-up hashes. */
const SUFFIXES: Record<string, string> = {
  Deployment: "-5d8f6c7b9-x2x8k",
  StatefulSet: "-0",
  CronJob: "-29412000-x2x8k",
};

/** A pod of a workload. Its controller lets the API server make the name; Liqo copies one that was made. */
function podOf(workload: Members, { metadata, spec }: Members, as: As): Members {
  const kind = textAt(workload, "kind");
  const name = `${textAt(workload, "metadata", "name")}${SUFFIXES[kind] ?? "-x2x8k"}`;
  const isGenerated = as === "api-server" && kind !== "StatefulSet";
  const named = isGenerated ? { generateName: name.slice(0, -"x2x8k".length) } : { name };
  const namespace = textAt(workload, "metadata", "namespace") || "default";
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...named, namespace, ...membersAt(metadata) },
    spec: spec ?? null,
  };
}

function requestFor(object: Members, resource: string): Members {
  const [version = "", group = ""] = textAt(object, "apiVersion").split("/").reverse();
  return {
    uid: "00000000-0000-0000-0000-000000000000",
    kind: { group, version, kind: textAt(object, "kind") },
    resource: { group, version, resource },
    name: textAt(object, "metadata", "name"),
    namespace: textAt(object, "metadata", "namespace") || "default",
    operation: "CREATE",
    userInfo: { username: "playground", groups: ["system:authenticated"] },
    object,
    oldObject: null,
    dryRun: false,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
  };
}

/** The request's namespace is the one in the object's metadata. */
function fromNamespace(path: Step[]): Step[] {
  return path.join(".") === "request.namespace" ? ["metadata", "namespace"] : path;
}
