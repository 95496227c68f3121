import { afterEach, describe, expect, it } from "vitest";
import { drawDelayMs } from "../../src/math/distribution.ts";
import { keyedRandom } from "../../src/math/random.ts";
import { connectionFault, startPlane } from "./plane.ts";
import { Caller, aWhile, echo, serve } from "./wire.ts";

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp(handle: Parameters<typeof serve>[0] = echo) {
  const upstream = await serve(handle);
  undo.push(() => upstream.close());
  const plane = await startPlane({ upstreamPort: upstream.port });
  undo.push(() => plane.engine.stop());
  const call = (): Caller => {
    const caller = new Caller(plane.port);
    undo.push(() => caller.close());
    return caller;
  };
  /** How long an answer takes, ms. */
  const time = async (caller: Caller, text = "ping"): Promise<number> => {
    const startMs = plane.env.nowMs();
    await caller.ask(text);
    return plane.env.nowMs() - startMs;
  };
  return { upstream, plane, call, time };
}

describe("latency on connections", () => {
  it("holds each answer for its delay, and no less", async () => {
    const { plane, call, time } = await setUp();
    await plane.engine.setFaults([connectionFault("latency", { delay: "80ms" })], 1);
    const caller = call();
    expect(await time(caller)).toBeGreaterThanOrEqual(80);
    expect(await time(caller)).toBeGreaterThanOrEqual(80);
  });

  it("is told of each epoch that a connection lives through, spared or hit", async () => {
    const { plane, call } = await setUp();
    const [spared, hit] = [call(), call()];
    for (const caller of [spared, hit]) await caller.ask("before");
    for (const epoch of [1, 2]) {
      await plane.engine.setFaults([connectionFault("latency", { delay: "1ms" }, { after: 1 })], epoch);
      for (const caller of [spared, hit]) await caller.ask(`in ${epoch}`);
      await plane.engine.lift({ release: false });
    }
    for (const caller of [spared, hit]) caller.close();
    await expect.poll(() => plane.connections()).toHaveLength(2);
    const told = plane.connections().toSorted((one, other) => one.conn - other.conn).map(({ faults }) => faults?.map(({ decision, n, effect }) => [decision, n, effect]));
    expect(told).toEqual([[["ordinal", 1, undefined], ["ordinal", 1, undefined]], [["applied", 2, "delay-bytes"], ["applied", 2, "delay-bytes"]]]);
  });

  it("adds up with another latency, and delays both directions when told to", async () => {
    const { plane, call, time } = await setUp();
    const second = { ...connectionFault("latency", { delay: "30ms" }, {}, "both"), name: "second" };
    await plane.engine.setFaults([connectionFault("latency", { delay: "50ms" }), second], 1);
    expect(await time(call())).toBeGreaterThanOrEqual(110);
  });

  it("takes hold of a connection that was open before, and lets it go when it is lifted", async () => {
    const { plane, call, time } = await setUp();
    const caller = call();
    await caller.ask("before");
    await plane.engine.setFaults([connectionFault("latency", { delay: "2s" })], 1);
    expect(await time(caller)).toBeGreaterThanOrEqual(2000);
    await plane.engine.lift({ release: false });
    expect(await time(caller)).toBeLessThan(2000);
    caller.close();
    await expect.poll(() => plane.connections()).toMatchObject([{ conn: 1, faults: [{ fault: "latency-1", decision: "applied", effect: "delay-bytes" }] }]);
    const record = plane.connections()[0]?.faults?.[0];
    expect(record?.releasedMs).toBeGreaterThanOrEqual((record?.actedMs ?? Number.NaN) + 2000);
  });

  it("lets what is held run out its delay when lifted", async () => {
    let greeted = 0;
    const { plane, call } = await setUp((socket) => (greeted += 1, socket.write("greeting")));
    await plane.engine.setFaults([connectionFault("latency", { delay: "400ms" })], 1);
    const startMs = plane.env.nowMs();
    const caller = call();
    await expect.poll(() => greeted).toBe(1);
    await aWhile(100);
    await plane.engine.lift({ release: false });
    await caller.received(8);
    expect(plane.env.nowMs() - startMs).toBeGreaterThanOrEqual(400);
  });

  it("ends delays at once when released", async () => {
    let got = "";
    const { plane, call } = await setUp((socket) => socket.pipe(socket).on("data", (bytes) => (got += bytes.toString())));
    await plane.engine.setFaults([connectionFault("latency", { delay: "1h" })], 1);
    const answer = call().ask("held");
    await expect.poll(() => got).toBe("held");
    await plane.wait(50);
    await plane.engine.lift({ release: true });
    expect(await answer).toBe("held");
  });

  it("takes hold when its window opens and lets go when it closes", async () => {
    const { plane, call, time } = await setUp();
    const caller = call();
    await caller.ask("before");
    const { atMs } = await plane.engine.setFaults([connectionFault("latency", { delay: "1500ms" }, { fromMs: 100, forMs: 1200 })], 1);
    while ((await time(caller)) < 1500) await plane.wait(5);
    while ((await time(caller)) >= 1500) await plane.wait(5);
    caller.close();
    await expect.poll(() => plane.connections()).toHaveLength(1);
    const record = plane.connections()[0]?.faults?.[0];
    expect(record?.actedMs).toBeGreaterThanOrEqual(atMs + 100);
    expect(record?.releasedMs).toBeGreaterThanOrEqual(atMs + 1300);
  });

  it("draws jitter from a stream that belongs to seed, fault and connection", async () => {
    const { plane, call, time } = await setUp();
    await plane.engine.setFaults([connectionFault("latency", { delay: "60ms", jitter: "60ms", distribution: "uniform" })], 1);
    const caller = call();
    const random = keyedRandom("test", "bytes", "latency-1", 1, "response", 1);
    for (let i = 0; i < 6; i++) expect(await time(caller)).toBeGreaterThanOrEqual(drawDelayMs({ delayMs: 60, jitterMs: 60, distribution: "uniform" }, random));
  });
});

describe("reset on connections", () => {
  it("is a true RST at accept, and upstream is not dialled", async () => {
    const { upstream, plane, call } = await setUp();
    await plane.engine.setFaults([connectionFault("reset", { at: "accept" })], 1);
    expect(await call().ended).toBe("ECONNRESET");
    expect(upstream.sockets.size).toBe(0);
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ closedBy: "fault", how: "rst", upstreamReached: false, faults: [{ fault: "reset-1", decision: "applied", effect: "reset" }] }]);
  });

  it("lets exactly so many bytes of the answer pass before the RST", async () => {
    const { plane, call } = await setUp();
    await plane.engine.setFaults([connectionFault("reset", { afterBytes: "1kB" })], 1);
    const caller = call();
    caller.socket.write(Buffer.alloc(600));
    await caller.received(600);
    caller.socket.write(Buffer.alloc(600));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(1000);
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ responseBytes: 1000, closedBy: "fault", how: "rst" }]);
  });

  it("resets connections that are open when its window opens", async () => {
    const { plane, call } = await setUp();
    const caller = call();
    await caller.ask("open");
    await plane.engine.setFaults([connectionFault("reset", { at: "accept" })], 1);
    expect(await caller.ended).toBe("ECONNRESET");
  });

  it("hits only what the selection picks", async () => {
    const { plane, call } = await setUp();
    await plane.engine.setFaults([connectionFault("reset", { at: "accept" }, { every: 2 })], 1);
    const first = call();
    expect(await first.ask("spared")).toBe("spared");
    expect(await call().ended).toBe("ECONNRESET");
    expect(await call().ask("spared too")).toBe("spared too");
  });
});
