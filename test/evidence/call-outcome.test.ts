import { describe, expect, test } from "vitest";
import { hasFailed, hasSucceeded } from "../../src/evidence/call-outcome.ts";
import { Observer } from "../../src/evidence/observer.ts";
import { circuitBreaker } from "../../src/hypotheses/circuit-breaker.ts";
import { fallback } from "../../src/hypotheses/fallback.ts";
import { retry } from "../../src/hypotheses/retry.ts";
import type { Hypothesis } from "../../src/model/experiment.ts";
import type { Event, ExchangeRecord } from "../../src/model/event.ts";
import type { HypothesisType } from "../../src/model/hypothesis-type.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call } from "../../src/model/observation.ts";
import { grpcCodes } from "../../src/units/grpc-code.ts";
import { plannedParams } from "../support/planned-params.ts";
import { makeHeader, simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const exchange = (part: Partial<ExchangeRecord>): Event => ({
  seq: 1, kind: "exchange", atMs: 20, proxy: "payments", caller: "checkout", conn: 1, nth: 1, method: "POST", path: "/shop.Pricing/Quote", startMs: 10, requestEndMs: 11,
  headMs: 18, endMs: 20, status: 200, requestBytes: 1, responseBytes: 1, end: "complete", passedOn: true, ...part,
});

function callOf(part: Partial<ExchangeRecord>): Call {
  const observer = new Observer(makeHeader({ seed: "hand" }));
  observer.add(exchange(part));
  const [call] = observer.finish().calls({ proxy: "payments" });
  if (call === undefined) throw new Error("expected a call");
  return call;
}

const failures = ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

describe("a gRPC call", () => {
  test.each(grpcCodes.map((name, grpcStatus) => ({ name, grpcStatus })))("that ended with $name is seen so, and has failed where HTTP would say 500 or more", ({ name, grpcStatus }) => {
    const call = callOf({ grpcStatus });
    expect(call.grpcStatus).toBe(grpcStatus);
    expect(hasFailed(call)).toBe(failures.includes(name));
    expect(hasSucceeded(call)).toBe(!failures.includes(name));
  });

  test("with a number that is no known code has failed", () => {
    expect(callOf({ grpcStatus: 99 }).grpcStatus).toBe(99);
    expect(hasFailed(callOf({ grpcStatus: 99 }))).toBe(true);
    expect(hasFailed(callOf({ grpcStatus: 1e9 }))).toBe(true);
  });

  test("that a fault ended with any status but OK has failed, and it is no answer of the dependency", () => {
    const call = callOf({ grpcStatus: 5, faults: [{ fault: "fault", decision: "applied", n: 1, effect: "grpc-status", actedMs: 15 }] });
    expect([hasFailed(call), hasSucceeded(call), call.felt]).toEqual([true, false, true]);
  });

  test("without a status is judged by that of HTTP", () => {
    expect(callOf({})).not.toHaveProperty("grpcStatus");
    expect(hasFailed(callOf({ status: 503 }))).toBe(true);
  });
});

/** The same run over gRPC: what HTTP said by its status stands in the trailers. */
function overGrpc({ events, header }: ReturnType<typeof simulate>): readonly Event[] {
  expect(header.plan.experiment.proxies).toHaveLength(1);
  const codes: Readonly<Record<number, number>> = { 503: 14, 500: 13, 429: 8, 400: 3 };
  return events.map((event) => {
    if (event.kind !== "exchange" || event.status === undefined) return event;
    const faults = event.faults?.map((fault) => (fault.effect === "respond" ? { ...fault, effect: "grpc-status" as const } : fault));
    return { ...event, status: 200, grpcStatus: codes[event.status] ?? 0, ...(faults && { faults }) };
  });
}

function verdictsOf<P>(type: HypothesisType<P>, params: JsonObject, { header, events }: { readonly header: ReturnType<typeof makeHeader>; readonly events: readonly Event[] }): unknown {
  const observer = new Observer(header);
  for (const event of events) observer.add(event);
  const parsed = plannedParams(type.type, params);
  const hypothesis: Hypothesis = { name: type.type, type: type.type, faults: ["fault"], confirm: false, shapes: [], params: parsed };
  return type.judge(type.params.parse(params), { hypothesis, observations: observer.finish(), epoch: 1, confidence: 0.99 }).claims.map(({ claim, verdict }) => [claim, verdict]);
}

const edge = { proxy: "payments", probe: "checkout" };
const retrying: Simulation = { seed: "over-grpc", fault: { kind: "error", attempts: 2 }, service: { retry: { attempts: 3, backoff: "exponential", firstMs: 100 } } };

describe("a run over gRPC", () => {
  test.each<[string, HypothesisType, JsonObject, Simulation]>([
    ["retry", retry, { ...edge, attempts: "<= 3", success: ">= 97%" }, retrying],
    ["retry", retry, { ...edge, attempts: "== 3" }, { ...retrying, fault: { kind: "error" } }],
    ["circuit-breaker", circuitBreaker, { ...edge, opens: { within: "6s", afterFailures: "<= 30" }, whileOpen: { upstream: "<= 20%" } }, { seed: "over-grpc", service: { breaker: { trips: { consecutive: 5 }, coolDownMs: 500 } } }],
    ["fallback", fallback, { probe: "checkout", share: ">= 90%" }, { seed: "over-grpc", service: { fallback: true } }],
  ])("has the verdicts on %s that it has over HTTP", (_name, type, params, simulation) => {
    const run = simulate(simulation);
    const overHttp = verdictsOf(type, params, run);
    expect(verdictsOf(type, params, { header: run.header, events: overGrpc(run) })).toEqual(overHttp);
    expect(overHttp).toContainEqual([expect.any(String), "held"]);
  });

  test("tells which statuses of gRPC are retried though they must not be", () => {
    const run = simulate({ ...retrying, fault: { kind: "error" } });
    const events = overGrpc(run);
    expect(verdictsOf(retry, { ...edge, neverStatuses: ["UNAVAILABLE"] }, { header: run.header, events })).toEqual([["neverStatuses", "violated"]]);
    expect(verdictsOf(retry, { ...edge, neverStatuses: ["INVALID_ARGUMENT", 503] }, { header: run.header, events })).toEqual([["neverStatuses", "inconclusive"]]);
  });
});
