/**
 * Owns what the API server does to a pod before it asks a webhook, as far as this policy looks at it: the ServiceAccount
 * admission, which names the ServiceAccount and mounts its token.
 *
 * A ServiceAccount can turn the mounting off and carry pull secrets; here every ServiceAccount is one that does neither.
 */

import { fromLiteral, isMembers, itemsOf, type Members, member, textMember, type Value } from "./json.ts";

/** Where clients look for the token. */
const TOKEN_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_VOLUME_PREFIX = "kube-api-access-";
/** Pods with this annotation stand for ones that a kubelet runs by itself, and stay as they are. */
const MIRROR = "kubernetes.io/config.mirror";

export interface Admitted {
  pod: Members;
  /** What was added, in words. */
  added: string[];
}

/** The pod with what the API server adds. A volume's name ends with a random suffix there. */
export function admit(pod: Members, suffix = "xxxxx"): Admitted {
  const metadata = member(pod, "metadata");
  const spec = member(pod, "spec");
  if (!isMembers(metadata) || !isMembers(spec)) return { pod, added: [] };
  if (member(metadata.get("annotations"), MIRROR) !== undefined) return { pod, added: [] };

  const added: string[] = [];
  const admitted = new Map(pod);
  if (!metadata.get("namespace")) {
    admitted.set("metadata", new Map([...metadata, ["namespace", "default"]]));
    added.push("namespace default");
  }
  const newSpec = new Map(spec);
  addServiceAccount(newSpec, added);
  if (spec.get("automountServiceAccountToken") !== false) mountToken(newSpec, suffix, added);
  admitted.set("spec", newSpec);
  return { pod: admitted, added };
}

function addServiceAccount(spec: Members, added: string[]): void {
  const given = textMember(spec, "serviceAccountName") || textMember(spec, "serviceAccount");
  if (!given) added.push("ServiceAccount default");
  const name = given || "default";
  spec.set("serviceAccountName", name);
  // The older name of the same field always says the same.
  spec.set("serviceAccount", name);
}

function mountToken(spec: Members, suffix: string, added: string[]): void {
  const names = itemsOf(spec, "volumes").map((volume) => textMember(volume, "name") ?? "");
  const existing = names.find((name) => name.startsWith(TOKEN_VOLUME_PREFIX));
  const name = existing ?? TOKEN_VOLUME_PREFIX + suffix;
  const mountedIn: string[] = [];
  for (const list of ["initContainers", "containers"]) {
    const containers = spec.get(list);
    if (!Array.isArray(containers)) continue;
    spec.set(
      list,
      containers.map((container) => {
        const mounts = itemsOf(container, "volumeMounts");
        if (!isMembers(container) || mounts.some(isTokenMount)) return container;
        mountedIn.push(textMember(container, "name") ?? "unnamed");
        return new Map([...container, ["volumeMounts", [...mounts, tokenMount(name)]]]);
      }),
    );
  }
  if (!mountedIn.length) return;
  if (!existing) {
    spec.set("volumes", [...itemsOf(spec, "volumes"), tokenVolume(name)]);
    added.push(`volume ${name}`);
  }
  added.push(`its mount in ${mountedIn.join(", ")}`);
}

function isTokenMount(mount: Value): boolean {
  return member(mount, "mountPath") === TOKEN_MOUNT_PATH;
}

function tokenMount(name: string): Value {
  return fromLiteral({ name, readOnly: true, mountPath: TOKEN_MOUNT_PATH });
}

function tokenVolume(name: string): Value {
  const namespace = { apiVersion: "v1", fieldPath: "metadata.namespace" };
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: namespace }] } },
  ];
  return fromLiteral({ name, projected: { sources, defaultMode: 420 } });
}
