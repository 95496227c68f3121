import { describe, expect, it } from "vitest";
import { createSystemEnv } from "../../src/run/system-env.ts";

describe("createSystemEnv", () => {
  it("counts ms from its making, and never backwards", () => {
    const env = createSystemEnv();
    const times = Array.from({ length: 1000 }, () => env.nowMs());
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times[0]).toBeLessThan(1000);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("never fires before the delay has passed, to the microsecond", async () => {
    const env = createSystemEnv();
    const early = await Promise.all(
      Array.from({ length: 200 }, (_, i) => {
        const delayMs = (i % 40) * 0.37;
        const startMs = env.nowMs();
        return new Promise<number>((resolve) => env.after(delayMs, () => resolve(env.nowMs() - startMs - delayMs)));
      }),
    );
    expect(Math.min(...early)).toBeGreaterThanOrEqual(0);
  });

  it("does not fire once cancelled", async () => {
    const env = createSystemEnv();
    let fired = false;
    const timer = env.after(5, () => (fired = true));
    timer.cancel();
    await new Promise<void>((resolve) => env.after(30, resolve));
    expect(fired).toBe(false);
  });
});
