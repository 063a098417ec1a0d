/** Owns the picture of who talks to whom: a pod between the API servers of two clusters, and the token that it shows. */

import type { Access } from "./access.ts";
import { element } from "./dom.ts";

export function pictureOf(access: Access): HTMLElement {
  const { mode, pod, homeCluster, homeApiServer, credential } = access;
  const home = element("div", { className: "cluster" }, label(`Home cluster ${homeCluster}`), server(homeApiServer));
  const box = element("div", { className: "box pod" }, "Pod", element("code", {}, pod));
  const inside = [label("Foreign cluster"), box, wire("to-foreign", mode === "remote", credential), server("")];
  const foreign = element("div", { className: "cluster foreign" }, ...inside);
  const clusters = [home, wire("to-home", mode === "home", credential), foreign];
  return element("div", { className: "picture", role: "img", ariaLabel: inWords(access) }, ...clusters);
}

function inWords({ mode, pod, homeCluster, homeApiServer, credential }: Access): string {
  if (mode === "disabled") return `The pod ${pod} uses no API server: it has no token.`;
  const server = mode === "home" ? `home cluster ${homeCluster}, ${homeApiServer}` : "foreign cluster";
  return `The pod ${pod} uses the API server of the ${server}, with ${credential === "no token" ? "no token" : `the ${credential}`}.`;
}

function label(text: string): HTMLElement {
  return element("p", { className: "label" }, text);
}

function server(address: string): HTMLElement {
  return element("div", { className: "box" }, "API server", ...(address ? [element("code", {}, address)] : []));
}

function wire(direction: string, isUsed: boolean, credential: string): HTMLElement {
  const shown = [element("span", { className: "line" }), element("span", {}, isUsed ? credential : "not used")];
  return element("div", { className: `wire ${direction}${isUsed ? " used" : ""}` }, ...shown);
}
