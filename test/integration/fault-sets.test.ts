import { afterEach, describe, expect, it } from "vitest";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { answering, exchangeFault, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { Caller, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** A data plane with two HTTP proxies, `a` and `b`, before one upstream. */
async function setUp() {
  const upstream = await serve(answering((_, socket) => socket.write(ok)));
  undo.push(() => upstream.close());
  const env = createSystemEnv();
  const records: WitnessRecord[] = [];
  const engine = new LocalEngine(createDataPlane(env), (batch) => records.push(...batch));
  const listening = await engine.start({
    seed: "test", tracePrefix: "0123456789abcdef",
    proxies: ["a", "b"].map((name) => ({ name, lane: "http1", upstream: { host: "127.0.0.1", port: upstream.port }, host: "keep", correlate: { by: "none" }, listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }] })),
  });
  undo.push(() => engine.stop());
  const portOf = (name: string): number => listening.find(({ proxy }) => proxy === name)?.port ?? 0;
  const caller = async (proxy: string): Promise<Caller> => {
    const one = await new Caller(portOf(proxy)).connected();
    undo.push(() => one.close());
    return one;
  };
  const exchanges = (proxy?: string): readonly ExchangeRecord[] => records.filter((record) => record.kind === "exchange").filter((record) => proxy === undefined || record.proxy === proxy);
  return { env, engine, caller, exchanges, records };
}

/** A fault that misses everything, so that exchanges go on and tell what they were asked about. */
const idle = (name: string, proxy: string, selection: Partial<Selection> = {}): Fault => ({ ...exchangeFault("drop", {}, { rateShare: 0, ...selection }, name), proxy });

const ask = async (caller: Caller): Promise<void> => {
  const before = caller.bytes.length;
  caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await caller.received(before + ok.length);
};

describe("a set of faults", () => {
  it("is replaced at one instant on all proxies: no exchange sees faults of two sets", async () => {
    const { engine, caller, exchanges, records } = await setUp();
    const over = new AbortController();
    const busy = ["a", "b"].flatMap((proxy) => Array.from({ length: 8 }, async () => {
      const one = await caller(proxy);
      while (!over.signal.aborted) await ask(one);
    }));
    const sets: { readonly name: string; readonly atMs: number }[] = [];
    for (let i = 1; i <= 25; i += 1) {
      const name = `set${i}`;
      const { atMs } = await engine.setFaults(["a", "b"].flatMap((proxy) => [1, 2, 3].map((k) => idle(`${name}-${k}`, proxy))), i);
      sets.push({ name, atMs });
      for (const proxy of ["a", "b"]) await ask(await caller(proxy));
    }
    over.abort();
    await Promise.all(busy);
    await engine.stop();
    const wrong = exchanges().filter(({ faults, requestEndMs = 0 }) => {
      // A packet is taken in at one moment: what was in force then is what it was asked about.
      const inForce = sets.findLast(({ atMs }) => atMs <= requestEndMs)?.name;
      return (faults ?? []).map(({ fault }) => fault).join() !== (inForce === undefined ? "" : [1, 2, 3].map((k) => `${inForce}-${k}`).join());
    });
    expect(wrong).toEqual([]);
    for (const proxy of ["a", "b"]) expect(new Set(exchanges(proxy).map(({ faults }) => faults?.[0]?.fault)).size).toBeGreaterThanOrEqual(25);
    expect(records.filter(({ kind }) => kind === "witness-issue")).toEqual([]);
  });

  it.each([
    ["a type that is not known", { ...idle("new", "b"), type: "earthquake" }, "unknown-fault"],
    ["a proxy that is not there", idle("new", "c"), "unknown-proxy"],
    ["a pattern that is none", idle("new", "b", { match: { path: { regex: "(" } } }), "data-plane-failed"],
  ])("with %s changes nothing on any proxy", async (_what, bad, code) => {
    const { engine, caller, exchanges } = await setUp();
    const [a, b] = [await caller("a"), await caller("b")];
    const old = ["a", "b"].map((proxy) => idle("old", proxy));
    await engine.setFaults(old, 1);
    for (const one of [a, b]) await ask(one);
    await expect(engine.setFaults([idle("new", "a"), bad], 2)).rejects.toMatchObject({ code });
    for (const one of [a, b]) await ask(one);
    await engine.stop();
    for (const proxy of ["a", "b"]) expect(exchanges(proxy).map(({ faults }) => faults)).toEqual([1, 2].map((n) => [{ fault: "old", decision: "rate", n }]));
  });

  it("numbers calls from 1 in each epoch, and on over the pauses of a flap", async () => {
    const { env, engine, caller, exchanges } = await setUp();
    const one = await caller("a");
    const flap = { onMs: 100, offMs: 100 };
    const sets: number[] = [];
    const decisionsFrom = (atMs: number, endMs = Number.POSITIVE_INFINITY): readonly string[] => exchanges("a")
      .filter(({ requestEndMs = 0, faults }) => faults !== undefined && requestEndMs >= atMs && requestEndMs < endMs)
      .flatMap(({ faults = [] }) => faults.map(({ decision, n }) => `${decision}${n === undefined ? "" : ` ${n}`}`));
    const openings = (decisions: readonly string[]): number => decisions.filter((word, i) => word !== "window" && (i === 0 || decisions[i - 1] === "window")).length;
    for (const epoch of [1, 2]) {
      const { atMs } = await engine.setFaults([idle("first", "a", { flap, rateShare: 0, after: 1, first: 2 })], epoch);
      sets.push(atMs);
      // A machine that is busy may give this process no turn in some of them.
      while (env.nowMs() < atMs + 700 || openings(decisionsFrom(atMs)) < 3) await ask(one);
      await engine.lift({ release: false });
    }
    await engine.stop();
    for (const [i, atMs] of sets.entries()) {
      const decisions = decisionsFrom(atMs, sets[i + 1]);
      const numbered = decisions.filter((word) => word !== "window");
      expect(numbered).toEqual(numbered.map((_, k) => `${k === 1 || k === 2 ? "rate" : "ordinal"} ${k + 1}`));
      expect(openings(decisions)).toBeGreaterThan(2);
    }
  });
});
