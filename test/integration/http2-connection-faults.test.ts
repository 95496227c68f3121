import { afterEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/model/json.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, echo, serveHttp2 } from "./http2-peers.ts";
import { connectionFault } from "./plane.ts";
import { aWhile } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31 + (i >> 8)) & 255));

async function setUp() {
  let seen = 0;
  const upstream = await serveHttp2(undo, (stream, headers, raw) => {
    seen += 1;
    if (headers[":path"] !== "/never") echo(stream, headers, raw);
  });
  const edge = await startHttp2Edge(undo, upstream.port);
  return { upstream, edge, seen: () => seen, call: () => new Http2Caller(undo, edge.port) };
}

describe("faults of connections on the http2 lane", () => {
  it.each<[string, JsonObject, Fault["direction"], number, string]>([
    ["latency", { delay: "60ms" }, "both", 110, "delay-bytes"],
    ["bandwidth", { throughput: "500kB/s" }, "response", 190, "throttle"],
    ["slicer", { size: "5000B", spacing: "5ms" }, "response", 95, "slice"],
    ["packet-loss", { loss: "30%", retransmit: "10ms" }, "response", 10, "lose"],
  ])("%s takes its time, and changes no byte", async (type, params, direction, leastMs, effect) => {
    const { edge, call } = await setUp();
    edge.setFaults(connectionFault(type, params, {}, direction));
    const startMs = edge.env.nowMs();
    const caller = call();
    const got = await caller.send({}, body, { "x-end": "1" });
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(leastMs);
    expect(got.body.equals(body)).toBe(true);
    expect(got.trailers).toMatchObject({ "x-end": "1" });
    caller.session.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ faults: [{ decision: "applied", effect }] }]);
  });

  it("latency takes hold of a connection that is open, and lets go of it", async () => {
    const { edge, call } = await setUp();
    const caller = call();
    await caller.send({}, "warm");
    edge.setFaults(connectionFault("latency", { delay: "80ms" }));
    const startMs = edge.env.nowMs();
    await caller.send({}, "slow");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(80);
    edge.setFaults(connectionFault("latency", { delay: "1h" }));
    edge.lift();
    expect((await caller.send({}, "quick")).body.toString()).toBe("quick");
  });

  it("reset ends connections at accept", async () => {
    const { edge, call, seen } = await setUp();
    edge.setFaults(connectionFault("reset", {}));
    const caller = call();
    await caller.ask();
    expect(await caller.closed).toBe("ECONNRESET");
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{ effect: "reset" }] }]);
    expect(seen()).toBe(0);
  });

  it("reset after some bytes cuts the answer there, and the calls under way with it", async () => {
    const { edge, call } = await setUp();
    edge.setFaults(connectionFault("reset", { afterBytes: "20kB" }));
    const caller = call();
    const got = await caller.send({}, body);
    expect(got.body.length).toBeLessThan(20_000);
    // A busy client that reads the last bytes and the reset at once is told of an end: how it was, the record says.
    await caller.closed;
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst", responseBytes: 20_000 }]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "reset" }]);
  });

  it.each(["response", "request"] as const)("limit-data closes after so many bytes of the %s", async (direction) => {
    const { edge, call } = await setUp();
    edge.setFaults(connectionFault("limit-data", { bytes: "20kB" }, {}, direction));
    const caller = call();
    const got = await caller.send({}, body);
    expect(got.body.length).toBeLessThan(20_000);
    await caller.closed;
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", faults: [{ effect: "limit" }] }]);
  });

  it.each(["blackhole", "half-open"])("%s says nothing more to anyone, sees who leaves, and ends in a reset when it is lifted", async (type) => {
    const { edge, call, seen } = await setUp();
    const [stays, leaves] = [call(), call()];
    await Promise.all([stays.send({}, "x"), leaves.send({}, "x")]);
    edge.setFaults(connectionFault(type, {}));
    const [stuck, left] = [stays.ask(), leaves.ask()];
    await aWhile(100);
    leaves.session.destroy();
    await left;
    await expect.poll(() => edge.exchanges().slice(2)).toMatchObject([{ end: "client-left" }]);
    expect(seen()).toBe(2);
    expect(stays.session.closed).toBe(false);
    edge.lift();
    await stuck;
    expect(await stays.closed).toBe("ECONNRESET");
    await expect.poll(() => edge.connections().toSorted((a, b) => a.conn - b.conn)).toMatchObject([
      { closedBy: "fault", how: "rst", faults: [{ effect: "silence" }] }, { closedBy: "client", faults: [{ effect: "silence" }] },
    ]);
  });

  it("blackhole closes after a while, where it is told to", async () => {
    const { edge, call } = await setUp();
    const caller = call();
    await caller.send({}, "x");
    const startMs = edge.env.nowMs();
    edge.setFaults(connectionFault("blackhole", { closeAfter: "60ms" }));
    await caller.ask();
    await caller.closed;
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(60);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "fin" }]);
  });

  it("connection-limit resets what is too much, and down refuses", async () => {
    const { edge, call } = await setUp();
    edge.setFaults(connectionFault("connection-limit", { connections: 1 }));
    await call().send({}, "x");
    const second = call();
    await second.ask();
    expect(await second.closed).toBe("ECONNRESET");
    edge.setFaults(connectionFault("down", {}));
    const third = call();
    await third.ask();
    expect(await third.closed).toBe("ECONNREFUSED");
    edge.lift();
    await expect.poll(async () => (await call().send({}, "y")).body.toString()).toBe("y");
  });
});

