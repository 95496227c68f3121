import { describe, expect, test } from "vitest";
import { circuitBreaker } from "../../src/hypotheses/circuit-breaker.ts";
import { ratePoints } from "../../src/hypotheses/circuit-breaker/flow.ts";
import { judge } from "../../src/hypotheses/judge.ts";
import { retry } from "../../src/hypotheses/retry.ts";
import { judgeOne } from "../support/judge-one.ts";
import { plannedParams } from "../support/planned-params.ts";
import { simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";
import { fc, runs } from "../support/properties.ts";

const edge = { proxy: "payments", probe: "checkout" };
const retried: Simulation = { fault: { kind: "error" }, service: { retry: { attempts: 3, backoff: "exponential", firstMs: 100, jitter: 0.5 } } };

describe("the rates beside a breaker", () => {
  const stretch = { startMs: 0, endMs: 10_000, binMs: 1000 };

  test("stay one point while nothing changes, and end with zero", () => {
    expect(ratePoints(Array.from({ length: 100 }, (_, i) => i * 100), stretch)).toEqual([[0, 10], [10_000, 0]]);
  });

  test("date a single call after a silence by the call itself", () => {
    expect(ratePoints([0, 500, 4321], stretch)).toEqual([[0, 2], [1000, 0], [4321, 1], [5321, 0]]);
    expect(ratePoints([], stretch)).toEqual([[0, 0]]);
  });

  test("hold every event but those of a last piece too short to tell, in order of time", () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 9999 }), { maxLength: 200 }), (times) => {
      const points = ratePoints(Float64Array.from(times).sort(), stretch);
      const held = points.reduce((sum, [atMs, perSecond], i) => sum + (perSecond * ((points[i + 1]?.[0] ?? atMs) - atMs)) / 1000, 0);
      expect(points.every(([atMs], i) => i === 0 || atMs > (points[i - 1]?.[0] ?? 0))).toBe(true);
      // The rate before such a piece stands until the end of it: for half a bin at most.
      expect(held).toBeLessThanOrEqual(times.length + (points.at(-2)?.[1] ?? 0) / 2 + 1e-6);
      expect(held).toBeGreaterThanOrEqual(times.filter((ms) => ms < 9500).length - 1e-6);
      expect(points.length).toBeLessThanOrEqual(23);
    }), { examples: [[[8501, 9501, 8501, 8501]]], ...runs(1000) });
  });

  test("are those of the probe and of its calls: the calls stop while it is open, the requests go on", () => {
    const { series = [], states = [] } = judgeOne(circuitBreaker, { ...edge, opens: { within: "2s" } }, { perSecond: 40, service: { breaker: { trips: { consecutive: 5 }, coolDownMs: 2000 }, fallback: true } });
    const open = states.find(({ state, startMs, endMs }) => state === "open" && endMs - startMs > 1000);
    expect(series.map(({ name, unit }) => [name, unit])).toEqual([["requests", "perSecond"], ["calls", "perSecond"]]);
    const at = (points: readonly (readonly [number, number])[] = [], ms: number): number => points.findLast(([atMs]) => atMs <= ms)?.[1] ?? 0;
    const middleMs = ((open?.startMs ?? 0) + (open?.endMs ?? 0)) / 2;
    expect(at(series[1]?.points, middleMs)).toBe(0);
    expect(at(series[0]?.points, middleMs)).toBeGreaterThan(20);
    expect(Math.max(...series.map(({ points }) => points.length))).toBeLessThanOrEqual(500);
  });
});

describe("the typical request of a retry", () => {
  const { typical, observed } = judgeOne(retry, { ...edge, attempts: "<= 3" }, retried);

  test("makes as many calls as most, with pauses near the medians", () => {
    const calls = typical?.calls ?? [];
    expect(calls).toHaveLength(3);
    const pausesMs = calls.slice(1).map(({ startMs }, i) => startMs - (calls[i]?.endMs ?? 0));
    const mediansMs = observed["gapsMs"];
    if (!Array.isArray(mediansMs)) throw new Error("no pauses were observed");
    for (const [k, ms] of pausesMs.entries()) expect(Math.abs(ms - Number(mediansMs[k])) / Number(mediansMs[k])).toBeLessThan(0.15);
  });

  test("is one of those that met the fault, told with its answer, and the same each time", () => {
    expect(typical).toMatchObject({ ...edge, calls: [{ end: "complete", status: 503 }, {}, {}] });
    expect(typical?.answeredMs).toBeGreaterThanOrEqual(typical?.calls.at(-1)?.endMs ?? Number.POSITIVE_INFINITY);
    expect(judgeOne(retry, { ...edge, attempts: "<= 3" }, retried).typical).toEqual(typical);
  });

  test("where none was retried is one with its single call", () => {
    expect(judgeOne(retry, { ...edge, attempts: "<= 3" }, { fault: { kind: "error" } }).typical?.calls).toHaveLength(1);
  });

  test("of retries without end keeps a hundred calls and counts the others", () => {
    const { typical: endless } = judgeOne(retry, { ...edge, attempts: "<= 3" }, { fault: { kind: "error" }, phases: { duringMs: 20_000 }, perSecond: 5, service: { retry: { attempts: 100_000, backoff: "constant", firstMs: 20, jitter: 0 } } });
    expect(endless?.calls).toHaveLength(100);
    expect(endless?.more).toBeGreaterThan(0);
  });

  test("is in the verdict", () => {
    const { observations } = simulate({ ...retried, hypotheses: [{ type: "retry", params: plannedParams("retry", { ...edge, attempts: "<= 3" }) }] });
    expect(judge(observations).hypotheses[0]?.typical).toEqual(typical);
  });
});
