import { expect, test } from "vitest";
import { hasFailed } from "../../src/evidence/call-outcome.ts";
import { Observer } from "../../src/evidence/observer.ts";
import { circuitBreaker } from "../../src/hypotheses/circuit-breaker.ts";
import { retry } from "../../src/hypotheses/retry.ts";
import type { ExchangeRecord, Fact } from "../../src/model/event.ts";
import type { HypothesisType } from "../../src/model/hypothesis-type.ts";
import type { Call, Observations } from "../../src/model/observation.ts";
import { simulateHalfClosing } from "../support/half-closing.ts";
import { makeHeader, simulate } from "../support/simulate.ts";

const exchange = (startMs: number, part: Partial<ExchangeRecord> = {}): ExchangeRecord => ({
  kind: "exchange", atMs: startMs + 10, proxy: "payments", caller: "checkout", conn: 1, nth: 1, method: "GET", path: "/x", startMs, requestEndMs: startMs + 0.1,
  endMs: startMs + 10, headMs: startMs + 9, status: 200, requestBytes: 1, responseBytes: 1, end: "complete", passedOn: true, ...part,
});
const finned = (startMs: number, part: Partial<ExchangeRecord> = {}): ExchangeRecord => exchange(startMs, { end: "client-left", leftMs: startMs + 1, leftBy: "fin", afterFin: "complete", ...part });

/** Calls as seen, when these came before the fault, and then these under it. */
function callsUnder(before: readonly ExchangeRecord[], during: readonly ExchangeRecord[]): readonly Call[] {
  const facts: readonly Fact[] = [{ kind: "phase-started", atMs: 0, phase: "before", epoch: 1 }, { kind: "phase-started", atMs: 5000, phase: "during", epoch: 1 }, ...before, ...during];
  const observer = new Observer(makeHeader({ seed: "hand" }));
  facts.forEach((fact, seq) => observer.add({ ...fact, seq }));
  return [...observer.finish().calls({ proxy: "payments", fromMs: 5000 })];
}

test("a FIN is no leaving for a caller most of whose calls before the fault were answered behind one", () => {
  const [call] = callsUnder([finned(100), exchange(200), finned(300)], [finned(6000)]);
  expect(call).toMatchObject({ end: "complete", endMs: 6010, status: 200, halfClosed: true });
  expect(call).not.toHaveProperty("leftMs");
  expect(call).not.toHaveProperty("leftBy");
  expect(call === undefined || hasFailed(call)).toBe(false);
});

test.each([
  ["half of its calls or fewer were answered so", [finned(100), exchange(200)]],
  ["none was answered behind it", [finned(100, { afterFin: "client-left" }), finned(200, { afterFin: "open" })]],
  ["it was another caller that did so", [finned(100, { caller: "checkout#2" })]],
  ["nothing is known of it", []],
])("a FIN is a leaving when %s", (_what, before) => {
  const [call] = callsUnder(before, [finned(6000)]);
  expect(call).toMatchObject({ end: "client-left", endMs: 6001, leftMs: 6001, leftBy: "fin" });
  expect(call).not.toHaveProperty("halfClosed");
});

test("such a caller leaves by a reset, and what was never answered behind its FIN was not answered", () => {
  const calls = callsUnder([finned(100)], [exchange(6000, { end: "client-left", leftMs: 6005, leftBy: "rst" }), finned(6100, { afterFin: "upstream-lost" })]);
  expect(calls[0]).toMatchObject({ end: "client-left", leftMs: 6005, leftBy: "rst" });
  expect(calls.map(hasFailed)).toEqual([true, true]);
});

test("such a caller feels an answer that came behind its FIN", () => {
  const faults = [{ fault: "fault", decision: "applied", n: 1, effect: "respond", actedMs: 6005 }] as const;
  expect(callsUnder([finned(100)], [finned(6000, { faults })])[0]?.felt).toBe(true);
  expect(callsUnder([], [finned(6000, { faults })])[0]?.felt).toBe(false);
});

const verdictsOf = <P>(type: HypothesisType<P>, params: unknown, observations: Observations): unknown => {
  const [hypothesis] = observations.header.plan.experiment.hypotheses;
  if (hypothesis === undefined) throw new Error("no hypothesis");
  return type.judge(type.params.parse(params), { hypothesis, observations, epoch: 1, confidence: 0.99 }).claims.map(({ claim, verdict }) => `${claim} ${verdict}`);
};

test("a breaker is judged alike where its service closes its half and reads on", () => {
  const simulation = { fault: { kind: "error" as const }, service: { breaker: { trips: { consecutive: 5 }, coolDownMs: 2000 } }, hypotheses: [{ type: "circuit-breaker" }] };
  const params = { proxy: "payments", probe: "checkout", opens: { within: "4s" }, whileOpen: { upstream: "<= 20%" }, closes: { within: "6s" } };
  const usual = verdictsOf(circuitBreaker, params, simulate(simulation).observations);
  expect(usual).toEqual(["opens.within held", "whileOpen.upstream held", "closes.within held"]);
  expect(verdictsOf(circuitBreaker, params, simulateHalfClosing(simulation))).toEqual(usual);
});

test("retries are judged alike where their service closes its half and reads on", () => {
  const simulation = { fault: { kind: "error" as const }, service: { retry: { attempts: 3, backoff: "exponential" as const, firstMs: 100, jitter: 0.5 } }, hypotheses: [{ type: "retry" }] };
  const params = { proxy: "payments", probe: "checkout", attempts: "== 3", backoff: { kind: "exponential" } };
  const usual = verdictsOf(retry, params, simulate(simulation).observations);
  expect(usual).toEqual(["attempts held", "backoff.kind held"]);
  expect(verdictsOf(retry, params, simulateHalfClosing(simulation))).toEqual(usual);
});
