import { describe, expect, test } from "vitest";
import { circuitBreaker } from "../../src/hypotheses/circuit-breaker.ts";
import { judge } from "../../src/hypotheses/judge.ts";
import type { Experiment } from "../../src/model/experiment.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { countVerdicts, judgeOne } from "../support/judge-one.ts";
import { makeHeader, simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const seeds = 6;
const edge = { proxy: "payments", probe: "checkout" };
const usual = { ...edge, opens: { within: "2s" }, whileOpen: { upstream: "<= 10%", answersWithin: "100ms" }, trials: { every: "350ms..900ms", calls: "<= 3" }, closes: { within: "1500ms" } };
const lenient = { ...usual, whileOpen: { upstream: "<= 20%" } };
const breaker = { trips: { consecutive: 5 }, coolDownMs: 500 };
const slow = { kind: "latency", delayMs: 3000 } as const;
const at40 = (part: Simulation): Simulation => ({ perSecond: 40, ...part });

const table: readonly (readonly [verdict: VerdictWord, what: string, claims: object, simulation: Simulation])[] = [
  ["held", "that counts failures in a row", usual, at40({ service: { breaker, fallback: true } })],
  ["held", "that trips at a rate over a window, later because good calls dilute it", usual, at40({ service: { breaker: { trips: { share: 0.5, volume: 10, windowMs: 1000 }, coolDownMs: 500 } } })],
  ["held", "behind retries", usual, at40({ service: { breaker, retry: { attempts: 3, backoff: "exponential", firstMs: 50, jitter: 0.5 } } })],
  ["held", "that retries ask again and again while it is open", usual, at40({ service: { breaker, retry: { attempts: 2, backoff: "constant", firstMs: 30, throughOpenBreaker: true } } })],
  ["held", "around retries, which go on after the opening", { ...lenient, trials: { every: "470ms..700ms", calls: "<= 1" } }, at40({ service: { breaker: { ...breaker, aroundRetries: true }, retry: { attempts: 3, backoff: "exponential", firstMs: 50 } } })],
  ["held", "around a timeout", usual, at40({ fault: slow, service: { breaker, timeoutMs: 300, fallback: true } })],
  ["held", "around a timeout that leaves calls running", usual, at40({ fault: slow, service: { breaker, timeoutMs: 300, leaks: true } })],
  ["held", "that lets three requests try", lenient, at40({ fault: slow, service: { breaker: { ...breaker, trials: 3 }, timeoutMs: 200 } })],
  ["held", "beside a poller on the same route", usual, at40({ background: 5, service: { breaker } })],
  ["held", "whose requests are answered by a cache now and then", usual, at40({ service: { breaker, cachedShare: 0.05 } })],
  ["held", "in each of three replicas, whose trials come three times as often together", lenient, { perSecond: 60, service: { breaker, replicas: 3 } }],
  ["held", "with as many failures as claimed", { ...edge, opens: { afterFailures: "4..8" } }, at40({ service: { breaker } })],
  ["violated", "that is switched off", usual, at40({ service: { fallback: true } })],
  ["violated", "switched off in three replicas", usual, { perSecond: 60, service: { replicas: 3 } }],
  ["violated", "that is none, but a cache", usual, at40({ service: { cachedShare: 0.1 } })],
  ["violated", "that rests for 50ms", usual, at40({ service: { breaker: { ...breaker, coolDownMs: 50 } } })],
  ["violated", "that rests for 2s", usual, at40({ service: { breaker: { ...breaker, coolDownMs: 2000 } } })],
  ["violated", "that never tries again", usual, at40({ service: { breaker: { ...breaker, staysOpen: true } } })],
  ["violated", "that lets ten requests try", usual, at40({ fault: slow, service: { breaker: { ...breaker, trials: 10 }, timeoutMs: 300 } })],
  ["violated", "that is a connection pool full of hanging calls", usual, at40({ fault: { kind: "hang" }, service: { pool: 4 } })],
  ["violated", "that is a connection pool, whose queue is let go only by the end of the fault", usual, at40({ phases: { duringMs: 4000 }, fault: { kind: "hang" }, service: { pool: 4 } })],
  ["violated", "that is a semaphore whose permits hang: it refuses, and nothing is ever tried", { ...edge, trials: { every: "350ms..900ms" } }, at40({ fault: { kind: "hang" }, service: { pool: 5, queue: 0 } })],
  ["violated", "that opens too late", { ...usual, opens: { within: "500ms" } }, at40({ fault: slow, service: { breaker, timeoutMs: 900 } })],
  ["violated", "that opens too late, and rests for shorter than it takes to see", { ...edge, opens: { within: "1500ms" } }, { perSecond: 10, phases: { beforeMs: 3000, duringMs: 8000 }, service: { breaker: { trips: { consecutive: 40 }, coolDownMs: 300 } } }],
  ["violated", "with other failures than claimed", { ...edge, opens: { afterFailures: "15..25" } }, at40({ service: { breaker } })],
  ["violated", "that opens where it must not", { ...edge, opens: false }, { service: { breaker } }],
  ["held", "that must stay closed, and does while retries heal", { ...edge, opens: false }, { fault: { kind: "drop", rateShare: 0.2 }, service: { breaker: { trips: { share: 0.5, volume: 10, windowMs: 10_000 }, coolDownMs: 2000 }, retry: { attempts: 3, backoff: "exponential", firstMs: 100, jitter: 0.5 } } }],
  ["inconclusive", "that saw too little traffic", usual, { perSecond: 1.5, phases: { beforeMs: 20_000 }, service: { breaker } }],
  ["inconclusive", "whose service was not asked before the fault", usual, at40({ phases: { beforeMs: 0 }, service: { breaker } })],
  ["inconclusive", "when nothing was injected", usual, at40({ fault: false, service: { breaker } })],
  ["inconclusive", "when the service died and came back, unseen by the run", usual, at40({ crash: { atMs: 7000, downMs: 900, seen: false } })],
  ["inconclusive", "when a cache answers half of the requests", usual, at40({ service: { breaker, cachedShare: 0.5 } })],
  ["inconclusive", "when calls carry no trace", usual, at40({ correlation: "none", service: { breaker } })],
  ["inconclusive", "when the dependency failed already before", usual, at40({ dependencyFails: true })],
  ["inconclusive", "when the listener refused, unwitnessed", usual, at40({ fault: { kind: "down" }, service: { breaker } })],
  ["inconclusive", "that is none, when the listener refused, unwitnessed", usual, at40({ fault: { kind: "down" }, service: {} })],
  ["inconclusive", "when the fault hurt nobody", usual, at40({ fault: { kind: "latency", delayMs: 3 } })],
  ["inconclusive", "when our own loop stalled all the time", usual, at40({ service: { breaker }, stalls: Array.from({ length: 60 }, (_, i) => ({ atMs: 5000 + i * 150, lateMs: 80 })) })],
  ["inconclusive", "when the fault was too short for a second trial", { ...edge, trials: { every: "4s..6s" } }, at40({ service: { breaker: { ...breaker, coolDownMs: 5000 } } })],
  ["inconclusive", "that must stay closed under a fault that few calls met", { ...edge, opens: false }, { fault: { kind: "error", rateShare: 0.02 }, service: { breaker } }],
];

describe("a breaker", () => {
  test.each(table)("is %s: one %s", (verdict, _what, claims, simulation) => {
    expect(countVerdicts(circuitBreaker, claims, simulation, seeds)).toEqual({ held: 0, violated: 0, inconclusive: 0, [verdict]: seeds });
  });

  test("whose process was seen to die is inconclusive: continuity", () => {
    const { observations } = simulate(at40({ crash: { atMs: 7000, downMs: 900, seen: true }, hypotheses: [{ type: "circuit-breaker", params: usual }] }));
    const [verdict] = judge(observations).hypotheses;
    expect(verdict).toMatchObject({ verdict: "inconclusive" });
    expect(verdict?.reason).toContain("continuity");
  });
});

describe("what a breaker is seen to do", () => {
  const said = judgeOne(circuitBreaker, usual, at40({ seed: 4, service: { breaker, fallback: true } }));

  test("is told in numbers", () => {
    const { observed } = said;
    expect(Object.keys(observed).sort()).toEqual(["answerP95MsWhileOpen", "attemptsPerTrial", "closedAfterMs", "failuresBeforeOpen", "openedAfterMs", "trialCalls", "trialIntervalMs", "upstreamShareWhileOpen"].sort());
    expect(observed).toMatchObject({ failuresBeforeOpen: 5, trialCalls: 1, attemptsPerTrial: 1 });
    expect(observed["trialIntervalMs"]).toBeGreaterThan(499);
    expect(observed["trialIntervalMs"]).toBeLessThan(540);
  });

  test("is a row of states without holes", () => {
    const states = said.states ?? [];
    expect(states.map(({ state }) => state).slice(0, 5)).toEqual(["closed", "open", "half-open", "open", "half-open"]);
    expect(states.at(-1)?.state).toBe("closed");
    expect(states.slice(1).every(({ startMs }, i) => startMs === states[i]?.endMs)).toBe(true);
  });

  test("shows whether retries are inside it: calls per trial", () => {
    const retry = { attempts: 3, backoff: "constant", firstMs: 20 } as const;
    expect(judgeOne(circuitBreaker, usual, at40({ service: { breaker, retry } })).observed["attemptsPerTrial"]).toBe(1);
    const around = judgeOne(circuitBreaker, lenient, at40({ service: { breaker: { ...breaker, aroundRetries: true }, retry } }));
    expect(around.observed).toMatchObject({ attemptsPerTrial: 3, trialCalls: 1 });
    expect(around.verdict).toBe("held");
  });

  test("that never opens is told with requests that still got through", () => {
    const off = judgeOne(circuitBreaker, usual, at40({}));
    expect(off.claim("opens.within")).toMatchObject({ verdict: "violated", observed: "never" });
    expect(off.claim("closes.within").verdict).toBe("inconclusive");
    expect(off.evidence?.[0]?.what).toMatch(/request \d+ of checkout still made 1 call to payments/);
  });

  test("is not told from calls that a fault kept from being made at all", () => {
    const { observations } = simulate(at40({ service: { breaker }, hypotheses: [{ type: "circuit-breaker" }] }));
    const [hypothesis] = observations.header.plan.experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    const barred = [{ proxy: "payments", startMs: 0, endMs: observations.endMs, connections: 40 }];
    const { claims } = circuitBreaker.judge(circuitBreaker.params.parse(usual), { hypothesis, observations: { ...observations, barred }, epoch: 1, confidence: 0.99 });
    expect(claims.map(({ verdict, reason }) => [verdict, reason])).toEqual(claims.map(() => ["inconclusive", expect.stringContaining("A fault ended 40 connections on payments") as string]));
    expect(claims.length).toBeGreaterThan(0);
  });

  test("could be a negative cache when every request has the same key, and cannot when keys are unique", () => {
    const { header, observations } = simulate(at40({ service: { breaker }, hypotheses: [{ type: "circuit-breaker" }] }));
    const { experiment } = header.plan;
    const oneKey: Experiment = { ...experiment, probes: experiment.probes.map((probe) => ({ ...probe, params: { url: "http://127.0.0.1:9/" } })) };
    const [hypothesis] = experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    const params = circuitBreaker.params.parse(usual);
    const judged = circuitBreaker.judge(params, { hypothesis, observations: { ...observations, header: { ...header, plan: { ...header.plan, experiment: oneKey } } }, epoch: 1, confidence: 0.99 });
    expect(judged.equivalentTo?.join()).toContain("negative cache");
    expect(said.equivalentTo).toEqual([]);
  });
});

describe("a breaker's claims", () => {
  const parse = (params: object): boolean => circuitBreaker.params.safeParse({ ...edge, ...params }).success;

  test("may use the words halfOpen and coolDown for trials", () => {
    const { params } = circuitBreaker;
    const expected = params.parse({ ...edge, trials: { every: "1s..2s", calls: "<= 1" } });
    expect(params.parse({ ...edge, halfOpen: { calls: "<= 1" }, coolDown: "1s..2s" })).toEqual(expected);
    expect(params.parse({ ...edge, halfOpen: { coolDown: "1s..2s", calls: "<= 1" } })).toEqual(expected);
  });

  test("are refused when there are none, when said twice, or beside opens: false", () => {
    expect(parse({})).toBe(false);
    expect(parse({ trials: { every: "1s..2s" }, coolDown: "1s..2s" })).toBe(false);
    expect(parse({ opens: false, closes: { within: "1s" } })).toBe(false);
    expect(parse({ opens: {} })).toBe(false);
    expect(parse({ opens: { within: "1s", surprise: 1 } })).toBe(false);
  });

  test("are explained in a sentence", () => {
    expect(circuitBreaker.explain(circuitBreaker.params.parse(usual))).toBe("The breaker on payments, asked by checkout, opens in <= 2s from the onset of the fault, lets <= 10% of requests through while open, answers the others in <= 100ms (p95), tries again every 350ms..900ms, tries with <= 3 requests, closes in <= 1500ms from the end of the fault");
  });
});

describe("advice", () => {
  const codes = (simulation: Simulation, claims: object, library?: string): readonly string[] => {
    const { experiment } = makeHeader({ ...simulation, hypotheses: [{ type: "circuit-breaker", ...(library !== undefined && { library }) }] }).plan;
    const [hypothesis] = experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    return circuitBreaker.advise(circuitBreaker.params.parse(claims), hypothesis, experiment).map(({ code }) => code);
  };

  test("is silent where the plan can decide", () => {
    expect(codes({ perSecond: 40 }, usual)).toEqual([]);
  });

  test("warns of a load below what the library asks for", () => {
    expect(codes({ perSecond: 10, phases: { duringMs: 8000 } }, { ...edge, opens: { within: "2s" } }, "resilience4j")).toEqual(["load-below-volume"]);
    expect(codes({ perSecond: 3 }, { ...edge, opens: { within: "2s" } }, "Polly")).toContain("load-below-volume");
    expect(codes({ perSecond: 10 }, { ...edge, opens: { within: "2s" } }, "opossum")).toEqual([]);
  });

  test("warns of phases too short for the opening, two and a half rests, and the closing", () => {
    expect(codes({ perSecond: 40, phases: { duringMs: 4000 } }, usual)).toEqual(["during-too-short"]);
    expect(codes({ perSecond: 40, phases: { duringMs: 1500 } }, { ...edge, opens: { within: "2s" } })).toEqual(["during-too-short"]);
    expect(codes({ perSecond: 40, phases: { afterMs: 1200 } }, { ...edge, closes: { within: "1500ms" } })).toEqual(["after-too-short"]);
  });

  test("warns of a load that puts too few requests into a rest", () => {
    expect(codes({ perSecond: 8 }, { ...edge, trials: { every: "350ms..900ms" } })).toEqual(["load-too-low"]);
  });
});

describe("a journal without its end", () => {
  test("is judged by nobody: calls may be missing from it", () => {
    const { observations, header } = simulate(at40({ service: { breaker }, hypotheses: [{ type: "circuit-breaker" }] }));
    const [hypothesis] = header.plan.experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    const said = circuitBreaker.judge(circuitBreaker.params.parse(usual), { hypothesis, observations: { ...observations, finished: false }, epoch: 1, confidence: 0.99 });
    expect(new Set(said.claims.map(({ verdict }) => verdict))).toEqual(new Set(["inconclusive"]));
    expect(said.claims[0]?.reason).toMatch(/^The journal has no end/);
  });
});

describe("a breaker that leaks", () => {
  test("opened when calls began to be held back, not when some are by chance held back in a row: so late an opening is not claimed", () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const said = judgeOne(circuitBreaker, { ...edge, opens: { within: "1s" }, whileOpen: { upstream: "<= 20%" } }, at40({ seed, service: { breaker: { ...breaker, coolDownMs: 60_000, leakShare: 0.5 } } }));
      expect(said.claim("opens.within").verdict).not.toBe("violated");
      expect(said.claim("whileOpen.upstream").verdict).toBe("violated");
    }
  });
});

describe("a stall at the opening", () => {
  test("makes no trial of the calls that were under way", () => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const plain = judgeOne(circuitBreaker, usual, at40({ seed, service: { breaker } }));
      const openedMs = plain.states?.[0]?.endMs ?? 0;
      const stalled = judgeOne(circuitBreaker, usual, at40({ seed, service: { breaker }, stalls: [{ atMs: openedMs - 20, lateMs: 70 }] }));
      expect(stalled.claim("trials.calls").verdict).toBe("held");
      expect(stalled.claim("opens.within").verdict).toBe("inconclusive");
    }
  });
});
