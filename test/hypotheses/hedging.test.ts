import { describe, expect, test } from "vitest";
import { hedging } from "../../src/hypotheses/hedging.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Call, Observations, Sample } from "../../src/model/observation.ts";
import type { FaultRecord } from "../../src/model/event.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { callFor, experimentOf, faultSeen, requests, scopeOf } from "../support/hand-made.ts";

const usual = { proxy: "payments", probe: "checkout", after: "150ms", extraLoad: "<= 5%", cancelsLoser: true };

/** How one call went: ms since its request was due. */
interface Went {
  readonly at: number;
  readonly until: number;
  readonly end?: Call["end"];
  readonly fault?: FaultRecord["effect"] | "none";
}

interface Story {
  /** The calls of a request under the fault, and its answer. */
  readonly slow: (i: number) => { readonly calls: readonly Went[]; readonly answeredMs: number; readonly grade?: Sample["grade"]; readonly disturbed?: boolean };
  readonly before?: (i: number) => readonly Went[];
  readonly overrides?: Partial<Observations>;
  readonly perSecond?: number;
}

function toCalls(sample: Sample, went: readonly Went[]): readonly Call[] {
  return went.map(({ at, until, end = "complete", fault = "delay" }) => {
    const isLeft = end === "client-left";
    return callFor(sample, {
      startMs: sample.dueMs + at, endMs: sample.dueMs + until, end, ...(isLeft && { leftMs: sample.dueMs + until, leftBy: "fin" as const }), status: fault === "respond" ? 503 : 200,
      faults: fault === "none" ? [] : [{ fault: "slow", decision: "applied", n: 1, effect: fault, actedMs: sample.dueMs + at + 1 }], faulted: fault !== "none", felt: fault !== "none",
    });
  });
}

function judge({ slow, before = () => [{ at: 1, until: 20, fault: "none" }], overrides = {}, perSecond = 20 }: Story, claims: Record<string, unknown> = usual): Judgement {
  const early = requests("checkout", "before", perSecond, () => ({ latencyMs: 24 }));
  const during = requests("checkout", "during", perSecond, (_since, i) => {
    const { answeredMs, grade = "good", disturbed = false } = slow(i);
    return { latencyMs: answeredMs, grade, disturbed };
  });
  const calls = [...early.flatMap((sample, i) => toCalls(sample, before(i))), ...during.flatMap((sample, i) => toCalls(sample, slow(i).calls))];
  return hedging.judge(hedging.params.parse(claims), scopeOf("hedging", {}, { samples: [...early, ...during], calls, overrides }));
}

function words({ claims }: Judgement): Record<string, VerdictWord> {
  return Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
}

/** Delays 300ms, hedge after 150ms. */
const hedge: Story = { slow: () => ({ calls: [{ at: 1, until: 321 }, { at: 152, until: 324, end: "client-left" }], answeredMs: 324 }) };
const noCancel: Story = { slow: () => ({ calls: [{ at: 1, until: 321 }, { at: 152, until: 472 }], answeredMs: 324 }) };
const leakyRetry: Story = { slow: () => ({ calls: [{ at: 1, until: 321 }, { at: 152, until: 472 }], answeredMs: 303, grade: "bad" }) };
const leakyRetryOfThree: Story = { slow: () => ({ calls: [{ at: 1, until: 321 }, { at: 152, until: 472 }, { at: 303, until: 623 }], answeredMs: 455, grade: "bad" }) };
const abortingRetry: Story = { slow: () => ({ calls: [{ at: 1, until: 151, end: "client-left" }, { at: 153, until: 303, end: "client-left" }], answeredMs: 305, grade: "bad" }) };
const fails: Story = { slow: () => ({ calls: [{ at: 1, until: 2, fault: "respond" }, { at: 152, until: 153, fault: "respond" }], answeredMs: 155, grade: "bad" }) };
const all = (word: VerdictWord): Record<string, VerdictWord> => ({ hedges: word, after: word, extraLoad: word, cancelsLoser: word });
const not = { hedges: "violated", after: "inconclusive", extraLoad: "inconclusive", cancelsLoser: "inconclusive" };

