import { describe, expect, test } from "vitest";
import { idempotency } from "../../src/hypotheses/idempotency.ts";
import type { FaultRecord } from "../../src/model/event.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Call, Observations, Sample } from "../../src/model/observation.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { callFor, experimentOf, faultSeen, probeNamed, requests, scopeOf } from "../support/hand-made.ts";

const effects = { probe: "ready", path: "/charges" };
const all = { proxy: "payments", probe: "checkout", effects, duplicates: "<= 1", keyHeader: "Idempotency-Key" };

interface Attempt {
  readonly at: number;
  readonly until: number;
  readonly lost?: boolean;
  readonly passedOn?: boolean;
  readonly key?: string | undefined;
  readonly effect?: FaultRecord["effect"];
}

interface Story {
  /** Attempts of the i-th request under the fault. */
  readonly attempts: (i: number) => readonly Attempt[];
  /** Effects that the i-th request under the fault had; default 1. */
  readonly effects?: (i: number) => number;
  readonly grade?: (i: number) => Sample["grade"];
  readonly overrides?: Partial<Observations>;
  /** The number that the counting probe is told, of that of all effects. */
  readonly told?: (count: number, atMs: number) => string | undefined;
  readonly fault?: { readonly type: string; readonly params: Record<string, string> };
  readonly unique?: boolean;
}

/** 20 requests per second from 5 ms on, answered in 15 ms; counted 5 times a second, 20 ms before one is due. */
function judge({ attempts, effects: effectsOf = () => 1, grade = () => "good", overrides = {}, told = String, fault, unique = true }: Story, claims: Record<string, unknown> = all): Judgement {
  const at = (phase: "before" | "during" | "after"): readonly Sample[] => requests("checkout", phase, 20, (_since, i) => ({ latencyMs: phase === "during" ? 21 : 15, grade: phase === "during" ? grade(i) : "good" }));
  const [before, during, after] = [at("before"), at("during"), at("after")];
  let n = 0;
  const numbered = (samples: readonly Sample[]): readonly Sample[] => samples.map((sample) => ({ ...sample, n: (n += 1), dueMs: sample.dueMs + 5, sentMs: sample.dueMs + 5, ...(sample.endMs !== undefined && { endMs: sample.endMs + 5 }) }));
  const [early, under, late] = [numbered(before), numbered(during), numbered(after)];
  const calm = [...early, ...late].map((sample) => callFor(sample, { idempotencyKey: `k${sample.n}` }));
  const made = under.flatMap((sample, i) => attempts(i).map(({ at: from, until, lost = false, passedOn = true, key = `k${sample.n}`, effect = "respond", ...rest }): Call => {
    const isApplied = lost || effect === "duplicate";
    const { idempotencyKey: _, ...call } = callFor(sample, { startMs: sample.dueMs + from, endMs: sample.dueMs + until, passedOn, status: lost ? 503 : 200, faulted: isApplied, felt: isApplied, faults: isApplied ? [{ fault: "slow", decision: "applied", n: 1, effect, actedMs: sample.dueMs + (effect === "duplicate" ? from + 1 : until) }] : [] });
    return { ...call, ...("key" in rest || key === "" ? {} : { idempotencyKey: key }) };
  }));
  const effectAt: number[] = [...early, ...late].map(({ dueMs }) => dueMs + 9);
  under.forEach((sample, i) => { for (let k = 0; k < effectsOf(i); k += 1) effectAt.push(sample.dueMs + 9 + k); });
  let m = 0;
  const counting = (["before", "during", "after"] as const).flatMap((phase) => requests("ready", phase, 5, () => ({ latencyMs: 4 }))).map((sample): Sample => {
    const sentMs = sample.dueMs + 35;
    const value = told(effectAt.filter((effectMs) => effectMs <= sentMs + 2).length, sentMs);
    return { ...sample, n: (m += 1), dueMs: sentMs, sentMs, endMs: sentMs + 4, ...(value !== undefined && { value }) };
  });
  const [slow] = experimentOf().faults;
  if (slow === undefined) throw new Error("no fault");
  const probes = [probeNamed("checkout", 20, unique ? { json: { order: "${request.id}" } } : {}), probeNamed("ready", 5)];
  return idempotency.judge(idempotency.params.parse(claims), scopeOf("idempotency", {}, { samples: [...early, ...under, ...late, ...counting], calls: [...calm, ...made], experiment: { probes, faults: [{ ...slow, ...fault }] }, overrides }));
}

function words({ claims }: Judgement): Record<string, VerdictWord> {
  return Object.fromEntries(claims.map(({ claim, verdict }) => [claim, verdict]));
}

const retried: Story = { attempts: () => [{ at: 1, until: 6, lost: true }, { at: 8, until: 14 }] };
const held = { keyHeader: "held", duplicates: "held", effects: "held" };

