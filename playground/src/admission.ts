/**
 * Owns what the API server does to a pod before it asks a webhook, as far as this policy looks at it: the ServiceAccount
 * admission, which names the ServiceAccount and mounts its token.
 *
 * A ServiceAccount can turn the mounting off and carry pull secrets; here every ServiceAccount is one that does neither.
 */

import { copyOf, isMembers, itemsAt, type Json, type Members, membersAt, textAt } from "./json.ts";

/** Where clients look for the token. */
export const TOKEN_MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
export const TOKEN_VOLUME_PREFIX = "kube-api-access-";
/** Pods with this annotation stand for ones that a kubelet runs by itself, and stay as they are. */
const MIRROR = "kubernetes.io/config.mirror";

/** The pod with what the API server adds, also in words. A volume's name ends with a random suffix there. */
export function admit(given: Members, suffix = "xxxxx"): { pod: Members; added: string[] } {
  const added: string[] = [];
  const pod = copyOf(given);
  const { metadata, spec } = pod;
  if (!isMembers(metadata) || !isMembers(spec)) return { pod, added };
  if (membersAt(metadata, "annotations")[MIRROR] !== undefined) return { pod, added };

  if (!metadata.namespace) {
    metadata.namespace = "default";
    added.push("namespace default");
  }
  addServiceAccount(spec, added);
  if (spec.automountServiceAccountToken !== false) mountToken(spec, suffix, added);
  return { pod, added };
}

/** The lists of containers in a pod's spec, of which either may be missing. */
export function containersOf(spec: Json | undefined): Members[] {
  return ["initContainers", "containers"].flatMap((list) => itemsAt(spec, list)).filter(isMembers);
}

function addServiceAccount(spec: Members, added: string[]): void {
  const given = textAt(spec, "serviceAccountName") || textAt(spec, "serviceAccount");
  if (!given) added.push("ServiceAccount default");
  spec.serviceAccountName = given || "default";
  // The older name of the same field always says the same.
  spec.serviceAccount = spec.serviceAccountName;
}

function mountToken(spec: Members, suffix: string, added: string[]): void {
  const names = itemsAt(spec, "volumes").map((volume) => textAt(volume, "name"));
  const existing = names.find((name) => name.startsWith(TOKEN_VOLUME_PREFIX));
  const name = existing ?? TOKEN_VOLUME_PREFIX + suffix;
  const mountedIn: string[] = [];
  for (const container of containersOf(spec)) {
    const mounts = itemsAt(container, "volumeMounts");
    if (mounts.some((mount) => textAt(mount, "mountPath") === TOKEN_MOUNT_PATH)) continue;
    mountedIn.push(textAt(container, "name") || "unnamed");
    container.volumeMounts = [...mounts, { name, readOnly: true, mountPath: TOKEN_MOUNT_PATH }];
  }
  if (!mountedIn.length) return;
  if (!existing) {
    spec.volumes = [...itemsAt(spec, "volumes"), tokenVolume(name)];
    added.push(`volume ${name}`);
  }
  added.push(`its mount in ${mountedIn.join(", ")}`);
}

function tokenVolume(name: string): Json {
  const namespace = { apiVersion: "v1", fieldPath: "metadata.namespace" };
  const sources = [
    { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
    { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
    { downwardAPI: { items: [{ path: "namespace", fieldRef: namespace }] } },
  ];
  return { name, projected: { sources, defaultMode: 420 } };
}
