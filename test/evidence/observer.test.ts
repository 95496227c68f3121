import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { Observer } from "../../src/evidence/observer.ts";
import type { Fact, FaultRecord } from "../../src/model/event.ts";
import type { Sample } from "../../src/model/observation.ts";
import { encodeRequestKey } from "../../src/math/request-key.ts";
import { makeHeader, simulate } from "../support/simulate.ts";

function observe(facts: readonly Fact[], options: Parameters<typeof makeHeader>[0] = {}) {
  const header = makeHeader({ seed: "hand", ...options });
  const observer = new Observer(header);
  facts.forEach((fact, seq) => observer.add({ ...fact, seq }));
  return observer.finish();
}

const header = makeHeader({ seed: "hand" });
const started = (phase: "warmup" | "before" | "during" | "after", atMs: number): Fact => ({ kind: "phase-started", atMs, phase, epoch: 1 });
const sample = (n: number, dueMs: number, part: Partial<Extract<Fact, { kind: "sample" }>> = {}): Fact => ({
  kind: "sample", atMs: dueMs + 10, probe: "checkout", n, dueMs, sentMs: dueMs, endMs: dueMs + 10, grade: "good", status: 200, ...part,
});
const exchange = (startMs: number, part: Partial<Extract<Fact, { kind: "exchange" }>> = {}): Fact => ({
  kind: "exchange", atMs: startMs + 10, proxy: "payments", caller: "checkout", conn: 1, nth: 1, method: "GET", path: "/x", startMs, requestEndMs: startMs + 0.1,
  endMs: startMs + 10, status: 200, requestBytes: 1, responseBytes: 1, end: "complete", passedOn: true, ...part,
});

/** Of the tables, which are beside the heap; twice, because what the first found is swept behind it. */
function tableBytes(): number {
  setFlagsFromString("--expose-gc");
  for (let time = 0; time < 2; time++) runInNewContext("gc()");
  return process.memoryUsage().arrayBuffers;
}

const traceOf = (n: number): string => header.tracePrefix + encodeRequestKey("hand", 0, n);

describe("samples", () => {
  const edges = [started("warmup", 50), started("before", 1050), started("during", 5050.4), started("after", 15_050)];

  test("keeps what samples captured as it was written", () => {
    const values = ["leader", "7", "07", "-0", "1e3", "NaN", "", "0.5", undefined];
    const seen = observe([...edges, ...values.map((value, i) => sample(i + 1, 1100 + i, value === undefined ? { term: 4 } : { value }))]);
    expect([...seen.samples({ probe: "checkout" })].map(({ value, term }) => [value, term])).toEqual(values.map((value) => [value, value === undefined ? 4 : undefined]));
  });

  test("belong to the phase in which they were due, not in which they ended", () => {
    const seen = observe([...edges, sample(1, 5049, { endMs: 9000 }), sample(2, 5050), sample(3, 15_049, { endMs: 16_000 })]);
    expect([...seen.samples({ probe: "checkout" })].map(({ n, phase }) => [n, phase])).toEqual([[1, "before"], [2, "during"], [3, "during"]]);
  });

  test("come in due order however they were written", () => {
    const seen = observe([...edges, sample(3, 1300), sample(1, 1100), sample(2, 1200)]);
    expect([...seen.samples({ probe: "checkout", phase: "before" })].map(({ n }) => n)).toEqual([1, 2, 3]);
  });

  test("count latency from the due time, and a pending one's age as its least", () => {
    const seen = observe([...edges, sample(1, 1100, { sentMs: 1140, endMs: 1160 }), { kind: "sample", atMs: 1900, probe: "checkout", n: 2, dueMs: 1200, sentMs: 1200, grade: "pending" }]);
    expect([...seen.samples({ probe: "checkout" })].map(({ latencyMs, endMs }) => [latencyMs, endMs])).toEqual([[60, 1160], [700, undefined]]);
  });

  test("are disturbed when a stall lies over their sending or their end, or they were sent late; not when it passes while they wait", () => {
    const seen = observe([
      ...edges, { kind: "stall", atMs: 2200, thread: "main", lateMs: 120 }, { kind: "stall", atMs: 4000, thread: "main", lateMs: 20 },
      sample(1, 2000, { endMs: 2150 }), sample(2, 2100, { endMs: 2300 }), sample(3, 2010, { endMs: 2900 }), sample(4, 3000, { sentMs: 3080, endMs: 3090 }), sample(5, 3990),
    ]);
    expect([...seen.samples({ probe: "checkout" })].flatMap(({ n, disturbed }) => (disturbed ? [n] : []))).toEqual([1, 2, 4]);
  });
});

