/** Owns a change in words: what the policy did to a pod, told by what it means and not by operations of a patch. */

import { containersOf, TOKEN_MOUNT_PATH } from "./admission.ts";
import { itemsAt, type Json, type Members, membersAt, textAt, textOf } from "./json.ts";

const HOME_NAMESPACE = "liqo-api-access-policy.github.io/home-namespace";

/** What changed in a pod, most important first. */
export function changeInWords(before: Json, after: Json): string[] {
  const [old, now] = [membersAt(before, "spec"), membersAt(after, "spec")];
  const shown = (pod: Json) => textAt(pod, "metadata", "annotations", HOME_NAMESPACE);
  const said = [variables, aliases, credentials, serviceAccount].flatMap((part) => part(old, now));
  if (shown(after) !== shown(before)) said.push("home namespace shown to the pod");
  return said.length ? said : ["details only"];
}

function variables(old: Members, now: Members): string[] {
  const before = new Map(containersOf(old).map((container) => [textAt(container, "name"), byName(container)]));
  const changed = containersOf(now).map((container) => {
    const known = before.get(textAt(container, "name"));
    return [...byName(container)].filter(([name, value]) => known?.get(name) !== value).map(([name]) => name);
  });
  const counted = (isMeant: (name: string) => boolean, one: string, many: string) => {
    const meant = changed.map((names) => names.filter(isMeant)).filter((names) => names.length);
    const count = new Set(meant.flat()).size;
    return count ? [`${quantity(count, one, many)} in ${quantity(meant.length, "container")}`] : [];
  };
  const isEndpoint = (name: string) => name.startsWith("KUBERNETES_");
  return [
    ...counted(isEndpoint, "variable", "variables"),
    ...counted((name) => !isEndpoint(name), "ServiceAccount name as text", "ServiceAccount names as text"),
  ];
}

/** The variables of a container, each with its definition as text. */
function byName(container: Members): Map<string, string> {
  return new Map(itemsAt(container, "env").map((variable) => [textAt(variable, "name"), textOf(variable)]));
}

function quantity(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

function aliases(old: Members, now: Members): string[] {
  const entries = (spec: Members) =>
    itemsAt(spec, "hostAliases").flatMap((alias) =>
      itemsAt(alias, "hostnames").map((name) => `${name} ${textAt(alias, "ip")}`),
    );
  const added = entries(now).filter((entry) => !entries(old).includes(entry));
  const names = new Set(added.map((entry) => entry.split(" ")[0])).size;
  const removed = entries(old).length - entries(now).length;
  if (names) return [`${quantity(names, "name")} of the API server`];
  return removed > 0 ? [`${quantity(removed, "host alias", "host aliases")} removed`] : [];
}

function credentials(old: Members, now: Members): string[] {
  const sources = (spec: Members, part: string) =>
    itemsAt(spec, "volumes")
      .flatMap((volume) => itemsAt(volume, "projected", "sources"))
      .filter((source) => membersAt(source)[part] !== undefined)
      .map(textOf);
  const isNew = (part: string) => sources(now, part).some((text) => !sources(old, part).includes(text));
  const isLess = (part: string) => sources(now, part).length < sources(old, part).length;
  const hasToken = isNew("serviceAccountToken") || isNew("secret");
  const words = [...(hasToken ? ["token"] : []), ...(isNew("configMap") ? ["certificates"] : [])];
  const from = isNew("serviceAccountToken") ? "foreign" : "home";
  const added = mounts(now) - mounts(old);
  return [
    ...(words.length ? [`${words.join(" and ")} from the ${from} cluster`] : []),
    ...(!hasToken && (isLess("serviceAccountToken") || isLess("secret")) ? ["token removed"] : []),
    ...(added > 0 ? [`credentials mounted in ${quantity(added, "container")}`] : []),
  ];
}

function mounts(spec: Members): number {
  return containersOf(spec)
    .flatMap((container) => itemsAt(container, "volumeMounts"))
    .filter((mount) => textAt(mount, "mountPath") === TOKEN_MOUNT_PATH).length;
}

function serviceAccount(old: Members, now: Members): string[] {
  const [before, after] = [old, now].map(
    (spec) => textAt(spec, "serviceAccountName") || textAt(spec, "serviceAccount"),
  );
  if (before !== after) return [after ? `ServiceAccount ${after}` : "ServiceAccount removed"];
  if (old.automountServiceAccountToken === now.automountServiceAccountToken) return [];
  return [`token of the ServiceAccount ${now.automountServiceAccountToken === true ? "" : "not "}mounted`];
}
