/** A module that looks like a policy and never answers. */

/** Its functions do nothing, but for `__guest_call`, which loops; that one's name can be another. */
export function endless(callName = "__guest_call"): Uint8Array<ArrayBuffer> {
  const noResult = [0x60, 0, 0];
  const guestCall = [0x60, 2, 0x7f, 0x7f, 1, 0x7f];
  const loop = [0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x00, 0x0b];
  return new Uint8Array([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([noResult, guestCall])),
    ...section(3, list([[0], [1]])),
    ...section(5, list([[0, 1]])),
    ...section(7, list([exported("memory", 2, 0), exported("wapc_init", 0, 0), exported(callName, 0, 1)])),
    ...section(10, list([sized([0, 0x0b]), sized(loop)])),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...sized(content)];
}

function list(items: number[][]): number[] {
  return [items.length, ...items.flat()];
}

function sized(content: number[]): number[] {
  return [content.length, ...content];
}

function exported(name: string, kind: number, index: number): number[] {
  return [...sized([...new TextEncoder().encode(name)]), kind, index];
}
