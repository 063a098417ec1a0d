/** Owns the picture of who talks to whom: a pod between the API servers of two clusters, and the token that it shows. */

import type { Access } from "./access.ts";
import { element } from "./dom.ts";

export function pictureOf(access: Access): HTMLElement {
  const { mode, pod, homeCluster, homeApiServer, credential } = access;
  const home = element("div", { className: "cluster" }, label(`Home cluster ${homeCluster}`), server(homeApiServer));
  const foreign = element(
    "div",
    { className: "cluster foreign" },
    label("Foreign cluster"),
    element("div", { className: "box pod" }, "Pod", element("code", {}, pod)),
    wire("to-foreign", mode === "remote", credential),
    server(""),
  );
  const figure = element("div", { className: "picture", role: "img" });
  figure.ariaLabel = inWords(access);
  figure.append(home, wire("to-home", mode === "home", credential), foreign);
  return figure;
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
  const text = element("span", {}, isUsed ? credential : "not used");
  return element(
    "div",
    { className: `wire ${direction}${isUsed ? " used" : ""}` },
    element("span", { className: "line" }),
    text,
  );
}
