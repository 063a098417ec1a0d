/** The project's runner, which answers as kwctl does: what the page must agree with. */

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
export const inRoot = (path: string) => fileURLToPath(new URL(path, root));

export const modulePath = inRoot("policy.wasm");
export const runnerPath = process.env.RUNNER ?? inRoot("target/debug/runner");

export const policy = new WebAssembly.Module(readFileSync(modulePath));

export interface NativeAnswer {
  allowed: boolean;
  message: string | undefined;
  patch: unknown[];
  auditAnnotations: Record<string, string>;
  warnings: string[];
}

/** Has the runner decide on a request. */
export async function run(request: string, settings: string): Promise<NativeAnswer> {
  return readAnswer(await start(runnerPath, ["run", "-r", "-", "--settings-json", settings, modulePath], request));
}

/** Runs a command for kwctl. The shell takes the runner for it, which needs no registry. */
export async function runCommand(command: string): Promise<NativeAnswer> {
  const kwctl = `kwctl() { "${runnerPath}" "\${@/registry:*/${modulePath}}"; }`;
  return readAnswer(await start("bash", ["-euo", "pipefail"], `${kwctl}\n${command}`));
}

function readAnswer(printed: string): NativeAnswer {
  const answer = JSON.parse(printed);
  return {
    allowed: answer.allowed,
    message: answer.status?.message,
    patch: answer.patch ? JSON.parse(Buffer.from(answer.patch, "base64").toString()) : [],
    auditAnnotations: answer.auditAnnotations ?? {},
    warnings: answer.warnings ?? [],
  };
}

/** Runs a program and gives what it printed. */
export function start(program: string, args: string[], input: string, env = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(stdout);
    });
    child.stdin?.end(input);
  });
}