describe("a hedge", () => {
  test("that takes the first answer and leaves the other call is held, in all it claims", () => {
    const said = judge(hedge);
    expect(words(said)).toEqual(all("held"));
    expect(said.observed).toEqual({ hedgedShare: 1, afterP50Ms: 151, afterP95Ms: 151, extraLoadShare: 0, cancelledShare: 1 });
    expect(said.equivalentTo).toEqual([]);
  });

  test("that lets the other call run on is a hedge, and does not cancel", () => {
    const said = judge(noCancel);
    expect(words(said)).toEqual({ ...all("held"), cancelsLoser: "violated" });
    expect(said.evidence?.[0]?.what).toBe("request 100001 of checkout: calls from 0ms to 320ms (answered 200), 151ms to 471ms (answered 200); answered 200, good, after 323ms");
  });

  test("that comes too late, or too early, is violated in when it comes", () => {
    const at = (ms: number): Judgement => judge({ slow: () => ({ calls: [{ at: 1, until: 621 }, { at: ms, until: 624, end: "client-left" }], answeredMs: 624 }) });
    expect(words(at(261))).toMatchObject({ hedges: "held", after: "violated" });
    expect(words(at(81))).toMatchObject({ hedges: "held", after: "violated" });
  });

  test("that never comes is violated, when calls waited long enough for one", () => {
    const never = (ms: number): Judgement => judge({ slow: () => ({ calls: [{ at: 1, until: ms }], answeredMs: ms + 3 }) });
    expect(words(never(800))).toEqual(not);
    expect(never(800).claims[0]?.reason).toBe("No request was hedged: 300 of 300 slow ones waited for 799ms and more with a single call.");
    expect(words(never(200))).toEqual(all("inconclusive"));
    expect(never(200).claims[0]?.nextStep).toContain("longer than 313ms");
  });

  test("whose delay is longer than the slowness is not exercised", () => {
    const said = judge({ slow: () => ({ calls: [{ at: 1, until: 1021 }], answeredMs: 1025 }) }, { ...usual, after: "2s" });
    expect(words(said)).toEqual(all("inconclusive"));
  });

  test("of which nothing is said as to when is not denied by its absence", () => {
    const said = judge({ slow: () => ({ calls: [{ at: 1, until: 1021 }], answeredMs: 1025 }) }, { proxy: "payments", probe: "checkout", cancelsLoser: true });
    expect(words(said)).toEqual({ hedges: "inconclusive", cancelsLoser: "inconclusive" });
  });

  test("that sends too much when nothing is slow is violated in its extra load", () => {
    const twice = judge({ ...hedge, before: (i) => (i % 4 === 0 ? [{ at: 1, until: 20, fault: "none" }, { at: 6, until: 20, fault: "none" }] : [{ at: 1, until: 20, fault: "none" }]) });
    expect(words(twice)).toEqual({ ...all("held"), extraLoad: "violated" });
    expect(twice.observed["extraLoadShare"]).toBe(0.25);
    expect(words(judge({ ...hedge, perSecond: 10 }))).toEqual({ ...all("held"), extraLoad: "inconclusive" });
  });

  test("that comes too early, and leaves its losers when nothing is slow, does not make the dependency one that fails", () => {
    const early = judge({ ...hedge, before: () => [{ at: 1, until: 20, fault: "none" }, { at: 6, until: 21, end: "client-left", fault: "none" }] });
    expect(words(early)).toEqual({ ...all("held"), extraLoad: "violated" });
    const broken = judge({ ...hedge, before: () => [{ at: 1, until: 5, end: "client-left", fault: "none" }, { at: 6, until: 21, fault: "none" }] });
    expect(words(broken)).toEqual(all("inconclusive"));
  });
});

describe("what is no hedge", () => {
  test.each([["of two calls", leakyRetry], ["of three", leakyRetryOfThree]])("is a retry that leaves its calls running, %s: their answers are thrown away", (_what, story) => {
    const said = judge(story);
    expect(words(said)).toEqual(not);
    expect(said.claims[0]?.reason).toMatch(/^It retries, and leaves its earlier call running: 300 requests failed although their first call was answered well/);
    expect(said.evidence?.length).toBe(3);
  });

  test("is a retry that leaves its first call running and waits for the second", () => {
    const said = judge({ slow: () => ({ calls: [{ at: 1, until: 321 }, { at: 152, until: 472 }], answeredMs: 475 }) });
    expect(words(said)).toEqual(not);
    expect(said.claims[0]?.reason).toContain("waited for their later call although the first had been answered well");
  });

  test("is such a retry too where its last calls, made as the fault ends, are answered at the moment of the first", () => {
    const last = { calls: [{ at: 1, until: 321 }, { at: 152, until: 472 }, { at: 315, until: 324, fault: "none" as const }], answeredMs: 326 };
    expect(words(judge({ slow: (i) => (i < 290 ? leakyRetryOfThree.slow(i) : last) }))).toEqual(not);
  });

  test("is a retry that leaves its first call before it makes the second", () => {
    const said = judge(abortingRetry, { ...usual, after: "<= 140ms" });
    expect(words(said)).toEqual(not);
    expect(said.claims[0]?.reason).toMatch(/^It retries and does not hedge/);
  });
});

