import { afterEach, describe, expect, it } from "vitest";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, echo, serveHttp2 } from "./http2-peers.ts";
import { Caller, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const frameTypes = { data: 0, headers: 1, priority: 2, rstStream: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;

function frame(type: keyof typeof frameTypes, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = frameTypes[type];
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** GET http / by the static table (RFC 7541, appendix A), with an authority of "x". */
const getHead = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x78]);
const hello = Buffer.concat([preface, frame("settings", 0, 0)]);
const endStreamAndHeaders = 0x5;

async function setUp() {
  const upstream = await serveHttp2(undo, echo);
  const edge = await startHttp2Edge(undo, upstream.port);
  const attack = (): Caller => {
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    return caller;
  };
  const stillServes = async (): Promise<void> => {
    const { headers, body } = await new Http2Caller(undo, edge.port).send({}, "well");
    expect([headers?.[":status"], body.toString()]).toEqual([200, "well"]);
  };
  return { upstream, edge, attack, stillServes };
}

/** One call through an edge in front of it, and what was answered by the time that its connection has ended. */
async function askOnce(upstream: Awaited<ReturnType<typeof serve>>) {
  undo.push(() => upstream.close());
  const edge = await startHttp2Edge(undo, upstream.port);
  const caller = new Http2Caller(undo, edge.port);
  const { headers } = await caller.ask();
  await caller.closed;
  return { edge, headers };
}

describe("the http2 lane under attack", () => {
  it.each<readonly [string, Buffer]>([
    ["a preface that is none", Buffer.from("PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n")],
    ["garbage", Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 91) & 255))],
    ["a window that overflows", Buffer.concat([hello, frame("windowUpdate", 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff])), frame("windowUpdate", 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))])],
    ["a frame larger than was allowed", Buffer.concat([hello, frame("data", 0, 1, Buffer.alloc(20_000))])],
    ["half a frame larger than was allowed, and much behind it", Buffer.concat([hello, frame("data", 0, 1, Buffer.alloc(3_000_000)).subarray(0, 2_000_000)])],
    ["settings of an odd length", Buffer.concat([hello, frame("settings", 0, 0, Buffer.alloc(5))])],
    ["data of no stream", Buffer.concat([hello, frame("data", 0, 0, Buffer.alloc(5))])],
    ["a CONTINUATION of nothing", Buffer.concat([hello, frame("continuation", 0x4, 1, getHead)])],
    ["another frame in the midst of a head", Buffer.concat([hello, frame("headers", 0x1, 1, getHead), frame("ping", 0, 0, Buffer.alloc(8))])],
    ["a field that is not compressed well", Buffer.concat([hello, frame("headers", endStreamAndHeaders, 1, Buffer.alloc(7, 0xff))])],
    // Newer versions of node:http2 pass priorities by, as RFC 9113 §5.3 lets them.
    ...(Number.parseInt(process.versions.node) < 24 ? [["a stream that depends on itself", Buffer.concat([hello, frame("priority", 0, 1, Buffer.from([0, 0, 0, 1, 1]))])] satisfies [string, Buffer]] : []),
  ])("ends a connection that speaks %s, says so, and serves the others", async (_what, bytes) => {
    const { edge, attack, stillServes } = await setUp();
    const caller = attack();
    caller.socket.write(bytes);
    await caller.ended;
    await expect.poll(() => edge.issues()).toMatchObject([{ code: "malformed-request" }]);
    await stillServes();
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1, closedBy: "proxy" }]);
  });

  it("bounds a flood of resets (CVE-2023-44487)", async () => {
    const { edge, attack, stillServes } = await setUp();
    const caller = attack();
    caller.socket.write(hello);
    for (let batch = 0; batch < 50; batch += 1) {
      const frames = Array.from({ length: 200 }, (_, i) => {
        const id = (batch * 200 + i) * 2 + 1;
        return Buffer.concat([frame("headers", endStreamAndHeaders, id, getHead), frame("rstStream", 0, id, Buffer.from([0, 0, 0, 8]))]);
      });
      caller.socket.write(Buffer.concat(frames));
    }
    await caller.ended;
    expect(edge.exchanges().length).toBeLessThan(3000);
    await stillServes();
  });

  it.each([
    ["a frame larger than was allowed", (caller: Caller) => caller.socket.write(frame("data", 0, 1, Buffer.alloc(20_000)))],
    ["a field that is not compressed well", (caller: Caller) => caller.socket.write(frame("headers", endStreamAndHeaders, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])))],
    ["a flood of CONTINUATION frames", (caller: Caller) => {
      caller.socket.write(frame("headers", 0x1, 1, getHead));
      for (let i = 0; i < 2000; i += 1) caller.socket.write(frame("continuation", 0, 1, Buffer.alloc(1000, 0x82)));
    }],
    ["a flood of SETTINGS frames", (caller: Caller) => {
      caller.socket.pause();
      const flood = Buffer.concat(Array.from({ length: 2000 }, () => frame("settings", 0, 0)));
      for (let i = 0; i < 40; i += 1) caller.socket.write(flood);
      caller.socket.resume();
    }],
    ["a flood of PING frames", (caller: Caller) => {
      caller.socket.pause();
      const flood = Buffer.concat(Array.from({ length: 2000 }, () => frame("ping", 0, 0, Buffer.alloc(8))));
      for (let i = 0; i < 40; i += 1) caller.socket.write(flood);
      caller.socket.resume();
    }],
    ["a head too large", (caller: Caller) => {
      // A literal of 16,000 characters, again and again in one head.
      const literal = Buffer.concat([Buffer.from([0x00, 0x01, 0x61, 0x7f, 0x81, 0x7c]), Buffer.alloc(16_000, 0x62)]);
      caller.socket.write(frame("headers", 0x1, 1, getHead));
      for (let i = 0; i < 50; i += 1) caller.socket.write(frame("continuation", 0, 1, literal));
    }],
  ])("is not brought down by %s", async (_what, flood) => {
    const { edge, attack, stillServes } = await setUp();
    const caller = attack();
    caller.socket.write(hello);
    flood(caller);
    await stillServes();
    await Promise.race([caller.ended, new Promise((resolve) => { setImmediate(resolve); })]);
    await stillServes();
    await expect.poll(() => edge.exchanges().filter(({ path, method, end }) => path === "/" && method === "POST" && end === "complete")).toHaveLength(2);
  });

  it.each([["a fault ends it", true], ["it breaks the protocol", false]])("streams that came in one packet end quietly with their connection when %s", async (_what, byFault) => {
    const { edge, attack, stillServes } = await setUp();
    if (byFault) edge.setFaults(exchangeFault("goaway", { graceful: false }, { first: 1 }));
    const caller = attack();
    const heads = Array.from({ length: 20 }, (_, i) => frame("headers", endStreamAndHeaders, 2 * i + 1, getHead));
    caller.socket.write(Buffer.concat([hello, ...heads, byFault ? Buffer.alloc(0) : frame("windowUpdate", 0, 0, Buffer.alloc(4))]));
    await caller.ended;
    await expect.poll(() => edge.exchanges().length).toBeGreaterThan(0);
    edge.lift();
    await stillServes();
  });

  it("passes on once what no message may say twice, in a head and in trailers", async () => {
    // `age` twice, a literal without indexing and with a name that is not (RFC 7541 §6.2.2).
    const ages = Buffer.concat(["1", "2"].map((age) => Buffer.concat([Buffer.from([0x00, 0x03]), Buffer.from("age"), Buffer.from([0x01]), Buffer.from(age)])));
    const upstream = await serve((socket) => {
      socket.once("data", () => {
        socket.write(Buffer.concat([frame("settings", 0, 0), frame("settings", 1, 0)]));
        socket.write(Buffer.concat([frame("headers", 0x4, 1, Buffer.concat([Buffer.from([0x88]), ages])), frame("data", 0, 1, Buffer.from("body")), frame("headers", endStreamAndHeaders, 1, ages)]));
      });
    });
    undo.push(() => upstream.close());
    const edge = await startHttp2Edge(undo, upstream.port);
    const { headers, body, trailers, code } = await new Http2Caller(undo, edge.port).ask();
    expect([headers?.[":status"], headers?.["age"], body.toString(), trailers?.["age"], code]).toEqual([200, "1", "body", "1", 0]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }]);
  });

  it.each([
    ["a frame larger than was allowed", Buffer.concat([frame("settings", 0, 0), frame("data", 0, 1, Buffer.alloc(20_000))])],
    ["a field that is not compressed well", Buffer.concat([frame("settings", 0, 0), frame("headers", 0x4, 1, Buffer.alloc(7, 0xff))])],
    ["HTTP/1, and stays", Buffer.from("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")],
  ])("ends the calls to an upstream that speaks %s, and says so", async (_what, bytes) => {
    const { edge, headers } = await askOnce(await serve((socket) => socket.once("data", () => socket.write(bytes))));
    expect(headers).toBeUndefined();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    expect(edge.issues()).toMatchObject([{ code: "malformed-response", message: expect.stringMatching(/^upstream broke HTTP\/2: /) as string }]);
  });

  it("is not brought down by an upstream that speaks something else", async () => {
    for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", "\u0000\u0001", frame("headers", 0x5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])).toString("latin1")]) {
      const { edge, headers } = await askOnce(await serve((socket) => socket.on("data", () => socket.write(answer, "latin1", () => socket.end()))));
      expect(headers).toBeUndefined();
      await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    }
  });
});

