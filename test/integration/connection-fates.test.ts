import { afterEach, expect, it } from "vitest";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { answering, exchangeFault, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { Caller, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** Two proxies, `a` and `b`, a forward proxy, and `behind` it the edge of their host; and the calls on any of them, each with the request target that it needs. */
async function setUp() {
  const host = await serve(answering((_, socket) => socket.write(ok)));
  undo.push(() => host.close());
  const records: WitnessRecord[] = [];
  const engine = new LocalEngine(createDataPlane(createSystemEnv()), (batch) => records.push(...batch));
  const common = { lane: "http1", host: "keep", correlate: { by: "trace" }, upstream: { host: "127.0.0.1", port: host.port } } as const;
  const listeners = [{ caller: "default", host: "127.0.0.1", port: 0 }];
  const listening = await engine.start({
    seed: "test", tracePrefix: "0123456789abcdef",
    proxies: [
      { ...common, name: "a", listeners }, { ...common, name: "b", listeners },
      { ...common, name: "out", upstream: { host: "0.0.0.0", port: 0 }, forward: { allowHosts: [] }, listeners },
      { ...common, name: "behind", through: "out", listeners: [] },
    ],
  });
  undo.push(() => engine.stop());
  const portOf = (name: string): number => listening.find(({ proxy }) => proxy === name)?.port ?? 0;
  const exchangesOn = (name: string): readonly ExchangeRecord[] => records.filter((record) => record.kind === "exchange").filter(({ proxy }) => proxy === name);
  /** One connection, and so many calls on it. */
  const visit = async (name: string, origin: string, calls: number): Promise<void> => {
    const caller = await new Caller(portOf(name)).connected();
    caller.socket.write(`GET ${origin}/ HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(calls));
    caller.socket.end();
    await caller.ended;
  };
  return { engine, visit, exchangesOn, behind: `http://127.0.0.1:${host.port}`, elsewhere: `http://localhost:${host.port}` };
}

/** What twelve connections of three calls met, on the proxy that the fault is on, with so many connections elsewhere before them. */
async function fatesOn(proxy: "a" | "behind", connectionsElsewhere: number): Promise<string> {
  const { engine, visit, exchangesOn, behind, elsewhere } = await setUp();
  const half = { rateShare: 0.5, per: "connection" } as const;
  await engine.setFaults([
    { ...exchangeFault("latency", { delay: "1ms", jitter: "1ms" }, half, "slow"), proxy },
    { ...exchangeFault("corrupt", { share: "50%" }, { ...half, burstLength: 2 }, "in bursts"), proxy },
  ], 1);
  for (let i = 0; i < connectionsElsewhere; i += 1) await (proxy === "a" ? visit("b", "", 1) : visit("out", elsewhere, 1));
  for (let i = 0; i < 12; i += 1) await (proxy === "a" ? visit("a", "", 3) : visit("out", behind, 3));
  await expect.poll(() => exchangesOn(proxy)).toHaveLength(36);
  return exchangesOn(proxy).toSorted((one, other) => one.conn - other.conn || one.nth - other.nth).map(({ faults }) => faults?.map(({ decision }) => decision).join(" ")).join("\n");
}

it.each(["a", "behind"] as const)("fates per connection on the proxy %s do not depend on connections to others", async (proxy) => {
  const alone = await fatesOn(proxy, 0);
  expect(await fatesOn(proxy, 0)).toBe(alone);
  expect(await fatesOn(proxy, 1)).toBe(alone);
  expect(await fatesOn(proxy, 5)).toBe(alone);
  for (const word of ["applied rate", "rate applied"]) expect(alone).toContain(word);
});
