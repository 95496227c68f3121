import { describe, expect, test } from "vitest";
import { retry } from "../../src/hypotheses/retry.ts";
import type { VerdictWord } from "../../src/model/verdict.ts";
import { countVerdicts, judgeOne } from "../support/judge-one.ts";
import { makeHeader } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";
import type { ServiceKnobs } from "../support/simulated-service.ts";

const seeds = 6;
const edge = { proxy: "payments", probe: "checkout" };
const usual = { ...edge, attempts: "<= 3", backoff: { kind: "exponential", jitter: "required" } };
const error = { kind: "error" } as const;
type Retry = NonNullable<ServiceKnobs["retry"]>;
const good: Retry = { attempts: 3, backoff: "exponential", firstMs: 100, jitter: 0.5 };
const retries = (part: Partial<Retry> = {}, simulation: Simulation = {}): Simulation => ({ fault: error, ...simulation, service: { ...simulation.service, retry: { ...good, ...part } } });
/** A slow dependency, a timeout, retries, and a breaker that opens after some seconds. */
const checkout: Simulation = {
  phases: { warmupMs: 2000, beforeMs: 5000, duringMs: 16_000, afterMs: 4000 }, fault: { kind: "latency", delayMs: 3000 },
  service: { breaker: { trips: { share: 0.5, volume: 10, windowMs: 10_000 }, coolDownMs: 2000 }, timeoutMs: 500, fallback: true },
};

