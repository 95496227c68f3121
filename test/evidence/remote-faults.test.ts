import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { remoteFaultsOn } from "../../src/evidence/remote-faults.ts";
import type { RemoteEdge, SeenCall } from "../../src/evidence/remote-faults.ts";
import type { RemoteOpening } from "../../src/evidence/remote-actions.ts";

/** Before the fault up to 5 s; toxics came at 5.002 s and went at 10.003 s. */
const opening: RemoteOpening = { fault: "slow", epoch: 1, proxy: "payments", n: 1, askedMs: 5000, putMs: 5002, liftAskedMs: 10_000, goneMs: 10_003 };

function faultOf(type: string, params: Fault["params"], rateShare = 1): Fault {
  return { name: "slow", type, layer: "connection", proxy: "payments", direction: "response", selection: { fromMs: 0, after: 0, every: 1, rateShare, per: "fault" }, params };
}

const latency = faultOf("latency", { delayMs: 400, jitterMs: 100, distribution: "uniform" });

function callAt(startMs: number, lastsMs: number, more: Partial<SeenCall> = {}): SeenCall {
  return { startMs, endMs: startMs + lastsMs, end: "complete", passedOn: true, ...more };
}

/** One each 50 ms. */
function many(count: number, fromMs: number, make: (atMs: number, i: number) => SeenCall): readonly SeenCall[] {
  return Array.from({ length: count }, (_, i) => make(fromMs + 50 * i, i));
}

const before = many(80, 500, (atMs) => callAt(atMs, 6));

function edge(under: readonly SeenCall[], more: Partial<RemoteEdge> = {}): RemoteEdge {
  return { openings: [opening], faults: [latency], calls: () => [...before, ...under], beforeEndMs: 5000, baselineP99Ms: 8, disturbedMs: () => 0, strainedMs: () => 0, ...more };
}

/** How many calls are told to have felt it; a record without an effect says that it was not. */
function felt(under: readonly SeenCall[], more: Partial<RemoteEdge> = {}): number {
  const records = remoteFaultsOn(edge(under, more));
  return [...before, ...under].filter((call) => records(call).some(({ decision, effect }) => decision === "applied" && effect !== undefined)).length;
}

