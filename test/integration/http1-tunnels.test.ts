import { afterEach, describe, expect, it } from "vitest";
import type { Socket } from "node:net";
import { connectionFault } from "./plane.ts";
import { answering, exchangeFault, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { setUpForward } from "./forward-edge.ts";
import { echo, refuse } from "./wire.ts";
import type { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const established = "HTTP/1.1 200 Connection established\r\n\r\n";
const connectTo = (authority: string): string => `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;

async function opened(caller: Caller, authority: string): Promise<void> {
  caller.socket.write(connectTo(authority));
  expect((await caller.received(established.length)).toString()).toBe(established);
}

describe("a tunnel", () => {
  it("passes all bytes on as they are, both ways, and ends as its ends do", async () => {
    const { edge, call, toHere } = await setUpForward(undo, echo);
    const caller = call();
    await opened(caller, toHere);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256));
    caller.socket.write(bytes);
    const all = await caller.received(established.length + bytes.length);
    expect(all.subarray(established.length).equals(bytes)).toBe(true);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "CONNECT", path: toHere, authority: toHere, status: 200, end: "tunnel", passedOn: true }]);
    expect(edge.exchanges()[0]?.carries).toBeUndefined();
    await expect.poll(() => edge.connections()).toMatchObject([{ exchanges: 1, upstreamReached: true, responseBytes: established.length + bytes.length }]);
  });

  it("lets a host speak first", async () => {
    const { call, toHere } = await setUpForward(undo, (socket) => {
      socket.write("220 ready\r\n");
      socket.on("data", (bytes) => socket.write(bytes));
    });
    const caller = call();
    caller.socket.write(connectTo(toHere));
    const greeting = `${established}220 ready\r\n`;
    await caller.received(greeting.length);
    // Looks like the beginning of a request, and is none.
    expect(await caller.ask("EHLO me.test\r\n")).toBe("EHLO me.test\r\n");
    expect(caller.bytes.toString()).toBe(`${greeting}EHLO me.test\r\n`);
  });

  it("passes on what was sent before it was open, behind its opening", async () => {
    const { call, toHere } = await setUpForward(undo, echo);
    const caller = call();
    caller.socket.write(`${connectTo(toHere)}early`);
    await caller.received(established.length + 5);
    expect(caller.bytes.toString()).toBe(`${established}early`);
  });

  it("to where nobody listens is no tunnel, but a reset", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const { edge, call } = await setUpForward(undo, echo);
    const caller = call();
    caller.socket.write(connectTo(`127.0.0.1:${nobody.port}`));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(0);
    expect(edge.exchanges()).toMatchObject([{ method: "CONNECT", end: "upstream-unreachable", passedOn: false }]);
  });

  it("is a connection of its own, whatever else goes to that host", async () => {
    const { here, call, toHere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write(`GET http://${toHere}/ HTTP/1.1\r\nHost: ${toHere}\r\n\r\n`);
    await caller.received(ok.length);
    caller.socket.write(connectTo(toHere));
    await caller.received(ok.length + established.length);
    expect(here.sockets.size).toBe(2);
  });

  it("resets one end when the other is reset", async () => {
    const { here, edge, call, toHere } = await setUpForward(undo, echo);
    const caller = call();
    await opened(caller, toHere);
    await caller.ask("x");
    for (const socket of here.sockets) socket.resetAndDestroy();
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "tunnel" }]);
  });
});