const table: readonly (readonly [verdict: VerdictWord, what: string, claims: object, simulation: Simulation])[] = [
  ["held", "that double, jittered, up to three calls", usual, retries()],
  ["held", "cut short by a breaker, of which enough ran to their end before it opened", usual, retries({}, checkout)],
  ["held", "with full jitter, seen often enough", usual, retries({ jitter: "full" }, { perSecond: 40 })],
  ["held", "of calls that hang until the timeout", usual, retries({}, { fault: { kind: "hang" }, perSecond: 15, service: { timeoutMs: 500 } })],
  ["held", "that make exactly three calls", { ...edge, attempts: "== 3" }, retries()],
  ["held", "that heal what fails twice", { ...usual, success: ">= 97%", amplification: "<= 3.5x" }, retries({}, { fault: { ...error, attempts: 2 } })],
  ["held", "that add little where one call in five is dropped", { ...edge, attempts: "<= 3", amplification: "<= 1.5x" }, retries({}, { fault: { kind: "drop", rateShare: 0.2 } })],
  ["held", "that wait equally long", { ...edge, backoff: { kind: "constant" } }, retries({ backoff: "constant" })],
  ["held", "that do not wait", { ...edge, backoff: { kind: "none" } }, retries({ backoff: "none" })],
  ["held", "that wait by equal steps", { ...edge, backoff: { kind: "linear" } }, retries({ backoff: "linear", attempts: 4, jitter: 0 })],
  ["held", "with a first pause and a factor as claimed", { ...edge, backoff: { first: "100ms", factor: "2x" } }, retries({ jitter: 0.2 })],
  ["held", "without the jitter that is forbidden", { ...edge, backoff: { jitter: "forbidden" } }, retries({ jitter: 0 })],
  ["held", "of a service that retries GET only, and posts", { ...edge, onlyMethods: ["get"] }, { fault: error }],
  ["held", "that leave 429 alone", { ...edge, neverStatuses: [429] }, retries({ never: [429] }, { fault: { ...error, status: 429 } })],
  ["held", "that wait as long as they are told", { ...edge, honoursRetryAfter: true }, retries({}, { fault: { ...error, retryAfterMs: 1000 } })],
  ["violated", "without end", usual, retries({ attempts: 1000, capMs: 400 }, { ...checkout, service: { timeoutMs: 500 } })],
  ["violated", "that make four calls", usual, retries({ attempts: 4 })],
  ["violated", "that make two calls where three are claimed", { ...edge, attempts: "== 3" }, retries({ attempts: 2 })],
  ["violated", "without jitter", usual, retries({ jitter: 0 })],
  ["violated", "without jitter, cut short by a breaker", usual, retries({ jitter: 0 }, checkout)],
  ["violated", "with jitter that is forbidden", { ...edge, backoff: { jitter: "forbidden" } }, retries()],
  ["violated", "whose pauses do not grow", usual, retries({ backoff: "constant" })],
  ["violated", "whose pauses grow though constant ones are claimed", { ...edge, backoff: { kind: "constant" } }, retries()],
  ["violated", "that double where equal steps are claimed", { ...edge, backoff: { kind: "linear" } }, retries({ attempts: 4, jitter: 0 })],
  ["violated", "that do not wait though they should", { ...edge, backoff: { kind: "exponential" } }, retries({ backoff: "none" })],
  ["violated", "that wait though they should not", { ...edge, backoff: { kind: "none" } }, retries()],
  ["violated", "that begin with twice the pause", { ...edge, backoff: { first: "100ms" } }, retries({ firstMs: 200, jitter: 0.2 })],
  ["violated", "that grow fourfold", { ...edge, backoff: { factor: "2x" } }, retries({ factor: 4, jitter: 0.2 })],
  ["violated", "that are off, so that requests fail", { ...usual, success: ">= 97%" }, { fault: { ...error, attempts: 2 } }],
  ["violated", "that triple the load", { ...edge, amplification: "<= 1.5x" }, retries()],
  ["violated", "of POST where only GET may be retried", { ...edge, onlyMethods: ["GET"] }, retries()],
  ["violated", "of 429", { ...edge, neverStatuses: [429] }, retries({}, { fault: { ...error, status: 429 } })],
  ["violated", "that ignore Retry-After", { ...edge, honoursRetryAfter: true }, retries({ honoursRetryAfter: false }, { fault: { ...error, retryAfterMs: 1000 } })],
  ["inconclusive", "of which there were none", { ...edge, backoff: { kind: "exponential" } }, { fault: error }],
  ["inconclusive", "with full jitter, seen too seldom", { ...edge, backoff: { kind: "exponential" } }, retries({ jitter: "full" }, { perSecond: 5 })],
  ["inconclusive", "by equal steps where doubling is claimed: a cap would look the same", { ...edge, backoff: { kind: "exponential" } }, retries({ backoff: "linear", attempts: 4, jitter: 0 })],
  ["inconclusive", "seen in a handful of requests", { ...edge, attempts: "<= 3" }, retries({}, { perSecond: 1.5, phases: { beforeMs: 20_000 } })],
  ["inconclusive", "whose calls carry no trace", usual, retries({}, { correlation: "none" })],
  ["inconclusive", "of GET only, where GET only may be retried", { ...edge, onlyMethods: ["GET"] }, retries({}, { service: { method: "GET" } })],
  ["inconclusive", "of a status that never came", { ...edge, neverStatuses: [404] }, retries()],
  ["inconclusive", "that begin while the call before still runs", { ...edge, backoff: { kind: "exponential" } }, retries({}, { fault: { kind: "latency", delayMs: 3000 }, service: { timeoutMs: 300, leaks: true } })],
  ["inconclusive", "whose pauses Retry-After dictates", { ...edge, backoff: { kind: "exponential" } }, retries({}, { fault: { ...error, retryAfterMs: 1000 } })],
  ["inconclusive", "when the fault was never felt", usual, retries({}, { fault: { kind: "latency", delayMs: 3 } })],
];

