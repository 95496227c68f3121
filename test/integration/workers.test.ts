import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { SharedEngine } from "../../src/engines/index.ts";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { WitnessRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { createDataPlane } from "../../src/proxy/index.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { echo, serve } from "./wire.ts";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const canShare = process.platform === "linux" && (major > 22 || (major === 22 && minor >= 12));

const refused: Fault = { name: "refused", type: "error", layer: "exchange", proxy: "edge", direction: "both", params: { status: 503, body: "", headers: {}, reachUpstream: false }, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } };

/** A proxy `edge` with two data planes, which share this thread. */
function setUp(upstreamPort: number, listenPort = 0) {
  const env = createSystemEnv();
  const records: WitnessRecord[] = [];
  const planes: WitnessRecord[][] = [];
  const open = () => {
    const plane = createDataPlane(env);
    const own: WitnessRecord[] = [];
    planes.push(own);
    plane.onMessage((message) => void (message.kind === "records" && own.push(...message.records)));
    return plane;
  };
  const engine = new SharedEngine({ env, open, onRecords: (batch) => records.push(...batch), onDeath: () => undefined });
  const edge: ProxyConfig = { name: "edge", lane: "http1", upstream: { host: "127.0.0.1", port: upstreamPort }, host: "keep", correlate: { by: "none" }, workers: 2, listeners: [{ caller: "default", host: "127.0.0.1", port: listenPort }] };
  return { engine, records, planes, start: () => engine.start({ seed: "s", tracePrefix: "0123456789abcdef", proxies: [edge] }) };
}

describe.runIf(canShare)("a proxy with two workers", () => {
  it("has its connections shared out, its faults in force on all, and its port free behind it", async () => {
    const upstream = createServer((_, response) => response.end("ok")).listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const { engine, records, planes, start } = setUp((upstream.address() as AddressInfo).port);
    const port = (await start())[0]?.port ?? 0;
    const ask = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: "close" } })).status;
    const all = (): Promise<readonly number[]> => Promise.all(Array.from({ length: 64 }, ask));
    expect(new Set(await all())).toEqual(new Set([200]));
    await engine.setFaults([refused], 1);
    expect(new Set(await all())).toEqual(new Set([503]));
    await engine.lift({ release: true });
    expect(new Set(await all())).toEqual(new Set([200]));
    await engine.stop();
    const numbers = records.flatMap((record) => (record.kind === "exchange" ? [record.conn] : []));
    expect(numbers).toHaveLength(192);
    expect(new Set(numbers).size).toBe(192);
    // That the system gives all of 192 connections to one is less likely than 2⁻¹⁹⁰.
    expect(planes.map((own) => own.length > 0)).toEqual([true, true]);
    const next = createServer().listen(port, "127.0.0.1");
    await once(next, "listening");
    next.close();
    upstream.close();
  });

  it("does not listen where another process, or run, does, though that would share its port too", async () => {
    const first = setUp(1);
    const port = (await first.start())[0]?.port ?? 0;
    await expect(setUp(1, port).start()).rejects.toMatchObject({ code: "port-taken" });
    await first.engine.stop();
    const alone = await serve(echo);
    await expect(setUp(1, alone.port).start()).rejects.toMatchObject({ code: "port-taken" });
    await alone.close();
  });
});

describe.runIf(!canShare)("a proxy with two workers, where the system or Node cannot share a port", () => {
  it("says so, and what it takes", async () => {
    await expect(setUp(1).start()).rejects.toMatchObject({ code: "listen-failed", message: expect.stringContaining("workers takes Node 22.12 or newer") as string, hint: expect.stringContaining("leave workers out") as string });
  });
});
