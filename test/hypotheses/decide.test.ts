import { describe, expect, test } from "vitest";
import { decideByWitnesses, decideQuantile, decideShare, decideTime, enoughForShare, isInside, isOutside, undecided } from "../../src/hypotheses/decide.ts";
import type { Claimed } from "../../src/hypotheses/decide.ts";
import { boundOf } from "../support/hand-made.ts";

const success = (text: string): Claimed => ({ claim: "success", bound: boundOf("share", text), kind: "share", what: "the share of good answers" });
const p95 = (text: string): Claimed => ({ claim: "p95", bound: boundOf("duration", text), kind: "duration", what: "the p95 latency" });
const opens = (text: string): Claimed => ({ claim: "opens.within", bound: boundOf("duration", text), kind: "duration", what: "the onset" });

describe("a share", () => {
  test("of 99 % is held from 459 requests without a failure on, not from 458", () => {
    expect(decideShare(success(">= 99%"), { k: 459, n: 459, confidence: 0.99 }).verdict).toBe("held");
    const fewer = decideShare(success(">= 99%"), { k: 458, n: 458, confidence: 0.99 });
    expect(fewer.verdict).toBe("inconclusive");
    expect(fewer.nextStep).toContain("459");
  });

  test("is violated only when the whole 99.99 % interval lies outside", () => {
    expect(decideShare(success(">= 99%"), { k: 90, n: 100, confidence: 0.99 }).verdict).toBe("violated");
    expect(decideShare(success(">= 99%"), { k: 96, n: 100, confidence: 0.99 }).verdict).toBe("inconclusive");
  });

  test("that is outside at the asked confidence only is told with the interval that does not settle it", () => {
    const suspect = decideShare(success(">= 99%"), { k: 94, n: 100, confidence: 0.99 });
    expect(suspect.verdict).toBe("inconclusive");
    expect(suspect.interval?.[1]).toBeGreaterThan(0.99);
    expect(suspect.reason).toContain("at the 99.99% confidence that a violation takes");
  });

  test("counts unfinished requests as either, so that they never decide", () => {
    expect(decideShare(success(">= 95%"), { k: 100, n: 100, confidence: 0.99 }).verdict).toBe("held");
    expect(decideShare(success(">= 95%"), { k: 100, n: 100, pending: 20, confidence: 0.99 }).verdict).toBe("inconclusive");
    expect(decideShare(success(">= 95%"), { k: 60, n: 80, pending: 0, confidence: 0.99 }).verdict).toBe("violated");
    expect(decideShare(success(">= 95%"), { k: 60, n: 80, pending: 400, confidence: 0.99 }).verdict).toBe("inconclusive");
  });

  test("of exactly 100 % cannot be shown, and two failures refute it", () => {
    const none = decideShare(success("== 100%"), { k: 5000, n: 5000, confidence: 0.99 });
    expect(none.verdict).toBe("inconclusive");
    expect(none.nextStep).toContain(">= 99%");
    expect(decideShare(success("== 100%"), { k: 4998, n: 5000, confidence: 0.99 }).verdict).toBe("violated");
    expect(decideShare(success("== 100%"), { k: 4999, n: 5000, confidence: 0.99 }).verdict).toBe("inconclusive");
  });

  test("of nothing is inconclusive and says how many are needed", () => {
    const nothing = decideShare(success(">= 95%"), { k: 0, n: 0, confidence: 0.99 });
    expect(nothing.verdict).toBe("inconclusive");
    expect(nothing.nextStep).toContain("90");
  });

  test("bounded above needs as many as its complement", () => {
    expect(enoughForShare(boundOf("share", "<= 10%"), 0.99)).toBe(enoughForShare(boundOf("share", ">= 90%"), 0.99));
    expect(enoughForShare(boundOf("share", "<= 100%"), 0.99)).toBe(1);
  });

  test("says its figure, its interval and its bound in one sentence", () => {
    const { reason } = decideShare(success(">= 99%"), { k: 60, n: 100, confidence: 0.99 });
    expect(reason).toMatch(/^The share of good answers was 60% \(.+ to .+ at 99\.99% confidence\), outside >= 99%\.$/);
  });
});

