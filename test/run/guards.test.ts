import { describe, expect, test } from "vitest";
import type { RunEvent, SampleRecord } from "../../src/model/event.ts";
import type { Guard } from "../../src/model/experiment.ts";
import { Guards } from "../../src/run/guards.ts";
import { HeldClock } from "../proxy/held-clock.ts";

const success: Guard = { probe: "shop", overMs: 1000, claims: [{ metric: "success", bound: { text: ">= 50%", min: 0.5 } }] };

function watch(guard: Guard, fromMs = 0) {
  const clock = new HeldClock();
  const trips: RunEvent[] = [];
  const guards = new Guards([guard], { env: clock, fromMs, onTrip: (trip) => void trips.push(trip) });
  /** Requests that end one after the other over the next `overMs`. */
  const finish = (count: number, grade: SampleRecord["grade"], overMs: number, latencyMs = 10): void => {
    for (let i = 0; i < count; i++) {
      clock.advance(overMs / count);
      guards.add({ kind: "sample", probe: "shop", n: 1, atMs: clock.nowMs(), dueMs: clock.nowMs() - latencyMs, endMs: clock.nowMs(), grade });
    }
  };
  return { clock, trips, guards, finish };
}

describe("a guard", () => {
  test("trips when the share over its time misses the bound, and tells the figures", () => {
    const { trips, finish } = watch(success);
    finish(30, "good", 1000);
    finish(30, "bad", 1000);
    expect(trips).toMatchObject([{ kind: "guard-tripped", probe: "shop", metric: "success", expected: ">= 50%" }]);
    expect(trips[0]).toHaveProperty("n", 30);
  });

  test("trips once and is asked no more", () => {
    const { trips, finish, clock } = watch(success);
    finish(200, "bad", 5000);
    expect(trips.length).toBe(1);
    expect(clock.armed).toBe(0);
  });

  test("is not asked before its time has passed", () => {
    const { trips, finish } = watch(success);
    finish(99, "bad", 990);
    expect(trips).toEqual([]);
  });

  test("is not asked of fewer than 20 requests", () => {
    const { trips, finish } = watch(success);
    finish(80, "bad", 5000);
    expect(trips).toEqual([]);
    finish(60, "bad", 2000);
    expect(trips.length).toBe(1);
  });

  test("forgets what is older than its time", () => {
    const { trips, finish } = watch(success, 500);
    finish(24, "bad", 400);
    finish(200, "good", 2000);
    expect(trips).toEqual([]);
  });

  test("leaves out requests that were due in warmup", () => {
    const { trips, finish } = watch(success, 2000);
    finish(200, "bad", 2000);
    finish(200, "good", 2000);
    expect(trips).toEqual([]);
  });

  test("watches latencies too", () => {
    const { trips, finish } = watch({ ...success, claims: [{ metric: "p95", bound: { text: "<= 50ms", max: 50 } }] });
    finish(60, "good", 2000, 49);
    expect(trips).toEqual([]);
    finish(60, "good", 2000, 80);
    expect(trips).toMatchObject([{ metric: "p95", observed: 80 }]);
  });

  test("hears no other probe", () => {
    const { trips, finish } = watch({ ...success, probe: "other" });
    finish(200, "bad", 5000);
    expect(trips).toEqual([]);
  });
});
