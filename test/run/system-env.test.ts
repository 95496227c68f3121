import { describe, expect, it, vi } from "vitest";
import { createSystemEnv } from "../../src/run/system-env.ts";

describe("createSystemEnv", () => {
  it("counts ms from its making, and never backwards", () => {
    const fromMs = performance.now();
    const env = createSystemEnv();
    const times = Array.from({ length: 1000 }, () => env.nowMs());
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times[0]).toBeLessThanOrEqual(performance.now() - fromMs + 0.1);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it("is not late for good by a stop of its thread while it is made", () => {
    const startNs = process.hrtime.bigint();
    const read = process.hrtime.bigint.bind(process.hrtime);
    vi.spyOn(process.hrtime, "bigint").mockImplementationOnce(() => {
      const readNs = read();
      while (read() - readNs < 50_000_000n);
      return readNs;
    });
    const env = createSystemEnv(startNs);
    vi.restoreAllMocks();
    const passedMs = Number(read() - startNs) / 1e6;
    expect(env.nowMs()).toBeGreaterThan(passedMs - 25);
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