describe("a quantile", () => {
  const flat = (n: number, ms: number): number[] => Array.from({ length: n }, () => ms);

  test("p95 is held from 90 samples on, not from 89", () => {
    expect(decideQuantile(p95("<= 250ms"), 0.95, { sortedMs: flat(90, 20), confidence: 0.99 }).verdict).toBe("held");
    const fewer = decideQuantile(p95("<= 250ms"), 0.95, { sortedMs: flat(89, 20), confidence: 0.99 });
    expect(fewer.verdict).toBe("inconclusive");
    expect(fewer.nextStep).toContain("90");
  });

  test("is violated when most samples are beyond it", () => {
    expect(decideQuantile(p95("<= 250ms"), 0.95, { sortedMs: [...flat(60, 20), ...flat(40, 900)], confidence: 0.99 }).verdict).toBe("violated");
  });

  test("takes a pending request for at least its age and possibly for ever", () => {
    const young = decideQuantile(p95("<= 250ms"), 0.95, { sortedMs: flat(100, 20), pendingMs: flat(30, 5), confidence: 0.99 });
    expect(young.verdict).toBe("inconclusive");
    expect(young.interval?.[1]).toBeNull();
    const old = decideQuantile(p95("<= 250ms"), 0.95, { sortedMs: flat(60, 20), pendingMs: flat(60, 4000), confidence: 0.99 });
    expect(old.verdict).toBe("violated");
  });
});

describe("a time", () => {
  const event = { n: 10, event: "it opened", nextStep: "raise the load" };

  test("is judged by both ends of its interval", () => {
    expect(decideTime(opens("<= 2s"), { lo: 1900, hi: 2000, ...event }).verdict).toBe("held");
    expect(decideTime(opens("<= 2s"), { lo: 1990, hi: 2010, ...event }).verdict).toBe("inconclusive");
    expect(decideTime(opens("<= 2s"), { lo: 2001, hi: 2040, ...event }).verdict).toBe("violated");
    expect(decideTime(opens("1s..2s"), { lo: 900, hi: 1500, ...event }).verdict).toBe("inconclusive");
    expect(decideTime(opens("1s..2s"), { lo: 500, hi: 900, ...event }).verdict).toBe("violated");
  });

  test("that never came refutes once the bound has passed, and not before", () => {
    expect(decideTime(opens("<= 2s"), { lo: 5000, ...event }).verdict).toBe("violated");
    expect(decideTime(opens("<= 2s"), { lo: 1500, ...event }).verdict).toBe("inconclusive");
  });
});

describe("witnesses", () => {
  const claimed: Claimed = { claim: "attempts", bound: boundOf("count", "<= 3"), kind: "count", what: "the most calls of a request" };

  test("two refute, one leaves it open, none of too few shows nothing", () => {
    const of = (witnesses: number, n: number): string => decideByWitnesses(claimed, { observed: 3, witnesses, n, enough: 20 }).verdict;
    expect([of(2, 50), of(1, 50), of(0, 50), of(0, 19)]).toEqual(["violated", "inconclusive", "held", "inconclusive"]);
  });
});

test("an open end is never inside a bound on that side, and may be outside the other", () => {
  expect(isInside(boundOf("count", "<= 3"), { lo: 1 })).toBe(false);
  expect(isInside(boundOf("count", "<= 3"), { hi: 3 })).toBe(true);
  expect(isInside(boundOf("count", "< 3"), { hi: 3 })).toBe(false);
  expect(isInside(boundOf("count", "1..3"), { lo: 1, hi: 4 })).toBe(false);
  expect(isOutside(boundOf("count", "< 3"), { lo: 3 })).toBe(true);
  expect(isOutside(boundOf("count", "<= 3"), { lo: 3 })).toBe(false);
  expect(isOutside(boundOf("count", ">= 3"), { hi: 2 })).toBe(true);
});

test("what was not measured has no interval and no figure", () => {
  expect(undecided(success(">= 99%"), "Nobody came.")).toEqual({ claim: "success", verdict: "inconclusive", expected: ">= 99%", observed: "not measured", n: 0, reason: "Nobody came." });
});