describe("a fault on a remote proxy", () => {
  const held = many(80, 5100, (atMs) => callAt(atMs, 420));

  test("is felt by the calls that were kept as long as it keeps them", () => {
    expect(felt(held)).toBe(80);
    expect(remoteFaultsOn(edge(held))(callAt(6000, 420))).toEqual([{ fault: "slow", decision: "applied", effect: "delay-bytes", actedMs: 6000, releasedMs: 6420 }]);
    expect(remoteFaultsOn(edge(held))(callAt(4000, 420))).toEqual([]);
    expect(remoteFaultsOn(edge(held))(callAt(10_002, 420))).toEqual([]);
  });

  test("is felt by who gave up on a call that was kept, and by who was kept until it went", () => {
    const left = many(80, 5100, (atMs) => callAt(atMs, 150, { end: "client-left", leftMs: atMs + 150 }));
    expect(felt(left)).toBe(80);
    expect(remoteFaultsOn(edge(left))(callAt(6000, 150, { end: "client-left", leftMs: 6150 }))[0]).not.toHaveProperty("releasedMs");
    expect(remoteFaultsOn(edge(held))(callAt(9900, 104))).toEqual([{ fault: "slow", decision: "applied", effect: "delay-bytes", actedMs: 9900, releasedMs: 10_003 }]);
  });

  test("is felt by who gave up while it had hold of the call, and not by who did so later", () => {
    const faults = [faultOf("latency", { delayMs: 50, jitterMs: 0, distribution: "uniform" })];
    const leftAfter = (ms: number): readonly SeenCall[] => many(80, 5100, (atMs) => callAt(atMs, ms, { end: "client-left", leftMs: atMs + ms }));
    expect(felt(leftAfter(40), { faults, baselineP99Ms: 100 })).toBe(80);
    expect(felt(leftAfter(500), { faults })).toBe(0);
    expect(felt(leftAfter(40), { faults, disturbedMs: () => 60 })).toBe(0);
    const leaving = before.map((call, i): SeenCall => (i % 3 === 0 ? { ...call, end: "client-left", leftMs: call.endMs } : call));
    const some = many(80, 5100, (atMs, i) => callAt(atMs, i % 3 === 0 ? 40 : 60, i % 3 === 0 ? { end: "client-left", leftMs: atMs + 40 } : {}));
    expect(felt(some, { faults, calls: () => [...leaving, ...some], baselineP99Ms: 100 })).toBe(0);
  });

  test("that nothing shows is felt by nobody, and was applied to calls only that could have met it", () => {
    const same = many(80, 5100, (atMs) => callAt(atMs, 6));
    expect(felt(same)).toBe(0);
    expect(remoteFaultsOn(edge(same))(callAt(6000, 6))).toEqual([{ fault: "slow", decision: "rate" }]);
    expect(remoteFaultsOn(edge(same))(callAt(6000, 420))).toEqual([{ fault: "slow", decision: "applied" }]);
  });

  test.each([
    ["there are two slow calls among a hundred", many(98, 5002, (atMs) => callAt(atMs, 6)), many(2, 6000, (atMs) => callAt(atMs, 420)), {}],
    ["a tenth of the calls pass untouched, which it cannot let pass", many(10, 5100, (atMs) => callAt(atMs, 6)), held, {}],
    ["calls were as slow before it", [], held, { baselineP99Ms: 300 }],
    ["too few calls came before it", [], held, { beforeEndMs: 1000 }],
    ["this machine stood still", [], held, { disturbedMs: (fromMs: number, toMs: number) => toMs - fromMs }],
    ["calls that look alike were common before it", [], many(20, 5100, (atMs, i) => (i % 3 === 0 ? callAt(atMs, 420, { end: "client-left", leftMs: atMs + 420 }) : callAt(atMs, 320))), { calls: undefined, baselineP99Ms: 150 }],
  ])("is felt by nobody where %s", (_why, some, others, more) => {
    const under = [...some, ...others];
    const { calls: _calls, ...rest } = { calls: undefined, ...more };
    expect(felt(under, rest)).toBe(0);
  });

  test("on a share of the connections is said of those calls only that show it", () => {
    const half = many(80, 5100, (atMs, i) => callAt(atMs, i % 2 === 0 ? 420 : 6));
    const faults = [faultOf("latency", latency.params, 0.5)];
    expect(felt(half, { faults })).toBe(40);
    expect(remoteFaultsOn(edge(half, { faults }))(callAt(6000, 6))).toEqual([{ fault: "slow", decision: "rate" }]);
  });

  test("that resets is felt by calls that were cut off, where few were before, and spares whom it does not cut", () => {
    const faults = [faultOf("reset", { at: "accept" })];
    const cut = many(40, 5100, (atMs, i) => (i % 2 === 0 ? callAt(atMs, 3, { end: "upstream-lost" }) : callAt(atMs, 6)));
    expect(felt(cut, { faults })).toBe(20);
    expect(remoteFaultsOn(edge(cut, { faults }))(callAt(6000, 6))).toEqual([{ fault: "slow", decision: "rate" }]);
    const unwell = before.map((call, i): SeenCall => (i % 4 === 0 ? { ...call, end: "upstream-lost" } : call));
    expect(felt(many(40, 5100, (atMs, i) => callAt(atMs, 3, i % 4 === 0 ? { end: "upstream-lost" } : {})), { faults, calls: () => [...unwell, ...many(40, 5100, (atMs, i) => callAt(atMs, 3, i % 4 === 0 ? { end: "upstream-lost" } : {}))] })).toBe(0);
  });

  test("that answers nothing is not in the way of calls that are answered", () => {
    const faults = [faultOf("blackhole", {})];
    const left = many(60, 5100, (atMs) => callAt(atMs, 200, { end: "client-left", leftMs: atMs + 200 }));
    expect(felt(left, { faults })).toBe(60);
    expect(felt([...left, ...many(20, 5100, (atMs) => callAt(atMs, 40))], { faults })).toBe(0);
  });

  test("without a delay of known length is not told from a machine that was crowded", () => {
    const faults = [faultOf("bandwidth", { throughput: 1000, scope: "connection" })];
    const strainedMs = (fromMs: number, toMs: number): number => toMs - fromMs;
    expect(felt(held, { faults })).toBe(80);
    expect(felt(held, { faults, strainedMs })).toBe(0);
    expect(felt(held, { strainedMs })).toBe(80);
  });

  test("is felt by calls that it kept for far longer than this machine was disturbed meanwhile", () => {
    expect(felt(held, { disturbedMs: () => 110 })).toBe(80);
  });

  test("whose toxics never went is in force to the end", () => {
    const { liftAskedMs: _asked, goneMs: _gone, ...open } = opening;
    expect(felt([...held, callAt(20_000, 420)], { openings: [open] })).toBe(81);
  });
});
