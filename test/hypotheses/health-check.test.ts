import { describe, expect, test } from "vitest";
import { findChanges } from "../../src/hypotheses/health-check/changes.ts";
import { healthCheck } from "../../src/hypotheses/health-check.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import { experimentOf, faultSeen, hypothesisOf, requests, scopeOf, windows } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";

type Answer = (sinceMs: number, i: number) => Answered;
const good: Answer = () => ({});
const judge = (params: JsonObject, during: Answer, after: Answer, made: HandMade = {}, live: Answer = good): Judgement => {
  const samples = [...requests("ready", "during", 5, during), ...requests("ready", "after", 5, after), ...requests("live", "during", 5, live), ...requests("live", "after", 5)];
  return healthCheck.judge(healthCheck.params.parse({ probe: "ready", ...params }), scopeOf("health-check", params, { samples, ...made }));
};
const verdicts = ({ claims }: Judgement): Readonly<Record<string, string>> => Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
const badFrom = (fromMs: number, toMs = Number.POSITIVE_INFINITY): Answer => (sinceMs) => ({ grade: sinceMs >= fromMs && sinceMs < toMs ? "bad" : "good" });

test("held when readiness turns with the dependency in time, turns back, and liveness stays", () => {
  const judgement = judge({ turnsUnhealthy: { within: "6s" }, turnsHealthy: { within: "5s" }, flaps: "== 0", liveness: "live" }, badFrom(4000), badFrom(0, 2000));
  expect(verdicts(judgement)).toEqual({ "turnsUnhealthy.within": "held", "turnsHealthy.within": "held", flaps: "held", liveness: "held" });
  // Onset 5.01 s; the third failure in a row is due at 9.4 s and answered 20 ms later. Lifted at 20 s; the first success is due at 22 s.
  expect(judgement.observed).toEqual({ unhealthyAfterMs: 4410, healthyAfterMs: 2020, flips: 2, livenessBadSamples: 0 });
  expect(judgement.states?.map(({ state, startMs }) => [state, startMs])).toEqual([["healthy", 5010], ["unhealthy", 9420], ["healthy", 22_020]]);
});

test("violated when readiness does not turn, or turns too late", () => {
  expect(verdicts(judge({ turnsUnhealthy: { within: "6s" } }, good, good))).toEqual({ "turnsUnhealthy.within": "violated" });
  expect(verdicts(judge({ turnsUnhealthy: { within: "3s" } }, badFrom(4000), good))).toEqual({ "turnsUnhealthy.within": "violated" });
});

test("inconclusive when the fault was shorter than the bound", () => {
  expect(verdicts(judge({ turnsUnhealthy: { within: "20s" } }, good, good))).toEqual({ "turnsUnhealthy.within": "inconclusive" });
});

test("violated when readiness does not come back; inconclusive when it never left", () => {
  expect(verdicts(judge({ turnsHealthy: { within: "5s" } }, badFrom(1000), badFrom(0)))).toEqual({ "turnsHealthy.within": "violated" });
  expect(judge({ turnsHealthy: { within: "5s" } }, good, good).claims[0]).toMatchObject({ verdict: "inconclusive", reason: "ready never turned unhealthy, so it could not turn healthy again." });
});

test("a readiness that must not turn is refuted by turning, not by failures fewer than the threshold", () => {
  const two: Answer = (_, i) => ({ grade: i === 20 || i === 21 ? "bad" : "good" });
  expect(verdicts(judge({ turnsUnhealthy: false }, two, good))).toEqual({ turnsUnhealthy: "held" });
  expect(verdicts(judge({ turnsUnhealthy: false }, badFrom(4000), good))).toEqual({ turnsUnhealthy: "violated" });
});

test("counts flapping beyond one down and one up", () => {
  const flapping: Answer = (sinceMs) => ({ grade: Math.floor(sinceMs / 2000) % 2 === 1 ? "bad" : "good" });
  const judgement = judge({ flaps: "<= 1" }, flapping, good);
  expect(verdicts(judgement)).toEqual({ flaps: "violated" });
  expect(judgement.observed["flips"]).toBe(8);
});

test("one bad answer of liveness leaves it open, two refute it", () => {
  const bad = (count: number): Answer => (_, i) => ({ grade: i >= 30 && i < 30 + count ? "bad" : "good" });
  expect(verdicts(judge({ liveness: "live" }, good, good, {}, bad(1)))).toEqual({ liveness: "inconclusive" });
  expect(verdicts(judge({ liveness: "live" }, good, good, {}, bad(2)))).toEqual({ liveness: "violated" });
});

test("never decided when nobody felt the fault, or after never ran", () => {
  const params = { turnsUnhealthy: false, flaps: "== 0", liveness: "live" };
  expect(new Set(Object.values(verdicts(judge(params, good, good, { overrides: { faults: [faultSeen({ felt: 0 })] } }))))).toEqual(new Set(["inconclusive"]));
  expect(verdicts(judge({ turnsHealthy: { within: "5s" } }, badFrom(1000), good, { overrides: { phases: windows.slice(0, 2) } }))).toEqual({ "turnsHealthy.within": "inconclusive" });
});

test("inconclusive when readiness was bad before the fault already", () => {
  const samples = [...requests("ready", "before", 5, badFrom(3000)), ...requests("ready", "during", 5, badFrom(0)), ...requests("ready", "after", 5)];
  expect(judge({ turnsUnhealthy: { within: "6s" } }, good, good, { samples }).claims[0]).toMatchObject({ verdict: "inconclusive", reason: "ready was unhealthy before the fault already." });
});

test("advises phases that are too short to see the turns", () => {
  const params = healthCheck.params.parse({ probe: "ready", turnsUnhealthy: { within: "15s" }, turnsHealthy: { within: "8s" } });
  expect(healthCheck.advise(params, hypothesisOf("health-check", {}), experimentOf()).map(({ path, hint }) => [path, hint])).toEqual([[["turnsUnhealthy"], "make during at least 16s long"]]);
});

describe("changes of health", () => {
  test("need failures and successes in a row", () => {
    const samples = requests("ready", "during", 5, (_, i) => ({ grade: [2, 3, 4, 6, 8, 9].includes(i) ? "bad" : "good" }));
    const { list } = findChanges(samples, { failureThreshold: 3, successThreshold: 2 }, 5000);
    expect(list.map(({ to }) => to)).toEqual(["unhealthy", "healthy"]);
    expect(list[0]).toMatchObject({ loMs: 5620, hiMs: 5820 });
  });

  test("an answer that was overtaken does not turn time back", () => {
    const samples = requests("ready", "during", 5, (_, i) => ({ grade: i < 3 ? "bad" : "good", latencyMs: i === 0 ? 2000 : 20 }));
    const { list } = findChanges(samples, { failureThreshold: 3, successThreshold: 1 }, 5000);
    expect(list.map(({ loMs, hiMs }) => [loMs, hiMs])).toEqual([[7000, 7000], [7000, 7000]]);
  });
});
