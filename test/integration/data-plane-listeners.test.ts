import { once } from "node:events";
import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { answering, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault, startPlane } from "./plane.ts";
import { freePort } from "../support/toxiproxy.ts";
import { Caller, echo, serve } from "./wire.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp() {
  const upstream = await serve(echo);
  undo.push(() => upstream.close());
  const plane = await startPlane({ upstreamPort: upstream.port });
  undo.push(() => plane.engine.stop());
  return { upstream, plane };
}

async function reach(port: number): Promise<string> {
  const caller = new Caller(port);
  const outcome = await Promise.race([caller.connected().then(() => "connected"), caller.ended]).catch((error: NodeJS.ErrnoException) => error.code ?? "failed");
  caller.close();
  return outcome;
}

describe("a fault that takes the listener down", () => {
  it("refuses connections, resets those open, and comes back on the same port", async () => {
    const { plane } = await setUp();
    const caller = new Caller(plane.port);
    await caller.ask("open");
    const set = await plane.engine.setFaults([connectionFault("down", {})], 1);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(await reach(plane.port)).toBe("ECONNREFUSED");
    await plane.engine.lift({ release: false });
    await expect.poll(() => reach(plane.port)).toBe("connected");
    await plane.engine.stop();
    const [gap] = plane.records.filter((record) => record.kind === "unwitnessed");
    expect(gap?.startMs).toBeGreaterThanOrEqual(set.atMs);
    expect(gap?.endMs).toBeGreaterThan(gap?.startMs ?? Number.NaN);
  });

  it("keeps open connections when told to", async () => {
    const { plane } = await setUp();
    const caller = new Caller(plane.port);
    await caller.ask("open");
    await plane.engine.setFaults([connectionFault("down", { keepOpen: true })], 1);
    expect(await reach(plane.port)).toBe("ECONNREFUSED");
    expect(await caller.ask("still")).toBe("still");
    caller.close();
  });

  it("is down only within its window", async () => {
    const seen = new Set<string>();
    // Who is stopped for the whole of the window sees nothing of it, and looks again.
    for (let tries = 0; tries < 10 && !seen.has("ECONNREFUSED"); tries++) {
      const { plane } = await setUp();
      const { atMs } = await plane.engine.setFaults([connectionFault("down", {}, { fromMs: 100, forMs: 300 })], 1);
      while (plane.env.nowMs() < atMs + 400) seen.add(await reach(plane.port));
      await expect.poll(() => reach(plane.port), { interval: 10 }).toBe("connected");
      await plane.engine.stop();
      const gaps = plane.records.filter((record) => record.kind === "unwitnessed");
      expect(gaps.length).toBeGreaterThanOrEqual(seen.has("ECONNREFUSED") ? 1 : 0);
      for (const gap of gaps) {
        expect(gap.startMs).toBeGreaterThanOrEqual(atMs + 100);
        expect(gap.endMs).toBeGreaterThanOrEqual(atMs + 400);
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(["ECONNREFUSED", "connected"]));
  });

  it("takes its port back from another process once that lets it go, and says what kept it", async () => {
    const { plane } = await setUp();
    await plane.engine.setFaults([connectionFault("down", {})], 1);
    const squatter = createServer().listen(plane.port, "127.0.0.1");
    await once(squatter, "listening");
    await plane.engine.lift({ release: false });
    await expect.poll(() => plane.records.filter(({ kind }) => kind === "witness-issue")).toMatchObject([{ code: "port-taken" }]);
    await new Promise((resolve) => squatter.close(resolve));
    await expect.poll(async () => {
      const caller = new Caller(plane.port);
      const outcome = await Promise.race([caller.ask("back"), caller.ended]);
      caller.close();
      return outcome;
    }).toBe("back");
  });

  it("writes down that calls were not witnessed when the run stops meanwhile", async () => {
    const { plane } = await setUp();
    await plane.engine.setFaults([connectionFault("down", {})], 1);
    await plane.engine.stop();
    expect(plane.records).toMatchObject([{ kind: "listener-faulted", proxy: "edge", fault: "down-1", n: 1, decision: "applied" }, { kind: "unwitnessed", proxy: "edge" }]);
  });

  it("writes down each opening once, whether it took the listener down, and which connections it cut off", async () => {
    let told: readonly unknown[] = [];
    const each = [["down-1", 1, "applied"], ["down-1", 2, "applied"], ["down-1", 3, "ordinal"]];
    // An opening for the whole of which this process is stopped is none: then it is tried again.
    for (let tries = 0; tries < 10 && JSON.stringify(told) !== JSON.stringify(each); tries++) {
      const { plane } = await setUp();
      const caller = new Caller(plane.port);
      await caller.ask("open");
      const { atMs } = await plane.engine.setFaults([connectionFault("down", {}, { flap: { onMs: 60, offMs: 60 }, first: 2 }), connectionFault("latency", { delay: "1ms" }, { flap: { onMs: 25, offMs: 5 } })], 1);
      const openings = () => plane.records.filter((record) => record.kind === "listener-faulted");
      await expect.poll(() => openings().at(-1)?.n, { interval: 10 }).toBeGreaterThanOrEqual(3);
      await plane.engine.stop();
      const numbers = openings().map(({ n }) => n);
      expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
      for (const { fault, n, decision, atMs: toldMs } of openings()) {
        expect([fault, decision]).toEqual(["down-1", n <= 2 ? "applied" : "ordinal"]);
        expect(n).toBe(1 + Math.floor((toldMs + 1e-6 - atMs) / 120));
      }
      expect(plane.connections()[0]).toMatchObject({ closedBy: "fault", how: "rst" });
      expect(plane.connections()[0]?.faults).toContainEqual({ fault: "down-1", decision: "applied", n: 1, effect: "refuse", actedMs: expect.any(Number) as number });
      told = openings().slice(0, 3).map(({ fault, n, decision }) => [fault, n, decision]);
    }
    expect(told).toEqual(each);
  });

  it("cuts connections of HTTP off in the same way", async () => {
    const undoing: Undo = [];
    undo.push(async () => { for (const action of undoing.splice(0).reverse()) await action(); });
    const { edge, call } = await setUpEdge(undoing, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await caller.received(ok.length);
    edge.setFaults(connectionFault("down", {}));
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{ fault: "down-1", decision: "applied", n: 1, effect: "refuse", actedMs: expect.any(Number) as number }] }]);
    expect(edge.records.filter(({ kind }) => kind === "listener-faulted")).toHaveLength(1);
  });
});

