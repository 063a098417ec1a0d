/** Owns the answers to {@link Job}s, on a thread of their own. */

import { evaluate } from "./evaluate.ts";
import type { Job, Outcome, Setup } from "./jobs.ts";
import { setSetting } from "./settings.ts";

let setup: Setup | undefined;

self.onmessage = async ({ data }: MessageEvent<Setup | Job>) => {
  if ("module" in data) setup = data;
  else self.postMessage(await answer(data));
};

async function answer(job: Job): Promise<Outcome> {
  if (!setup) return { failure: "the policy is not there yet" };
  try {
    if (job.kind === "set") return { settings: setSetting(job.settings, job.name, job.value) };
    return { evaluation: await evaluate(setup.module, setup.version, job) };
  } catch (error) {
    return { failure: String(error) };
  }
}
