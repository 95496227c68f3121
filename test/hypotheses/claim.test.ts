import { expect, test } from "vitest";
import { claim } from "../../src/hypotheses/claim.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import { experimentOf, faultSeen, hypothesisOf, probeNamed, requests, scopeOf, windows } from "../support/hand-made.ts";
import type { HandMade } from "../support/hand-made.ts";

const judge = (params: JsonObject, made: HandMade): Judgement => claim.judge(claim.params.parse(params), scopeOf("claim", params, made));
const words = (judgement: Judgement): readonly string[] => judgement.claims.map(({ verdict }) => verdict);

test("held when callers saw what was claimed in the phase that was named, and only there", () => {
  const samples = [...requests("checkout", "during", 40, () => ({ latencyMs: 30 })), ...requests("checkout", "after", 40, () => ({ grade: "bad" }))];
  const during = judge({ probe: "checkout", success: ">= 99%", p95: "<= 250ms", throughput: ">= 38/s", max: "<= 1s" }, { samples });
  expect(words(during)).toEqual(["held", "held", "held", "held"]);
  expect(during.observed).toEqual({ success: 1, p95: 30, throughput: 40, max: 30 });
  expect(words(judge({ probe: "checkout", phase: "after", success: ">= 99%" }, { samples }))).toEqual(["violated"]);
});

test("violated with the requests that witness it", () => {
  const judgement = judge({ probe: "checkout", available: ">= 99%" }, { samples: requests("checkout", "during", 40, (_, i) => ({ grade: i % 3 === 0 ? "bad" : "good" })) });
  expect(words(judgement)).toEqual(["violated"]);
  expect(judgement.evidence?.[0]?.what).toBe("request 100001 of checkout was bad after 20ms: status 500");
});

test("never held when the fault touched no request", () => {
  const judgement = judge({ probe: "checkout", success: ">= 99%" }, { samples: requests("checkout", "during", 40), overrides: { faults: [faultSeen({ eligible: 0, applied: 0, felt: 0 })] } });
  expect(words(judgement)).toEqual(["inconclusive"]);
  expect(judgement.claims[0]?.reason).toContain("No call through payments was eligible");
});

test("inconclusive when nobody felt what was applied", () => {
  const judgement = judge({ probe: "checkout", success: ">= 99%" }, { samples: requests("checkout", "during", 40), overrides: { faults: [faultSeen({ felt: 1 })] } });
  expect(judgement.claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("only 1 of them felt it") });
});

test("needs no fault in the phase before", () => {
  const judgement = judge({ probe: "checkout", phase: "before", p95: "<= 250ms" }, { samples: requests("checkout", "before", 40), overrides: { faults: [] } });
  expect(words(judgement)).toEqual(["held"]);
});

test("inconclusive when the phase never ran", () => {
  const judgement = judge({ probe: "checkout", phase: "after", success: ">= 99%" }, { overrides: { phases: windows.slice(0, 2) } });
  expect(judgement.claims[0]).toMatchObject({ verdict: "inconclusive", reason: "The phase after never ran." });
});

test("inconclusive when the machine disturbed more than 5 % of the samples, though the rest look well", () => {
  const judgement = judge({ probe: "checkout", success: ">= 90%" }, { samples: requests("checkout", "during", 40, (_, i) => ({ disturbed: i % 10 === 0 })) });
  expect(judgement.claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("disturbed by this machine") });
});

test("inconclusive when the cap on requests in flight kept requests from being sent", () => {
  const judgement = judge({ probe: "checkout", success: ">= 90%" }, { samples: requests("checkout", "during", 40, (_, i) => ({ grade: i % 5 === 0 ? "unsent" : "good" })) });
  expect(judgement.claims[0]).toMatchObject({ verdict: "inconclusive", nextStep: expect.stringContaining("inFlight") });
});

test("no worse than before compares availability, median and p95 by ratios", () => {
  const before = requests("checkout", "before", 60, () => ({ latencyMs: 100 }));
  const same = judge({ probe: "checkout", noWorseThan: { by: "1.2x" } }, { samples: [...before, ...requests("checkout", "during", 40, () => ({ latencyMs: 110 }))] });
  expect(words(same)).toEqual(["held", "held", "held"]);
  expect(same.observed).toEqual({ availableRatio: 1, p50Ratio: 1.1, p95Ratio: 1.1 });
  const slower = judge({ probe: "checkout", noWorseThan: { by: "1.2x" } }, { samples: [...before, ...requests("checkout", "during", 40, () => ({ latencyMs: 300 }))] });
  expect(words(slower)).toEqual(["held", "violated", "violated"]);
});

test("failing fast is worse than before, however fast", () => {
  const samples = [...requests("checkout", "before", 60, () => ({ latencyMs: 100 })), ...requests("checkout", "during", 40, () => ({ latencyMs: 2, grade: "bad" }))];
  expect(words(judge({ probe: "checkout", noWorseThan: { by: "1.2x" } }, { samples }))).toContain("violated");
});

test("advises when the phase sends too few requests for the claim", () => {
  const advice = claim.advise(claim.params.parse({ probe: "checkout", success: ">= 99%", p95: "<= 1s" }), hypothesisOf("claim", {}), experimentOf({ probes: [probeNamed("checkout", 10)] }));
  expect(advice.map(({ message, path }) => [message, path])).toEqual([['"success: >= 99%" needs at least 459 requests of checkout in during, and about 150 will be sent: it would be inconclusive', ["success"]]]);
  expect(advice[0]?.hint).toBe("make during 46s long, or the load 31/s");
});

test("claims nothing without a claim", () => {
  expect(claim.params.safeParse({ probe: "checkout" }).error?.issues[0]?.message).toContain("at least one of success");
});
