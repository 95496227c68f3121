import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { answering, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { undoAll } from "./tcp-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const okay = answering((_, socket) => socket.write(ok));
const withHeaders = (count: number): string => `GET / HTTP/1.1\r\nHost: x\r\n${"a:b\r\n".repeat(count - 1)}\r\n`;

describe("connections beyond the limit of a proxy", () => {
  it("are reset at accept, in sight of the witness, which says why once; when others go there is room again", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, okay, { proxy: { limits: { connections: 2 } } });
    const [first, second] = [call(), call()];
    for (const caller of [first, second]) {
      caller.socket.write(get);
      await caller.received(ok.length);
    }
    for (const caller of [call(), call()]) expect(await caller.ended).toBe("ECONNRESET");
    expect(upstream.sockets.size).toBe(2);
    await expect.poll(() => edge.connections()).toMatchObject([3, 4].map((conn) => ({ conn, closedBy: "proxy", how: "rst", exchanges: 0, upstreamReached: false })));
    expect(edge.connections().flatMap(({ faults = [] }) => faults)).toEqual([]);
    expect(edge.issues()).toMatchObject([{ code: "too-many-connections", message: "2 connections are open at once, its limit: further ones are reset; raise limits.connections if callers are meant to have so many" }]);
    first.close();
    await expect.poll(() => edge.connections().length).toBe(3);
    const third = call();
    third.socket.write(get);
    expect((await third.received(ok.length)).toString()).toBe(ok);
  });

  it("are a fault's where a fault admits fewer", async () => {
    const { edge, call } = await setUpEdge(undo, okay, { proxy: { limits: { connections: 1 } } });
    edge.setFaults(connectionFault("connection-limit", { connections: 1, end: "close" }));
    await call().connected();
    const second = call();
    expect(await second.ended).toBe("fin");
    expect(edge.issues()).toEqual([]);
  });
});

describe("heads beyond the limits of a proxy", () => {
  it("have 2,000 headers by default: one more is answered 431", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    const caller = call();
    caller.socket.write(withHeaders(2000));
    await caller.received(ok.length);
    caller.socket.write(withHeaders(2001));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.subarray(ok.length).toString()).toMatch(/^HTTP\/1\.1 431 /);
    expect(edge.exchanges()).toMatchObject([{ end: "complete" }, { end: "rejected", status: 431, passedOn: false }]);
  });

  it("are as the proxy says: bytes, headers and time of requests", async () => {
    const { edge, call } = await setUpEdge(undo, okay, { proxy: { limits: { headBytes: 100, headerCount: 2, headMs: 50 } } });
    const rejections: string[] = [];
    for (const request of ["GET / HTTP/1.1\r\nHost: x\r\na:b\r\na:b\r\n\r\n", `GET /${"a".repeat(100)} HTTP/1.1\r\n`, "GET / HT"]) {
      const caller = call();
      caller.socket.write(request);
      await caller.ended;
      rejections.push(caller.bytes.toString().slice(0, 12));
    }
    expect(rejections).toEqual(["HTTP/1.1 431", "HTTP/1.1 431", "HTTP/1.1 408"]);
    const caller = call();
    caller.socket.write("GET / HTTP/1.1\r\nHost: x\r\na:b\r\n\r\n");
    expect((await caller.received(ok.length)).toString()).toBe(ok);
    expect(edge.issues()).toMatchObject([
      { code: "too-many-headers", message: "answered 431 in upstream's place: a request head of 3 headers, and limits.headers of this proxy is 2: raise it if callers are meant to send so many" },
      { code: "head-too-large", message: expect.stringMatching(/^answered 431 in upstream's place: a request head of 1\d\d or more bytes, and limits.head of this proxy is 100B: raise it if callers are meant to send so much$/) },
      { code: "head-too-slow", message: "answered 408 in upstream's place: a request head of which 8 bytes had come, and not its end, after the 50ms of limits.headTimeout: raise it if callers are meant to take so long" },
    ]);
  });

  it("are told of once, however many there are", async () => {
    const { edge, call } = await setUpEdge(undo, okay, { proxy: { limits: { headerCount: 2 } } });
    for (const count of [3, 4, 5]) {
      const caller = call();
      caller.socket.write(withHeaders(count));
      await caller.ended;
      expect(caller.bytes.toString()).toContain(`\r\n\r\na request head of ${count} headers, and limits.headers of this proxy is 2: `);
    }
    expect(edge.exchanges()).toHaveLength(3);
    expect(edge.issues()).toHaveLength(1);
  });

  it("of answers end the connection, and the witness says so", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write("HTTP/1.1 200 OK\r\na:b\r\na:b\r\nContent-Length: 0\r\n\r\n")), { proxy: { limits: { headerCount: 2 } } });
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-lost" }]);
    expect(edge.issues()).toMatchObject([{ code: "too-many-headers", message: "upstream sent a response head of 3 headers, and limits.headers of this proxy is 2: raise it if upstream is meant to send so many" }]);
  });
});

describe("requests beyond the limit of a connection", () => {
  it("wait until those before them are answered", async () => {
    const asked: string[] = [];
    let answer: (() => void) | undefined;
    const { call } = await setUpEdge(undo, (socket) => {
      answer = () => socket.write(ok.repeat(asked.splice(0).length));
      socket.on("data", (bytes) => asked.push(...bytes.toString().split("\r\n\r\n").slice(0, -1)));
    }, { proxy: { limits: { inFlight: 2 } } });
    const caller = call();
    let answered = 0;
    // One packet each: what came with a packet is not given back.
    for (let n = 0; n < 6; n++) await new Promise<void>((resolve) => void caller.socket.write(get, () => setTimeout(resolve, 15)));
    while (answered < 6) {
      await expect.poll(() => asked.length).toBeGreaterThan(0);
      expect(asked.length).toBeLessThan(6);
      answered += asked.length;
      answer?.();
      await caller.received(answered * ok.length);
    }
    expect(caller.bytes.toString()).toBe(ok.repeat(6));
  });
});

describe("connections on which nothing happens", () => {
  it("are closed after the time that the proxy says, and not while an answer is awaited", async () => {
    const idleMs = 1000;
    const asking: Socket[] = [];
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", () => asking.push(socket)), { proxy: { limits: { idleMs } } });
    const busy = call();
    busy.socket.write(get);
    await expect.poll(() => asking.length).toBe(1);
    const silent = call();
    expect(await silent.ended).toBe("fin");
    const answeredMs = edge.env.nowMs();
    asking[0]?.write(ok);
    expect((await busy.received(ok.length)).toString()).toBe(ok);
    expect(await busy.ended).toBe("fin");
    expect(edge.env.nowMs() - answeredMs).toBeGreaterThanOrEqual(idleMs);
    for (const caller of [silent, busy]) caller.close();
    await expect.poll(() => edge.connections().map(({ exchanges, closedBy, how }) => `${exchanges} ${closedBy} ${how}`).sort()).toEqual(["0 proxy fin", "1 proxy fin"]);
  });

  it("stay for ever unless it says so", async () => {
    const { edge, call } = await setUpEdge(undo, okay);
    const caller = await call().connected();
    caller.socket.write("\r\n");
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(caller.socket.readableEnded).toBe(false);
    expect(edge.connections()).toEqual([]);
  });
});
