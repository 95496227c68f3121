import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { onFin } from "../../src/proxy/reset.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { undoAll } from "./tcp-edge.ts";
import type { Ending } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n";
const rejected = "HTTP/1.1 400 Bad Request\r\nvia: chaos\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
const okay = answering((_, socket) => socket.write(ok));

/** Upstream's end of its connections, told when they come to it; what it gets is kept. */
function witnessing(answer: (socket: Socket, bytes: Buffer) => void = (socket) => socket.write(ok)) {
  const ends: Ending[] = [];
  const got: Buffer[] = [];
  const handle = (socket: Socket): void => {
    socket.on("data", (bytes) => {
      got.push(bytes);
      answer(socket, bytes);
    });
    onFin(socket, () => ends.push("fin"));
    socket.on("error", (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
  };
  return { ends, handle, got: () => Buffer.concat(got).toString("latin1") };
}

/** Until so much time has passed for the edge too, ms. */
const wait = ({ env }: Awaited<ReturnType<typeof setUpEdge>>["edge"], ms: number): Promise<void> => new Promise((resolve) => env.after(ms, resolve));

describe("limit-data on an http proxy", () => {
  it.each([["close", "fin", "dropped"], ["reset", "ECONNRESET", "reset"]] as const)("lets exactly so many bytes of the answers pass, then %ss both sides", async (end, ending, exchangeEnd) => {
    const { ends, handle } = witnessing();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(connectionFault("limit-data", { bytes: `${ok.length + 10}B`, end }));
    const caller = call();
    caller.socket.write(get);
    await caller.received(ok.length);
    caller.socket.write(get + get);
    expect(await caller.ended).toBe(ending);
    expect(caller.bytes.toString()).toBe((ok + ok).slice(0, ok.length + 10));
    expect(edge.exchanges()).toMatchObject([
      { end: "complete", status: 200, responseBytes: ok.length },
      { end: exchangeEnd, responseBytes: 10, passedOn: true },
      { end: exchangeEnd, responseBytes: 0, passedOn: true },
    ]);
    expect(edge.exchanges()[1]?.status).toBeUndefined();
    await expect.poll(() => ends).toEqual([ending]);
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([
      { closedBy: "fault", how: end === "close" ? "fin" : "rst", exchanges: 3, responseBytes: ok.length + 10, faults: [{ decision: "applied", effect: "limit" }] },
    ]);
  });

  it.each([["close", "fin"], ["reset", "ECONNRESET"]] as const)("that is reached with the last byte of an answer leaves it whole, then %ss", async (end, ending) => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("limit-data", { bytes: `${ok.length}B`, end }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe(ending);
    expect(caller.bytes.toString()).toBe(ok);
    expect(edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
  });

  it.each([["close", "fin", "dropped"], ["reset", "ECONNRESET", "reset"]] as const)("counts what goes to upstream when told so, then %ss both sides", async (end, ending, exchangeEnd) => {
    const { ends, handle, got } = witnessing(() => undefined);
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(connectionFault("limit-data", { bytes: "40B", end }, {}, "request"));
    const caller = call();
    const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n";
    caller.socket.write(head.slice(0, 20));
    caller.socket.write(head.slice(20) + "b".repeat(500));
    caller.socket.write("b".repeat(500) + get);
    expect(await caller.ended).toBe(ending);
    await expect.poll(() => ends).toEqual([ending]);
    expect(got()).toBe(head.slice(0, 40));
    expect(edge.exchanges()).toMatchObject([{ method: "POST", end: exchangeEnd, passedOn: true, responseBytes: 0 }]);
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", faults: [{ effect: "limit" }] }]);
  });

  it("of no bytes ends at the first", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("limit-data", { bytes: "0B" }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.length).toBe(0);
    expect(edge.exchanges()).toMatchObject([{ end: "dropped", passedOn: true, responseBytes: 0 }]);
  });

  it("is forgotten when it is lifted before its end", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("limit-data", { bytes: `${ok.length + 1}B` }));
    const caller = call();
    caller.socket.write(get);
    await caller.received(ok.length);
    edge.lift();
    caller.socket.write(get);
    await caller.received(2 * ok.length);
    await expect.poll(() => edge.exchanges().map(({ end }) => end)).toEqual(["complete", "complete"]);
  });

  it("cuts a tunnel too", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => socket.once("data", () => {
      socket.write(switched);
      socket.pipe(socket);
    }));
    edge.setFaults(connectionFault("limit-data", { bytes: `${switched.length + 10}B` }));
    const caller = call();
    caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n");
    await caller.received(switched.length);
    caller.socket.write("0123456789abcdef");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`${switched}0123456789`);
    expect(edge.exchanges()).toMatchObject([{ end: "tunnel", status: 101, responseBytes: switched.length + 10 }]);
  });
});

