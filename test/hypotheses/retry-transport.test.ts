import { describe, expect, test } from "vitest";
import { retry } from "../../src/hypotheses/retry.ts";
import type { Judgement } from "../../src/model/hypothesis-type.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call, Sample } from "../../src/model/observation.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { callFor, experimentOf, hypothesisOf, requests, scopeOf } from "../support/hand-made.ts";

const before = requests("checkout", "before", 20);
const during = requests("checkout", "during", 20, () => ({ grade: "bad", latencyMs: 900 }));
const edge = { proxy: "payments", probe: "checkout" };
const met = { fault: "slow", decision: "applied", effect: "close" } as const;

/** Calls of a request that are cut one after the other, the first on a connection that had carried others; each next comes so long after, on a fresh one. */
function cutCalls(sample: Sample, pausesMs: readonly number[], part: Partial<Call> = {}): readonly Call[] {
  const calls: Call[] = [];
  let startMs = sample.dueMs + 1;
  for (const [i, pauseMs] of [0, ...pausesMs].entries()) {
    startMs += pauseMs;
    calls.push(callFor(sample, { conn: sample.n * 10 + i, nth: i === 0 ? 7 : 1, startMs, endMs: startMs + 10, end: "dropped", faulted: true, felt: true, faults: [{ ...met, actedMs: startMs + 5 }], ...part }));
    startMs += 10;
  }
  return calls;
}

function judged(claims: JsonObject, pausesMs: readonly number[], part: Partial<Call> = {}): Judgement {
  const params = { ...edge, ...claims };
  const calls = [...before.map((sample) => callFor(sample)), ...during.flatMap((sample) => cutCalls(sample, pausesMs, part))];
  return retry.judge(retry.params.parse(params), scopeOf("retry", params, { samples: [...before, ...during], calls }));
}

describe("repeats of what a reused connection lost", () => {
  const decisive = { held: undefined, violated: undefined, inconclusive: "Use a fault that answers (error) instead of one that cuts reused connections (drop, reset)." };
  const table: readonly (readonly [attempts: string, pausesMs: readonly number[], verdict: VerdictWord, why: string])[] = [
    ["<= 1", [2], "inconclusive", "the client dialled again at once"],
    ["<= 1", [20], "inconclusive", "the same on a busy machine"],
    ["<= 1", [200], "violated", "a pause that is waited is no repeat by the client"],
    ["<= 1", [2, 2], "violated", "the second comes on a connection that was never used before"],
    ["== 4", [2, 2, 2], "inconclusive", "a retry without a pause looks like the client's repeat"],
    ["== 4", [2, 100, 200], "inconclusive", "three attempts, and perhaps a fourth"],
    ["== 4", [100, 100, 100], "held", "none of them can be the client's"],
    ["== 4", [2, 100], "violated", "three calls at most"],
    ["<= 4", [2, 100, 100], "held", "four calls at most"],
  ];
  test.each(table)("attempts %s with pauses of %j ms: %s, since %s", (attempts, pausesMs, verdict) => {
    const [claim] = judged({ attempts }, pausesMs).claims;
    expect(claim).toMatchObject({ claim: "attempts", verdict });
    expect(claim?.nextStep).toBe(decisive[verdict]);
  });

  test("go on from one idle connection to the next, as far as these had carried calls before", () => {
    const verdictOf = (claims: JsonObject, part: Partial<Call>): string | undefined => judged(claims, [2, 3], part).claims[0]?.verdict;
    expect(verdictOf({ attempts: "<= 1" }, { nth: 7 })).toBe("inconclusive");
    expect(verdictOf({ onlyMethods: ["POST"] }, { nth: 7 })).toBe("inconclusive");
    expect(verdictOf({ attempts: "<= 1" }, { nth: 7, conn: 1 })).toBe("violated");
  });

  test("may take any time while the machine is disturbed", () => {
    const busy = during.map((sample) => ({ ...sample, disturbed: true }));
    const calls = [...before.map((sample) => callFor(sample)), ...busy.flatMap((sample) => cutCalls(sample, [200]))];
    const verdicts = [{ attempts: "<= 1" }, { onlyMethods: ["POST"] }].map((claims) => {
      const params = { ...edge, ...claims };
      return retry.judge(retry.params.parse(params), scopeOf("retry", params, { samples: [...before, ...busy], calls })).claims[0]?.verdict;
    });
    expect(verdicts).toEqual(["inconclusive", "inconclusive"]);
  });

  test("take longer where answers before the fault were uneven", () => {
    const uneven = before.map((sample, i) => (i < 2 ? { ...sample, latencyMs: 250 } : sample));
    const calls = [...before.map((sample) => callFor(sample)), ...during.flatMap((sample) => cutCalls(sample, [200]))];
    const params = { ...edge, attempts: "<= 1" };
    expect(retry.judge(retry.params.parse(params), scopeOf("retry", params, { samples: [...uneven, ...during], calls })).claims[0]?.verdict).toBe("inconclusive");
  });

  test("do not break a rule by themselves", () => {
    const verdictOf = (pausesMs: readonly number[]): string | undefined => judged({ onlyMethods: ["GET"] }, pausesMs).claims[0]?.verdict;
    expect(verdictOf([2])).toBe("inconclusive");
    expect(verdictOf([200])).toBe("violated");
    expect(verdictOf([2, 2])).toBe("violated");
    expect(verdictOf([])).toBe("held");
  });

  test("are counted apart, and named as what retries cannot be told from", () => {
    const said = judged({ attempts: "<= 3" }, [2, 100]);
    expect(said.observed).toMatchObject({ attemptsMax: 2, transportRetries: during.length });
    expect(said.equivalentTo).toContain("repeats by the HTTP client on another connection: use a fault that answers (error) to tell them apart");
    expect(judged({ attempts: "<= 3" }, [100, 100]).equivalentTo?.join()).not.toContain("another connection");
    expect(judged({ attempts: "<= 3" }, [2, 100], { end: "complete", status: 503 }).observed).not.toHaveProperty("transportRetries");
  });
});

