import { describe, expect, test } from "vitest";
import { breakerAlikes } from "../../src/hypotheses/circuit-breaker/alikes.ts";
import { circuitBreaker } from "../../src/hypotheses/circuit-breaker.ts";
import { markRequests } from "../../src/hypotheses/circuit-breaker/marks.ts";
import type { Correlate, Experiment, Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import type { Call } from "../../src/model/observation.ts";
import { callFor, experimentOf, hypothesisOf, observe, probeNamed, requests } from "../support/hand-made.ts";

const edge = { probe: "checkout", proxy: "payments" };
const cache = "a negative cache: every request has the same key";

function alikesOf(params: JsonObject, call: (i: number) => Partial<Call>, by: Correlate = { by: "trace" }): readonly string[] {
  const samples = requests("checkout", "during", 20);
  const calls = new Map(samples.map((sample, i) => [sample.n, [callFor(sample, call(i))]]));
  const callsOf = ({ n }: { readonly n: number }): readonly Call[] => calls.get(n) ?? [];
  const marks = markRequests(samples.map((sample) => ({ sample, calls: callsOf(sample) })), 5000, callsOf);
  const proxies = experimentOf().proxies.map((proxy) => ({ ...proxy, correlate: by }));
  return breakerAlikes(observe({ samples, experiment: { probes: [probeNamed("checkout", 20, params)], proxies } }), edge, marks, false);
}

describe("a negative cache instead of a breaker", () => {
  const unique = { url: "http://shop/checkout", json: { order: "${request.id}" } };

  test("is out of question where each request asks for something of its own, and so does its call", () => {
    expect(alikesOf(unique, () => ({}))).toEqual([]);
    expect(alikesOf({ url: "http://shop/orders/${request.id}" }, (i) => ({ method: "GET", path: `/orders/${i}` }))).toEqual([]);
    expect(alikesOf(unique, () => ({ method: "GET", path: "/rate" }), { by: "path", template: "/orders/{}" })).toEqual([]);
  });

  test("is not where all ask for the same, or differ in a header only, or read the same from the dependency", () => {
    expect(alikesOf({ url: "http://shop/checkout" }, () => ({}))).toEqual([cache]);
    expect(alikesOf({ url: "http://shop/checkout", headers: { "x-order": "${request.id}" } }, () => ({}))).toEqual([cache]);
    expect(alikesOf(unique, () => ({ method: "GET", path: "/rate" }))).toEqual([cache]);
  });
});

describe("advice on breakers", () => {
  const fault: Fault = { name: "slow", type: "latency", layer: "exchange", proxy: "payments", direction: "both", params: { delayMs: 3000 }, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } };
  const timeout = hypothesisOf("timeout", { proxy: "payments", givesUp: "<= 500ms" });
  const advice = (claims: JsonObject, { library, perSecond = 40, ...part }: Partial<Experiment> & { readonly library?: string; readonly perSecond?: number }): readonly { readonly code: string; readonly message: string; readonly hint: string }[] => {
    const hypothesis = hypothesisOf("circuit-breaker", { ...edge, ...claims }, library === undefined ? {} : { library });
    return circuitBreaker.advise(circuitBreaker.params.parse({ ...edge, ...claims }), hypothesis, experimentOf({ probes: [probeNamed("checkout", perSecond)], faults: [fault], ...part }));
  };
  const trials = { opens: { within: "3s" }, trials: { every: "1s..2s" } };

  test("counts the calls that are under way at the opening and in each trial", () => {
    // 3 s, two and a half rests of 2 s, and three times what callers wait: 8 s, or 9.5 s where they give up after 500 ms.
    const nine = { phases: { ...experimentOf().phases, duringMs: 9000 } };
    expect(advice(trials, nine)).toEqual([]);
    expect(advice(trials, { ...nine, hypotheses: [timeout] })).toEqual([expect.objectContaining({ code: "during-too-short", message: "the opening (3s), calls under way (500ms) and two and a half rests (2s each) do not fit into during (9s)", hint: "make during 10s long" })]);
    expect(advice(trials, { hypotheses: [timeout] })).toEqual([]);
  });

  test("goes by the window of the fault, not by the phase", () => {
    const short = { ...fault, params: {}, type: "error", selection: { ...fault.selection, forMs: 6000 } };
    expect(advice(trials, { faults: [short] })).toEqual([expect.objectContaining({ code: "during-too-short", hint: "make the fault 8s long" })]);
  });

  test("takes a library's rest and opening where none is claimed", () => {
    const [first] = advice({ trials: { calls: "<= 1" } }, { library: "opossum", hypotheses: [timeout] });
    expect(first?.message).toBe("the opening (5s), calls under way (500ms) and two and a half rests (30s each, opossum's default) do not fit into during (15s)");
  });

  test("says what load would do for a library's volume, before it opens and to close", () => {
    expect(advice({ opens: { within: "10s" } }, { library: "polly", perSecond: 6 })).toEqual([expect.objectContaining({ code: "load-below-volume", hint: "raise the load of checkout to 7/s, make the fault last longer, or lower the breaker's volume" })]);
    expect(advice({ closes: { within: "5s" } }, { library: "resilience4j", perSecond: 1, hypotheses: [timeout] })).toContainEqual(expect.objectContaining({ code: "load-too-low", hint: "raise the load of checkout to 2/s" }));
  });
});
