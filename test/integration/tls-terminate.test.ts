import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import { answering, exchangeFault, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { makeCertificates, SecuredCaller, startProxy, until } from "./tls-edge.ts";
import { hashOf, patterned, undoAll } from "./tcp-edge.ts";
import { Caller, echo, serve } from "./wire.ts";

const undo: Undo = [];
let certificates: Awaited<ReturnType<typeof makeCertificates>>;

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => undoAll(undo));

/** An upstream in the open, a proxy that terminates TLS, and callers that trust it. */
async function setUp(lane: ProxyConfig["lane"], handle: Parameters<typeof serve>[0]) {
  const upstream = await serve(handle);
  undo.push(() => upstream.close());
  const proxy = await startProxy(undo, { lane, tls: certificates.tls, upstream: { host: "127.0.0.1", port: upstream.port } });
  const call = (options: ConstructorParameters<typeof SecuredCaller>[1] = {}): SecuredCaller => new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca, servername: "localhost", ...options });
  return { upstream, proxy, call };
}

const get = "GET /stock HTTP/1.1\r\nHost: payments.test\r\n\r\n";

describe("a listener that terminates TLS", () => {
  it("shows a certificate of its authority for names and addresses of this machine, and those that were added", async () => {
    const { proxy, call } = await setUp("http1", answering((_, socket) => socket.write(ok)));
    for (const servername of ["localhost", "payments.test"]) expect(await call({ servername }).shaken).toBe("secure");
    expect(await new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca }).shaken).toBe("secure");
    expect(await call({ servername: "other.test" }).shaken).toBe("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("witnesses exchanges as in the open", async () => {
    const { proxy, call } = await setUp("http1", answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write(get);
    await caller.received(ok.length);
    caller.socket.write(get);
    expect(await caller.received(2 * ok.length)).toBe(ok + ok);
    const { exchanges, connections, issues } = await proxy.told();
    expect(exchanges).toMatchObject([{ method: "GET", path: "/stock", status: 200, end: "complete", nth: 1 }, { nth: 2, end: "complete", requestBytes: get.length }]);
    expect(connections).toMatchObject([{ exchanges: 2, requestBytes: 2 * get.length, upstreamReached: true }]);
    expect(issues).toEqual([]);
  });

  it("speaks HTTP/1.1 with who offers it, and with who offers nothing", async () => {
    const { call } = await setUp("http1", answering((_, socket) => socket.write(ok)));
    const [both, none] = [call({ ALPNProtocols: ["h2", "http/1.1"] }), call()];
    expect([await both.shaken, both.socket.alpnProtocol]).toEqual(["secure", "http/1.1"]);
    expect([await none.shaken, none.socket.alpnProtocol]).toEqual(["secure", false]);
  });

  it("refuses who speaks nothing that it speaks, and says so", async () => {
    const { proxy, call } = await setUp("http1", echo);
    expect(await call({ ALPNProtocols: ["h2"] }).shaken).toMatch(/NO_APPLICATION_PROTOCOL/);
    const { issues, connections } = await proxy.told();
    expect(issues).toMatchObject([{ code: "tls-handshake", message: "the handshake with a caller failed: no application protocol" }]);
    expect(connections).toMatchObject([{ exchanges: 0, upstreamReached: false, closedBy: "client" }]);
  });

  it("tells of a caller that speaks plain HTTP, and dials no upstream for it", async () => {
    const { upstream, proxy } = await setUp("http1", echo);
    const caller = new Caller(proxy.port);
    undo.push(() => caller.close());
    caller.socket.write(get);
    await caller.ended;
    expect(upstream.sockets.size).toBe(0);
    expect((await proxy.told()).issues).toMatchObject([{ code: "tls-handshake", message: expect.stringMatching(/plain HTTP .* https:/) as string }]);
  });

  it("takes a caller that goes away before its handshake for just that", async () => {
    const { proxy } = await setUp("tcp", echo);
    let left = 0;
    for (const leave of [(caller: Caller) => caller.socket.end(), (caller: Caller) => caller.socket.resetAndDestroy()]) {
      const caller = await new Caller(proxy.port).connected();
      leave(caller);
      await until(() => proxy.records.filter(({ kind }) => kind === "connection").length > left);
      left++;
    }
    const { issues, connections } = await proxy.told();
    expect(issues).toEqual([]);
    expect(connections).toMatchObject([{ closedBy: "client", how: "fin" }, { closedBy: "client", how: "rst" }]);
  });

  it("ends a connection whose records are broken behind the handshake", async () => {
    const { proxy } = await setUp("tcp", echo);
    const socket = connect({ port: proxy.port, host: "127.0.0.1" });
    const caller = new SecuredCaller(undo, { socket, ca: certificates.ca, servername: "localhost" });
    await caller.shaken;
    socket.write("this is no record of TLS at all");
    expect(await caller.ended).not.toBe("");
    await once(socket, "close");
    const { connections } = await proxy.told();
    expect(connections).toHaveLength(1);
  });

  it.each([["says nothing", Buffer.alloc(0)], ["begins a handshake", Buffer.from([0x16, 3, 1, 2])]])("closes a connection that %s and does not shake hands in time, and tells it once", async (_what, bytes) => {
    const upstream = await serve(echo);
    undo.push(() => upstream.close());
    const proxy = await startProxy(undo, { lane: "tcp", tls: certificates.tls, upstream: { host: "127.0.0.1", port: upstream.port }, limits: { headMs: 1000, connections: 2 } });
    const slow = await Promise.all([1, 2].map(() => new Caller(proxy.port).connected()));
    for (const caller of slow) caller.socket.write(bytes);
    for (const caller of slow) expect(await caller.ended).toBe("fin");
    const caller = new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca, servername: "localhost" });
    expect(await caller.shaken).toBe("secure");
    // Who has shaken hands may rest.
    await new Promise((resolve) => { proxy.env.after(1200, () => resolve(undefined)); });
    caller.socket.write("still here");
    expect(await caller.received(10)).toBe("still here");
    for (const one of slow) one.close();
    const { issues, connections } = await proxy.told();
    expect(issues).toMatchObject([{ code: "handshake-too-slow", message: "a caller had not ended its TLS handshake after the 1s of limits.headTimeout, and its connection was closed: raise it if callers are meant to take so long" }]);
    expect(connections.slice(0, 2)).toMatchObject([{ closedBy: "proxy", how: "fin" }, { closedBy: "proxy", how: "fin" }]);
  });

  it("stops while a caller has not shaken hands", async () => {
    const { proxy } = await setUp("http1", echo);
    const caller = await new Caller(proxy.port).connected();
    undo.push(() => caller.close());
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "proxy", how: "fin" }]);
    expect(await caller.ended).not.toBe("");
  });
});