describe("calls", () => {
  test("that the proxy made itself are nobody's", () => {
    const seen = observe([exchange(5100, { trace: traceOf(7) }), exchange(5120, { trace: traceOf(7), sentBy: "duplicate-1" })]);
    expect(seen.callsOf({ probe: "checkout", n: 7 }, "payments")).toHaveLength(1);
    expect([...seen.calls({ proxy: "payments" })]).toHaveLength(1);
  });

  test("are joined to their request by trace, in start order, and rows come back as they were written", () => {
    const faults: readonly FaultRecord[] = [{ fault: "fault", decision: "applied", n: 3, effect: "delay", actedMs: 5101, releasedMs: 5600 }];
    const seen = observe([exchange(5200, { trace: traceOf(7), leftMs: 5300, leftBy: "rst", end: "client-left" }), exchange(5100, { trace: traceOf(7), faults, retryAfter: "2", idempotencyKey: "k" }), exchange(5150, { trace: traceOf(8) })]);
    const calls = seen.callsOf({ probe: "checkout", n: 7 }, "payments");
    expect(calls.map(({ startMs }) => startMs)).toEqual([5100, 5200]);
    expect(calls[0]?.faults).toEqual(faults);
    expect(calls[0]).toMatchObject({ retryAfter: "2", idempotencyKey: "k", request: { probe: "checkout", n: 7 }, faulted: true });
    expect(calls[1]).toMatchObject({ leftMs: 5300, leftBy: "rst", end: "client-left", faulted: false });
    expect(seen.rung("checkout", "payments")).toBe("trace");
    expect(seen.callsOf({ probe: "checkout", n: 9 }, "payments")).toEqual([]);
  });

  test("are those that go through a tunnel, where they are seen, and not the tunnel; what a fault did to it is counted", () => {
    const faults: readonly FaultRecord[] = [{ fault: "fault", decision: "applied", n: 1, effect: "delay", actedMs: 5101, releasedMs: 5400 }];
    const tunnel = { method: "CONNECT", path: "h:1", authority: "h:1", end: "tunnel", headMs: 5401, endMs: 5402, faults } as const;
    const seen = observe([
      started("during", 5000), { kind: "faults-set", atMs: 5050, epoch: 1, faults: ["fault"] },
      exchange(5100, { ...tunnel, carries: "http" }), exchange(5402, { nth: 2, trace: traceOf(1) }), exchange(5500, { ...tunnel, conn: 2 }),
    ]);
    expect([...seen.calls({ proxy: "payments" })].map(({ startMs, method, faulted }) => ({ startMs, method, faulted }))).toEqual([{ startMs: 5402, method: "GET", faulted: false }, { startMs: 5500, method: "CONNECT", faulted: true }]);
    expect(seen.faults).toMatchObject([{ eligible: 2, applied: 2 }]);
  });

  test("to an edge behind a forward proxy are unwitnessed while that refuses connections", () => {
    const made = makeHeader({ seed: "hand" });
    const { experiment } = made.plan;
    const [payments] = experiment.proxies;
    if (payments === undefined) throw new Error("expected a proxy");
    const observer = new Observer({ ...made, plan: { ...made.plan, experiment: { ...experiment, proxies: [{ ...payments, name: "out" }, { ...payments, through: "out" }, { ...payments, name: "other" }] } } });
    observer.add({ kind: "unwitnessed", atMs: 200, proxy: "out", startMs: 100, endMs: 200, seq: 1 });
    expect(observer.finish().unwitnessed.map(({ proxy }) => proxy)).toEqual(["out", "payments"]);
  });

  test("feel what delays the opening of their tunnel, however long tunnels last", () => {
    const tunnel = (startMs: number, part: Parameters<typeof exchange>[1] = {}): Fact => exchange(startMs, { method: "CONNECT", end: "tunnel", headMs: startMs + 5, endMs: startMs + 4000, ...part });
    const faults: readonly FaultRecord[] = [{ fault: "fault", decision: "applied", n: 1, effect: "delay", actedMs: 5100, releasedMs: 5400 }];
    const seen = observe([started("before", 0), tunnel(100), tunnel(200), started("during", 5000), { kind: "faults-set", atMs: 5050, epoch: 1, faults: ["fault"] }, tunnel(5100, { headMs: 5405, faults })]);
    expect(seen.faults).toMatchObject([{ applied: 1, felt: 1 }]);
  });

  test("feel what delays them beside streams that last for the whole run", () => {
    const faults: readonly FaultRecord[] = [{ fault: "fault", decision: "applied", n: 1, effect: "delay", actedMs: 5101, releasedMs: 5301 }];
    const stream = exchange(100, { path: "/t.T/Watch", headMs: 110, endMs: 9000 });
    const seen = observe([started("before", 0), stream, exchange(200), exchange(300), started("during", 5000), { kind: "faults-set", atMs: 5050, epoch: 1, faults: ["fault"] }, exchange(5100, { endMs: 5310, faults })]);
    expect(seen.faults).toMatchObject([{ applied: 1, felt: 1 }]);
    // Where none has ended before, those that go on are all that is known.
    const alone = observe([started("before", 0), stream, started("during", 5000), { kind: "faults-set", atMs: 5050, epoch: 1, faults: ["fault"] }, exchange(5100, { endMs: 5310, faults })]);
    expect(alone.faults).toMatchObject([{ applied: 1, felt: 0 }]);
  });

  test("with another run's trace or none belong to nobody", () => {
    const seen = observe([exchange(100, { trace: `ffffffffffffffff${encodeRequestKey("hand", 0, 1)}` }), exchange(200)]);
    expect([...seen.calls({ proxy: "payments" })].map(({ request }) => request)).toEqual([undefined, undefined]);
    expect(seen.rung("checkout", "payments")).toBe("statistical");
  });

  test("are joined by the request id where the proxy found it", () => {
    const { observations } = simulate({ correlation: "content", fault: false });
    expect(observations.rung("checkout", "payments")).toBe("content");
    expect(observations.callsOf({ probe: "checkout", n: 5 }, "payments")).toHaveLength(1);
  });

  test("are joined by time where one request is sent at a time", () => {
    const { observations } = simulate({ correlation: "none", serial: true, fault: false });
    expect(observations.rung("checkout", "payments")).toBe("serial");
    const samples = [...observations.samples({ probe: "checkout" })];
    expect(samples.length).toBeGreaterThan(100);
    expect(samples.filter(({ n }) => observations.callsOf({ probe: "checkout", n }, "payments").length === 1).length).toBe(samples.length);
  });

  test("can be asked for by a stretch of time, the end left out", () => {
    const seen = observe([exchange(100), exchange(200), exchange(300)]);
    expect([...seen.calls({ proxy: "payments", fromMs: 200, toMs: 300 })].map(({ startMs }) => startMs)).toEqual([200]);
  });
});

