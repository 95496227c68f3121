import { afterEach, describe, expect, it } from "vitest";
import { connectionFault } from "./plane.ts";
import { hashOf, patterned, setUpPlane, undoAll } from "./tcp-edge.ts";
import type { Undo } from "./tcp-edge.ts";
import { onFin } from "../../src/proxy/reset.ts";
import { aWhile } from "./wire.ts";
import type { Ending } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

/** How a connection ends for upstream, told when it does. */
function witnessEnds(): { readonly ends: Ending[]; readonly handle: Parameters<typeof setUpPlane>[1] } {
  const ends: Ending[] = [];
  return {
    ends,
    handle: (socket) => {
      socket.on("data", (bytes) => socket.write(bytes));
      onFin(socket, () => ends.push("fin"));
      socket.on("error", (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
    },
  };
}

describe("limit-data", () => {
  it.each([["close", "fin"], ["reset", "ECONNRESET"]] as const)("lets exactly so many bytes of the answer pass, then %ss both sides", async (end, ending) => {
    const { ends, handle } = witnessEnds();
    const { plane, call } = await setUpPlane(undo, handle);
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "1kB", end })], 1);
    const caller = call();
    caller.socket.write(patterned(600));
    await caller.received(600);
    caller.socket.write(patterned(600));
    expect(await caller.ended).toBe(ending);
    expect(caller.bytes).toEqual(Buffer.concat([patterned(600), patterned(600)]).subarray(0, 1000));
    await expect.poll(() => ends).toEqual([ending]);
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ responseBytes: 1000, closedBy: "fault", how: end === "close" ? "fin" : "rst", faults: [{ decision: "applied", effect: "limit" }] }]);
  });

  it("counts what goes to upstream when told so, and each way by itself when both are limited", async () => {
    let got = Buffer.alloc(0);
    const { plane, call } = await setUpPlane(undo, (socket) => socket.on("data", (bytes) => (got = Buffer.concat([got, bytes]))).write("hello"));
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "10B" }, {}, "both")], 1);
    const caller = call();
    await caller.received(5);
    caller.socket.write("0123456789ab");
    expect(await caller.ended).toBe("fin");
    await expect.poll(() => got.toString()).toBe("0123456789");
    expect(caller.bytes.toString()).toBe("hello");
  });

  it("closes by FIN while the caller goes on sending", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "64KiB" })], 1);
    const caller = call();
    const sending = setInterval(() => caller.socket.write(Buffer.alloc(16_384)), 1);
    undo.push(() => clearInterval(sending));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.length).toBe(65_536);
  });

  it("is what ended a connection of which the caller had closed its half long before", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.resume().on("end", () => plane.env.after(200, () => socket.write(patterned(600)))));
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "100B" })], 1);
    const caller = call();
    caller.socket.end("hello");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes).toEqual(patterned(600).subarray(0, 100));
    await plane.engine.stop();
    const [record] = plane.connections();
    expect(record).toMatchObject({ closedBy: "fault", how: "fin", responseBytes: 100 });
    expect(record?.closeMs).toBeGreaterThanOrEqual(record?.faults?.[0]?.actedMs ?? Number.POSITIVE_INFINITY);
  });

  it("writes all that is before the end to a caller that reads late", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.write(patterned(9 * 2 ** 20)));
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "8MiB" })], 1);
    const caller = call();
    caller.socket.pause();
    await plane.wait(300);
    caller.socket.resume();
    expect(await caller.ended).toBe("fin");
    expect(hashOf(caller.bytes)).toBe(hashOf(patterned(9 * 2 ** 20).subarray(0, 8 * 2 ** 20)));
  });

  it("resets a caller that never takes what is before the end", async () => {
    const { plane, call } = await setUpPlane(undo, (socket) => socket.on("error", () => undefined).write(patterned(2 ** 24)), { heldBytes: 2 ** 26 });
    await plane.engine.setFaults([connectionFault("latency", { delay: "2s" }), connectionFault("limit-data", { bytes: "16MB", end: "reset" })], 1);
    const caller = call();
    caller.socket.pause();
    await caller.connected();
    await expect.poll(() => plane.connections(), { timeout: 15_000 }).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{}, { fault: "limit-data-1", effect: "limit" }] }]);
  });

  it("of no bytes ends at the first", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "0B", end: "reset" })], 1);
    const caller = call();
    await caller.connected();
    caller.socket.write("x");
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(0);
  });

  it("is forgotten when it is lifted before its end", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("limit-data", { bytes: "6B" })], 1);
    const caller = call();
    expect(await caller.ask("hello")).toBe("hello");
    await plane.engine.lift({ release: false });
    expect(await caller.ask("hello again")).toBe("hello again");
  });

  it("counts behind what other faults hold: bytes that come late come whole", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("latency", { delay: "50ms" }), connectionFault("limit-data", { bytes: "4B" })], 1);
    const caller = call();
    caller.socket.write("hello");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("hell");
  });
});