describe("bytes inside TLS", () => {
  it("go both ways unchanged, with backpressure", async () => {
    const { call } = await setUp("tcp", echo);
    const caller = call();
    const sent = patterned(8 * 1024 * 1024);
    caller.socket.end(sent);
    expect(await caller.ended).toBe("fin");
    expect([caller.bytes.length, hashOf(caller.bytes)]).toEqual([sent.length, hashOf(sent)]);
  });

  it("may end in one direction while the other goes on", async () => {
    const { proxy, call } = await setUp("tcp", (socket) => {
      socket.on("end", () => socket.end("and after your end"));
      socket.resume();
    });
    const caller = call();
    caller.socket.end("all that I have");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("and after your end");
    expect((await proxy.told()).connections).toMatchObject([{ requestBytes: 15, responseBytes: 18, closedBy: "client", how: "fin" }]);
  });

  it.each(["tcp", "http1"] as const)("are cut off by a true RST when upstream resets (%s)", async (lane) => {
    const { proxy, call } = await setUp(lane, (socket) => socket.once("data", () => socket.resetAndDestroy()));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "upstream", how: "rst" }]);
  });

  it.each(["tcp", "http1"] as const)("are cut off for upstream by a true RST when the caller resets (%s)", async (lane) => {
    const atUpstream: string[] = [];
    const { upstream, proxy } = await setUp(lane, (socket) => {
      socket.on("error", (error: NodeJS.ErrnoException) => atUpstream.push(error.code ?? "")).on("end", () => atUpstream.push("fin")).resume();
    });
    const raw = connect({ port: proxy.port, host: "127.0.0.1" });
    const caller = new SecuredCaller(undo, { socket: raw, ca: certificates.ca, servername: "localhost" });
    caller.socket.write(get);
    await until(() => [...upstream.sockets].some(({ bytesRead }) => bytesRead === get.length));
    raw.resetAndDestroy();
    await until(() => atUpstream.length > 0);
    expect(atUpstream).toEqual(["ECONNRESET"]);
    const { connections, exchanges } = await proxy.told();
    expect(connections).toMatchObject([{ closedBy: "client", how: "rst" }]);
    expect(exchanges.map(({ end, leftBy }) => [end, leftBy])).toEqual(lane === "http1" ? [["client-left", "rst"]] : []);
  });

  it("reset with bytes still under way is a reset, not an end", async () => {
    const { proxy } = await setUp("tcp", (socket) => socket.on("error", () => undefined).resume());
    const raw = connect({ port: proxy.port, host: "127.0.0.1" });
    const caller = new SecuredCaller(undo, { socket: raw, ca: certificates.ca, servername: "localhost" });
    await caller.shaken;
    caller.socket.write("some last bytes");
    raw.resetAndDestroy();
    await once(raw, "close");
    await until(() => proxy.records.some(({ kind }) => kind === "connection"));
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "client", how: "rst" }]);
  });

  it.each([["request", 0], ["response", 9]] as const)("meet faults of exchanges: a reset at the %s is a true RST after %i bytes", async (at, bytes) => {
    const { proxy, call } = await setUp("http1", answering((_, socket) => socket.write(ok)));
    await proxy.setFaults(exchangeFault("reset", at === "request" ? { at } : { at, afterBytes: `${bytes}B` }));
    const caller = call();
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe(ok.slice(0, bytes));
    expect((await proxy.told()).exchanges).toMatchObject([{ end: "reset", faults: [{ decision: "applied", effect: "reset" }] }]);
  });
});
