import { describe, expect, test } from "vitest";
import { isolation } from "../../src/hypotheses/isolation.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Sample } from "../../src/model/observation.ts";
import { experimentOf, faultSeen, feltCallFor, hypothesisOf, probeNamed, requests, scopeOf } from "../support/hand-made.ts";
import type { Answered, HandMade } from "../support/hand-made.ts";

/** `checkout` is to stay as it was while `ready`, whose calls the fault holds, suffers. */
interface Neighbours {
  readonly before?: (sinceMs: number, i: number) => Answered;
  readonly during: (sinceMs: number, i: number) => Answered;
  /** How the one that the fault hits is answered meanwhile. */
  readonly other?: (sinceMs: number, i: number) => Answered;
  readonly perSecond?: number;
}

const hurt = (): Answered => ({ grade: "bad", latencyMs: 1000 });
const fine = (): Answered => ({});

function madeOf({ before = fine, during, other = hurt, perSecond = 40 }: Neighbours): HandMade & { readonly samples: readonly Sample[] } {
  const suffering = requests("ready", "during", 20, other);
  return {
    samples: [...requests("checkout", "before", perSecond, before), ...requests("checkout", "during", perSecond, during), ...requests("ready", "before", 20), ...suffering],
    calls: suffering.map(feltCallFor),
  };
}

const claimed: JsonObject = { probe: "checkout", suffers: "ready", unaffected: { success: ">= 99%", p95: "<= 200ms", noWorseThan: "1.5x" } };

function judge(neighbours: Neighbours, made: HandMade = {}, params: JsonObject = claimed): Judgement {
  return isolation.judge(isolation.params.parse(params), scopeOf("isolation", params, { ...madeOf(neighbours), ...made }));
}

const words = ({ claims }: Judgement): readonly string[] => claims.map(({ verdict }) => verdict);

describe("a neighbour", () => {
  test("that is answered as before is held to be isolated, by success, p95 and comparison", () => {
    const judgement = judge({ during: fine });
    expect(judgement.claims.map(({ claim, verdict }) => [claim, verdict])).toEqual([["unaffected.success", "held"], ["unaffected.p95", "held"], ["unaffected.noWorseThan", "held"]]);
    expect(judgement.observed).toMatchObject({ successShare: 1, p95Ms: 20, successBeforeShare: 1, p95BeforeMs: 20 });
    expect(judgement.equivalentTo).toEqual([]);
  });

  test("that stalls with the other violates it, with the requests that show it and what it may share", () => {
    const judgement = judge({ during: (_, i) => (i % 2 === 0 ? { grade: "bad", latencyMs: 1000 } : { latencyMs: 700 }) });
    expect(words(judgement)).toEqual(["violated", "violated", "violated"]);
    expect(judgement.evidence?.length).toBe(3);
    expect(judgement.equivalentTo?.length).toBeGreaterThan(0);
  });

  test("that is at the bound is neither held nor violated", () => {
    expect(words(judge({ during: (_, i) => (i % 20 === 0 ? { latencyMs: 250 } : {}) }, {}, { ...claimed, unaffected: { p95: "<= 200ms" } }))).toEqual(["inconclusive"]);
    expect(words(judge({ during: (_, i) => (i % 80 === 0 ? { grade: "bad" } : {}) }, {}, { ...claimed, unaffected: { success: ">= 99%" } }))).toEqual(["inconclusive"]);
  });

  test("counts only while the fault is in force", () => {
    const early = { faults: [faultSeen({ liftedMs: 12_000 })] };
    const judgement = judge({ during: (sinceMs) => (sinceMs >= 7000 ? { grade: "bad", latencyMs: 2000 } : {}) }, { overrides: early }, { ...claimed, unaffected: { success: ">= 98%" } });
    expect(words(judgement)).toEqual(["held"]);
  });

  test("whose requests are never answered is not held for want of bad answers", () => {
    expect(words(judge({ during: (_, i) => (i % 2 === 0 ? { grade: "pending", latencyMs: 3000 } : {}) }))).not.toContain("held");
  });
});

