/** Owns the command that evaluates the same request outside the browser. */

import type { Json } from "./json.ts";
import type { Exchange } from "./namespace.ts";
import { writeYaml } from "./yaml.ts";

/**
 * A command for a POSIX shell. kwctl reads the request from its standard input. Where the policy asked its host for
 * something, kwctl reads the same answers from another stream, so that no cluster is needed.
 */
export function kwctlCommand(request: string, settings: string, version: string, exchanges: Exchange[]): string {
  const module = `registry://ghcr.io/liqo-api-access-policy/liqo-api-access-policy:v${version}`;
  const asks = exchanges.length > 0;
  const options = asks ? " --allow-context-aware --replay-host-capabilities-interactions /dev/fd/3" : "";
  // No line of the one or the other can end it: the request is a single line, and no line of the YAML is this word.
  const inputs = asks
    ? ` 3<<'INTERACTIONS' <<'REQUEST'\n${recorded(exchanges)}INTERACTIONS\n${request}\nREQUEST\n`
    : ` <<'REQUEST'\n${request}\nREQUEST\n`;
  return `kwctl run${options} --request-path - --settings-json ${quoted(settings)} ${module}${inputs}`;
}

/** What `kwctl run --record-host-capabilities-interactions` would have written. */
function recorded(exchanges: Exchange[]): string {
  const list = exchanges.map(
    ({ request, answer }): Json => ({
      type: "Exchange",
      request: `!KubernetesGetResource\n${writeYaml(request)}`,
      response:
        "payload" in answer ? { type: "Success", payload: answer.payload } : { type: "Error", message: answer.error },
    }),
  );
  return writeYaml(list);
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
