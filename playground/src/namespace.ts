/**
 * Owns the Namespace of the object: how the page makes one where its user has none, and what the policy is told when it
 * asks for it.
 */

import { fromLiteral, isMembers, type Members, member, parseJson, textMember, type Value, writeJson } from "./json.ts";
import { ShapeProblem } from "./path.ts";
import type { Host, HostAnswer, HostCall } from "./wapc.ts";
import { writeYaml } from "./yaml.ts";

/** Something that the policy asked for, with the answer, as kwctl records both. */
export interface Exchange {
  request: Members;
  answer: HostAnswer;
}

/** The label of a pod that names its home cluster, unless the settings name another one. */
const ORIGIN_LABEL = "offloading.liqo.io/origin";

/** Whether the policy asks for Namespaces with these settings. */
export function looksUpNamespaces(settings: Value): boolean {
  return setting(settings, "namespaceLookup", "namespace_lookup") === true;
}

/** The Namespace of a request as Liqo would have made it, in YAML. */
export function offloadedNamespace(request: Members, settings: Value): string {
  const name = textMember(request, "namespace") || "default";
  const cluster = homeCluster(name, request, settings);
  const originalName = name.endsWith(`-${cluster}`) ? name.slice(0, -cluster.length - 1) : name;
  return writeYaml(
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
}

/**
 * The home cluster whose id ends the Namespace's name, as Liqo makes such names; else the one that the pod's label names,
 * else one of the settings.
 */
function homeCluster(name: string, request: Members, settings: Value): string {
  const id = setting(settings, "homeClusterId", "home_cluster_id", "home-cluster-id");
  const clusters = setting(settings, "homeClusters", "home_clusters");
  const known = [...(typeof id === "string" ? [id] : []), ...(isMembers(clusters) ? clusters.keys() : [])];
  const label = setting(settings, "originLabel", "origin_label");
  const labels = member(member(request.get("object"), "metadata"), "labels");
  const ofPod = textMember(labels, typeof label === "string" ? label : ORIGIN_LABEL);
  return known.find((id) => name.endsWith(`-${id}`)) ?? (ofPod || known[0] || "milan");
}

function setting(settings: Value, ...names: string[]): Value | undefined {
  return names.map((name) => member(settings, name)).find((value) => value !== undefined && value !== null);
}

/** The Namespace that was written; none where nothing is. */
export function namespaceOf(value: Value): Members | undefined {
  if (value === null) return undefined;
  const expected = (what: string, ...path: string[]) => new ShapeProblem(`expected ${what}`, path);
  if (!isMembers(value)) throw expected("a Namespace");
  if (value.get("kind") !== "Namespace") throw expected("a Namespace", "kind");
  if (value.get("apiVersion") !== "v1") throw expected("apiVersion v1", "apiVersion");
  if (!textMember(value.get("metadata"), "name")) throw expected("a Namespace with a name", "metadata");
  return value;
}

/** A foreign cluster with at most one Namespace. It answers as kwctl does. */
export class Cluster {
  /** What was asked, in order. */
  readonly exchanges: Exchange[] = [];

  constructor(private readonly namespace: Members | undefined) {}

  readonly host: Host = (call) => {
    const request = parseJson(call.payload);
    if (!isMembers(request) || !asksForNamespace(call, request)) {
      return { error: "the playground knows nothing but the Namespace" };
    }
    const answer = this.#answer(textMember(request, "name") ?? "");
    this.exchanges.push({ request, answer });
    return "error" in answer ? { error: `Callback evaluation failure: ${answer.error}` } : answer;
  };

  #answer(name: string): HostAnswer {
    if (this.namespace && textMember(this.namespace.get("metadata"), "name") === name) {
      return { payload: writeJson(this.namespace) };
    }
    return { error: `Cannot find v1/Namespace named '${name}' inside of namespace 'None'` };
  }
}

function asksForNamespace({ binding, namespace, operation }: HostCall, request: Members): boolean {
  return (
    [binding, namespace, operation].join("/") === "kubewarden/kubernetes/get_resource" &&
    request.get("api_version") === "v1" &&
    request.get("kind") === "Namespace"
  );
}
