/**
 * Owns what the page shows of other parts of the project: pods that were recorded from an API server, turned back into
 * what their authors wrote; the manifests in examples/; and the headings of docs/messages.md. The page imports them as
 * `virtual:examples`.
 */

import { readdirSync, readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { isMembers, itemsAt, type Json, type Members, membersAt, textAt } from "../src/json.ts";
import { isPolicy } from "../src/selection.ts";
import { readYaml, writeYaml } from "../src/yaml.ts";
import { sectionsOf } from "./messages.ts";

const MILAN = "two-home-clusters.yaml: liqo-api-access-milan";

/** The recorded requests, each with what it is an example of, how it comes to the policy, and what settings it has. */
const EXAMPLES: readonly Omit<Example, "object">[] = [
  { id: "already-forged", title: "A pod that Liqo has prepared", as: "liqo", settings: "one-home-cluster.yaml" },
  { id: "plain-web", title: "A plain pod (a warning)", as: "api-server", settings: MILAN },
  { id: "deployment", title: "A Deployment", as: "liqo", settings: "settings.yaml" },
  { id: "disabled", title: "No API access (disabled mode)", as: "liqo", settings: "one-home-cluster.yaml" },
  { id: "remote-other-sa", title: "Remote mode, another ServiceAccount", as: "liqo", settings: "settings.yaml" },
  { id: "argo-step", title: "A step of an Argo workflow", as: "liqo", settings: "settings.yaml" },
  { id: "istio-injected", title: "With Istio's sidecar", as: "liqo", settings: "settings.yaml" },
  { id: "ray-head", title: "With its own KUBERNETES_SERVICE_HOST", as: "liqo", settings: "settings.yaml" },
  {
    id: "already-forged",
    title: "One of many home clusters",
    as: "liqo",
    settings: "many-home-clusters.yaml",
    namespace: "liqo-demo-milan",
  },
  {
    id: "unknown-annotation-value",
    title: "A misspelt annotation (rejected)",
    as: "liqo",
    settings: "one-home-cluster.yaml",
  },
  {
    id: "deployment-bad-annotation",
    title: "A Deployment with a bad annotation (rejected)",
    as: "liqo",
    settings: "settings.yaml",
  },
];

export interface Example {
  id: string;
  title: string;
  /** Its YAML. */
  object: string;
  as: "liqo" | "api-server";
  /** The name of the manifest whose settings it has. */
  settings: string;
  namespace?: string;
}

/** A policy's manifest, or plain settings. */
export interface Manifest {
  name: string;
  text: string;
}

const MODULE = "virtual:examples";

export function examplesPlugin(): Plugin {
  return {
    name: "examples",
    resolveId: (id) => (id === MODULE ? `\0${MODULE}` : undefined),
    load(id) {
      if (id !== `\0${MODULE}`) return undefined;
      const exported = {
        examples: examples(),
        manifests: manifests(),
        sections: sectionsOf(readInRoot("docs/messages.md")),
      };
      return Object.entries(exported)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join("\n");
    },
  };
}

function examples(): Example[] {
  return EXAMPLES.map((example) => {
    const object = asWritten(JSON.parse(readInRoot(`test_data/requests/${example.id}.json`)).object);
    if (example.namespace) membersAt(object, "metadata").namespace = example.namespace;
    return { ...example, object: writeYaml(object) };
  });
}

/** The policies in examples/, and the settings that stand there alone. */
export function manifests(): Manifest[] {
  const files = readdirSync(new URL("../../examples/", import.meta.url)).sort();
  return files.flatMap((name) => {
    const text = readInRoot(`examples/${name}`);
    if (name === "settings.yaml") return [{ name, text }];
    const policies = text.split(/^---\n/m).filter((part) => readYaml(part).some(({ value }) => isPolicy(value)));
    if (policies.length < 2) return policies.map((text) => ({ name, text }));
    return policies.map((text) => ({ name: `${name}: ${/^ {2}name: (.*)$/m.exec(text)?.[1]}`, text }));
  });
}

function readInRoot(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
}

/** An object without what the API server has added to it. */
export function asWritten(object: Members): Members {
  const { managedFields: _, annotations, ...metadata } = membersAt(object, "metadata");
  const { "kubectl.kubernetes.io/last-applied-configuration": __, ...own } = membersAt(annotations);
  return {
    apiVersion: object.apiVersion ?? null,
    kind: object.kind ?? null,
    metadata: Object.keys(own).length ? { ...metadata, annotations: own } : metadata,
    spec: withoutDefaults(withoutAdmission(object).spec ?? null),
  };
}

/** A pod without what {@link ../src/admission} adds. */
export function withoutAdmission(pod: Members): Members {
  const { serviceAccount: _, ...spec } = membersAt(pod, "spec");
  if (spec.serviceAccountName === "default") delete spec.serviceAccountName;
  if (spec.automountServiceAccountToken !== false) {
    const isOwn = (value: Json) => !textAt(value, "name").startsWith("kube-api-access-");
    replaceList(spec, "volumes", (volumes) => volumes.filter(isOwn));
    for (const containers of ["initContainers", "containers"]) {
      replaceList(spec, containers, (list) =>
        list.map((container) => {
          const rest = { ...membersAt(container) };
          replaceList(rest, "volumeMounts", (mounts) => mounts.filter(isOwn));
          return rest;
        }),
      );
    }
  }
  return { ...pod, spec };
}

function replaceList(members: Members, name: string, change: (items: Json[]) => Json[]): void {
  const items = change(itemsAt(members, name));
  if (items.length) members[name] = items;
  else delete members[name];
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

function withoutDefaults(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (!isMembers(value)) return value;
  const set = Object.entries(value).filter(
    ([name, member]) => !DEFAULTS.has(JSON.stringify({ [name]: member }).slice(1, -1)),
  );
  const rest = Object.fromEntries(set.map(([name, member]) => [name, withoutDefaults(member)]));
  if (rest.tolerations) {
    replaceList(rest, "tolerations", (tolerations) =>
      tolerations.filter((toleration) => !DEFAULT_TOLERATIONS.includes(textAt(toleration, "key"))),
    );
  }
  return rest;
}