describe("faults", () => {
  test("are counted per epoch: eligible, applied, felt, and why missed", () => {
    const record = (decision: FaultRecord["decision"], actedMs?: number): readonly FaultRecord[] => [{ fault: "fault", decision, ...(decision === "applied" && { effect: "respond" as const }), ...(actedMs !== undefined && { actedMs }) }];
    const seen = observe([
      { kind: "faults-set", atMs: 5000, epoch: 1, faults: ["fault"] },
      exchange(5010, { faults: record("match") }), exchange(5020, { faults: record("rate") }), exchange(5030, { faults: record("applied", 5031) }),
      exchange(5040, { faults: record("applied", 5045), leftMs: 5042, leftBy: "fin", end: "client-left" }),
      { kind: "faults-lifted", atMs: 6000, epoch: 1 }, { kind: "faults-set", atMs: 7000, epoch: 2, faults: ["fault"] },
      exchange(7010, { faults: record("applied", 7011) }),
    ]);
    expect(seen.faults).toMatchObject([
      { epoch: 1, setMs: 5000, liftedMs: 6000, firstAppliedMs: 5030, lastAppliedMs: 5040, eligible: 3, applied: 2, felt: 1, missed: { match: 1, window: 0, ordinal: 0, rate: 1 } },
      { epoch: 2, setMs: 7000, eligible: 1, applied: 1, felt: 1, firstAppliedMs: 7010 },
    ]);
  });

  test("count messages of WebSockets one by one, by epoch, and not the exchange that carried them", () => {
    const inside = (epoch: number, applied: number, felt: number, rate: number, times: object = {}): FaultRecord => ({
      fault: "fault", decision: applied > 0 ? "applied" : "rate", inside: { epoch, applied, felt, missed: { match: 0, window: 2, ordinal: 1, rate }, ...times }, ...(felt > 0 && { effect: "drop-message", actedMs: 5500 }),
    });
    const seen = observe([
      { kind: "faults-set", atMs: 5000, epoch: 1, faults: ["fault"] }, { kind: "faults-lifted", atMs: 6000, epoch: 1 }, { kind: "faults-set", atMs: 7000, epoch: 2, faults: ["fault"] },
      exchange(4000, { end: "tunnel", faults: [inside(1, 3, 2, 10, { firstMs: 5100, lastMs: 5900 }), inside(2, 0, 0, 7)] }),
      exchange(4100, { end: "tunnel", faults: [inside(1, 1, 1, 0, { firstMs: 5050, lastMs: 5060 })] }),
      exchange(7500, { end: "tunnel", faults: [inside(2, 1, 1, 0, { firstMs: 7600, lastMs: 7600 })] }),
    ]);
    expect(seen.faults).toMatchObject([
      { epoch: 1, eligible: 16, applied: 4, felt: 3, missed: { match: 0, window: 4, ordinal: 2, rate: 10 }, firstAppliedMs: 5050, lastAppliedMs: 5900 },
      { epoch: 2, eligible: 10, applied: 1, felt: 1, missed: { match: 0, window: 4, ordinal: 2, rate: 7 }, firstAppliedMs: 7600, lastAppliedMs: 7600 },
    ]);
    expect([...seen.calls({ proxy: "payments" })].map(({ faulted }) => faulted)).toEqual([true, true, true]);
  });

  test("count connections that outlive an epoch in each, and begin when they took hold of one that was open before their window", () => {
    const experiment = { ...header.plan.experiment, proxies: header.plan.experiment.proxies.map((proxy) => ({ ...proxy, lane: "tcp" as const })) };
    const observer = new Observer({ ...header, plan: { ...header.plan, experiment } });
    const pooled = (conn: number, openMs: number, faults: readonly FaultRecord[]): Fact => ({
      kind: "connection", atMs: 11_000, proxy: "payments", caller: "checkout", conn, openMs, closeMs: 11_000, peer: "127.0.0.1:9", exchanges: 0, requestBytes: 9, responseBytes: 9, closedBy: "client", how: "fin", upstreamReached: true, faults,
    });
    const held = (askedMs: number): FaultRecord => ({ fault: "fault", decision: "applied", n: 1, askedMs, effect: "delay-bytes", actedMs: askedMs + 20 });
    const facts: readonly Fact[] = [
      { kind: "faults-set", atMs: 5000, epoch: 1, faults: ["fault"] }, { kind: "faults-lifted", atMs: 7000, epoch: 1 },
      { kind: "faults-set", atMs: 8000, epoch: 2, faults: ["fault"] }, { kind: "faults-lifted", atMs: 10_000, epoch: 2 },
      pooled(1, 100, [held(6000), held(9000)]),
      // It came in the first epoch, before the window of its fault.
      pooled(2, 5100, [{ ...held(6000), n: 2 }, { fault: "fault", decision: "rate", n: 2, askedMs: 9000 }]),
      pooled(3, 200, [{ fault: "fault", decision: "ordinal", n: 3, askedMs: 6000 }, { fault: "fault", decision: "ordinal", n: 3, askedMs: 9000 }]),
      pooled(4, 7500, [{ fault: "fault", decision: "window", askedMs: 8000 }]),
    ];
    facts.forEach((fact, seq) => observer.add({ ...fact, seq }));
    expect(observer.finish().faults).toMatchObject([
      { epoch: 1, eligible: 3, applied: 2, felt: 2, missed: { match: 0, window: 0, ordinal: 1, rate: 0 }, firstAppliedMs: 6020, lastAppliedMs: 6020 },
      { epoch: 2, eligible: 3, applied: 1, felt: 1, missed: { match: 0, window: 1, ordinal: 1, rate: 1 }, firstAppliedMs: 9020, lastAppliedMs: 9020 },
    ]);
  });

  test("of a connection hit the calls that it held, not those in its pauses, who felt it by their own length", () => {
    const held: FaultRecord = { fault: "fault", decision: "applied", n: 1, askedMs: 5000, effect: "throttle", actedMs: 5100, pauses: [{ fromMs: 6000, toMs: 7100 }, { fromMs: 8000, toMs: 9100 }], releasedMs: 9900 };
    const under = [4900, 5095, 5500, 5985, 5995, 6500, 7095, 7500, 8500, 9500, 9950];
    const seen = observe([
      started("before", 60), ...[100, 200, 300].map((atMs) => exchange(atMs)), started("during", 5000),
      { kind: "faults-set", atMs: 5000, epoch: 1, faults: ["fault"] },
      ...under.map((atMs, i) => exchange(atMs, i === 2 ? { endMs: atMs + 100 } : {})),
      // From one hold to the next.
      exchange(7990, { endMs: 9200 }),
      {
        kind: "connection", atMs: 11_000, proxy: "payments", caller: "checkout", conn: 1, openMs: 50, closeMs: 11_000, peer: "127.0.0.1:9", exchanges: 15, requestBytes: 9, responseBytes: 9,
        closedBy: "client", how: "fin", upstreamReached: true, faults: [held],
      },
    ]);
    const calls = [...seen.calls({ proxy: "payments", fromMs: 4000 })];
    expect(calls.filter(({ faulted }) => faulted).map(({ startMs }) => startMs)).toEqual([5095, 5500, 5985, 5995, 7095, 7500, 7990, 9500]);
    expect(calls.filter(({ felt }) => felt).map(({ startMs }) => startMs)).toEqual([5500, 7990]);
    expect(calls.find(({ startMs }) => startMs === 7990)?.faults.map(({ actedMs, releasedMs }) => [actedMs, releasedMs])).toEqual([[7990, 8000], [9100, 9200]]);
  });

  test("that refuse at the listener count their openings: applied, and felt by nobody who could be witnessed", () => {
    const { observations } = simulate({ fault: { kind: "down" } });
    const [gap] = observations.unwitnessed;
    expect(observations.faults[0]).toMatchObject({ eligible: 1, applied: 1, felt: 0, firstAppliedMs: gap?.startMs, lastAppliedMs: gap?.endMs });
  });

  describe("that take the listener down", () => {
    const plan = { ...header, plan: { ...header.plan, experiment: { ...header.plan.experiment, faults: ["gone", "limit"].map((name) => ({ name, type: name === "gone" ? "down" : "connection-limit", layer: "connection" as const, proxy: "payments", direction: "response" as const, params: {}, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" as const } })) } } };
    const opened = (atMs: number, n: number, decision: FaultRecord["decision"] = "applied"): Fact => ({ kind: "listener-faulted", atMs, proxy: "payments", fault: "gone", n, decision });
    const gap = (startMs: number, endMs: number): Fact => ({ kind: "unwitnessed", atMs: endMs, proxy: "payments", startMs, endMs });
    const cut = (atMs: number, n: number, conn: number): Fact => ({
      kind: "connection", atMs, proxy: "payments", caller: "checkout", conn, openMs: 100, closeMs: atMs, peer: "127.0.0.1:9", exchanges: 3, requestBytes: 9, responseBytes: 9, closedBy: "fault", how: "rst", upstreamReached: true,
      faults: [{ fault: "gone", decision: "applied", n, effect: "refuse", actedMs: atMs }],
    });
    const observeListener = (facts: readonly Fact[]) => {
      const observer = new Observer(plan);
      facts.forEach((fact, i) => observer.add({ ...fact, seq: i + 1 }));
      return observer.finish();
    };

    test("count openings, felt where they cut connections off; those connections count as no more", () => {
      const seen = observeListener([
        { kind: "faults-set", atMs: 5000, epoch: 1, faults: ["gone", "limit"] },
        cut(5000, 1, 1), cut(5001, 1, 2), opened(5000, 1), gap(5000, 6000), opened(7000, 2), gap(7000, 8000), opened(9000, 3, "ordinal"),
        { kind: "faults-lifted", atMs: 10_000, epoch: 1 },
      ]);
      expect(seen.faults).toMatchObject([
        { fault: { name: "gone" }, eligible: 3, applied: 2, felt: 1, firstAppliedMs: 5000, lastAppliedMs: 8000, missed: { ordinal: 1 } },
        { fault: { name: "limit" }, eligible: 0, applied: 0, felt: 0 },
      ]);
      expect(seen.faults[1]?.firstAppliedMs).toBeUndefined();
    });

    test("reset the calls that were under way on the connections that they cut off", () => {
      const seen = observeListener([{ kind: "faults-set", atMs: 5000, epoch: 1, faults: ["gone"] }, exchange(4990, { conn: 1, endMs: 5000, end: "reset" }), exchange(4000, { conn: 1 }), cut(5000, 1, 1), opened(5000, 1), gap(5000, 6000)]);
      expect([...seen.calls({ proxy: "payments" })].map(({ startMs, faulted, felt }) => [startMs, faulted, felt])).toEqual([[4000, false, false], [4990, true, true]]);
    });

    test("have an onset without their openings too, by when the listener refused", () => {
      const seen = observeListener([{ kind: "faults-set", atMs: 5000, epoch: 1, faults: ["gone"] }, gap(5000, 6000)]);
      expect(seen.faults).toMatchObject([{ eligible: 0, applied: 0, firstAppliedMs: 5000, lastAppliedMs: 6000 }]);
    });
  });

  test("count as felt when a delay lasted three times what calls took before, or until the caller left", () => {
    const short = simulate({ fault: { kind: "latency", delayMs: 5 } }).observations.faults[0];
    const long = simulate({ fault: { kind: "latency", delayMs: 500 } }).observations.faults[0];
    const left = simulate({ fault: { kind: "latency", delayMs: 500 }, service: { timeoutMs: 20 } }).observations.faults[0];
    expect(short?.applied).toBeGreaterThan(100);
    expect(short?.felt).toBe(0);
    expect(long?.felt).toBe(long?.applied);
    expect(left?.felt).toBe(left?.applied);
  });
});

describe("the fold", () => {
  test("tells what ended the run, who died, and what was left", () => {
    const seen = observe([
      { kind: "service-started", atMs: 1, service: "a", replica: 1, pid: 1 },
      { kind: "service-exited", atMs: 50, service: "a", replica: 1, code: 3, expected: false },
      { kind: "interrupted", atMs: 60, signal: "SIGINT" },
      { kind: "ended", atMs: 70, cleanedUp: false, left: ["process 9"] },
    ]);
    expect(seen.services).toEqual([{ service: "a", replica: 1, diedMs: 50, code: 3 }]);
    expect(seen.interruptions).toEqual([{ kind: "interrupted", atMs: 60, message: "interrupted by SIGINT", signal: "SIGINT" }]);
    expect([seen.finished, seen.cleanedUp, seen.left, seen.endMs]).toEqual([true, false, ["process 9"], 70]);
  });

  test("of 200,000 exchanges and samples needs less than 100 bytes for each row", () => {
    const observer = new Observer(header);
    const beforeBytes = tableBytes();
    for (let n = 1; n <= 200_000; n += 1) {
      observer.add({ ...exchange(n, { trace: traceOf(n), faults: [{ fault: "fault", decision: "applied", n, effect: "respond", actedMs: n + 1 }] }), seq: 2 * n });
      observer.add({ ...sample(n, n), seq: 2 * n + 1 });
    }
    const seen = observer.finish();
    const eachBytes = (tableBytes() - beforeBytes) / 400_000;
    // Asked behind the measurement, so that it is alive meanwhile.
    expect(seen.callsOf({ probe: "checkout", n: 199_999 }, "payments")).toHaveLength(1);
    expect(eachBytes).toBeLessThan(100);
    expect(eachBytes).toBeGreaterThan(1);
  }, 120_000);

  test("of a simulated run has every sample once and every call of it joined", () => {
    const { observations, events } = simulate({ seed: 3, background: 2 });
    const samples: Sample[] = [...observations.samples({ probe: "checkout" })];
    expect(samples.length).toBe(events.filter(({ kind }) => kind === "sample").length);
    expect(samples.every(({ n }) => observations.callsOf({ probe: "checkout", n }, "payments").length === 1)).toBe(true);
    expect([...observations.calls({ proxy: "payments" })].filter(({ request }) => request === undefined).length).toBeGreaterThan(20);
  });
});

describe("connections that a fault ended before they carried a call", () => {
  const connection = (conn: number, openMs: number, part: Partial<Extract<Fact, { kind: "connection" }>> = {}): Fact => ({
    kind: "connection", atMs: openMs + 5, proxy: "payments", caller: "checkout", conn, openMs, closeMs: openMs + 5, peer: "127.0.0.1:1", exchanges: 0, requestBytes: 0, responseBytes: 0,
    closedBy: "client", how: "fin", upstreamReached: false, faults: [{ fault: "fault", decision: "applied", n: conn, effect: "handshake", actedMs: openMs }], ...part,
  });

  test("are told together, from the first to the last", () => {
    const seen = observe([connection(1, 100), connection(2, 300), connection(3, 200, { faults: [{ fault: "fault", decision: "applied", effect: "reset", actedMs: 200 }] })]);
    expect(seen.barred).toEqual([{ proxy: "payments", startMs: 100, endMs: 305, connections: 3 }]);
  });

  test("are no others: with calls, spared, not acted on, or with no fault at all", () => {
    const { faults: _none, ...plain } = connection(4, 100) as Extract<Fact, { kind: "connection" }>;
    expect(observe([
      connection(1, 100, { exchanges: 1 }), connection(2, 100, { faults: [{ fault: "fault", decision: "window" }] }), connection(3, 100, { faults: [{ fault: "fault", decision: "applied", n: 1 }] }), plain,
    ]).barred).toEqual([]);
  });
});

describe("what the data plane found worth telling", () => {
  const issue = (proxy: string, message: string): Fact => ({ kind: "witness-issue", atMs: 1, proxy, code: "malformed-response", message });

  test("is counted, and a hundred different ones are kept", () => {
    const { witnessIssues } = observe([issue("payments", "a"), issue("payments", "b"), issue("payments", "a"), issue("stock", "a")]);
    expect(witnessIssues).toEqual([
      { proxy: "payments", code: "malformed-response", message: "a", count: 2 },
      { proxy: "payments", code: "malformed-response", message: "b", count: 1 },
      { proxy: "stock", code: "malformed-response", message: "a", count: 1 },
    ]);
    const many = observe([...Array.from({ length: 150 }, (_, i) => issue("payments", String(i))), issue("payments", "7")]).witnessIssues;
    expect(many).toHaveLength(100);
    expect(many[7]?.count).toBe(2);
    const limit: Fact = { kind: "witness-issue", atMs: 1, proxy: "stock", code: "too-many-headers", message: "c" };
    expect(observe([...Array.from({ length: 150 }, (_, i) => issue("payments", String(i))), limit]).witnessIssues.at(-1)).toMatchObject({ code: "too-many-headers" });
  });
});
