import { afterEach, describe, expect, it } from "vitest";
import { connectionFault } from "./plane.ts";
import { hashOf, patterned, setUpPlane, undoAll } from "./tcp-edge.ts";
import type { Undo } from "./tcp-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

/** A kernel's timestamps of a piece and of our reading it may differ: pieces that come closer than asked by this are as asked. */
const readingMs = 2;

describe("waves of latency on connections", () => {
  it("hold bytes for as long as the wave says when they come", async () => {
    const { plane, call, time } = await setUpPlane(undo);
    const caller = await call().connected();
    await plane.engine.setFaults([connectionFault("latency", { wave: { shape: "square", period: "2s", from: "400ms", to: "0ms" } })], 1);
    expect(await time(() => caller.ask("the first half"))).toBeGreaterThanOrEqual(400);
    await expect.poll(() => time(() => caller.ask("the second half")), { interval: 5, timeout: 10_000 }).toBeLessThan(300);
    await expect.poll(() => time(() => caller.ask("the first half again")), { interval: 5, timeout: 10_000 }).toBeGreaterThanOrEqual(400);
  });
});

describe("bandwidth on connections", () => {
  it("takes the time that the rate asks for, and gives every byte", async () => {
    const { plane, call, time } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("bandwidth", { throughput: "500kB/s" })], 1);
    const caller = call();
    const bytes = patterned(200_000);
    expect(await time(async () => {
      caller.socket.write(bytes);
      await caller.received(bytes.length);
    })).toBeGreaterThanOrEqual(400);
    expect(hashOf(caller.bytes)).toBe(hashOf(bytes));
  });

  it("lets bytes come evenly, not at the end", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.end(patterned(50_000)));
    await plane.engine.setFaults([connectionFault("bandwidth", { throughput: "100kB/s" })], 1);
    const caller = call();
    const startMs = plane.env.nowMs();
    let got = 0;
    let early = 0;
    caller.socket.on("data", (chunk) => {
      got += chunk.length;
      // By the rate, and a piece of 10 ms.
      early = Math.max(early, got - 100 * (plane.env.nowMs() - startMs) - 1000);
    });
    await caller.ended;
    expect(got).toBe(50_000);
    expect(early).toBeLessThanOrEqual(0);
  });

  it("is each connection's own, or shared by all of the proxy", async () => {
    const { plane, call, time } = await setUpPlane(undo);
    const bytes = patterned(50_000);
    const both = (): Promise<number> => time(() => Promise.all([call(), call()].map((caller) => (caller.socket.write(bytes), caller.received(bytes.length)))));
    await plane.engine.setFaults([connectionFault("bandwidth", { throughput: "250kB/s", scope: "proxy" })], 1);
    expect(await both()).toBeGreaterThanOrEqual(400);
    await plane.engine.setFaults([connectionFault("bandwidth", { throughput: "250kB/s" })], 2);
    const callers = [call(), call()];
    const ownMs = await Promise.all(callers.map((caller) => time(() => (caller.socket.write(bytes), caller.received(bytes.length)))));
    for (const ms of ownMs) expect(ms).toBeGreaterThanOrEqual(200);
  });

  it("makes a sender wait, and lets what it holds go at once when lifted", async () => {
    let sent = 0;
    const { plane, call } = await setUpPlane(undo, (socket) => {
      const send = (): void => {
        while (sent < 64 * 2 ** 20) {
          sent += 65_536;
          if (!socket.write(Buffer.alloc(65_536))) return void socket.once("drain", send);
        }
        socket.end();
      };
      send();
    });
    await plane.engine.setFaults([connectionFault("bandwidth", { throughput: "1kB/s" })], 1);
    const caller = call();
    await caller.received(100);
    await plane.wait(300);
    expect(sent).toBeLessThan(64 * 2 ** 20);
    await plane.engine.lift({ release: false });
    await caller.received(64 * 2 ** 20);
    expect(await caller.ended).toBe("fin");
  });
});

