/**
 * Owns the examples: pods that were recorded from an API server, turned back into what their authors wrote. The page
 * imports them as `virtual:examples`.
 */

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { isMembers, itemsOf, type Members, member, parseJson, textMember, type Value, writeJson } from "../src/json.ts";
import { readYaml, writeYaml } from "../src/yaml.ts";

/** The recorded requests, each with what it is an example of. Settings and namespace may be others than usual. */
const EXAMPLES: readonly [id: string, title: string, special?: { manifest: string; namespace: string }][] = [
  ["plain-web", "A plain pod"],
  ["disabled", "No API access (disabled)"],
  ["remote-other-sa", "Remote, with another ServiceAccount"],
  ["argo-step", "A step of an Argo workflow"],
  ["istio-injected", "With Istio's sidecar"],
  ["ray-head", "With its own KUBERNETES_SERVICE_HOST"],
  [
    "already-forged",
    "One of many home clusters",
    { manifest: "examples/many-home-clusters.yaml", namespace: "liqo-demo-milan" },
  ],
  ["unknown-annotation-value", "A misspelt annotation (rejected)"],
  ["deployment-bad-annotation", "A Deployment with a bad annotation (rejected)"],
];

export interface Example {
  id: string;
  title: string;
  object: string;
  settings: string;
}

const MODULE = "virtual:examples";

export function examplesPlugin(): Plugin {
  return {
    name: "examples",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      return `export const examples = ${JSON.stringify(examples())};`;
    },
  };
}

function examples(): Example[] {
  return EXAMPLES.map(([id, title, special]) => {
    const request = parseJson(readInRoot(`test_data/requests/${id}.json`));
    const object = asWritten(member(request, "object") as Members);
    if (special) (object.get("metadata") as Members).set("namespace", special.namespace);
    const settings = special ? settingsOf(special.manifest) : readInRoot("examples/settings.yaml");
    return { id, title, object: writeYaml(object), settings };
  });
}

/** The settings of a policy's manifest. */
function settingsOf(manifest: string): string {
  const { value } = readYaml(readInRoot(manifest));
  return `# The settings of ${manifest}.\n${writeYaml(member(member(value, "spec"), "settings") as Value)}`;
}

function readInRoot(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

/** An object without what the API server has added to it. */
export function asWritten(object: Members): Members {
  const metadata = new Map(member(object, "metadata") as Members);
  metadata.delete("managedFields");
  const annotations = new Map((metadata.get("annotations") as Members | undefined) ?? []);
  annotations.delete("kubectl.kubernetes.io/last-applied-configuration");
  if (annotations.size) metadata.set("annotations", annotations);
  else metadata.delete("annotations");

  const written: Members = new Map([
    ["apiVersion", object.get("apiVersion") as Value],
    ["kind", object.get("kind") as Value],
    ["metadata", metadata],
    ["spec", withoutDefaults(withoutAdmission(object).get("spec") as Value)],
  ]);
  return written;
}

/** A pod without what {@link ../src/admission} adds. */
export function withoutAdmission(pod: Members): Members {
  const spec = new Map(member(pod, "spec") as Members);
  const name = textMember(spec, "serviceAccountName");
  spec.delete("serviceAccount");
  if (name === "default") spec.delete("serviceAccountName");
  if (spec.get("automountServiceAccountToken") !== false) {
    const isToken = (value: Value) => textMember(value, "name")?.startsWith("kube-api-access-") ?? false;
    replaceList(spec, "volumes", (volumes) => volumes.filter((volume) => !isToken(volume)));
    for (const containers of ["initContainers", "containers"]) {
      replaceList(spec, containers, (list) =>
        list.map((container) => {
          const rest = new Map(container as Members);
          replaceList(rest, "volumeMounts", (mounts) => mounts.filter((mount) => !isToken(mount)));
          return rest;
        }),
      );
    }
  }
  return new Map([...pod, ["spec", spec]]);
}

function replaceList(members: Members, name: string, change: (items: Value[]) => Value[]): void {
  const items = change(itemsOf(members, name));
  if (items.length) members.set(name, items);
  else members.delete(name);
}

/** Members that the API server sets where they are left out, in JSON. */
const DEFAULTS = new Set([
  '"dnsPolicy":"ClusterFirst"',
  '"enableServiceLinks":true',
  '"failureThreshold":3',
  '"imagePullPolicy":"IfNotPresent"',
  '"periodSeconds":10',
  '"preemptionPolicy":"PreemptLowerPriority"',
  '"priority":0',
  '"progressDeadlineSeconds":600',
  '"protocol":"TCP"',
  '"resources":{}',
  '"restartPolicy":"Always"',
  '"revisionHistoryLimit":10',
  '"schedulerName":"default-scheduler"',
  '"scheme":"HTTP"',
  '"securityContext":{}',
  '"successThreshold":1',
  '"terminationGracePeriodSeconds":30',
  '"terminationMessagePath":"/dev/termination-log"',
  '"terminationMessagePolicy":"File"',
  '"timeoutSeconds":1',
]);
const DEFAULT_TOLERATIONS = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

function withoutDefaults(value: Value): Value {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMembers(value)) return value;
  const rest: Members = new Map();
  for (const [name, member] of value) {
    if (!DEFAULTS.has(writeJson(new Map([[name, member]])).slice(1, -1))) rest.set(name, withoutDefaults(member));
  }
  if (rest.has("tolerations")) {
    replaceList(rest, "tolerations", (tolerations) =>
      tolerations.filter((toleration) => !DEFAULT_TOLERATIONS.includes(textMember(toleration, "key") ?? "")),
    );
  }
  return rest;
}