describe("interim answers without end on the http2 lane", () => {
  it("make upstream wait when their caller does not read, and go on when it does", async () => {
    const hints = Buffer.concat(Array.from({ length: 4000 }, () => frame("headers", 0x4, 1, Buffer.from([0x08, 0x03, 0x31, 0x30, 0x33]))));
    const enough = 48 * 2 ** 20;
    let written = 0;
    let isOver = false;
    const upstream = await serve((socket) => {
      const more = (): void => {
        if (isOver) socket.write(frame("headers", endStreamAndHeaders, 1, Buffer.from([0x88])));
        else if (written < enough) socket.write(hints, (error) => (error ? undefined : ((written += hints.length), more())));
      };
      socket.write(frame("settings", 0, 0));
      // The head of a request may come apart from what is said first.
      socket.on("data", (bytes: Buffer) => void (written === 0 && bytes.includes(getHead.subarray(3)) && more()));
    });
    undo.push(() => upstream.close());
    const edge = await startHttp2Edge(undo, upstream.port);
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    caller.socket.pause();
    caller.socket.write(Buffer.concat([hello, frame("headers", endStreamAndHeaders, 1, getHead)]));
    let before = -1;
    await expect.poll(() => {
      const isStill = written > 0 && written === before;
      before = written;
      return isStill;
    }, { interval: 1000, timeout: 30_000 }).toBe(true);
    expect(written).toBeLessThan(enough / 2);
    isOver = true;
    caller.socket.resume();
    await expect.poll(() => edge.exchanges(), { timeout: 20_000 }).toMatchObject([{ status: 200, end: "complete" }]);
  }, 60_000);
});

describe("a caller that gives many calls up", () => {
  it("is told to take another connection before HTTP/2 would end this one", async () => {
    const upstream = await serveHttp2(undo, () => undefined);
    const edge = await startHttp2Edge(undo, upstream.port);
    edge.setFaults(exchangeFault("hang", {}));
    const caller = new Http2Caller(undo, edge.port);
    while (!caller.session.closed) {
      const calls = Array.from({ length: 50 }, () => caller.open({}));
      await expect.poll(() => calls.every(({ stream }) => !stream.pending)).toBe(true);
      await new Promise((resolve) => { caller.session.ping(resolve); });
      for (const { stream } of calls) stream.close(8);
      await Promise.all(calls.map(({ got }) => got));
    }
    await caller.closed;
    expect(caller.goaways[0]).toMatchObject({ code: 0 });
    await expect.poll(() => edge.issues()).toMatchObject([{ code: "many-resets" }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ conn: 1 }]);
    expect(edge.exchanges().every(({ end }) => end === "client-left")).toBe(true);
  });
});
