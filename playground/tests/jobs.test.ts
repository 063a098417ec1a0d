import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Job, Jobs, type Outcome, type Setup, TimedOut } from "../src/jobs.ts";
import { policy } from "./runner.ts";

/** A thread whose answers a test gives. */
class FakeWorker {
  static all: FakeWorker[] = [];
  received: (Setup | Job)[] = [];
  isTerminated = false;
  onmessage: (event: { data: Outcome }) => void = () => {};
  onerror: (event: { message: string }) => void = () => {};

  constructor() {
    FakeWorker.all.push(this);
  }

  postMessage(message: Setup | Job) {
    this.received.push(message);
  }

  terminate() {
    this.isTerminated = true;
  }
}

const setup: Setup = { module: policy, version: "1" };
const job = (name: string): Job => ({ kind: "set", settings: "", name, value: true });
const settle = () => vi.advanceTimersByTimeAsync(1);
const startJobs = () => new Jobs(() => new FakeWorker() as unknown as Worker, setup, 1000);

beforeEach(() => {
  FakeWorker.all = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("one job at a time is done, and made when it is its turn", async () => {
  const jobs = startJobs();
  let state = "first";
  const first = jobs.run(() => job(state));
  const second = jobs.run(() => job(state));
  await settle();
  const [worker] = FakeWorker.all;
  expect(worker?.received).toEqual([setup, job("first")]);

  state = "second";
  worker?.onmessage({ data: { settings: "a" } });
  expect(await first).toEqual({ settings: "a" });
  await settle();
  expect(worker?.received).toEqual([setup, job("first"), job("second")]);
  worker?.onmessage({ data: { failure: "b" } });
  expect(await second).toEqual({ failure: "b" });
  await vi.advanceTimersByTimeAsync(5000);
  expect(FakeWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([false]);
});

test("an outcome is used before the next job is made", async () => {
  const jobs = startJobs();
  let text = "before";
  // As long a way as the page's own.
  const use = async () => {
    const outcome = await Promise.resolve(jobs)
      .then((jobs) => jobs.run(() => job(text)))
      .catch(() => ({ failure: "" }));
    await Promise.resolve();
    if ("settings" in outcome) text = outcome.settings;
  };
  const used = [use(), use()];
  await settle();
  const [worker] = FakeWorker.all;
  worker?.onmessage({ data: { settings: "after" } });
  await settle();
  expect(worker?.received).toEqual([setup, job("before"), job("after")]);
  worker?.onmessage({ data: { settings: "last" } });
  await Promise.all(used);
});

test("a thread that does not answer is replaced, and the next job goes on", async () => {
  const jobs = startJobs();
  const first = jobs.run(() => job("first"));
  const second = jobs.run(() => job("second"));
  const failure = expect(first).rejects.toThrow(TimedOut);
  await vi.advanceTimersByTimeAsync(1000);
  await failure;
  const [old, next] = FakeWorker.all;
  expect(old?.isTerminated).toBe(true);
  await settle();
  expect(next?.received).toEqual([setup, job("second")]);
  next?.onmessage({ data: { settings: "b" } });
  expect(await second).toEqual({ settings: "b" });
});

test("a thread that breaks is replaced", async () => {
  const jobs = startJobs();
  const first = jobs.run(() => job("first"));
  const failure = expect(first).rejects.toThrow("out of memory");
  await settle();
  FakeWorker.all[0]?.onerror({ message: "out of memory" });
  await failure;
  expect(FakeWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true, false]);
});
