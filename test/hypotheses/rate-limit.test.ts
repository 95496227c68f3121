import { describe, expect, test } from "vitest";
import { rateLimit } from "../../src/hypotheses/rate-limit.ts";
import type { Load } from "../../src/model/experiment.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { experimentOf, hypothesisOf, scopeOf } from "../support/hand-made.ts";
import { atOnce, fixedWindow, open, pressOn, pulses, slidingWindow, tokenBucket, windowOnDemand } from "../support/overload.ts";
import type { Door } from "../support/overload.ts";

const seeds = [1, 2, 3];
const limit = { probe: "checkout", limit: "100/s" };
const bucket = { ...limit, burst: 20 };
const whole = { ...limit, rejects: { status: 429, answersWithin: "50ms" }, accepted: { success: ">= 99%", p95: "100ms" } };
const steady: Partial<Load> = {};
const always: Partial<Load> = { rates: { warmup: 300, before: 300, during: 300, after: 300 } };
const low: Partial<Load> = { rates: { warmup: 50, before: 50, during: 80, after: 50 } };

function judge(params: object, made: ReturnType<typeof pressOn>, faults: readonly string[] = []): Judgement {
  return rateLimit.judge(rateLimit.params.parse(params), scopeOf("rate-limit", {}, made, { faults }));
}

const words = ({ claims }: Judgement): Record<string, VerdictWord> => Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));

const table: readonly (readonly [verdict: VerdictWord, what: string, claims: object, door: () => Door, load: Partial<Load>])[] = [
  ["held", "a sliding window", limit, () => slidingWindow(100), pulses(300)],
  ["held", "a sliding window of 50, when 100 are claimed", limit, () => slidingWindow(50), pulses(300)],
  ["held", "a fixed window of 50, which never lets more than 100 in", limit, () => fixedWindow(50), pulses(300)],
  ["held", "a token bucket with its burst", bucket, () => tokenBucket(100, 20), pulses(300)],
  ["held", "a bucket as full as its rate, under an even load", { ...limit, burst: 100 }, () => tokenBucket(100, 100), steady],
  ["held", "a sliding window over 5s", { probe: "checkout", limit: "500/5s" }, () => slidingWindow(500, 5000), { steps: [400, 5, 400] }],
  ["violated", "a fixed window, at its boundary", limit, () => fixedWindow(100), pulses(300)],
  ["violated", "a fixed window, at its boundary, against a bucket", bucket, () => fixedWindow(100), pulses(300)],
  ["violated", "a fixed window, against a bucket as full as its rate", { ...limit, burst: 100 }, () => fixedWindow(100), pulses(600)],
  ["violated", "a token bucket whose burst is not claimed", limit, () => tokenBucket(100, 100), pulses(300)],
  ["violated", "a token bucket with twice the burst", bucket, () => tokenBucket(100, 60), pulses(300)],
  ["violated", "no limit at all", limit, () => open, steady],
  ["violated", "no limit at all, answers after 3s", limit, () => () => ({ latencyMs: 3000, status: 200 }), steady],
  ["violated", "a limit of 130", limit, () => slidingWindow(130), steady],
  ["violated", "many at once", limit, () => atOnce(20, () => 80), steady],
  ["violated", "a fixed window, at the one rise of an even load", limit, () => fixedWindow(100), steady],
  ["violated", "a fixed window that begins on demand", limit, () => windowOnDemand(100), pulses(300)],
  ["inconclusive", "a fixed window that begins on demand, under a load that never pauses", limit, () => windowOnDemand(100), always],
  ["inconclusive", "a sliding window under a load that never pauses", limit, () => slidingWindow(100), always],
  ["inconclusive", "a load below the limit", limit, () => open, low],
  ["inconclusive", "a limit on how many are served at once", limit, () => atOnce(2, () => 30), pulses(300)],
  ["inconclusive", "such a limit, claimed as a bucket", { ...limit, burst: 100 }, () => atOnce(8, () => 100), pulses(300)],
];

