import { describe, expect, test } from "vitest";
import type { Load } from "../../src/model/experiment.ts";
import type { PlannedPhase } from "../../src/model/plan.ts";
import { dueTimes } from "../../src/math/pacer.ts";
import { keyedRandom } from "../../src/math/random.ts";

const load = (over: Partial<Load> = {}, perSecond = 4): Load => ({
  kind: "open",
  rates: { warmup: perSecond, before: perSecond, during: perSecond, after: perSecond },
  burst: 1,
  arrivals: "even",
  pauseMs: 0,
  inFlight: 1000,
  connections: "reuse",
  ...over,
});

/** Phases one after the other, from names and lengths in ms. */
const phases = (...lengths: readonly (readonly [PlannedPhase["name"], number])[]): readonly PlannedPhase[] => {
  let startMs = 0;
  return lengths.map(([name, lengthMs]) => {
    const phase = { name, epoch: 1, startMs, endMs: startMs + lengthMs };
    startMs += lengthMs;
    return phase;
  });
};

const due = (of: Load, over: readonly PlannedPhase[]): readonly number[] => [...dueTimes(of, over, keyedRandom("pacer"))].map(({ dueMs }) => dueMs);

describe("even arrivals", () => {
  test("are due at start + i / rate, the end excluded", () => {
    expect(due(load(), phases(["before", 1000]))).toEqual([0, 250, 500, 750]);
  });

  test("keep their step across phases, and belong to the phase they are due in", () => {
    const all = [...dueTimes(load({}, 2), phases(["before", 1200], ["during", 800]), keyedRandom("pacer"))];
    expect(all).toEqual([
      { dueMs: 0, phase: "before", epoch: 1 },
      { dueMs: 500, phase: "before", epoch: 1 },
      { dueMs: 1000, phase: "before", epoch: 1 },
      { dueMs: 1500, phase: "during", epoch: 1 },
    ]);
  });

  test.each([3, 7, 25, 30, 33.3, 60, 999])("are exactly rate × time, at %f/s over phases of whole seconds", (perSecond) => {
    const times = due(load({}, perSecond), phases(["warmup", 2000], ["before", 5000], ["during", 16_000], ["after", 7000]));
    expect(times).toHaveLength(Math.ceil(perSecond * 30 - 1e-6));
    for (const [i, time] of times.entries()) expect(time).toBeCloseTo((i * 1000) / perSecond, 2);
  });

  test("are written to the microsecond, and never on the end of their phase", () => {
    for (const { dueMs, phase } of dueTimes(load({}, 3), phases(["before", 1000], ["during", 1000]), keyedRandom("pacer"))) {
      expect(dueMs).toBe(Math.round(dueMs * 1000) / 1000);
      expect(dueMs < 1000).toBe(phase === "before");
    }
  });
});

test("each phase has its rate, and a pause keeps the rate of after", () => {
  const rates = { warmup: 1, before: 2, during: 8, after: 4 };
  const counts: Record<string, number> = {};
  const all = phases(["warmup", 1000], ["before", 1000], ["during", 1000], ["pause", 1000], ["after", 2000]);
  for (const { phase } of dueTimes(load({ rates }), all, keyedRandom("pacer"))) counts[phase] = (counts[phase] ?? 0) + 1;
  expect(counts).toEqual({ warmup: 1, before: 2, during: 8, pause: 4, after: 8 });
});

test("a rate of 0 is silence", () => {
  expect(due(load({ rates: { warmup: 0, before: 0, during: 2, after: 0 } }), phases(["before", 5000], ["during", 1000], ["after", 9000]))).toEqual([5000, 5500]);
});

test("steps are equal parts of during, and replace its rate", () => {
  const times = due(load({ steps: [1, 2, 4] }), phases(["before", 1000], ["during", 3000]));
  expect(times).toEqual([0, 250, 500, 750, 1000, 2000, 2500, 3000, 3250, 3500, 3750]);
});

test("a burst is that many at each due time", () => {
  expect(due(load({ burst: 3 }, 1), phases(["before", 2000]))).toEqual([0, 0, 0, 1000, 1000, 1000]);
});

test("serial loads have no due times", () => {
  expect(due(load({ kind: "serial" }), phases(["before", 60_000]))).toEqual([]);
});

test("later epochs come with their number", () => {
  const twice: readonly PlannedPhase[] = [{ name: "during", epoch: 1, startMs: 0, endMs: 500 }, { name: "during", epoch: 2, startMs: 900, endMs: 1400 }];
  expect([...dueTimes(load({}, 2), twice, keyedRandom("pacer"))].map(({ dueMs, epoch }) => [dueMs, epoch])).toEqual([[0, 1], [900, 2]]);
});

describe("Poisson arrivals", () => {
  const times = due(load({ arrivals: "poisson" }, 50), phases(["before", 100_000], ["during", 100_000]));
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));

  test("come at the rate, in order, the same under the same seed", () => {
    expect(Math.abs(times.length - 10_000)).toBeLessThan(300);
    expect(gaps.every((gap) => gap >= 0)).toBe(true);
    expect(due(load({ arrivals: "poisson" }, 50), phases(["before", 100_000], ["during", 100_000]))).toEqual(times);
  });

  test("have exponential gaps: as spread as they are long", () => {
    const mean = gaps.reduce((a, b) => a + b, 0) / gaps.length;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
    expect(Math.abs(deviation / mean - 1)).toBeLessThan(0.05);
    expect(Math.abs(gaps.filter((gap) => gap < mean * Math.LN2).length / gaps.length - 0.5)).toBeLessThan(0.02);
  });
});

test("due times are made one by one, so that a long run costs nothing before it is run", () => {
  const endless = dueTimes(load({}, 1000), phases(["before", 1e12]), keyedRandom("pacer"));
  expect(endless.next().value).toEqual({ dueMs: 0, phase: "before", epoch: 1 });
});