describe("slicer", () => {
  it("cuts into pieces of the asked size, the asked time apart", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("slicer", { size: "100B", spacing: "25ms" })], 1);
    const caller = call();
    const seen: { readonly size: number; readonly atMs: number }[] = [];
    caller.socket.on("data", (chunk) => seen.push({ size: chunk.length, atMs: plane.env.nowMs() }));
    const startMs = plane.env.nowMs();
    caller.socket.write(patterned(1050));
    const bytes = await caller.received(1050);
    expect(plane.env.nowMs() - startMs).toBeGreaterThanOrEqual(250);
    expect(bytes).toEqual(patterned(1050));
    // A reader that was held up may find several pieces at once, never a part of one.
    expect(seen.map(({ size }) => size % 100).filter((rest) => rest !== 0)).toEqual([50]);
    expect(seen.length).toBeGreaterThan(1);
    for (const [i, { atMs }] of seen.entries()) {
      const bytesBefore = seen.slice(0, i).reduce((sum, { size }) => sum + size, 0);
      expect(atMs - startMs).toBeGreaterThanOrEqual((bytesBefore / 100) * 25 - readingMs);
    }
  });

  it("varies the sizes by draws that belong to seed, fault and connection", async () => {
    const sizes = async (): Promise<number[]> => {
      const { plane, call } = await setUpPlane(undo);
      await plane.engine.setFaults([connectionFault("slicer", { size: "1000B", variation: "400B", spacing: "30ms" })], 1);
      const caller = call();
      const seen: number[] = [];
      caller.socket.on("data", (chunk) => seen.push(chunk.length));
      caller.socket.write(patterned(6000));
      await caller.received(6000);
      await undoAll(undo);
      return seen;
    };
    const ends = (seen: readonly number[]): number[] => seen.map((_, i) => seen.slice(0, i + 1).reduce((sum, size) => sum + size, 0));
    const [first, second] = [ends(await sizes()), ends(await sizes())];
    // Some ends may be missing where a late reader found two pieces at once: those of both runs belong to one series.
    const series = [...new Set([...first, ...second])].sort((a, b) => a - b);
    const gaps = series.map((end, i) => end - (series[i - 1] ?? 0)).slice(0, -1);
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(600);
    expect(new Set(gaps).size).toBeGreaterThan(1);
  });
});

describe("packet-loss", () => {
  it("makes bytes late by one retransmission or more, and loses none", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("packet-loss", { loss: "50%", retransmit: "60ms" })], 1);
    const caller = call();
    const ms: number[] = [];
    for (let i = 0; i < 12; i++) {
      const startMs = plane.env.nowMs();
      expect(await caller.ask(`message ${i}`)).toBe(`message ${i}`);
      ms.push(plane.env.nowMs() - startMs);
    }
    expect(ms.filter((each) => each >= 60).length).toBeGreaterThan(0);
    caller.close();
    await expect.poll(() => plane.connections()).toMatchObject([{ faults: [{ decision: "applied", effect: "lose" }] }]);
  });
});

describe("slow-close", () => {
  it("gives the last byte at once and the end late", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.end("goodbye"));
    await plane.engine.setFaults([connectionFault("slow-close", { delay: "300ms" })], 1);
    const startMs = plane.env.nowMs();
    const caller = call();
    let hasEnded = false;
    void caller.ended.then(() => (hasEnded = true));
    await caller.received(7);
    expect(hasEnded).toBe(false);
    expect(await caller.ended).toBe("fin");
    expect(plane.env.nowMs() - startMs).toBeGreaterThanOrEqual(300);
    caller.close();
    await expect.poll(() => plane.connections()).toMatchObject([{ closedBy: "upstream", how: "fin", faults: [{ effect: "hold-end" }] }]);
  });

  it("ends at once when released", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.end("goodbye"));
    await plane.engine.setFaults([connectionFault("slow-close", { delay: "1h" })], 1);
    const caller = call();
    await caller.received(7);
    await plane.wait(50);
    await plane.engine.lift({ release: true });
    expect(await caller.ended).toBe("fin");
  });
});

describe("8 MiB", () => {
  const bytes = patterned(8 * 2 ** 20);
  it.each([
    ["bandwidth", { throughput: "20MiB/s" }],
    ["bandwidth", { throughput: "20MiB/s", scope: "proxy" }],
    ["slicer", { size: "3000B", variation: "1000B" }],
    ["packet-loss", { loss: "0.1%", burst: 3, retransmit: "5ms" }],
    ["slow-close", { delay: "50ms" }],
    ["latency", { delay: "5ms", jitter: "5ms" }],
  ] as const)("come through %s %j unchanged, both ways", async (type, params) => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault(type, params, {}, "both")], 1);
    const caller = call();
    caller.socket.end(bytes);
    expect(await caller.ended).toBe("fin");
    expect(hashOf(caller.bytes)).toBe(hashOf(bytes));
  });

  it("come through unchanged while all of them come and go", async () => {
    const { plane, call } = await setUpPlane(undo);
    const flapping = (onMs: number, offMs: number) => ({ flap: { onMs, offMs } });
    await plane.engine.setFaults([
      connectionFault("bandwidth", { throughput: "10MiB/s" }, flapping(40, 15), "both"),
      connectionFault("slicer", { size: "5000B", variation: "3000B" }, flapping(17, 23), "both"),
      connectionFault("packet-loss", { loss: "0.2%", retransmit: "3ms" }, flapping(29, 11), "both"),
      connectionFault("latency", { delay: "4ms", jitter: "4ms" }, flapping(13, 19), "both"),
      connectionFault("slow-close", { delay: "20ms" }, flapping(50, 7), "both"),
    ], 1);
    const caller = call();
    caller.socket.end(bytes);
    expect(await caller.ended).toBe("fin");
    expect(hashOf(caller.bytes)).toBe(hashOf(bytes));
  });
});
