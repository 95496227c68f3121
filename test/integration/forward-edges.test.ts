import { afterEach, expect, it } from "vitest";
import { LocalEngine } from "../../src/engines/index.ts";
import type { ConnectionRecord, ExchangeRecord, WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { answering, exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { Caller, aWhile, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A forward proxy, `out`, to three hosts of which two are edges of their own: `carrier` and `bank`. */
async function setUp() {
  const hosts = await Promise.all([1, 2, 3].map(() => serve(answering((_, socket) => socket.write(ok)))));
  for (const host of hosts) undo.push(() => host.close());
  const [carrier = 0, bank = 0, other = 0] = hosts.map(({ port }) => port);
  const env = createSystemEnv();
  const records: WitnessRecord[] = [];
  const engine = new LocalEngine(createDataPlane(env), (batch) => records.push(...batch));
  const common = { lane: "http1", host: "keep", correlate: { by: "trace" } } as const;
  const [listening] = await engine.start({
    seed: "test", tracePrefix: "0123456789abcdef",
    proxies: [
      { ...common, name: "out", upstream: { host: "0.0.0.0", port: 0 }, forward: { allowHosts: [] }, listeners: [{ caller: "default", host: "127.0.0.1", port: 0 }] },
      { ...common, name: "carrier", upstream: { host: "127.0.0.1", port: carrier }, through: "out", correlate: { by: "header", header: "x-order" }, listeners: [] },
      { ...common, name: "bank", upstream: { host: "Bank.localhost", port: bank }, through: "out", listeners: [] },
    ],
  });
  undo.push(() => engine.stop());
  const call = (): Caller => {
    const caller = new Caller(listening?.port ?? 0);
    undo.push(() => caller.close());
    return caller;
  };
  const on = (proxy: string, fault: Fault): Fault => ({ ...fault, proxy });
  return {
    engine, call, on, urls: { carrier: `http://127.0.0.1:${carrier}`, bank: `http://bank.localhost:${bank}`, other: `http://127.0.0.1:${other}` },
    exchanges: (): ExchangeRecord[] => records.filter((record) => record.kind === "exchange"),
    connections: (): ConnectionRecord[] => records.filter((record) => record.kind === "connection"),
  };
}

const get = (url: string): string => `GET ${url}/ HTTP/1.1\r\nHost: x\r\nX-Order: 7\r\n\r\n`;

it("calls through a forward proxy are on the edge of their host, with its faults and its correlation, and else on the proxy's own", async () => {
  const { engine, call, on, urls, exchanges, connections } = await setUp();
  await engine.setFaults([on("carrier", exchangeFault("error", { status: 503 }, {}, "c")), on("out", exchangeFault("error", { status: 500 }, {}, "o"))], 1);
  const caller = call();
  caller.socket.write(get(urls.carrier) + get(urls.bank) + get(urls.other));
  await expect.poll(exchanges).toHaveLength(3);
  expect(exchanges()).toMatchObject([
    { proxy: "carrier", conn: 1, nth: 1, status: 503, key: "7", faults: [{ fault: "c", decision: "applied" }] },
    { proxy: "bank", conn: 1, nth: 2, status: 200 },
    { proxy: "out", conn: 1, nth: 3, status: 500, faults: [{ fault: "o", decision: "applied" }] },
  ]);
  expect([exchanges()[1]?.faults, exchanges()[1]?.key, exchanges()[2]?.key]).toEqual([undefined, undefined, undefined]);
  caller.socket.end();
  await expect.poll(connections).toMatchObject([{ proxy: "out", exchanges: 3 }]);
});

it("tunnels are on the edge of their host, and so is what is seen in them", async () => {
  const { engine, call, on, urls, exchanges } = await setUp();
  await engine.setFaults([on("carrier", exchangeFault("error", { status: 503 }, { match: { path: { glob: "/" } } }))], 1);
  const caller = call();
  caller.socket.write(`CONNECT ${urls.carrier.slice(7)} HTTP/1.1\r\nHost: x\r\n\r\n`);
  await expect.poll(() => caller.bytes.toString()).toContain("200 Connection established");
  caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await expect.poll(exchanges).toMatchObject([{ proxy: "carrier", method: "CONNECT", carries: "http" }, { proxy: "carrier", method: "GET", status: 503 }]);
});

it("what an edge holds is let go when its faults are lifted", async () => {
  const { engine, call, on, urls, exchanges } = await setUp();
  await engine.setFaults([on("bank", exchangeFault("hang", {}))], 1);
  const caller = call();
  caller.socket.write(get(urls.carrier));
  await caller.received(ok.length);
  caller.socket.write(get(urls.bank));
  await aWhile(50);
  await engine.lift({ release: false });
  expect(await caller.ended).toBe("ECONNRESET");
  await expect.poll(exchanges).toMatchObject([{ proxy: "carrier", status: 200 }, { proxy: "bank", end: "reset", faults: [{ effect: "hang" }] }]);
});

it("faults of connections are the forward proxy's, and act on what goes to all hosts", async () => {
  const { engine, call, on, urls } = await setUp();
  await engine.setFaults([on("out", connectionFault("latency", { delay: "60ms" }))], 1);
  const caller = call();
  const startMs = performance.now();
  caller.socket.write(get(urls.bank));
  await caller.received(ok.length);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(59);
});