describe("inconclusive", () => {
  const stalled: Neighbours = { during: () => ({ grade: "bad", latencyMs: 1000 }) };
  /** Why, where every claim is open and says what would decide it. */
  const whyOpen = ({ claims }: Judgement): string => {
    const reasons = claims.map(({ verdict, reason, nextStep }) => (verdict === "inconclusive" && nextStep !== undefined ? reason : `decided: ${reason}`));
    return [...new Set(reasons)].join("; ");
  };

  test("when the neighbour was as bad before", () => {
    const [success, p95] = judge({ before: () => ({ grade: "bad", latencyMs: 1000 }), during: () => ({ grade: "bad", latencyMs: 1000 }) }).claims;
    expect(success).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("(baseline)") });
    expect(p95).toMatchObject({ verdict: "inconclusive", reason: expect.stringContaining("(baseline)") });
  });

  test("when the other is not known to have suffered, whatever became of the neighbour", () => {
    for (const neighbours of [stalled, { during: fine }]) expect(whyOpen(judge({ ...neighbours, other: fine }))).toMatch(/^(?!decided)[^;]*no worse than before/);
  });

  test("when no call felt the fault", () => {
    expect(whyOpen(judge(stalled, { overrides: { faults: [faultSeen({ felt: 0 })] } }))).toMatch(/^(?!decided)[^;]*felt it/);
    expect(whyOpen(judge({ during: fine }, { calls: [] }, { probe: "checkout", unaffected: { success: ">= 99%", p95: "<= 200ms", noWorseThan: "1.5x" } }))).toMatch(/^(?!decided)[^;]*Only 0 calls on payments felt/);
  });

  test("when the neighbour needs what suffers itself", () => {
    const made = madeOf(stalled);
    expect(whyOpen(judge(stalled, { calls: made.samples.filter(({ phase }) => phase === "during").map(feltCallFor) }))).toMatch(/^(?!decided)[^;]*need what suffers/);
  });

  test("when too few requests were sent meanwhile, or before", () => {
    expect(whyOpen(judge({ ...stalled, perSecond: 1 }))).toMatch(/^14 requests of checkout .* too few/);
    const fewBefore = madeOf({ during: fine }).samples.filter(({ probe, phase, n }) => !(probe === "checkout" && phase === "before" && n > 19));
    expect(whyOpen(judge({ during: fine }, { samples: fewBefore }))).toMatch(/^(?!decided)[^;]*19 requests of checkout before the fault/);
  });

  test("when this machine was busy", () => {
    expect(whyOpen(judge({ during: (_, i) => ({ grade: "bad", latencyMs: 900, disturbed: i % 10 === 0 }) }))).toMatch(/^(?!decided)[^;]*this machine/);
    expect(whyOpen(judge({ during: () => ({ grade: "bad" }), before: (_, i) => ({ disturbed: i % 10 === 0 }) }))).toMatch(/^(?!decided)[^;]*this machine/);
    expect(whyOpen(judge({ during: fine, other: (_, i) => ({ grade: "bad", disturbed: i % 10 === 0 }) }))).toMatch(/^(?!decided)[^;]*this machine/);
  });

  test("when the journal has no end", () => {
    expect(whyOpen(judge({ during: fine }, { overrides: { finished: false } }))).toMatch(/^(?!decided)[^;]*no end/);
  });
});

test("without a probe of what suffers, two calls that felt the fault are enough", () => {
  const params = { probe: "checkout", unaffected: { success: ">= 99%" } };
  const [first, second, ...others] = madeOf({ during: fine }).calls ?? [];
  if (first === undefined || second === undefined) throw new Error("no calls were made");
  expect(others.length).toBeGreaterThan(0);
  expect(words(judge({ during: fine }, { calls: [first, second] }, params))).toEqual(["held"]);
  expect(words(judge({ during: fine }, { calls: [first] }, params))).toEqual(["inconclusive"]);
});

test("warns when the same probe is to suffer and to be unaffected", () => {
  const params = isolation.params.parse({ probe: "checkout", suffers: "checkout", unaffected: { p95: "100ms" } });
  const advice = isolation.advise(params, hypothesisOf("isolation", {}), experimentOf({ probes: [probeNamed("checkout", 200)] }));
  expect(advice.map(({ code }) => code)).toEqual(["same-probe"]);
});