describe("blackhole on an http proxy", () => {
  it("takes requests, asks nobody, and witnesses them; who waits still is reset when it is lifted", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("blackhole", {}));
    const [waiting, sending] = [call(), call()];
    waiting.socket.write(get + get);
    const upload = `POST /big HTTP/1.1\r\nHost: x\r\nContent-Length: ${16 * 2 ** 20}\r\n\r\n`;
    // More than the kernel's buffers hold: it is read.
    sending.socket.write(upload);
    sending.socket.write(Buffer.alloc(16 * 2 ** 20));
    sending.socket.end(get);
    await expect.poll(() => edge.exchanges(), { timeout: 10_000 }).toMatchObject([
      { conn: 2, nth: 1, method: "POST", path: "/big", end: "client-left", passedOn: false, requestBytes: upload.length + 16 * 2 ** 20 },
      { conn: 2, nth: 2, method: "GET", end: "client-left", passedOn: false },
    ]);
    expect([waiting.bytes.length, waiting.socket.readyState, sending.bytes.length, sending.socket.readableEnded, upstream.sockets.size]).toEqual([0, "open", 0, false, 0]);
    edge.lift();
    expect(await waiting.ended).toBe("ECONNRESET");
    const left = edge.exchanges().slice(2);
    expect(left).toMatchObject([{ conn: 1, nth: 1, end: "reset", passedOn: false, responseBytes: 0 }, { conn: 1, nth: 2, end: "reset", passedOn: false }]);
    for (const { requestEndMs, status, leftMs } of left) expect([typeof requestEndMs, status, leftMs]).toEqual(["number", undefined, undefined]);
    await expect.poll(() => edge.connections().find(({ conn }) => conn === 1)).toMatchObject({ exchanges: 2, closedBy: "fault", how: "rst", upstreamReached: false, faults: [{ decision: "applied", effect: "silence" }] });
    const [fault] = edge.connections().find(({ conn }) => conn === 1)?.faults ?? [];
    expect(fault?.releasedMs).toBeGreaterThan(fault?.actedMs ?? Number.NaN);
  });

  it.each(["fin", "rst"] as const)("tells when and how callers leave (%s)", async (how) => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("blackhole", {}, { first: 1 }));
    const [caller, spared] = [await call().connected(), await call().connected()];
    caller.socket.write(get);
    // What came before on another connection has been read when this one is answered.
    spared.socket.write(get);
    await spared.received(ok.length);
    const beforeMs = edge.env.nowMs();
    if (how === "fin") caller.socket.end();
    else caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges().filter(({ conn }) => conn === 1)).toMatchObject([{ end: "client-left", leftBy: how, passedOn: false }]);
    expect(edge.exchanges().find(({ conn }) => conn === 1)?.leftMs).toBeGreaterThanOrEqual(beforeMs);
    // No FIN is answered.
    expect(caller.socket.readableEnded).toBe(false);
    const liftedMs = edge.env.nowMs();
    edge.lift();
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1, closedBy: "client", how }]);
    expect(edge.connections()[0]?.closeMs).toBeLessThanOrEqual(liftedMs);
  });

  it("breaks off an answer under way, and lets go of upstream when its caller resets", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering((_, socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234")));
    const caller = call();
    caller.socket.write(get);
    await caller.received(44);
    edge.setFaults(connectionFault("blackhole", {}));
    for (const socket of upstream.sockets) socket.end("56789");
    await wait(edge, 50);
    expect([caller.bytes.length, caller.socket.readableEnded]).toEqual([44, false]);
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", status: 200, responseBytes: 44, passedOn: true }]);
    await expect.poll(() => upstream.sockets.size).toBe(0);
  });

  it("closes after the asked time, by FIN, whatever is sent meanwhile", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("blackhole", { closeAfter: "200ms" }));
    const caller = call();
    const startMs = edge.env.nowMs();
    const sending = setInterval(() => caller.socket.write(get), 10);
    undo.push(() => clearInterval(sending));
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(200);
    expect(new Set(edge.exchanges().map(({ end }) => end))).toEqual(new Set(["dropped"]));
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "fin" }]);
  });

  it("silences what other faults hold: it is not answered when its delay has run out", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(exchangeFault("latency", { delay: "350ms", at: "response" }), connectionFault("blackhole", {}, { fromMs: 250 }));
    const caller = await call().connected();
    caller.socket.write(get);
    await wait(edge, 500);
    expect(caller.bytes.length).toBe(0);
    caller.socket.end();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", passedOn: true, responseBytes: 0 }]);
  });

  it("leaves what is unfinished open when the run stops", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("blackhole", {}));
    const caller = call();
    caller.socket.write(get);
    await wait(edge, 100);
    await edge.server.close();
    expect(edge.exchanges()).toMatchObject([{ end: "open", passedOn: false }]);
    expect(edge.connections()).toMatchObject([{ closedBy: "proxy" }]);
  });

  it("ends with its window, and spares connections that come later", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("blackhole", {}, { forMs: 80 }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    const later = call();
    later.socket.write(get);
    expect((await later.received(ok.length)).toString()).toBe(ok);
    expect(edge.exchanges().map(({ end }) => end)).toEqual(["reset", "complete"]);
  });
});

