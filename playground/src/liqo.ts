/**
 * Owns the pod that Liqo creates in the foreign cluster: what its virtual kubelet makes of a pod of the home cluster.
 * Source: `pkg/virtualKubelet/forge/pods.go`, `configmaps.go` and `secrets.go` of Liqo, July 2026.
 */

import { containersOf } from "./admission.ts";
import { at, copyOf, isMembers, itemsAt, type Json, type Members, membersAt, textAt } from "./json.ts";

/** What the virtual kubelet was started with; its API server support is on unless another mode is the default. */
export interface VirtualKubelet {
  homeCluster: string;
  /** Where pods of the foreign cluster reach the home API server. */
  addresses: string[];
  /** Both or neither. */
  host?: string | undefined;
  port?: string | undefined;
  defaultMode?: string | undefined;
}

const MODE = "liqo.io/api-server-support";
const REMOTE_NAME = "liqo.io/remote-service-account-name";
const ROOT_CA = "kube-root-ca.crt";
const ALIASED = ["kubernetes.default", "kubernetes.default.svc"];
/** Pods that tolerate the virtual node at home must not be sent on by the foreign cluster. */
const VIRTUAL_NODE = "virtual-node.liqo.io/not-allowed";

/** What the virtual kubelet copies of a pod's spec. */
const FIELDS = `activeDeadlineSeconds containers dnsConfig dnsPolicy enableServiceLinks hostAliases hostname
  imagePullSecrets initContainers readinessGates restartPolicy runtimeClassName securityContext serviceAccountName
  setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds tolerations topologySpreadConstraints
  volumes`;
const REFLECTED = new Set(FIELDS.split(/\s+/));

/** The pod in the foreign cluster, before its API server adds anything. */
export async function offloaded(local: Members, kubelet: VirtualKubelet): Promise<Members> {
  const { name, annotations } = membersAt(local, "metadata");
  const namespace = textAt(local, "metadata", "namespace") || "default";
  const suffix = `-${kubelet.homeCluster}`;
  const spec = Object.fromEntries(Object.entries(membersAt(local, "spec")).filter(([field]) => REFLECTED.has(field)));
  if (Array.isArray(spec.tolerations)) {
    spec.tolerations = spec.tolerations.filter((toleration) => textAt(toleration, "key") !== VIRTUAL_NODE);
  }
  const metadata = {
    ...(name === undefined ? {} : { name }),
    namespace: namespace.endsWith(suffix) ? namespace : namespace + suffix,
    labels: {
      ...membersAt(local, "metadata", "labels"),
      "liqo.io/managed-by": "shadowpod",
      "offloading.liqo.io/destination": "foreign",
      "offloading.liqo.io/nodename": "foreign",
      "offloading.liqo.io/origin": kubelet.homeCluster,
    },
    ...(annotations === undefined ? {} : { annotations }),
  };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: await forged(spec, local, kubelet) };
}

/** A spec with the access to API servers that the virtual kubelet gives it. */
export async function forged(given: Members, pod: Members, kubelet: VirtualKubelet): Promise<Members> {
  const spec = copyOf(given);
  const annotations = membersAt(pod, "metadata", "annotations");
  const annotated = annotations[MODE];
  const mode = annotated === "remote" || annotated === "disabled" ? annotated : (kubelet.defaultMode ?? "home");
  const account = textAt(spec, "serviceAccountName");
  spec.automountServiceAccountToken = mode === "remote";
  if (mode === "remote") {
    const name = annotations[REMOTE_NAME] ?? account;
    if (name !== "") spec.serviceAccountName = name;
    return spec;
  }
  delete spec.serviceAccountName;
  const secret = `${textAt(pod, "metadata", "name")}-token`;
  for (const volume of itemsAt(spec, "volumes")) {
    const { sources } = membersAt(volume, "projected");
    if (!Array.isArray(sources)) continue;
    renameRootCa(sources, kubelet.homeCluster);
    const reflected = sources.map((source) => withSecret(source, textAt(volume, "name"), secret));
    const isToken = (source: Json) => at(source, "serviceAccountToken") !== undefined;
    const kept = mode === "disabled" ? sources.filter((source) => !isToken(source)) : await Promise.all(reflected);
    membersAt(volume, "projected").sources = kept;
  }
  if (mode !== "home") return spec;

  for (const container of containersOf(spec)) nameEndpoint(container, account || "default", kubelet);
  if (kubelet.host === undefined) {
    const aliases = kubelet.addresses.map((ip) => ({ ip, hostnames: ALIASED }));
    if (aliases.length) append(spec, "hostAliases", aliases);
  }
  return spec;
}

/** The names of the variables that the virtual kubelet sets; nobody can offload a pod that sets one itself. */
export function variablesOf(host: string, port: string): [name: string, value: string][] {
  const url = `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return [
    ["KUBERNETES_SERVICE_HOST", host],
    ["KUBERNETES_SERVICE_PORT", port],
    ["KUBERNETES_PORT", url],
    [`KUBERNETES_PORT_${port}_TCP`, url],
    [`KUBERNETES_PORT_${port}_TCP_PROTO`, "tcp"],
    [`KUBERNETES_PORT_${port}_TCP_ADDR`, host],
    [`KUBERNETES_PORT_${port}_TCP_PORT`, port],
  ];
}

function nameEndpoint(container: Members, account: string, { host, port }: VirtualKubelet): void {
  for (const variable of itemsAt(container, "env").filter(isMembers)) {
    if (textAt(variable, "valueFrom", "fieldRef", "fieldPath") !== "spec.serviceAccountName") continue;
    delete variable.valueFrom;
    variable.value = account;
  }
  const variables = variablesOf(host ?? "kubernetes.default", port ?? "443");
  append(
    container,
    "env",
    variables.map(([name, value]) => ({ name, value })),
  );
}

/** The ConfigMap with the home cluster's certificates has another name here. */
function renameRootCa(sources: Json[], homeCluster: string): void {
  const name = `${ROOT_CA}.${homeCluster.slice(0, 5)}`;
  for (const configMap of sources.map((source) => membersAt(source, "configMap"))) {
    if (configMap.name === ROOT_CA) configMap.name = /[a-zA-Z0-9]$/.test(name) ? name : `${name}a`;
  }
}

/** A source with the reflected token in place of one that the kubelet would make. */
async function withSecret(source: Json, volume: string, secret: string): Promise<Json> {
  const { serviceAccountToken: token, ...others } = membersAt(source);
  if (token === undefined) return source;
  const path = textAt(token, "path");
  return { ...others, secret: { name: secret, items: [{ key: `${volume}-${await hash(path)}`, path }] } };
}

/** The first six hexadecimal digits of a text's SHA-256. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest).subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Adds items to a list that may be missing. What should be a list and is none stays, and is rejected later. */
function append(object: Members, name: string, items: Json[]): void {
  const given = object[name] ?? [];
  if (Array.isArray(given)) object[name] = [...given, ...items];
}
