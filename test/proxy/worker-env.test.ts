import { describe, expect, it } from "vitest";
import type { Env } from "../../src/model/env.ts";
import { createEnvFrom } from "../../src/proxy/worker-env.ts";

async function latenesses(env: Env): Promise<readonly number[]> {
  return Promise.all(Array.from({ length: 200 }, (_, i) => {
    const delayMs = 3 + (i % 40) * 0.37;
    const startMs = env.nowMs();
    return new Promise<number>((resolve) => env.after(delayMs, () => resolve(env.nowMs() - startMs - delayMs)));
  }));
}

describe("precise timers", () => {
  it("never fire before the delay has passed, to the microsecond", async () => {
    expect(Math.min(...(await latenesses(createEnvFrom(process.hrtime.bigint(), { precise: true }))))).toBeGreaterThanOrEqual(0);
  });

  it("let input and output pass while they are waited for", async () => {
    const env = createEnvFrom(process.hrtime.bigint(), { precise: true });
    const turnsOfLastStretch = async (): Promise<number> => {
      let turns = 0;
      const count = (): void => {
        turns += 1;
        immediate = setImmediate(count);
      };
      const fired = new Promise<void>((resolve) => env.after(5, resolve));
      // No timer of Node's is left to wait for: what turns from here on, turns in the stretch that is waited for to the microsecond.
      for (const endMs = env.nowMs() + 4; env.nowMs() < endMs;);
      let immediate = setImmediate(count);
      await fired;
      clearImmediate(immediate);
      return turns;
    };
    // A busy machine may give this process no processor in all that stretch: one in which the loop turns is enough, for in none of who spins it turns twice.
    let most = 0;
    for (let tries = 0; tries < 1000 && most < 2; tries += 1) most = await turnsOfLastStretch();
    expect(most).toBeGreaterThan(1);
  });

  it("do not fire once cancelled", async () => {
    const env = createEnvFrom(process.hrtime.bigint(), { precise: true });
    let fired = 0;
    const timers = [0.5, 1.9, 5].map((delayMs) => env.after(delayMs, () => (fired += 1)));
    for (const timer of timers) timer.cancel();
    await new Promise<void>((resolve) => env.after(10, resolve));
    expect(fired).toBe(0);
  });
});

describe("a timer without a delay", () => {
  it("lets input and output pass before it, however many arm each other's like", async () => {
    const env = createEnvFrom(process.hrtime.bigint());
    let turns = 0;
    let immediate = setImmediate(function count() {
      turns += 1;
      immediate = setImmediate(count);
    });
    const busy = async (): Promise<readonly number[]> => {
      const seen: number[] = [];
      for (let i = 0; i < 10; i++) {
        await new Promise<void>((resolve) => env.after(0, resolve));
        seen.push(turns);
        for (const endMs = env.nowMs() + 2; env.nowMs() < endMs;);
      }
      return seen;
    };
    const all = await Promise.all([busy(), busy(), busy()]);
    clearImmediate(immediate);
    for (const seen of all) expect(new Set(seen).size).toBe(seen.length);
  });
});