describe("blackhole", () => {
  it("accepts, takes what is sent, says nothing, and does not ask upstream", async () => {
    const { upstream, plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("blackhole", {})], 1);
    const caller = await call().connected();
    // More than the kernel's buffers hold: it is read.
    await new Promise<void>((resolve) => void caller.socket.write(Buffer.alloc(32 * 2 ** 20), () => resolve()));
    await aWhile(200);
    expect(caller.bytes.length).toBe(0);
    expect(caller.socket.readyState).toBe("open");
    expect(upstream.sockets.size).toBe(0);
    await plane.engine.lift({ release: false });
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => plane.connections()).toMatchObject([{ requestBytes: 32 * 2 ** 20, responseBytes: 0, closedBy: "fault", how: "rst", upstreamReached: false, faults: [{ decision: "applied", effect: "silence" }] }]);
  });

  it("closes after the asked time, by FIN, whatever is sent meanwhile", async () => {
    const { plane, call, time } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("blackhole", { closeAfter: "250ms" })], 1);
    const caller = call();
    const sending = setInterval(() => caller.socket.write("anybody there?"), 10);
    undo.push(() => clearInterval(sending));
    expect(await time(async () => expect(await caller.ended).toBe("fin"))).toBeGreaterThanOrEqual(250);
    caller.close();
    await expect.poll(() => plane.connections()).toMatchObject([{ closedBy: "fault", how: "fin" }]);
  });

  it("silences connections that are open, and answers no FIN", async () => {
    const { plane, call } = await setUpPlane(undo);
    const caller = call();
    await caller.ask("open");
    await plane.engine.setFaults([connectionFault("blackhole", {})], 1);
    caller.socket.end("anybody there?");
    await aWhile(150);
    expect(caller.bytes.toString()).toBe("open");
    expect(caller.socket.readableEnded).toBe(false);
    const liftedMs = plane.env.nowMs();
    await plane.engine.lift({ release: false });
    // It left by itself: it is told of no reset.
    expect(await caller.ended).toBe("fin");
    caller.close();
    await expect.poll(() => plane.connections()).toMatchObject([{ closedBy: "client", how: "fin" }]);
    expect(plane.connections()[0]?.closeMs).toBeLessThan(liftedMs);
  });

  it("notices a caller that resets, and lets upstream go", async () => {
    const { upstream, plane, call } = await setUpPlane(undo);
    const caller = call();
    await caller.ask("open");
    await plane.engine.setFaults([connectionFault("blackhole", {})], 1);
    caller.socket.resetAndDestroy();
    await expect.poll(() => plane.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
    await expect.poll(() => upstream.sockets.size).toBe(0);
  });

  it("spares new connections once it is lifted", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("blackhole", {})], 1);
    await call().connected();
    await plane.engine.lift({ release: false });
    expect(await call().ask("hello")).toBe("hello");
  });

  it("hits only what the selection picks", async () => {
    const { plane, call } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("blackhole", {}, { every: 2 })], 1);
    expect(await call().ask("one")).toBe("one");
    const second = await call().connected();
    second.socket.write("two");
    expect(await call().ask("three")).toBe("three");
    expect(second.bytes.length).toBe(0);
  });
});

describe("half-open", () => {
  it("reads and writes nothing more, and passes on no FIN and no RST", async () => {
    const { ends, handle } = witnessEnds();
    const { plane, call, upstream } = await setUpPlane(undo, handle);
    const [caller, other] = [call(), call()];
    await Promise.all([caller.ask("open"), other.ask("open")]);
    await plane.engine.setFaults([connectionFault("half-open", {})], 1);
    let written = 0;
    const send = (): void => {
      // A bound, should it be read after all.
      if (written < 64 * 2 ** 20) caller.socket.write(Buffer.alloc(2 ** 20), () => ((written += 2 ** 20), send()));
    };
    send();
    for (const socket of upstream.sockets) socket.end("goodbye");
    other.socket.end();
    // Until the kernel's buffers are full: nobody reads.
    for (let before = -1; before < written; ) {
      before = written;
      await plane.wait(200);
    }
    expect(written).toBeLessThan(64 * 2 ** 20);
    expect([caller.bytes.toString(), other.bytes.toString()]).toEqual(["open", "open"]);
    expect([caller.socket.readableEnded, other.socket.readableEnded]).toEqual([false, false]);
    expect(ends).toEqual([]);
    await plane.engine.lift({ release: false });
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => plane.connections().length).toBe(2);
    expect(plane.connections().flatMap(({ faults }) => faults?.map(({ effect }) => effect))).toEqual(["silence", "silence"]);
  });

  it("ends with the run", async () => {
    const { plane, call } = await setUpPlane(undo);
    const caller = call();
    await caller.ask("open");
    await plane.engine.setFaults([connectionFault("half-open", {})], 1);
    await plane.engine.stop();
    expect(["fin", "ECONNRESET"]).toContain(await caller.ended);
    expect(plane.connections()).toMatchObject([{ closedBy: "proxy" }]);
  });
});

describe("connection-limit", () => {
  it.each([["reset", "ECONNRESET", "rst"], ["close", "fin", "fin"]] as const)("lets so many in, and %ss further ones at accept, in sight of the witness", async (end, ending, how) => {
    const { plane, call, upstream } = await setUpPlane(undo);
    await plane.engine.setFaults([connectionFault("connection-limit", { connections: 2, end })], 1);
    const [first, second] = [call(), call()];
    expect([await first.ask("one"), await second.ask("two")]).toEqual(["one", "two"]);
    const third = call();
    expect(await third.ended).toBe(ending);
    third.close();
    expect(upstream.sockets.size).toBe(2);
    await expect.poll(() => plane.connections()).toMatchObject([{ conn: 3, closedBy: "fault", how, upstreamReached: false, faults: [{ fault: "connection-limit-1", decision: "applied", effect: "admit" }] }]);
    first.close();
    await expect.poll(() => plane.connections().length).toBe(2);
    expect(await call().ask("again")).toBe("again");
    await plane.engine.lift({ release: false });
    expect(await call().ask("lifted")).toBe("lifted");
  });

  it("leaves those alone that are open already, though they are more", async () => {
    const { plane, call } = await setUpPlane(undo);
    const open = [call(), call(), call()];
    for (const caller of open) await caller.ask("open");
    await plane.engine.setFaults([connectionFault("connection-limit", { connections: 1 })], 1);
    expect(await call().ended).toBe("ECONNRESET");
    for (const caller of open) expect(await caller.ask("still")).toBe("still");
  });
});