describe("faults on a tunnel", () => {
  const askOf = async (fault: Parameters<typeof exchangeFault>) => {
    const { here, edge, call, toHere } = await setUpForward(undo, echo);
    edge.setFaults(exchangeFault(...fault));
    const caller = call();
    caller.socket.write(connectTo(toHere));
    return { here, edge, caller, toHere };
  };

  it("answer its CONNECT with an error; the connection goes on, and can ask again", async () => {
    const { here, edge, caller, toHere } = await askOf(["error", { status: 503, body: "no" }, { first: 1 }]);
    await expect.poll(() => caller.bytes.toString()).toMatch(/^HTTP\/1\.1 503 .*no$/s);
    expect(here.sockets.size).toBe(0);
    const before = caller.bytes.length;
    caller.socket.write(connectTo(toHere));
    expect((await caller.received(before + established.length)).subarray(before).toString()).toBe(established);
    expect(edge.exchanges()).toMatchObject([{ method: "CONNECT", status: 503, end: "complete", passedOn: false }]);
  });

  it("delay it: the host is called later", async () => {
    let reachedMs = 0;
    const { edge, call, toHere } = await setUpForward(undo, () => (reachedMs = edge.env.nowMs()));
    edge.setFaults(exchangeFault("latency", { delay: "120ms", at: "request" }));
    const caller = call();
    const startMs = edge.env.nowMs();
    await opened(caller, toHere);
    expect(reachedMs - startMs).toBeGreaterThanOrEqual(119);
  });

  it("reset it", async () => {
    const { caller } = await askOf(["reset", { at: "request" }]);
    expect(await caller.ended).toBe("ECONNRESET");
  });

  it("reset it before it is open: it was none", async () => {
    const { edge, caller } = await askOf(["reset", { at: "response" }]);
    expect(await caller.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "CONNECT", end: "reset", passedOn: true }]);
  });

  it.each([["fin", "tunnel"], ["rst", "client-left"]] as const)("hold its answer back until its caller leaves, which is witnessed (%s)", async (leftBy, end) => {
    const { here, edge, caller } = await askOf(["latency", { delay: "400ms", at: "response" }]);
    await expect.poll(() => here.sockets.size).toBe(1);
    if (leftBy === "fin") caller.socket.destroy();
    else caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "CONNECT", end, leftBy, passedOn: true }]);
  });

  it("hang it, until they are lifted", async () => {
    const { here, edge, caller } = await askOf(["hang", {}]);
    const startMs = edge.env.nowMs();
    await expect.poll(() => edge.env.nowMs() - startMs > 50).toBe(true);
    expect(caller.bytes.length).toBe(0);
    edge.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    expect(here.sockets.size).toBe(0);
  });

  it("act on the bytes that go through it, when they are of the layer connection", async () => {
    const { edge, call, toHere } = await setUpForward(undo, echo);
    const caller = call();
    await opened(caller, toHere);
    edge.setFaults({ ...connectionFault("latency", { delay: "100ms" }), proxy: "edge" });
    const startMs = edge.env.nowMs();
    expect(await caller.ask("hello")).toBe("hello");
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(99);
  });

  it.each([["bandwidth", { throughput: "1KB/s" }, 100], ["slow-body", { size: "10B", spacing: "10ms" }, 100], ["slow-body", { over: "1h" }, 0]] as const)("of what callers send act on what goes through it, and no byte is lost: %s %j", async (type, params, leastMs) => {
    let seen = "";
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { edge, call, toHere } = await setUpForward(undo, (socket) => socket.on("data", (bytes) => (seen += bytes.toString())).on("end", () => end?.()));
    edge.setFaults({ ...exchangeFault(type, params), direction: "request" });
    const caller = call();
    await opened(caller, toHere);
    const startMs = edge.env.nowMs();
    caller.socket.end("x".repeat(101));
    await ended;
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(leastMs);
    expect(seen).toBe("x".repeat(101));
  });

  it("of what callers send leave a connection alone on which no tunnel was opened", async () => {
    const { edge, call, toHere } = await setUpForward(undo, answering((_, socket) => socket.write(ok)));
    edge.setFaults({ ...exchangeFault("bandwidth", { throughput: "10KB/s" }), direction: "request" });
    const caller = call();
    const request = `GET http://${toHere}/ HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n`;
    caller.socket.write(request + request + request);
    await caller.received(3 * ok.length);
    expect(caller.bytes.toString()).toBe(ok + ok + ok);
  });

  it("slow its opening down too, and no byte of its CONNECT reaches the host", async () => {
    const { edge, call, toHere } = await setUpForward(undo, echo);
    edge.setFaults(connectionFault("slicer", { size: "7B", spacing: "2ms" }, {}, "request"));
    const caller = call();
    caller.socket.write(connectTo(toHere));
    await caller.received(established.length);
    expect(await caller.ask("hello, host")).toBe("hello, host");
    expect(caller.bytes.toString()).toBe(`${established}hello, host`);
  });
});

