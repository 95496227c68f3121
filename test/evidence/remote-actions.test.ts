import { expect, test } from "vitest";
import type { Event, Fact } from "../../src/model/event.ts";
import { Observer } from "../../src/evidence/observer.ts";
import { experimentOf, observe } from "../support/hand-made.ts";

const [payments] = experimentOf().proxies;
const [slow] = experimentOf().faults;
if (payments === undefined || slow === undefined) throw new Error("expected a proxy and a fault");

const { header } = observe({ experiment: { proxies: [{ ...payments, remote: { api: "http://127.0.0.1:8474", name: "payments", witness: true } }], faults: [{ ...slow, layer: "connection", params: { delayMs: 400, jitterMs: 0, distribution: "uniform" } }] } });

/** Calls each 50 ms from 500 ms on, kept for 400 ms while the toxics are there, or until they go. */
function factsOf(putAfterMs: number): readonly Fact[] {
  const opened = { epoch: 1, fault: "slow", proxy: "payments", n: 1 };
  const calls = Array.from({ length: 300 }, (_, i): Fact => {
    const startMs = 500 + 50 * i;
    const lastsMs = startMs >= 6000 + putAfterMs && startMs < 10_000 ? Math.min(402, 10_001 - startMs) : 6;
    return { kind: "exchange", atMs: startMs + lastsMs, proxy: "payments", caller: "default", conn: 1, nth: i + 1, method: "GET", path: "/", startMs, requestEndMs: startMs + 0.1, headMs: startMs + lastsMs, endMs: startMs + lastsMs, status: 200, requestBytes: 1, responseBytes: 1, end: "complete", passedOn: true };
  });
  return [
    { kind: "phase-started", atMs: 0, phase: "before", epoch: 1 }, { kind: "phase-ended", atMs: 5000, phase: "before", epoch: 1 }, { kind: "phase-started", atMs: 5000, phase: "during", epoch: 1 },
    { kind: "faults-set", atMs: 5001, epoch: 1, faults: ["slow"] },
    { kind: "remote-faulted", atMs: 6000 + putAfterMs, askedMs: 6000, ...opened },
    { kind: "remote-restored", atMs: 10_002, askedMs: 10_000, ...opened },
    { kind: "faults-lifted", atMs: 20_000, epoch: 1 }, ...calls,
  ];
}

function seenIn(facts: readonly Fact[]): ReturnType<Observer["finish"]> {
  const observer = new Observer(header);
  facts.forEach((fact, seq) => observer.add({ ...fact, seq } satisfies Event));
  return observer.finish();
}

test("a fault on a remote proxy is counted by the calls that show it, from when its toxics came to when they went", () => {
  const observations = seenIn(factsOf(2));
  expect(observations.faults[0]).toMatchObject({ epoch: 1, applied: 79, felt: 79, firstAppliedMs: 6050, away: [{ startMs: 6002, endMs: 10_002 }] });
  const felt = [...observations.calls({ proxy: "payments" })].filter((call) => call.felt);
  expect(felt).toHaveLength(79);
  expect(felt[0]?.faults).toEqual([{ fault: "slow", decision: "applied", effect: "delay-bytes", actedMs: 6050, releasedMs: expect.closeTo(6452, 1) }]);
  expect(observations.disturbances).toEqual([]);
});

test("a server that takes its time leaves it open when the fault began", () => {
  expect(seenIn(factsOf(120)).disturbances).toEqual([{ startMs: 6000, endMs: 6120, what: "the server of the remote proxy payments took 120ms to change its toxics" }]);
});
