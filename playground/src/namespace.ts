/**
 * Owns the Namespace of an object: how the page makes one where its user has none, and what the policy is told when it
 * asks for it.
 */

import { at, isMembers, type Json, type Members, membersAt, textAt } from "./json.ts";
import { ShapeProblem } from "./path.ts";
import type { Host, HostAnswer, HostCall } from "./wapc.ts";

/** Something that the policy asked for, with the answer, as kwctl records both. */
export type Exchange = { request: Members; answer: HostAnswer };

/** The label of a pod that names its home cluster, unless the settings name another one. */
const ORIGIN_LABEL = "offloading.liqo.io/origin";

/** Whether the policy asks for Namespaces with these settings. */
export function looksUpNamespaces(settings: Json): boolean {
  return setting(settings, "namespaceLookup", "namespace_lookup") === true;
}

/** The Namespace of a request as Liqo would have made it. */
export function offloadedNamespace(name: string, cluster: string): Members {
  const originalName = name.endsWith(`-${cluster}`) ? name.slice(0, -cluster.length - 1) : name;
  const labels = { "liqo.io/remote-cluster-id": cluster };
  const annotations = { "liqo.io/original-name": originalName };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels, annotations } };
}

/**
 * The home cluster of an object: the one whose id ends the Namespace's name, as Liqo makes such names; else the one that
 * the label names, else one of the settings.
 */
export function homeCluster(object: Json, settings: Json): string {
  const namespace = textAt(object, "metadata", "namespace") || "default";
  const id = setting(settings, "homeClusterId", "home_cluster_id", "home-cluster-id");
  const clusters = setting(settings, "homeClusters", "home_clusters");
  const known = [...(typeof id === "string" ? [id] : []), ...(isMembers(clusters) ? Object.keys(clusters) : [])];
  return known.find((id) => namespace.endsWith(`-${id}`)) ?? (originOf(object, settings) || known[0] || "milan");
}

/** The home cluster that a pod's label names. */
export function originOf(object: Json, settings: Json): string {
  const label = setting(settings, "originLabel", "origin_label");
  return textAt(object, "metadata", "labels", typeof label === "string" ? label : ORIGIN_LABEL);
}

function setting(settings: Json, ...names: string[]): Json | undefined {
  return names.map((name) => at(settings, name) ?? undefined).find((value) => value !== undefined);
}

/** The Namespace that was written; none where nothing is. */
export function namespaceOf(value: Json | undefined): Members | undefined {
  if (value === null || value === undefined) return undefined;
  const expected = (what: string, ...path: string[]) => new ShapeProblem(`expected ${what}`, path);
  if (!isMembers(value)) throw expected("a Namespace");
  if (value.kind !== "Namespace") throw expected("a Namespace", "kind");
  if (value.apiVersion !== "v1") throw expected("apiVersion v1", "apiVersion");
  if (!textAt(value, "metadata", "name")) throw expected("a Namespace with a name", "metadata");
  return value;
}

/** The labels that selectors see: the API server adds the name. */
export function labelsOf({ metadata }: Members): Members {
  return { "kubernetes.io/metadata.name": textAt(metadata, "name"), ...membersAt(metadata, "labels") };
}

/** A foreign cluster with at most one Namespace. It answers as kwctl does. */
export class Cluster {
  /** What was asked, in order. */
  readonly exchanges: Exchange[] = [];

  constructor(private readonly namespace: Members | undefined) {}

  readonly host: Host = (call) => {
    const request: Json = JSON.parse(call.payload);
    if (!isMembers(request) || !asksForNamespace(call, request)) {
      return { error: "the playground knows nothing but the Namespace" };
    }
    const answer = this.#answer(textAt(request, "name"));
    this.exchanges.push({ request, answer });
    return "error" in answer ? { error: `Callback evaluation failure: ${answer.error}` } : answer;
  };

  #answer(name: string): HostAnswer {
    const isThere = this.namespace && textAt(this.namespace, "metadata", "name") === name;
    if (isThere) return { payload: JSON.stringify(this.namespace) };
    return { error: `Cannot find v1/Namespace named '${name}' inside of namespace 'None'` };
  }
}

function asksForNamespace({ binding, namespace, operation }: HostCall, { api_version, kind }: Members): boolean {
  const asked = [binding, namespace, operation, api_version, kind].join("/");
  return asked === "kubewarden/kubernetes/get_resource/v1/Namespace";
}
