import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { ExchangeFacts } from "../../src/faults/subject.ts";

const fault = (selection: Partial<Selection>): Fault => ({
  name: "f", type: "drop", layer: "exchange", proxy: "payments", direction: "response", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 0.05, burstLength: 4, per: "fault", ...selection },
});
const call = (over: Partial<ExchangeFacts> = {}): ExchangeFacts => ({ method: "GET", path: "/", header: () => undefined, connection: 1, caller: "c", ...over });

/** Which of n calls in a row are hit. */
const hits = (n: number, selection: Partial<Selection> = {}, { seed = "seed", epoch = 1, of = () => call() }: { seed?: string; epoch?: number; of?: (i: number) => ExchangeFacts } = {}): readonly boolean[] => {
  const selector = new Selector({ seed, epoch, faults: [fault(selection)], startMs: 0 });
  return Array.from({ length: n }, (_, i) => selector.exchange(of(i), 1000)[0]?.decision === "applied");
};
const runsOf = (all: readonly boolean[]): readonly number[] => all.map((hit) => (hit ? "x" : "-")).join("").split(/-+/).filter(Boolean).map(({ length }) => length);

describe("bursts", () => {
  test.each([
    [0.05, 4, "a"],
    [0.3, 10, "b"],
    [0.5, 2, "c"],
    [0.02, 1, "d"],
  ])("hit a share of %f in the long run, %d in a row on average (seed %s)", (rateShare, burstLength, seed) => {
    const n = 100_000;
    const all = hits(n, { rateShare, burstLength }, { seed });
    const runs = runsOf(all);
    const share = all.filter(Boolean).length / n;
    const mean = runs.reduce((sum, length) => sum + length, 0) / runs.length;
    // Of a chain whose neighbours are correlated by r the share has (1 + r) / (1 − r) times the variance of independent draws; lengths of bursts are geometric. Four deviations each.
    const r = 1 - 1 / burstLength - rateShare / (burstLength * (1 - rateShare));
    expect(Math.abs(share - rateShare)).toBeLessThan(4 * Math.sqrt(((rateShare * (1 - rateShare)) / n) * ((1 + r) / (1 - r))));
    expect(Math.abs(mean - burstLength)).toBeLessThanOrEqual(4 * Math.sqrt((burstLength * (burstLength - 1)) / runs.length));
  });

  test("are the same for the same seed, and others for another seed, epoch or counter", () => {
    const text = (...args: Parameters<typeof hits>): string => hits(...args).join();
    expect(text(500)).toBe(text(500));
    expect(new Set([text(500), text(500, {}, { seed: "other" }), text(500, {}, { epoch: 2 }), text(500, { per: "connection" }, { of: () => call({ connection: 7 }) })]).size).toBe(4);
  });

  test("go by the order of arrival: whose calls they are changes nothing", () => {
    expect(hits(500, {}, { of: (i) => call({ request: `r${i}` }) })).toEqual(hits(500));
    expect(hits(500, {}, { of: (i) => call({ request: `r${i % 7}` }) })).toEqual(hits(500));
  });

  test("have a state for each counter: calls of others in between do not break them", () => {
    const alone = hits(300, { per: "connection" }, { of: () => call({ connection: 1 }) });
    const among = hits(600, { per: "connection" }, { of: (i) => call({ connection: 1 + (i % 2) }) }).filter((_, i) => i % 2 === 0);
    expect(among).toEqual(alone);
  });

  test("are of those left by the ordinals", () => {
    const left = hits(4000, { every: 2, rateShare: 0.3, burstLength: 5 }).filter((_, i) => i % 2 === 1);
    expect(Math.max(...runsOf(left))).toBeGreaterThan(3);
    expect(hits(4000, { every: 2, rateShare: 0.3, burstLength: 5 }).filter((hit, i) => hit && i % 2 === 0)).toEqual([]);
  });

  test("leave the draws of the fault itself to the request", () => {
    const delays = (): readonly unknown[] => {
      const slow: Fault = { ...fault({ rateShare: 0.5, burstLength: 3 }), type: "latency", params: { delayMs: 100, jitterMs: 50, distribution: "uniform", at: "request" } };
      const selector = new Selector({ seed: "seed", epoch: 1, faults: [slow], startMs: 0 });
      return Array.from({ length: 60 }, (_, i) => selector.exchange(call({ request: `r${i}` }), 1000)[0]?.effects);
    };
    expect(delays()).toEqual(delays());
    expect(new Set(delays().map((effects) => JSON.stringify(effects))).size).toBeGreaterThan(15);
  });
});
