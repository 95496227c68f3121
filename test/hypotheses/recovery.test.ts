import { expect, test } from "vitest";
import { recovery } from "../../src/hypotheses/recovery.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Sample } from "../../src/model/observation.ts";
import { boundOf, experimentOf, faultSeen, hypothesisOf, requests, scopeOf } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";

const steadyState = [{ probe: "checkout", claims: [{ metric: "success", bound: boundOf("share", ">= 98%") } as const], during: [], settleMs: 0 }];
const judge = (within: string, answer: (sinceMs: number, i: number) => Answered, made: HandMade = {}): Judgement => {
  const samples: readonly Sample[] = [...requests("checkout", "during", 20, () => ({ grade: "bad" })), ...requests("checkout", "after", 20, answer)];
  return recovery.judge(recovery.params.parse({ probe: "checkout", within }), scopeOf("recovery", { probe: "checkout", within }, { samples, experiment: { steadyState }, ...made }));
};

test("is the interval between the last request before it and the first after it", () => {
  const judgement = judge("3s", (sinceMs) => ({ grade: sinceMs < 2000 ? "degraded" : "good" }));
  expect(judgement.claims[0]).toMatchObject({ verdict: "held", interval: [1950, 2000], observed: "2s" });
  expect(judgement.observed).toEqual({ recoveredAfterMs: 2000 });
});

test("inconclusive when the bound lies between the two samples around the event", () => {
  expect(judge("1970ms", (sinceMs) => ({ grade: sinceMs < 2000 ? "bad" : "good" })).claims[0]?.verdict).toBe("inconclusive");
});

test("violated when it came too late, and when it never came", () => {
  const late = judge("1s", (sinceMs) => ({ grade: sinceMs < 2000 ? "bad" : "good" }));
  expect(late.claims[0]?.verdict).toBe("violated");
  expect(late.evidence?.length).toBeGreaterThan(0);
  expect(judge("3s", () => ({ grade: "bad" })).claims[0]).toMatchObject({ verdict: "violated", interval: [9950, null] });
});

test("a steady state that does not last is no recovery", () => {
  const judgement = judge("2s", (sinceMs) => ({ grade: sinceMs < 1000 || (sinceMs > 3000 && sinceMs < 6000) ? "bad" : "good" }));
  expect(judgement.claims[0]).toMatchObject({ verdict: "violated", observed: "6s" });
});

test("a single bad answer within what the steady state allows does not undo it", () => {
  expect(judge("2s", (sinceMs, i) => ({ grade: sinceMs < 1000 || i === 150 ? "bad" : "good" })).claims[0]).toMatchObject({ verdict: "held", observed: "1s" });
});

test("counts from where the fault's own window closed, not from the lifting", () => {
  const fault = { ...faultSeen().fault, selection: { ...faultSeen().fault.selection, forMs: 10_000 } };
  const samples = [...requests("checkout", "during", 20, (sinceMs) => ({ grade: sinceMs < 12_000 ? "bad" : "good" })), ...requests("checkout", "after", 20)];
  const judgement = judge("3s", () => ({}), { samples, overrides: { faults: [faultSeen({ fault })] } });
  expect(judgement.observed).toEqual({ recoveredAfterMs: 2000 });
});

test("inconclusive when nobody felt the fault, when too little was sent after it, and when the machine was busy", () => {
  expect(judge("3s", () => ({}), { overrides: { faults: [faultSeen({ felt: 0 })] } }).claims[0]?.verdict).toBe("inconclusive");
  expect(judge("3s", () => ({}), { samples: requests("checkout", "after", 1) }).claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("too few") });
  expect(judge("3s", (_, i) => ({ disturbed: i % 5 === 0 })).claims[0]?.verdict).toBe("inconclusive");
});

test("where calls cannot be witnessed, requests that went wrong prove that the fault was felt", () => {
  const unwitnessed = { unwitnessed: [{ proxy: "payments", startMs: 5000, endMs: 20_000 }], faults: [faultSeen({ eligible: 0, applied: 0, felt: 0 })] };
  expect(judge("3s", () => ({}), { overrides: unwitnessed }).claims[0]?.verdict).toBe("held");
});

test("advises a phase after that leaves room to last", () => {
  const advice = recovery.advise(recovery.params.parse({ probe: "checkout", within: "9500ms" }), hypothesisOf("recovery", {}), experimentOf());
  expect(advice.map(({ hint }) => hint)).toEqual(["make after at least 11s long"]);
  expect(recovery.advise(recovery.params.parse({ probe: "checkout", within: "8s" }), hypothesisOf("recovery", {}), experimentOf())).toEqual([]);
});
