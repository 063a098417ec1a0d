/** Owns who talks to whom: the API server that a pod of the foreign cluster uses, and with whose token. */

import { containersOf, TOKEN_MOUNT_PATH } from "./admission.ts";
import { isMembers, itemsAt, type Json, type Members, textAt } from "./json.ts";

export interface Access {
  mode: string;
  pod: string;
  homeCluster: string;
  /** Host and port; empty where the pod does not use it. */
  homeApiServer: string;
  /** What the pod shows to the API server. */
  credential: string;
}

/** From a pod and the audit annotations on it; none where the policy gave it no mode. */
export function accessOf(pod: Json, audit: Members, homeCluster: string): Access | undefined {
  const mode = textAt(audit, "mode");
  if (!mode) return undefined;
  return {
    mode,
    pod: textAt(pod, "metadata", "name") || `${textAt(pod, "metadata", "generateName")}…`,
    homeCluster,
    homeApiServer: textAt(audit, "home-api-server"),
    credential: mode === "disabled" ? "no token" : credentialOf(pod, textAt(audit, "service-account")),
  };
}

function credentialOf(pod: Json, account: string): string {
  const spec = isMembers(pod) ? pod.spec : undefined;
  const source = tokenSource(spec);
  const secret = textAt(source, "secret", "name");
  if (secret) return `token from Secret ${secret}`;
  return source ? `token of ServiceAccount ${account || textAt(spec, "serviceAccountName") || "default"}` : "no token";
}

/** The source that provides the file `token` where clients look for it. */
function tokenSource(spec: Json | undefined): Members | undefined {
  const mounted = new Set(
    containersOf(spec)
      .flatMap((container) => itemsAt(container, "volumeMounts"))
      .filter((mount) => textAt(mount, "mountPath") === TOKEN_MOUNT_PATH)
      .map((mount) => textAt(mount, "name")),
  );
  return itemsAt(spec, "volumes")
    .filter((volume) => mounted.has(textAt(volume, "name")))
    .flatMap((volume) => [...itemsAt(volume, "projected", "sources"), ...plainSecret(volume)])
    .filter(isMembers)
    .find(providesToken);
}

/** A volume of a Secret, as the source that it is as good as. */
function plainSecret(volume: Json): Json[] {
  const name = textAt(volume, "secret", "secretName");
  return name ? [{ secret: { name, items: [{ path: "token" }] } }] : [];
}

function providesToken({ serviceAccountToken, secret }: Members): boolean {
  return [serviceAccountToken, ...itemsAt(secret, "items")].some((item) => textAt(item, "path") === "token");
}