describe("a request whose answer was lost", () => {
  test("that is sent again with its key, and done once, is idempotent", () => {
    const said = judge(retried);
    expect(words(said)).toEqual(held);
    expect(said.observed).toMatchObject({ effectsPerRequest: 1, duplicatesMax: 1, keysMissing: 0, keysChanged: 0, retriedRequests: 300, lostAnswers: 300 });
    expect(said.equivalentTo).toEqual(["repeats by the HTTP client or a sidecar below the service", "a dependency that recognizes a repeat only when the first is done"]);
  });

  test("that is done twice, is not", () => {
    const said = judge({ ...retried, effects: () => 2 });
    expect(words(said)).toEqual({ ...held, effects: "violated" });
    expect(said.claims.at(-1)?.reason).toMatch(/^\/charges of ready grew by \d+ while \d+ requests of checkout were made: 300 took effect more than once\.$/);
    expect(said.evidence?.length).toBe(2);
  });

  test("that is done twice only now and then, as where a race is lost, is not", () => {
    expect(words(judge({ ...retried, effects: (i) => (i === 17 || i === 200 ? 2 : 1) }))["effects"]).toBe("violated");
    expect(words(judge({ ...retried, effects: (i) => (i === 17 ? 2 : 1) }))["effects"]).toBe("inconclusive");
  });

  test("that is never done although it is answered well, is not done once", () => {
    expect(judge({ ...retried, effects: (i) => (i % 10 === 0 ? 0 : 1) }).claims.at(-1)).toMatchObject({ verdict: "violated" });
  });

  test.each([
    ["without a key in the second attempt", (i: number) => ({ at: 8, until: 14, key: "", i })],
    ["with a new key in each attempt", (i: number) => ({ at: 8, until: 14, key: `other${i}` })],
    ["with one key for all", () => ({ at: 8, until: 14, key: "same" })],
  ] as const)("%s, is not kept apart from others, or not known again", (_what, second) => {
    const said = judge({ attempts: (i) => [{ at: 1, until: 6, lost: true, ...("key" in second(i) && second(i).key === "same" ? { key: "same" } : {}) }, second(i)] });
    expect(words(said)).toEqual({ ...held, keyHeader: "violated" });
    expect(said.evidence?.[0]?.what).toMatch(/^request \d+ of checkout (made an attempt without a key|changed its key|had the key of another request): calls at /);
  });

  test("that is sent three times reaches upstream more often than allowed", () => {
    const thrice: Story = { attempts: () => [{ at: 1, until: 4, lost: true }, { at: 5, until: 9, lost: true }, { at: 10, until: 14 }] };
    expect(words(judge(thrice))).toEqual({ ...held, duplicates: "violated" });
    expect(words(judge(thrice, { ...all, duplicates: "<= 2" }))).toEqual(held);
    expect(words(judge(retried, { ...all, duplicates: "== 0" }))["duplicates"]).toBe("violated");
  });

  test("whose first attempt did not reach upstream is no duplicate", () => {
    const said = judge({ attempts: () => [{ at: 1, until: 6, lost: true, passedOn: false }, { at: 8, until: 14 }] }, { ...all, duplicates: "== 0" });
    expect(words(said)).toEqual({ keyHeader: "held", duplicates: "inconclusive", effects: "inconclusive" });
    expect(said.claims.at(-1)?.nextStep).toContain("reachUpstream: true");
  });
});

describe("calls that are sent twice on their way", () => {
  const twice: Story = { attempts: () => [{ at: 1, until: 14, effect: "duplicate" }], fault: { type: "duplicate", params: { delay: "0ms" } } };

  test("at the same time, and are done once, show more than those that come one after the other", () => {
    const said = judge(twice, { proxy: "payments", probe: "checkout", effects });
    expect(words(said)).toEqual({ effects: "held" });
    expect(said.equivalentTo).toEqual([]);
    expect(judge({ ...twice, fault: { type: "duplicate", params: { delay: "500ms" } } }, { proxy: "payments", probe: "checkout", effects }).equivalentTo).toEqual(["a dependency that recognizes a repeat only when the first is done"]);
  });

  test("and are done twice by a dependency that looks only at what is done, are not done once", () => {
    expect(words(judge({ ...twice, effects: () => 2 }, { proxy: "payments", probe: "checkout", effects }))).toEqual({ effects: "violated" });
  });

  test("are no duplicates of the caller's, and no attempts", () => {
    expect(words(judge(twice))).toEqual({ keyHeader: "inconclusive", duplicates: "inconclusive", effects: "held" });
  });
});

describe("a number that should always be the same", () => {
  const one = { proxy: "payments", probe: "checkout", effects: { ...effects, equals: 1 } };

  test("is held when all answers have it, and violated by two that have another", () => {
    expect(words(judge({ ...retried, told: () => "1" }, one))).toEqual({ effects: "held" });
    expect(words(judge({ ...retried, told: (_count, atMs) => (atMs > 21_000 && atMs < 21_500 ? "2" : "1") }, one))).toEqual({ effects: "violated" });
    expect(words(judge({ ...retried, told: (_count, atMs) => (atMs > 21_000 && atMs < 21_200 ? "2" : "1") }, one))).toEqual({ effects: "inconclusive" });
  });
});

