import { describe, expect, test } from "vitest";
import { measureBaseline } from "../../src/evidence/edge-baseline.ts";
import { barredGate, continuityGate, correlationGate, healthyBaselineGate, partitionGate, reachabilityGate, strayGate, unwitnessedGate } from "../../src/evidence/gates.ts";
import type { Observations } from "../../src/model/observation.ts";
import { simulate } from "../support/simulate.ts";
import type { Simulation } from "../support/simulate.ts";

const edgeOf = (simulation: Simulation) => ({ observations: simulate(simulation).observations, probe: "checkout", proxy: "payments" });
const window = (observations: Observations, name: string) => observations.phases.find((phase) => phase.name === name) ?? { startMs: 0, endMs: 0 };

describe("gates", () => {
  test("are open on a plain run", () => {
    const edge = edgeOf({ service: { breaker: { trips: { consecutive: 5 }, coolDownMs: 500 } } });
    const baseline = measureBaseline(edge.observations, edge.probe, edge.proxy);
    expect(baseline).toMatchObject({ requests: 100, missShare: 0, callsPerRequest: 1, failedShare: 0, longestMiss: 0 });
    expect([
      correlationGate(edge), reachabilityGate(edge, baseline), healthyBaselineGate(edge, baseline), partitionGate(edge), continuityGate(edge, 1, 15_000),
      unwitnessedGate(edge, 0, 30_000), strayGate(edge, window(edge.observations, "before"), window(edge.observations, "during")),
    ]).toEqual(Array(7).fill(undefined));
  });

  test("tell a busy machine from too little traffic when too few requests went undisturbed before the fault", () => {
    const busy = edgeOf({ stalls: Array.from({ length: 80 }, (_, i) => ({ atMs: i * 90, lateMs: 80 })) });
    expect(reachabilityGate(busy, measureBaseline(busy.observations, busy.probe, busy.proxy))).toMatchObject({ reason: expect.stringMatching(/\d+ more were disturbed by this machine/), nextStep: "Run on a quieter machine, or lower the load." });
    const idle = edgeOf({ perSecond: 1.5 });
    expect(reachabilityGate(idle, measureBaseline(idle.observations, idle.probe, idle.proxy))?.nextStep).toBe("Give phases.before at least 20 requests.");
  });

  test("leave out requests due before the fault whose calls came under it", () => {
    const edge = edgeOf({});
    const { observations } = edge;
    const late: Observations = { ...observations, callsOf: (sample, proxy) => observations.callsOf(sample, proxy).map((call) => (sample.n % 10 === 0 ? { ...call, status: 503, faulted: true } : call)) };
    const baseline = measureBaseline(late, edge.probe, edge.proxy);
    expect(baseline).toMatchObject({ requests: 90, failedShare: 0 });
    expect(healthyBaselineGate(edge, baseline)).toBeUndefined();
  });

  test("tell a probe that uses the edge unseen from one that does not use it", () => {
    expect(correlationGate(edgeOf({ correlation: "none" }))?.reason).toMatch(/None of the \d+ calls on payments could be joined/);
    expect(correlationGate(edgeOf({ service: { cachedShare: 1 } }))?.reason).toBe("No call was seen on payments: checkout does not use it.");
  });

  test("close when replicas share an address", () => {
    const edge = edgeOf({});
    const { header } = edge.observations;
    const { experiment } = header.plan;
    const shared: Observations = { ...edge.observations, header: { ...header, plan: { ...header.plan, experiment: { ...experiment, proxies: experiment.proxies.map((proxy) => ({ ...proxy, callers: 3 })) } } } };
    expect(partitionGate({ ...edge, observations: shared })?.reason).toBe("3 replicas call payments by 1 address, so what each does cannot be told apart.");
  });

  test("close when a fault ended connections before their calls, at the time that is judged", () => {
    const { observations } = edgeOf({});
    const barred: Observations = { ...observations, barred: [{ proxy: "payments", startMs: 6000, endMs: 7000, connections: 3 }] };
    expect(barredGate({ observations: barred, proxy: "payments" }, 5000, 9000)?.reason).toBe("A fault ended 3 connections on payments before a call was made on them: whose calls these would have been is not known.");
    expect([barredGate({ observations: barred, proxy: "payments" }, 7000, 9000), barredGate({ observations: barred, proxy: "stock" }, 5000, 9000), barredGate({ observations, proxy: "payments" }, 5000, 9000)]).toEqual([undefined, undefined, undefined]);
  });

  test("close when requests were refused, or cut all at once", () => {
    expect(continuityGate(edgeOf({ crash: { atMs: 7000, downMs: 500, seen: false } }), 1, 15_000)?.reason).toMatch(/requests of checkout were refused: nothing listened/);
    expect(continuityGate(edgeOf({ fault: { kind: "hang" }, crash: { atMs: 7000, downMs: 0, seen: false } }), 1, 15_000)?.reason).toMatch(/were cut within 10ms/);
  });

  test("close when calls without a trace multiply under the fault, and stay open for a steady poller", () => {
    const steady = edgeOf({ background: 5 });
    expect(strayGate(steady, window(steady.observations, "before"), window(steady.observations, "during"))).toBeUndefined();
    const { observations } = edgeOf({ service: { retry: { attempts: 3, backoff: "none", firstMs: 0 } } });
    const losesTrace: Observations = { ...observations, *calls(query) {
      for (const { request, ...call } of observations.calls(query)) yield { ...call, ...(request !== undefined && !(call.faulted && request.n % 2 === 0) && { request }) };
    } };
    expect(strayGate({ observations: losesTrace, proxy: "payments" }, window(observations, "before"), window(observations, "during"))?.reason).toMatch(/could not be joined to a request/);
  });
});
