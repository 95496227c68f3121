import { createHash, randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { connectionFault, startPlane } from "./plane.ts";
import { hashOf, patterned } from "./tcp-edge.ts";
import { Caller, echo, refuse, serve } from "./wire.ts";

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
  return { upstream, plane, call };
}

describe("the tcp lane", () => {
  it("dials upstream at accept, so that a server may speak first", async () => {
    const { call } = await setUp((socket) => socket.write("220 ready\n"));
    expect((await call().received(10)).toString()).toBe("220 ready\n");
  });

  it("keeps half a close: the caller ends, and still gets the answer", async () => {
    const { plane, call } = await setUp((socket) => {
      const chunks: Buffer[] = [];
      socket.on("data", (bytes) => chunks.push(bytes)).on("end", () => socket.end(`got ${Buffer.concat(chunks).length}`));
    });
    const caller = call();
    caller.socket.end("12345");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("got 5");
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ proxy: "edge", caller: "default", conn: 1, closedBy: "client", how: "fin", requestBytes: 5, responseBytes: 5, upstreamReached: true }]);
  });

  it("keeps half a close the other way: upstream ends, and still gets the rest", async () => {
    let got = "";
    const { call } = await setUp((socket) => {
      socket.on("data", (bytes) => (got += bytes.toString()));
      socket.end("bye");
    });
    const caller = call();
    expect(await caller.ended).toBe("fin");
    const closed = new Promise((resolve) => caller.socket.once("close", resolve));
    caller.socket.end("the rest");
    await closed;
    await expect.poll(() => got).toBe("the rest");
  });

  it("gives a long answer whole to a reader that keeps stopping", async () => {
    const answer = patterned(48 * 1024 * 1024);
    const { call } = await setUp((socket) => socket.on("data", () => socket.end(answer)));
    const caller = call();
    const hash = createHash("sha256");
    let bytes = 0;
    let stops = 0;
    caller.socket.on("data", (piece: Buffer) => {
      hash.update(piece);
      const before = bytes;
      bytes += piece.length;
      if (Math.floor(bytes / 1e6) === Math.floor(before / 1e6)) return;
      stops += 1;
      caller.socket.pause();
      setTimeout(() => caller.socket.resume(), 5);
    });
    caller.socket.write("x");
    expect(await caller.ended).toBe("fin");
    expect(hash.digest("hex")).toBe(hashOf(answer));
    expect(stops).toBeGreaterThan(40);
  });

  it("passes a reset of upstream on as a reset", async () => {
    const { plane, call } = await setUp((socket) => socket.on("data", () => socket.resetAndDestroy()));
    const caller = call();
    caller.socket.write("x");
    expect(await caller.ended).toBe("ECONNRESET");
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ closedBy: "upstream", how: "rst", upstreamReached: true }]);
  });

  it("passes a reset on that came together with the last bytes", async () => {
    const { plane, call } = await setUp((socket) => socket.on("data", () => socket.write("last words", () => socket.resetAndDestroy())));
    const caller = call();
    caller.socket.write("x");
    expect(await caller.ended).toBe("ECONNRESET");
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ closedBy: "upstream", how: "rst", responseBytes: 10 }]);
  });

  it("passes a reset of the caller on as a reset", async () => {
    let code = "";
    const { plane, call } = await setUp((socket) => socket.on("error", (error: NodeJS.ErrnoException) => (code = error.code ?? "")).on("data", (bytes) => socket.write(bytes)));
    const caller = call();
    await caller.ask("x");
    caller.socket.resetAndDestroy();
    await expect.poll(() => code).toBe("ECONNRESET");
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
  });

  it("passes a reset of the caller on while upstream does not read what it sent before", async () => {
    const { plane, upstream, call } = await setUp((socket) => socket.pause());
    const caller = await call().connected();
    const block = Buffer.alloc(65_536);
    const fill = (): void => {
      while (caller.socket.write(block));
    };
    caller.socket.on("drain", fill);
    fill();
    let before = -1;
    await expect.poll(() => {
      const isSettled = caller.socket.bytesWritten === before;
      before = caller.socket.bytesWritten;
      return isSettled;
    }, { interval: 150 }).toBe(true);
    caller.socket.resetAndDestroy();
    await expect.poll(() => plane.connections()).toMatchObject([{ closedBy: "client", how: "rst" }]);
    expect([...upstream.sockets].every((socket) => socket.isPaused())).toBe(true);
  });

  it("resets the caller when upstream cannot be reached, and says so in the record", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const plane = await startPlane({ upstreamPort: nobody.port });
    undo.push(() => plane.engine.stop());
    const caller = new Caller(plane.port);
    expect(await caller.ended).toBe("ECONNRESET");
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ upstreamReached: false, closedBy: "upstream", how: "rst", responseBytes: 0 }]);
  });

  it("gives 32 MB back unchanged while a latency flaps", async () => {
    const { plane, call } = await setUp();
    const sent = randomBytes(32_000_000);
    await plane.engine.setFaults([connectionFault("latency", { delay: "8ms", jitter: "8ms" }, { flap: { onMs: 15, offMs: 10 } }, "both")], 1);
    const caller = call();
    caller.socket.end(sent);
    expect(await caller.ended).toBe("fin");
    expect(sha256(caller.bytes)).toBe(sha256(sent));
    await plane.engine.stop();
    expect(plane.connections()).toMatchObject([{ requestBytes: sent.length, responseBytes: sent.length, how: "fin", faults: [{ fault: "latency-1", decision: "applied", effect: "delay-bytes" }] }]);
  });

  it("stops reading from a source whose bytes its target does not take", async () => {
    const block = Buffer.alloc(1024 * 1024);
    let written = 0;
    const { call } = await setUp((socket) => {
      const more = (): void => {
        while (socket.write(block)) written += block.length;
        written += block.length;
      };
      socket.on("drain", more);
      more();
    });
    const caller = call();
    caller.socket.pause();
    let before = -1;
    await expect.poll(() => {
      const settled = written === before;
      before = written;
      return settled;
    }, { interval: 150 }).toBe(true);
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });
});

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