describe("half-open on an http proxy", () => {
  it("reads no more than it must to see who asks and who leaves, and passes on no FIN and no RST", async () => {
    const { ends, handle } = witnessing();
    const { edge, upstream, call } = await setUpEdge(undo, handle, { limits: { heldBytes: 1000 } });
    const [flooding, leaving] = [call(), call()];
    for (const caller of [flooding, leaving]) {
      caller.socket.write(get);
      await caller.received(ok.length);
    }
    edge.setFaults(connectionFault("half-open", {}));
    leaving.socket.write(get);
    leaving.socket.end();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "complete" }, { conn: 2, nth: 2, end: "client-left", leftBy: "fin", passedOn: false }]);
    let written = 0;
    const send = (): void => {
      // A bound, should it be read after all.
      if (written < 64 * 2 ** 20) flooding.socket.write(Buffer.from(get.repeat(20_000)), () => ((written += get.length * 20_000), send()));
    };
    send();
    for (const socket of upstream.sockets) socket.end("goodbye");
    // Until the kernel's buffers are full: nobody reads.
    for (let before = -1; before < written; ) {
      before = written;
      await wait(edge, 150);
    }
    expect(written).toBeLessThan(64 * 2 ** 20);
    for (const caller of [flooding, leaving]) expect([caller.bytes.toString(), caller.socket.readableEnded]).toEqual([ok, false]);
    expect(ends).toEqual([]);
    edge.lift();
    expect(await flooding.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.connections().map(({ faults }) => faults?.[0]?.effect)).toEqual(["silence", "silence"]);
    const flood = edge.exchanges().filter(({ conn, nth }) => conn === 1 && nth > 1);
    expect(flood.length).toBeGreaterThan(0);
    expect(new Set(flood.map(({ end }) => end))).toEqual(new Set(["reset"]));
  });
});

describe("slow-close on an http proxy", () => {
  const delayMs = 500;
  const slow = (direction: "request" | "response" | "both" = "response") => connectionFault("slow-close", { delay: `${delayMs}ms` }, {}, direction);

  it("gives the last byte at once, and the end of an answer that has no length late", async () => {
    const answer = "HTTP/1.0 200 OK\r\n\r\nuntil the end";
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end(answer)));
    edge.setFaults(slow());
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write("GET / HTTP/1.0\r\n\r\n");
    await caller.received(answer.length);
    expect(edge.env.nowMs() - startMs).toBeLessThan(delayMs);
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(delayMs);
    expect(edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
    const [exchange] = edge.exchanges();
    expect((exchange?.endMs ?? 0) - (exchange?.headMs ?? 0)).toBeGreaterThanOrEqual(delayMs - 20);
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "fin", faults: [{ decision: "applied", effect: "hold-end" }] }]);
  });

  it("keeps answers with a length waiting for nothing, and hangs up late on who hangs up", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(slow());
    const caller = call();
    const startMs = edge.env.nowMs();
    for (let n = 1; n <= 3; n++) {
      caller.socket.write(get);
      await caller.received(n * ok.length);
    }
    caller.socket.end();
    expect(edge.env.nowMs() - startMs).toBeLessThan(delayMs);
    const endedMs = edge.env.nowMs();
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - endedMs).toBeGreaterThanOrEqual(delayMs - 20);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how: "fin", exchanges: 3 }]);
  });

  it("hangs up late behind an answer of the proxy's own", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(slow());
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write("nonsense\r\n\r\n");
    await caller.received(rejected.length);
    expect(edge.env.nowMs() - startMs).toBeLessThan(delayMs);
    expect(await caller.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(delayMs);
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "proxy", how: "fin" }]);
  });

  it("tells upstream late that the caller has gone, when told so; the run waits for neither", async () => {
    const { ends, handle } = witnessing();
    const { edge, upstream, call } = await setUpEdge(undo, handle);
    edge.setFaults(slow("request"));
    const callers = [call(), call()];
    for (const caller of callers) {
      caller.socket.write(get);
      await caller.received(ok.length);
    }
    const startMs = edge.env.nowMs();
    callers[0]?.socket.end();
    expect(await callers[0]?.ended).toBe("fin");
    expect(edge.env.nowMs() - startMs).toBeLessThan(delayMs);
    expect(ends).toEqual([]);
    await expect.poll(() => ends).toEqual(["fin"]);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(delayMs - 20);
    callers[1]?.socket.end();
    await expect.poll(() => edge.connections()).toHaveLength(2);
    expect(upstream.sockets.size).toBe(2);
    const stopMs = edge.env.nowMs();
    await edge.server.close();
    expect(edge.env.nowMs() - stopMs).toBeLessThan(delayMs);
    await expect.poll(() => ends).toEqual(["fin", "fin"]);
  });

  it("lets what it holds go when it is lifted, at once if told so", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    edge.setFaults(connectionFault("slow-close", { delay: "1h" }));
    const caller = call();
    caller.socket.write("nonsense\r\n\r\n");
    await caller.received(rejected.length);
    edge.lift(true);
    expect(await caller.ended).toBe("fin");
  });
});
