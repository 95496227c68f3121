import { expect, test } from "vitest";
import { fallback } from "../../src/hypotheses/fallback.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Call, Sample } from "../../src/model/observation.ts";
import { callFor, experimentOf, feltCallFor, hypothesisOf, probeNamed, requests, scopeOf } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";

const before = requests("checkout", "before", 20);
const healthy = before.map((sample) => callFor(sample));
const judge = (params: JsonObject, during: readonly Sample[], calls: readonly Call[], made: HandMade = {}): Judgement =>
  fallback.judge(fallback.params.parse({ probe: "checkout", ...params }), scopeOf("fallback", params, { samples: [...before, ...during], calls: [...healthy, ...calls], ...made }));
const during = (answer: (sinceMs: number, i: number) => Answered): readonly Sample[] => requests("checkout", "during", 20, answer);

test("held when requests that met the fault or an open breaker got the degraded answer", () => {
  const samples = during((_, i) => ({ grade: "degraded", latencyMs: i < 100 ? 500 : 5 }));
  const judgement = judge({ share: ">= 95%", answersWithin: "800ms" }, samples, samples.slice(0, 100).map(feltCallFor));
  expect(judgement.claims.map(({ claim, verdict }) => [claim, verdict])).toEqual([["share", "held"], ["answersWithin", "held"]]);
  // The request due at 5 s met neither the fault (it began at 5.01 s, with its own call) nor an open breaker.
  expect(judgement.observed).toEqual({ fallbackShare: 1, answerP95Ms: 500 });
});

test("violated when they got errors instead, with witnesses", () => {
  const samples = during(() => ({ grade: "bad", latencyMs: 500 }));
  const judgement = judge({ share: ">= 95%" }, samples, samples.map(feltCallFor));
  expect(judgement.claims[0]?.verdict).toBe("violated");
  expect(judgement.evidence).toHaveLength(3);
});

test("violated when an unmarked good answer came though the dependency gave none", () => {
  const samples = during(() => ({ grade: "good" }));
  expect(judge({ share: ">= 95%" }, samples, samples.map(feltCallFor)).claims[0]?.verdict).toBe("violated");
});

test("leaves out requests that a retry brought the dependency's own answer", () => {
  const samples = during((_, i) => ({ grade: i % 2 === 0 ? "good" : "degraded" }));
  const calls = samples.flatMap((sample, i) => (i % 2 === 0 ? [feltCallFor(sample), callFor(sample, { startMs: sample.dueMs + 600 })] : [feltCallFor(sample)]));
  const judgement = judge({ share: ">= 95%" }, samples, calls);
  expect(judgement.claims[0]).toMatchObject({ verdict: "held", n: 150 });
});

test("an answer of the dependency that came after the request was answered did not serve it", () => {
  const samples = during(() => ({ grade: "degraded", latencyMs: 500 }));
  const leaked = samples.map((sample) => callFor(sample, { endMs: sample.dueMs + 3000, felt: true, faulted: true, faults: [{ fault: "slow", decision: "applied", effect: "delay", actedMs: sample.dueMs + 2 }] }));
  expect(judge({ share: ">= 95%" }, samples, leaked).claims[0]).toMatchObject({ verdict: "held", n: 300 });
});

test("inconclusive when every request was served after all", () => {
  const samples = during(() => ({}));
  expect(judge({ share: ">= 95%" }, samples, samples.map((sample) => callFor(sample, { felt: true, faulted: true, faults: [{ fault: "slow", decision: "applied", effect: "delay", actedMs: 1 }] }))).claims[0]).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("without being served after all") });
});

test("too slow a fallback is violated", () => {
  const samples = during(() => ({ grade: "degraded", latencyMs: 3000 }));
  expect(judge({ answersWithin: "1s" }, samples, samples.map(feltCallFor)).claims[0]).toMatchObject({ claim: "answersWithin", verdict: "violated" });
});

test("where calls cannot be told apart by request, all of them from the onset on count", () => {
  const samples = during(() => ({ grade: "degraded" }));
  const judgement = judge({ share: ">= 95%" }, samples, [], { overrides: { rung: () => "statistical" } });
  expect(judgement).toMatchObject({ correlation: "statistical", claims: [{ verdict: "held", n: 299 }] });
});

test("advises when the probe calls no answer degraded", () => {
  const advice = fallback.advise(fallback.params.parse({ probe: "checkout", share: ">= 95%" }), hypothesisOf("fallback", {}), experimentOf({ probes: [probeNamed("checkout", 2, {})] }));
  expect(advice.map(({ code }) => code)).toEqual(["too-few-samples", "no-degraded"]);
});
