/**
 * Owns the thread beside the page's: one job at a time, in order, and none for long. A thread that does not answer is
 * ended and replaced, so nothing that is typed can freeze the page.
 */

import type { Evaluation, Input } from "./evaluate.ts";
import type { Json } from "./json.ts";

export type Job =
  | ({ kind: "evaluate" } & Input)
  /** Changes a setting, or removes it, in the text of all settings. */
  | { kind: "set"; settings: string; name: string; value: Json | undefined };

export type Outcome = { evaluation: Evaluation } | { settings: string } | { failure: string };

/** What the thread is told first. */
export type Setup = { module: WebAssembly.Module; version: string };

/** A job took too long. */
export class TimedOut extends Error {}

export class Jobs {
  #worker: Worker;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly startWorker: () => Worker,
    private readonly setup: Setup,
    private readonly milliseconds: number,
  ) {
    this.#worker = this.#started();
  }

  /** Does a job when all earlier ones are done. It is made only then, so that it sees what they changed. */
  run(makeJob: () => Job): Promise<Outcome> {
    const outcome = this.#queue.then(() => this.#attempt(makeJob()));
    // Whoever waits for the outcome uses it before the next job is made.
    this.#queue = outcome.catch(() => {}).then(() => new Promise((resolve) => setTimeout(resolve)));
    return outcome;
  }

  #attempt(job: Job): Promise<Outcome> {
    const worker = this.#worker;
    return new Promise((resolve, reject) => {
      const replace = (error: Error) => {
        clearTimeout(watchdog);
        worker.terminate();
        this.#worker = this.#started();
        reject(error);
      };
      const watchdog = setTimeout(() => replace(new TimedOut()), this.milliseconds);
      worker.onmessage = ({ data }: MessageEvent<Outcome>) => {
        clearTimeout(watchdog);
        resolve(data);
      };
      worker.onerror = (event) => replace(new Error(event.message));
      worker.postMessage(job);
    });
  }

  #started(): Worker {
    const worker = this.startWorker();
    worker.postMessage(this.setup);
    return worker;
  }
}