describe("undecided is", () => {
  test("a hedge or a retry, where calls fail at once", () => {
    const said = judge(fails);
    expect(words(said)).toEqual(all("inconclusive"));
    expect(said.equivalentTo).toEqual(["retries at a constant pause"]);
    expect(said.claims[0]?.nextStep).toContain("latency");
  });

  test("a hedge or a retry that leaves its calls running, where calls hang", () => {
    const said = judge({ slow: () => ({ calls: [{ at: 1, until: 900, end: "reset", fault: "hang" }, { at: 152, until: 900, end: "reset", fault: "hang" }], answeredMs: 310, grade: "bad" }) });
    expect(words(said)).toEqual(all("inconclusive"));
  });

  test("what failed long before the first answer, and it is said which delay would tell", () => {
    const said = judge({ slow: () => ({ calls: [{ at: 1, until: 3021 }, { at: 152, until: 3172 }, { at: 303, until: 3323 }], answeredMs: 455, grade: "bad" }) });
    expect(words(said)).toEqual(all("inconclusive"));
    expect(said.equivalentTo).toEqual(["a retry that leaves its first call running"]);
    expect(said.claims[0]?.nextStep).toContain("303ms");
  });

  test("what is always answered by the second call and leaves the first running; where it leaves the first, it hedges", () => {
    const second = (end: Call["end"], until: number): Judgement => judge({ slow: () => ({ calls: [{ at: 1, until, end }, { at: 152, until: 172, fault: "none" }], answeredMs: 175 }) });
    expect(words(second("complete", 321))).toEqual(all("inconclusive"));
    expect(words(second("client-left", 176))).toEqual(all("held"));
    expect(second("client-left", 176).equivalentTo).toEqual(["a retry that leaves its first call running until the second is answered"]);
  });

  test("a deadline that lies close to the delay", () => {
    expect(words(judge({ slow: (i) => ({ ...(i % 2 === 0 ? hedge.slow(i) : { ...leakyRetry.slow(i) }) }) }))).toEqual(all("inconclusive"));
  });

  test("one request that threw an answer away: a second is needed", () => {
    expect(words(judge({ slow: (i) => (i === 7 ? leakyRetry.slow(i) : { calls: [{ at: 1, until: 321 }], answeredMs: 324 }) }))["hedges"]).toBe("inconclusive");
    expect(words(judge({ slow: (i) => (i === 7 || i === 9 ? leakyRetry.slow(i) : { calls: [{ at: 1, until: 321 }], answeredMs: 324 }) }))["hedges"]).toBe("violated");
  });

  test("a failing answer while another fault is in force", () => {
    const other = faultSeen({ fault: { name: "other", type: "error", layer: "exchange", proxy: "stock", direction: "both", selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" }, params: {} } });
    expect(words(judge({ ...leakyRetry, overrides: { faults: [faultSeen(), other] } }))["hedges"]).toBe("inconclusive");
  });

  test.each([["a hedge", hedge], ["a leaking retry", leakyRetry], ["none at all", { slow: () => ({ calls: [{ at: 1, until: 900 }], answeredMs: 905 }) }]] as const)("%s on a starved machine", (_what, story) => {
    const starved = judge({ ...story, overrides: { disturbances: [{ startMs: 6000, endMs: 9000, what: "payments was starved" }] } });
    expect(words(starved)).toEqual(all("inconclusive"));
    expect(starved.claims[0]?.reason).toContain("were disturbed by this machine");
  });

  test("what no request joins, what has no end, what nothing slowed, and what few requests met", () => {
    expect(words(judge({ ...hedge, overrides: { rung: () => "statistical" } }))).toEqual(all("inconclusive"));
    expect(words(judge({ ...hedge, overrides: { finished: false } }))).toEqual(all("inconclusive"));
    expect(words(judge({ ...hedge, overrides: { faults: [faultSeen({ felt: 0, applied: 0 })] } }))).toEqual(all("inconclusive"));
    expect(words(judge({ slow: (i) => (i < 19 ? hedge.slow(i) : { calls: [{ at: 1, until: 20, fault: "none" }], answeredMs: 24 }) }))["hedges"]).toBe("inconclusive");
    expect(words(judge({ slow: (i) => (i < 20 ? hedge.slow(i) : { calls: [{ at: 1, until: 20, fault: "none" }], answeredMs: 24 }) }))["hedges"]).toBe("held");
  });

  test("a service that failed already before the fault", () => {
    expect(words(judge({ ...leakyRetry, before: () => [{ at: 1, until: 20, fault: "respond" }] }))).toEqual(all("inconclusive"));
  });
});

describe("the hypothesis", () => {
  test("claims something, and says it in a sentence", () => {
    expect(hedging.params.safeParse({ proxy: "payments", probe: "checkout" }).success).toBe(false);
    expect(hedging.explain(hedging.params.parse(usual))).toBe("A request of checkout that waits for payments has a second call made for it about 150ms (113ms to 213ms), and is answered by whichever comes first, leaves the other at once, makes <= 5% more calls than requests when nothing is slow");
  });

  test("warns of faults that cannot decide it", () => {
    const codes = (type: string, params: Record<string, number>): readonly string[] => {
      const [fault] = experimentOf().faults;
      if (fault === undefined) throw new Error("no fault");
      const { hypothesis } = scopeOf("hedging", {});
      return hedging.advise(hedging.params.parse(usual), hypothesis, experimentOf({ faults: [{ ...fault, type, params }] })).map(({ code }) => code);
    };
    expect(codes("latency", { delayMs: 300 })).toEqual([]);
    expect(codes("latency", { delayMs: 200 })).toEqual(["fault-too-short"]);
    expect(codes("error", {})).toEqual(["no-slow-answers"]);
  });
});
