/**
 * Owns links that hold the whole input. It is packed into the fragment, the part of an address that browsers keep to
 * themselves.
 */

import type { Input } from "./evaluate.ts";

/** Begins each fragment, so that another form can be told apart one day. */
const PREFIX = "#2.";

/** What unpacks to more is no input of ours. */
const LENGTH = 8 * 1024 * 1024;

/** A fragment begins like one of ours, and then goes on otherwise. */
export class BrokenLink extends Error {}

export async function packed(input: Input): Promise<string> {
  const stream = new Blob([JSON.stringify(input)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return PREFIX + btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The input in a fragment; none in one that is not ours. */
export async function unpacked(fragment: string): Promise<Input | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  try {
    const text = fragment.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const input = inputIn(JSON.parse(await inflated(bytes)));
    if (input) return input;
  } catch {
    // Whatever is wrong with it, its reader can only ask for another link.
  }
  throw new BrokenLink("the link is damaged or incomplete");
}

async function inflated(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    text += next.value;
    if (text.length > LENGTH) throw new RangeError("too long");
  }
  return text;
}

/** An input that was stored; none where it is of another shape. */
export function inputIn(value: unknown): Input | undefined {
  const { object, settings, as, namespace, chosen } = (value ?? {}) as Partial<Input>;
  if (typeof object !== "string" || typeof settings !== "string") return undefined;
  if (as !== "liqo" && as !== "api-server" && as !== "pasted") return undefined;
  return {
    object,
    settings,
    as,
    namespace: typeof namespace === "string" ? namespace : undefined,
    chosen: Number.isInteger(chosen) ? chosen : undefined,
  };
}
