/** Owns Kubewarden's policies: what their rules and selectors make of a request, and what is missing, in words. */

import { at, itemsAt, type Json, type Members, membersAt, textAt } from "./json.ts";
import { labelsOf } from "./namespace.ts";

/** Whether a policy is asked about a request. */
export interface Selection {
  policy: string;
  isAsked: boolean;
  /** Why it is not asked. */
  missing: string[];
  /** What its author should know about the selectors. */
  advice: string[];
}

export function isPolicy(value: Json): value is Members {
  return (
    textAt(value, "apiVersion").startsWith("policies.kubewarden.io/") &&
    /^(Cluster)?AdmissionPolicy$/.test(textAt(value, "kind"))
  );
}

/** Whether a policy's selectors look at Namespaces. */
export function selectsNamespaces(policy: Members | undefined): boolean {
  // Kubewarden hands only these on.
  return itemsAt(policy, "spec", "namespaceSelector", "matchExpressions").length > 0;
}

/** What a policy makes of a request for an object in a Namespace. */
export function selectionOf(policy: Members, request: Members, namespace: Members | undefined): Selection {
  const spec = membersAt(policy, "spec");
  const labels = membersAt(request, "object", "metadata", "labels");
  const missing = [
    ...ruleProblems(itemsAt(spec, "rules"), request),
    ...unmet(membersAt(spec, "objectSelector"), `the ${textAt(request, "kind", "kind")}`, labels),
    ...namespaceProblems(policy, textAt(request, "namespace"), namespace),
  ];
  return { policy: textAt(policy, "metadata", "name"), isAsked: !missing.length, missing, advice: adviceOn(policy) };
}

function ruleProblems(rules: Json[], request: Members): string[] {
  const { group, version, resource } = membersAt(request, "resource");
  const has = (rule: Json, list: string, value: Json | undefined) =>
    itemsAt(rule, list).some((item) => item === "*" || item === value);
  const ofResource = rules.filter(
    (rule) => has(rule, "apiGroups", group) && has(rule, "apiVersions", version) && has(rule, "resources", resource),
  );
  if (!ofResource.length) return [`its rules do not list ${resource}`];
  if (ofResource.some((rule) => has(rule, "operations", request.operation))) return [];
  return [`its rules do not list ${request.operation} of ${resource}`];
}

function namespaceProblems(policy: Members, name: string, namespace: Members | undefined): string[] {
  if (policy.kind === "AdmissionPolicy") {
    const own = textAt(policy, "metadata", "namespace") || "default";
    return own === name ? [] : [`it serves the namespace ${own}, not ${name}`];
  }
  if (!selectsNamespaces(policy)) return [];
  if (!namespace) return [`the Namespace ${name} is not known`];
  const { matchLabels: _, ...selector } = membersAt(policy, "spec", "namespaceSelector");
  return unmet(selector, `the Namespace ${name}`, labelsOf(namespace));
}

/** What an object's labels lack for a selector; `name` stands for the object in a sentence. */
function unmet(selector: Members, name: string, labels: Members): string[] {
  const equal = Object.entries(membersAt(selector, "matchLabels"));
  const asExpressions = equal.map(([key, value]) => ({ key, operator: "In", values: [value] }));
  const requirements = [...asExpressions, ...itemsAt(selector, "matchExpressions")];
  return requirements.flatMap((requirement) => problemOf(requirement, name, labels) ?? []);
}

function problemOf(requirement: Json, name: string, labels: Members): string | undefined {
  const key = textAt(requirement, "key");
  const values = itemsAt(requirement, "values");
  const has = Object.hasOwn(labels, key);
  const isListed = values.includes(labels[key] ?? null);
  switch (textAt(requirement, "operator")) {
    case "In":
      if (isListed) return undefined;
      if (!has) return `${name} lacks the label ${key}: ${values.join(" or ")}`;
      return `the label ${key} of ${name} is ${labels[key]}, not ${values.join(" or ")}`;
    case "NotIn":
      return has && isListed ? `the label ${key} of ${name} is ${labels[key]}` : undefined;
    case "Exists":
      return has ? undefined : `${name} lacks the label ${key}`;
    case "DoesNotExist":
      return has ? `${name} has the label ${key}` : undefined;
    default:
      return `the operator of the requirement on ${key} is unknown`;
  }
}

function adviceOn(policy: Members): string[] {
  const [objects, namespaces] = ["objectSelector", "namespaceSelector"].map((name) => membersAt(policy, "spec", name));
  const isEverything = !Object.keys({ ...objects, ...namespaces }).length;
  const isClusterWide = policy.kind === "ClusterAdmissionPolicy";
  const advice: [isNeeded: boolean, text: string][] = [
    [
      isClusterWide && at(namespaces, "matchLabels") !== undefined,
      "Kubewarden ignores matchLabels in a namespaceSelector: use matchExpressions",
    ],
    [isClusterWide && isEverything, "the policy has no selectors, so it also changes pods that were not offloaded"],
    [itemsAt(policy, "spec", "matchConditions").length > 0, "matchConditions are not evaluated here"],
  ];
  return advice.flatMap(([isNeeded, text]) => (isNeeded ? [text] : []));
}