describe("starting and stopping the data plane", () => {
  it("says which proxy and port are busy, and leaves nothing open", async () => {
    const busy = await serve(echo);
    undo.push(() => busy.close());
    const free = await freePort();
    const start = startPlane({ upstreamPort: busy.port, listeners: [{ caller: "a", host: "127.0.0.1", port: free }, { caller: "b", host: "127.0.0.1", port: busy.port }] });
    await expect(start).rejects.toMatchObject({ code: "port-taken", message: `proxy "edge" cannot listen on 127.0.0.1:${busy.port}: another process holds the port` });
    expect(await reach(free)).toBe("ECONNREFUSED");
  });

  it("says when an address is not this machine's", async () => {
    const start = startPlane({ upstreamPort: 1, listeners: [{ caller: "default", host: "192.0.2.1", port: 0 }] });
    await expect(start).rejects.toMatchObject({ code: "listen-failed", hint: "listen on 127.0.0.1, ::1 or 0.0.0.0" });
  });

  it("gives every caller a listener of its own, and writes down who called", async () => {
    const upstream = await serve(echo);
    undo.push(() => upstream.close());
    const plane = await startPlane({ upstreamPort: upstream.port, listeners: ["shop", "shop#2"].map((caller) => ({ caller, host: "127.0.0.1", port: 0 })) });
    undo.push(() => plane.engine.stop());
    expect(plane.listening.map(({ caller }) => caller)).toEqual(["shop", "shop#2"]);
    for (const { port = 0 } of plane.listening) {
      const caller = new Caller(port);
      await caller.ask("hello");
      caller.close();
    }
    await plane.engine.stop();
    expect(plane.connections().map(({ caller, conn }) => [caller, conn])).toEqual([["shop", 1], ["shop#2", 2]]);
  });

  it("ends open connections at stop, records them, and listens no more", async () => {
    const { upstream, plane } = await setUp();
    const caller = new Caller(plane.port);
    await caller.ask("open");
    await plane.engine.stop();
    expect(await caller.ended).toBe("fin");
    expect(plane.connections()).toMatchObject([{ closedBy: "proxy", requestBytes: 4, responseBytes: 4 }]);
    expect(await reach(plane.port)).toBe("ECONNREFUSED");
    await expect.poll(() => upstream.sockets.size).toBe(0);
    caller.close();
  });
});