describe("a rate limit", () => {
  test.each(table)("is %s: %s", (verdict, _what, claims, door, load) => {
    expect(seeds.map((seed) => words(judge(claims, pressOn(door(), load, { seed })))["limit"])).toEqual(seeds.map(() => verdict));
  });

  test("whose refusals have another status is violated, where enough was seen before the load rose to know that they are not usual", () => {
    const judged = (before: number): Judgement => {
      const door = slidingWindow(100);
      const unavailable: Door = (atMs) => {
        const answer = door(atMs);
        return answer.status === 429 ? { ...answer, status: 503 } : answer;
      };
      return judge({ probe: "checkout", rejects: { status: 429 } }, pressOn(unavailable, { rates: { warmup: before, before, during: 300, after: before } }));
    };
    expect(words(judged(20))).toEqual({ "rejects.status": "violated" });
    expect(judged(2)).toMatchObject({ claims: [{ verdict: "inconclusive", reason: expect.stringContaining("only 10 were answered before it rose") }] });
  });

  test("is held in all its claims", () => {
    const said = judge(whole, pressOn(slidingWindow(100), pulses(300)));
    expect(words(said)).toEqual({ limit: "held", "rejects.status": "held", "rejects.answersWithin": "held", "accepted.success": "held", "accepted.p95": "held" });
    expect(said.observed).toMatchObject({ letInAtMost: 100, rejectedShare: expect.any(Number), rejectedP95Ms: expect.any(Number), acceptedP95Ms: expect.any(Number) });
    expect(said.series?.map(({ name }) => name)).toEqual(["offered", "served", "turned away"]);
  });

  test("that turns nobody away although more than the limit came is violated in that, too", () => {
    expect(words(judge(whole, pressOn(open, steady)))).toEqual({ limit: "violated", "rejects.status": "violated", "rejects.answersWithin": "inconclusive", "accepted.success": "held", "accepted.p95": "held" });
  });

  test("shows the stretches that held too many", () => {
    const { claims, evidence, equivalentTo } = judge(limit, pressOn(fixedWindow(100), pulses(300)));
    expect(claims[0]?.reason).toMatch(/^\d+ requests were let in beyond <= 100 in any 1s: 1\d\d in \d+ms from /);
    expect(evidence?.length).toBeGreaterThan(1);
    expect(equivalentTo).toContain("a token bucket whose burst is not claimed (burst)");
  });

  test("of a bucket as full as its rate may be a fixed window, under a load that rises once", () => {
    const full = { ...limit, burst: 100 };
    expect(judge(full, pressOn(tokenBucket(100, 100), steady)).equivalentTo).toContain("a limit that counts afresh at fixed moments");
    expect(judge(full, pressOn(tokenBucket(100, 100), pulses(600))).equivalentTo).toEqual(["a limit on each caller (the probe is one)"]);
  });

  test("that turns away with another status, slowly, or serves the others badly, is told apart", () => {
    const slowAway: Door = (() => {
      const door = slidingWindow(100);
      return (atMs: number) => {
        const { latencyMs, status } = door(atMs);
        return status === 429 ? { latencyMs: 400, status: 503 } : { latencyMs, status: 500 };
      };
    })();
    expect(words(judge({ probe: "checkout", rejects: { status: 503, answersWithin: "50ms" }, accepted: { success: ">= 99%" } }, pressOn(slowAway, pulses(300))))).toEqual({ "rejects.status": "held", "rejects.answersWithin": "violated", "accepted.success": "violated" });
    expect(words(judge(whole, pressOn(slowAway, pulses(300))))["rejects.status"]).not.toBe("held");
  });

  test("says nothing of a machine that was busy, nor of a prober at its cap", () => {
    const made = pressOn(fixedWindow(100), pulses(300));
    const disturbed = { ...made, samples: (made.samples ?? []).map((sample, i) => ({ ...sample, disturbed: i % 10 === 0 })) };
    expect(words(judge(limit, disturbed))).toEqual({ limit: "inconclusive" });
    expect(words(judge(whole, pressOn(open, steady, { made: { overrides: { capped: [{ probe: "checkout", atMs: 9000, limit: 1000 }] } } })))).toEqual({ limit: "inconclusive", "rejects.status": "inconclusive", "rejects.answersWithin": "inconclusive", "accepted.success": "inconclusive", "accepted.p95": "inconclusive" });
  });

  describe("while the dependency is slow", () => {
    const fault = experimentOf().faults;
    const slowed = (quickMs: number, slowMs: number) => (atMs: number): number => (atMs >= 5000 && atMs < 20_000 ? slowMs : quickMs);
    const say = (door: Door, load: Partial<Load>, claims: object = { ...limit, burst: 100 }): Record<string, VerdictWord> => words(judge(claims, pressOn(door, load, { made: { experiment: { faults: fault } } }), ["slow"]));

    test("a rate stays the same", () => {
      expect(say(tokenBucket(100, 20, slowed(10, 200)), always)).toEqual({ limit: "held", "limit.steady": "held" });
    });

    test("a limit on how many are served at once is no rate", () => {
      expect(say(atOnce(4, slowed(30, 300)), always)["limit.steady"]).toBe("violated");
    });

    test("nothing is known of the rate where the limit was not reached before", () => {
      expect(say(atOnce(4, slowed(30, 300)), steady)).toEqual({ limit: "inconclusive", "limit.steady": "inconclusive" });
    });

    test("nothing is known of the rate where the delay was not felt", () => {
      expect(say(tokenBucket(100, 20), always)["limit.steady"]).toBe("inconclusive");
    });
  });

  test("is written as people write it", () => {
    for (const text of ["100/s", "<= 100/s", "6000/min", "100/10s", "5 / 200ms"]) expect(rateLimit.params.safeParse({ probe: "p", limit: text }).success, text).toBe(true);
    for (const text of ["100", 100, "0/s", "1.5/s", ">= 100/s", "100/parsec", "100/0s"]) expect(rateLimit.params.safeParse({ probe: "p", limit: text }).success, String(text)).toBe(false);
    expect(rateLimit.params.safeParse({ probe: "p", burst: 5 }).success).toBe(false);
    expect(rateLimit.explain(rateLimit.params.parse(whole))).toBe("The service behind checkout lets in <= 100 in any 1s, turns away what is too much with status 429 in <= 50ms (p95), serves the others meanwhile, >= 99% of them well, in <= 100ms (p95)");
    expect(rateLimit.explain(rateLimit.params.parse(bucket))).toBe("The service behind checkout lets in <= 20 at once and 100/s since");
  });

  test("is warned of when its load cannot show it", () => {
    const codes = (load: Partial<Load>, params: object = limit): readonly string[] => {
      const made = pressOn(open, load);
      return rateLimit.advise(rateLimit.params.parse(params), hypothesisOf("rate-limit", {}), experimentOf(made.experiment)).map(({ code }) => code);
    };
    expect(codes(pulses(300))).toEqual([]);
    expect(codes(low)).toEqual(["load-below-limit"]);
    expect(codes(always)).toEqual(["load-without-pauses"]);
    expect(codes(always, { ...limit, burst: 100 })).toEqual([]);
    expect(codes({ kind: "serial" })).toEqual(["serial-load"]);
    expect(codes({ rates: { warmup: 9, before: 9, during: 9, after: 9 } }, { probe: "checkout", rejects: {} })).toEqual(["no-overload"]);
  });
});
