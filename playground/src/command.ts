/** Owns the command that evaluates the same request outside the browser. */

/** A command for a POSIX shell: kwctl reads the request from its standard input. */
export function kwctlCommand(request: string, settings: string, version: string): string {
  const module = `registry://ghcr.io/liqo-api-access-policy/liqo-api-access-policy:v${version}`;
  // The request is one line, so no line of it can end it.
  return `kwctl run --request-path - --settings-json ${quoted(settings)} ${module} <<'REQUEST'\n${request}\nREQUEST\n`;
}

function quoted(argument: string): string {
  return `'${argument.replaceAll("'", "'\\''")}'`;
}