describe("on http2, a change of faults", () => {
  const hangs = (path: string, name: string): Fault => exchangeFault("hang", {}, { match: { path: { glob: path } } }, name);

  it("resets what hangs by the fault that is gone, and leaves alone what hangs by another", async () => {
    const { edge, call } = await setUp();
    const change = (...faults: readonly Fault[]): void => edge.server.changeFaults(faults, edge.env.nowMs());
    const caller = call();
    await caller.send({}, "warm");
    change(hangs("/one", "one"), hangs("/two", "two"));
    const [one, two] = [caller.open({ ":path": "/one" }), caller.open({ ":path": "/two" })];
    await aWhile(150);
    change(hangs("/two", "two"));
    expect(await one.got).toMatchObject({ headers: undefined });
    await aWhile(50);
    expect(two.stream.closed).toBe(false);
    change();
    expect(await two.got).toMatchObject({ headers: undefined });
    expect(edge.exchanges().map(({ end }) => end)).toEqual(["complete", "reset", "reset"]);
  });

  it("ends the delay of the fault that is gone; one by another begins then", async () => {
    const { edge, call } = await setUp();
    const change = (...faults: readonly Fault[]): void => edge.server.changeFaults(faults, edge.env.nowMs());
    const other = exchangeFault("latency", { delay: "250ms" }, {}, "other");
    change(exchangeFault("latency", { delay: "1h" }, {}, "slow"), other);
    const got = call().send({}, "x");
    await aWhile(150);
    const startMs = edge.env.nowMs();
    change(other);
    expect((await got).body.toString()).toBe("x");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(249);
  });

  it.each(["request", "response"] as const)("to a blackhole of the direction %s loses that, and its end closes the connection", async (direction) => {
    const { edge, call, seen } = await setUp();
    const change = (...faults: readonly Fault[]): void => edge.server.changeFaults(faults, edge.env.nowMs());
    const caller = call();
    await caller.send({}, "warm");
    change(connectionFault("blackhole", {}, {}, direction));
    const lost = caller.open({});
    await aWhile(150);
    await expect.poll(seen).toBeGreaterThanOrEqual(direction === "request" ? 1 : 2);
    expect([seen(), lost.stream.closed]).toEqual([direction === "request" ? 1 : 2, false]);
    change();
    expect(await lost.got).toMatchObject({ headers: undefined });
    expect(await caller.closed).toBe("");
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "fin", faults: [{ effect: "silence" }] }]);
    expect(edge.exchanges().at(-1)).toMatchObject({ end: "dropped", passedOn: direction === "response" });
  });

  it("to a reset after a time cuts a connection that rests", async () => {
    const { edge, call } = await setUp();
    const caller = call();
    await caller.send({}, "warm");
    // All that it is to read it has read: an end that comes together with bytes, as a reset or not, looks the same to it.
    await aWhile(50);
    edge.server.changeFaults([connectionFault("reset", { delay: "150ms" })], edge.env.nowMs());
    expect(await caller.closed).toBe("ECONNRESET");
  });
});