describe("advice on retries", () => {
  const fault = (type: string, selection: Partial<Fault["selection"]> = {}): Fault => ({ name: "slow", type, layer: "exchange", proxy: "payments", direction: "both", params: {}, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection } });
  const advice = (claims: JsonObject, one: Fault, library?: string): readonly string[] => {
    const hypothesis = hypothesisOf("retry", { ...edge, ...claims }, library === undefined ? {} : { library });
    return retry.advise(retry.params.parse({ ...edge, ...claims }), hypothesis, experimentOf({ faults: [one] })).map(({ code, message }) => `${code}: ${message}`);
  };

  test("warns of faults that cut connections, unless the library's client is known to repeat nothing", () => {
    expect(advice({ attempts: "<= 3" }, fault("reset"))).toEqual([expect.stringMatching(/^transport-retries: slow cuts connections/)]);
    expect(advice({ attempts: "<= 3" }, fault("reset"), "go-retryablehttp")).toHaveLength(1);
    expect(advice({ attempts: "<= 3" }, fault("reset"), "axios-retry")).toEqual([]);
    expect(advice({ attempts: "<= 3" }, fault("error"))).toEqual([]);
    expect(advice({ success: ">= 90%" }, fault("reset"))).toEqual([]);
  });

  test("asks for as many retried requests as the spread of the pauses needs", () => {
    const growth = { attempts: "<= 3", backoff: { kind: "exponential" } };
    const share = { rateShare: 0.1 };
    expect(advice(growth, fault("error"))).toEqual([]);
    expect(advice(growth, fault("error", share), "got")).toEqual([]);
    // 300 requests, of which 30 meet the fault.
    expect(advice(growth, fault("error", share), "cockatiel")).toEqual([expect.stringMatching(/^too-few-samples: "backoff", of which the fault is there for 10%, needs at least 1810 requests/)]);
    expect(advice({ ...growth, attempts: "<= 4" }, fault("error", share), "cockatiel")).toEqual([expect.stringMatching(/needs at least 460 requests/)]);
    expect(advice({ attempts: "<= 3" }, fault("error", { forMs: 500 }))).toEqual([expect.stringMatching(/needs at least 600 requests/)]);
  });
});
