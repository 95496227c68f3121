import { expect, test } from "vitest";
import { createSteadyEnv } from "./steady-env.ts";

/** As a kernel does that gives this process no turn. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test("a clock that stands still with its process: what has come is read before time is up for it", async () => {
  const env = createSteadyEnv();
  const startMs = env.nowMs();
  const wentMs: number[] = [];
  const over = new Promise<void>((resolve) => env.after(60, () => {
    wentMs.push(env.nowMs() - startMs);
    resolve();
  }));
  let turns = 0;
  const turn = (): void => {
    turns += 1;
    if (wentMs.length === 0) setImmediate(turn);
  };
  setImmediate(turn);
  standStill(300);
  expect(env.nowMs() - startMs).toBeLessThan(60);
  await over;
  expect(wentMs[0]).toBeGreaterThanOrEqual(60);
  expect(turns).toBeGreaterThan(1);
});

test("a timer that was cancelled does not come, also when it has been armed again", async () => {
  const env = createSteadyEnv();
  let came = false;
  const timer = env.after(30, () => (came = true));
  standStill(100);
  const [early, late] = [20, 60].map((ms) => new Promise<void>((resolve) => env.after(ms, resolve)));
  await early;
  timer.cancel();
  await late;
  expect(came).toBe(false);
});