describe("retries", () => {
  test.each(table)("are %s: those %s", (verdict, _what, claims, simulation) => {
    expect(countVerdicts(retry, claims, simulation, seeds)).toEqual({ held: 0, violated: 0, inconclusive: 0, [verdict]: seeds });
  });

  test("with decorrelated jitter are never said not to grow", () => {
    expect(countVerdicts(retry, { ...edge, backoff: { kind: "exponential" } }, retries({ backoff: "decorrelated", attempts: 4 }), 20).violated).toBe(0);
  });

  test("that are equally long with full jitter are never said to grow, however seldom they are seen", () => {
    const counts = countVerdicts(retry, { ...edge, backoff: { kind: "exponential" } }, retries({ backoff: "constant", jitter: "full" }, { perSecond: 4, phases: { beforeMs: 6000 } }), 40);
    expect(counts.held).toBe(0);
  });
});

describe("what retries are seen to do", () => {
  test("is told in numbers", () => {
    const { observed } = judgeOne(retry, { ...usual, amplification: "<= 4x" }, retries());
    expect(observed).toMatchObject({ attemptsP50: 3, attemptsMax: 3, backoffKind: "exponential", jitter: true });
    expect(observed["amplification"]).toBeCloseTo(3, 1);
    expect(observed["factor"]).toBeGreaterThan(1.7);
    expect(observed["factor"]).toBeLessThan(2.3);
    expect(observed["gapsMs"]).toHaveLength(2);
  });

  test("names the requests that made too many calls, and when", () => {
    const said = judgeOne(retry, usual, retries({ attempts: 5 }));
    expect(said.claim("attempts")).toMatchObject({ verdict: "violated", observed: "5" });
    expect(said.evidence?.[0]?.what).toMatch(/^request \d+ of checkout made 5 calls, at \d+ms, \d+ms, \d+ms, \d+ms, \d+ms$/);
  });

  test("looks like retries of a sidecar; with two pauses doubling looks like equal steps; at a constant pace like hedging", () => {
    expect(judgeOne(retry, usual, retries()).equivalentTo).toEqual(["linear backoff: two pauses cannot tell them apart", "retries of a sidecar or client library below the service"]);
    expect(judgeOne(retry, { ...edge, attempts: "<= 3" }, retries({ backoff: "constant", jitter: 0 })).equivalentTo?.join()).toContain("hedging");
  });

  test("leaves out requests cut short by the end of the fault", () => {
    const said = judgeOne(retry, { ...edge, attempts: "== 3" }, retries({ firstMs: 800, jitter: 0.2 }));
    expect(said.claim("attempts")).toMatchObject({ verdict: "held" });
    expect(said.claim("attempts").n).toBeLessThan(said.samples);
  });
});

describe("claims about retries", () => {
  test("take rough quantities and bounds, and refuse bare numbers", () => {
    const parse = (backoff: object) => retry.params.safeParse({ ...edge, backoff });
    expect(parse({ first: "100ms" }).data?.backoff?.first).toEqual({ text: "about 100ms (75ms to 150ms)", min: 75, max: 150 });
    expect(parse({ first: "<= 100ms" }).data?.backoff?.first).toMatchObject({ max: 100 });
    expect(parse({ factor: 2 }).success).toBe(false);
    expect(parse({}).success).toBe(false);
    expect(retry.params.safeParse(edge).success).toBe(false);
  });

  test("are explained in a sentence", () => {
    expect(retry.explain(retry.params.parse(usual))).toBe("A request of checkout that meets the fault on payments makes <= 3 calls, waits exponentially longer between them, with jitter");
  });

  test("that two attempts or a few requests cannot settle are warned of", () => {
    const { experiment } = makeHeader({ perSecond: 2, phases: { beforeMs: 12_000 }, hypotheses: [{ type: "retry" }] }).plan;
    const [hypothesis] = experiment.hypotheses;
    if (hypothesis === undefined) throw new Error("no hypothesis");
    const codes = retry.advise(retry.params.parse({ ...edge, attempts: "<= 2", backoff: { kind: "exponential", jitter: "required" } }), hypothesis, experiment).map(({ code }) => code);
    expect(codes).toEqual(["too-few-samples", "too-few-attempts"]);
  });
});
