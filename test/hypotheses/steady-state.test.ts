import { describe, expect, test } from "vitest";
import { tally } from "../../src/hypotheses/figures.ts";
import { assessClaims, assessSteadyState, measure } from "../../src/hypotheses/steady-state.ts";
import type { Sample } from "../../src/model/observation.ts";
import { boundOf, observe, requests } from "../support/hand-made.ts";

const success = { metric: "success", bound: boundOf("share", ">= 99%") } as const;
const p95 = { metric: "p95", bound: boundOf("duration", "<= 250ms") } as const;
const figures = (samples: readonly Sample[]): ReturnType<typeof tally> => tally(samples, 5);

describe("a gate", () => {
  test("judges the observed figure itself: 99 of 100 meets 99 %", () => {
    const [claim] = assessClaims([success], figures(requests("checkout", "before", 20, (_, i) => ({ grade: i === 7 ? "bad" : "good" }))));
    expect(claim).toMatchObject({ met: true, observed: "99%", n: 100 });
  });

  test("of fewer than 20 samples is not met, and says so", () => {
    const [claim] = assessClaims([success], figures(requests("checkout", "before", 20).slice(0, 19)));
    expect(claim).toMatchObject({ met: false, reason: "19 finished samples, and a gate needs at least 20" });
  });

  test("takes shares over finished requests, and quantiles over bad and pending ones too", () => {
    const seen = figures(requests("checkout", "before", 20, (_, i) => (i < 10 ? { grade: "pending", latencyMs: 900 } : i < 20 ? { grade: "bad", latencyMs: 800 } : {})));
    expect(measure("success", seen)).toBeCloseTo(80 / 90);
    expect(measure("max", seen)).toBe(900);
    expect(measure("p95", seen)).toBe(900);
    expect(measure("p50", seen)).toBe(20);
  });

  test("takes degraded answers for available, not for successful", () => {
    const seen = figures(requests("checkout", "before", 20, (_, i) => ({ grade: i < 50 ? "degraded" : "good" })));
    expect([measure("success", seen), measure("available", seen), measure("throughput", seen)]).toEqual([0.5, 1, 10]);
  });

  test("has nothing to tell of nothing", () => {
    expect(assessClaims([success, p95], figures([])).map(({ met, observed }) => [met, observed])).toEqual([[false, "nothing"], [false, "nothing"]]);
  });
});

describe("the steady state of a run", () => {
  const steadyState = [{ probe: "checkout", claims: [success, p95], during: [], settleMs: 4000 }];

  test("is asked before and after, and only reported during", () => {
    const samples = [...requests("checkout", "before", 20), ...requests("checkout", "during", 20, () => ({ grade: "bad" })), ...requests("checkout", "after", 20)];
    const rows = assessSteadyState(observe({ samples, experiment: { steadyState } })).map(({ row }) => [row.phase, row.met, row.n]);
    expect(rows).toEqual([["before", true, 100], ["during", undefined, 300], ["after", true, 120]]);
  });

  test("is judged after only from settle on", () => {
    const samples = [...requests("checkout", "before", 20), ...requests("checkout", "after", 20, (sinceMs) => ({ grade: sinceMs < 4000 ? "bad" : "good" }))];
    expect(assessSteadyState(observe({ samples, experiment: { steadyState } })).find(({ row }) => row.phase === "after")?.row).toMatchObject({ met: true, bad: 0 });
  });

  test("is judged during by the claims under during alone", () => {
    const during = [{ metric: "available", bound: boundOf("share", ">= 95%") } as const];
    const samples = requests("checkout", "during", 20, () => ({ grade: "degraded" }));
    expect(assessSteadyState(observe({ samples, experiment: { steadyState: [{ probe: "checkout", claims: [success], during, settleMs: 0 }] } })).find(({ row }) => row.phase === "during")?.row.met).toBe(true);
  });

  test("that a disturbed machine did not let be seen is marked so", () => {
    const samples = requests("checkout", "after", 20, (_, i) => ({ disturbed: i % 2 === 0, grade: i % 4 === 1 ? "bad" : "good" }));
    const after = assessSteadyState(observe({ samples, experiment: { steadyState } })).find(({ row }) => row.phase === "after");
    expect(after).toMatchObject({ disturbed: true, row: { met: false } });
  });
});