describe("undecided is", () => {
  test("what failed, and may have taken effect or not", () => {
    const said = judge({ attempts: () => [{ at: 1, until: 6, lost: true }], grade: () => "bad" });
    expect(words(said)).toEqual({ keyHeader: "inconclusive", duplicates: "held", effects: "inconclusive" });
    expect(said.claims.at(-1)?.nextStep).toContain("300 requests were not answered well");
  });

  test("a count that grows by other than requests, that has no number, and that begins anew", () => {
    expect(judge({ ...retried, told: (count, atMs) => String(count + Math.floor(atMs / 10)) }).claims.at(-1)?.reason).toContain("Already before the fault");
    expect(judge({ ...retried, told: () => "many" }).claims.at(-1)?.reason).toContain("had a number at /charges");
    expect(judge({ ...retried, told: () => undefined }).claims.at(-1)?.verdict).toBe("inconclusive");
    expect(judge({ ...retried, told: (count, atMs) => String(atMs > 12_000 ? count - 340 : count) }).claims.at(-1)?.reason).toContain("went back");
  });

  test("a count that lags behind, as it did before the fault", () => {
    const behind = [0, 3, 11, 7, 15, 2];
    let k = 0;
    const told = (count: number): string => String(count - (behind[(k += 1) % behind.length] ?? 0));
    let highest = 0;
    expect(words(judge({ ...retried, told: (count) => String((highest = Math.max(highest, Number(told(count))))) }))["effects"]).toBe("inconclusive");
  });

  test("effects that are missing on a machine that was disturbed", () => {
    const losing: Story = { ...retried, effects: (i) => (i % 10 === 0 ? 0 : 1) };
    expect(words(judge({ ...losing, overrides: { disturbances: [{ startMs: 29_000, endMs: 30_500, what: "starved" }] } }))["effects"]).toBe("inconclusive");
  });

  test("whose calls no request joins; the effects are counted all the same, of copies", () => {
    expect(words(judge({ ...retried, overrides: { rung: () => "statistical" } }))).toMatchObject({ keyHeader: "inconclusive", duplicates: "inconclusive" });
  });

  test.each([["a run without an end", { finished: false }], ["a fault that nobody felt", { faults: [faultSeen({ felt: 0, applied: 0 })] }], ["a run that ended before the fault", { phases: [{ name: "before", epoch: 1, startMs: 0, endMs: 5000 }] }]] as const)("%s", (_what, overrides) => {
    for (const story of [retried, { ...retried, effects: () => 2 }]) expect(new Set(Object.values(words(judge({ ...story, overrides }))))).toEqual(new Set(["inconclusive"]));
  });

  test("19 requests that were tried again; with 20 it is decided", () => {
    const some = (count: number): Story => ({ attempts: (i) => (i < count ? retried.attempts(i) : [{ at: 1, until: 14 }]) });
    expect(new Set(Object.values(words(judge(some(19)))))).toEqual(new Set(["inconclusive"]));
    expect(words(judge(some(20)))).toEqual(held);
  });

  test("one key for all where all requests are alike", () => {
    const same: Story = { attempts: () => [{ at: 1, until: 6, lost: true, key: "same" }, { at: 8, until: 14, key: "same" }], unique: false };
    expect(words(judge(same))["keyHeader"]).toBe("inconclusive");
  });
});

describe("the hypothesis", () => {
  test("claims something, of a key that is witnessed", () => {
    const isRead = (claims: object): boolean => idempotency.params.safeParse({ proxy: "payments", probe: "checkout", ...claims }).success;
    expect([{}, { keyHeader: "X-Request-Id" }, { effects: { probe: "ready" } }, { effects: { ...effects, equals: "orders" } }].map(isRead)).toEqual([false, false, false, false]);
    expect([{ keyHeader: true }, { keyHeader: "idempotency-key" }, { duplicates: "== 0" }, { effects }].map(isRead)).toEqual([true, true, true, true]);
    expect(idempotency.params.safeParse({ proxy: "payments", probe: "checkout", keyHeader: "X-Request-Id" }).error?.issues[0]?.message).toContain("expected Idempotency-Key");
  });

  test("says what it claims, and what its probe is to keep", () => {
    const params = idempotency.params.parse(all);
    expect(idempotency.explain(params)).toBe("A request of checkout whose answer is lost on payments takes effect once (/charges of ready), reaches upstream <= 1 times more than once, carries one Idempotency-Key in all its attempts");
    expect(idempotency.captures?.(params)).toEqual([{ probe: "ready", path: "/charges" }]);
  });

  test("warns of faults that lose no work", () => {
    const [slow] = experimentOf().faults;
    if (slow === undefined) throw new Error("no fault");
    const codes = (type: string, params: Record<string, boolean>): readonly string[] => idempotency.advise(idempotency.params.parse(all), scopeOf("idempotency", {}).hypothesis, experimentOf({ faults: [{ ...slow, type, params }] })).map(({ code }) => code);
    expect(codes("error", {})).toEqual(["no-work-lost"]);
    expect(codes("error", { reachUpstream: true })).toEqual([]);
    expect(codes("duplicate", {})).toEqual([]);
  });
});