describe("plain HTTP through a tunnel", () => {
  const paths = (socket: Socket): void => answering((text) => {
    for (const [, path = ""] of text.matchAll(/^[A-Z]+ (\S+) HTTP/gm)) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`);
  })(socket);
  const answers = (...all: readonly string[]): string => all.map((path) => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`).join("");

  it("is witnessed request by request, and passed on to the byte", async () => {
    let seen = "";
    const { edge, call, toHere } = await setUpForward(undo, (socket) => {
      socket.on("data", (bytes) => (seen += bytes.toString()));
      paths(socket);
    });
    const caller = call();
    await opened(caller, toHere);
    const first = "GET /a HTTP/1.1\r\nhost: x\r\nProxy-Connection: kept\r\ntraceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-01\r\n\r\n";
    const more = "GET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n";
    caller.socket.write(first);
    await caller.received(established.length + answers("/a").length);
    caller.socket.write(more);
    await caller.received(established.length + answers("/a", "/b", "/c").length);
    expect(seen).toBe(first + more);
    expect(caller.bytes.toString()).toBe(established + answers("/a", "/b", "/c"));
    expect(edge.exchanges()).toMatchObject([
      { method: "CONNECT", authority: toHere, end: "tunnel", carries: "http" },
      { method: "GET", path: "/a", authority: toHere, nth: 2, trace: "0123456789abcdef0123456789abcdef", end: "complete" },
      { path: "/b", authority: toHere }, { path: "/c", authority: toHere },
    ]);
  });

  it("meets faults request by request", async () => {
    const { here, edge, call, toHere } = await setUpForward(undo, paths);
    edge.setFaults(exchangeFault("error", { status: 503, body: "no" }, { match: { path: { glob: "/b" }, host: { glob: "127.0.0.1" } } }));
    const caller = call();
    await opened(caller, toHere);
    for (const path of ["/a", "/b", "/c"]) {
      caller.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await expect.poll(() => edge.exchanges().at(-1)?.path).toBe(path);
    }
    expect(edge.exchanges().map(({ path, status }) => [path, status])).toEqual([[toHere, 200], ["/a", 200], ["/b", 503], ["/c", 200]]);
    expect(here.sockets.size).toBe(1);
  });

  it("may ask its host for a tunnel in turn, where that is a proxy as well", async () => {
    let seen = "";
    const { here, call, toHere } = await setUpForward(undo, (socket) => socket.on("data", (bytes) => {
      seen += bytes.toString();
      socket.write(seen.endsWith("inside") ? "inside" : "HTTP/1.1 200 Its own\r\n\r\n");
    }));
    const caller = call();
    await opened(caller, toHere);
    const nested = connectTo("further.test:443");
    caller.socket.write(nested);
    await caller.received(established.length + 24);
    expect(await caller.ask("inside")).toBe("inside");
    expect(caller.bytes.toString()).toBe(`${established}HTTP/1.1 200 Its own\r\n\r\ninside`);
    expect(seen).toBe(`${nested}inside`);
    expect(here.sockets.size).toBe(1);
  });

  it("stays bytes where a fault acts on the bytes of the tunnel", async () => {
    const { edge, call, toHere } = await setUpForward(undo, paths);
    edge.setFaults(exchangeFault("bandwidth", { throughput: "100KB/s" }));
    const caller = call();
    await opened(caller, toHere);
    caller.socket.write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
    await caller.received(established.length + answers("/a").length);
    caller.socket.end();
    await expect.poll(() => edge.exchanges().map(({ method }) => method)).toEqual(["CONNECT"]);
  });
});
