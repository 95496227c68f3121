import { connect } from "node:net";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import type { UpstreamTls } from "../../src/model/tls.ts";
import { answering, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { Http2Caller } from "./http2-peers.ts";
import { connectionFault } from "./plane.ts";
import { makeCertificates, SecuredCaller, serveTls, startProxy, until } from "./tls-edge.ts";
import { hashOf, patterned, undoAll } from "./tcp-edge.ts";
import { Caller, echo, refuse, serve } from "./wire.ts";

const undo: Undo = [];
let certificates: Awaited<ReturnType<typeof makeCertificates>>;

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => undoAll(undo));

const get = "GET /stock HTTP/1.1\r\nHost: caller.test\r\n\r\n";
const answer = answering((_, socket) => socket.write(ok));

/** A proxy towards a port that speaks TLS, and a caller in the open. */
async function call(port: number, upstreamTls: Partial<UpstreamTls> = {}, config: Partial<ProxyConfig> = {}) {
  const proxy = await startProxy(undo, { upstream: { host: "localhost", port }, upstreamTls: { insecure: false, ca: certificates.ca, ...upstreamTls }, ...config });
  const caller = new Caller(proxy.port);
  undo.push(() => caller.close());
  return { proxy, caller };
}

describe("an upstream over TLS", () => {
  it("is asked for by its host's name, speaks HTTP/1.1, and gets its own Host", async () => {
    const seen: unknown[] = [];
    const upstream = await serveTls(undo, { ...certificates.tls.identity, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      socket.on("data", (bytes) => seen.push(socket.servername, socket.alpnProtocol, bytes.toString()));
      answer(socket);
    });
    const { caller, proxy } = await call(upstream.port, {}, { host: "upstream" });
    caller.socket.write(get);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
    expect(seen).toEqual(["localhost", "http/1.1", get.replace("caller.test", `localhost:${upstream.port}`)]);
    const { exchanges, issues } = await proxy.told();
    expect(exchanges).toMatchObject([{ status: 200, end: "complete", passedOn: true }]);
    expect(issues).toEqual([]);
  });

  it("may be an address, for which no name is sent, or go by another name", async () => {
    const names: unknown[] = [];
    const upstream = await serveTls(undo, certificates.tls.identity, (socket) => {
      names.push(socket.servername);
      answer(socket);
    });
    for (const [host, more] of [["127.0.0.1", {}], ["127.0.0.1", { servername: "payments.test" }]] as const) {
      const { caller } = await call(upstream.port, more, { upstream: { host, port: upstream.port } });
      caller.socket.write(get);
      await caller.received(ok.length);
    }
    expect(names).toEqual([false, "payments.test"]);
  });

  it.each([
    ["signed by nobody that is trusted", "good", { ca: undefined }, /not trusted: its authority is not a trusted one \(.*\); trust its authority with upstreamTls\.ca, or any certificate with upstreamTls: \{ insecure: true \}/],
    ["self-signed", "self-signed", {}, /not trusted: it is a self-signed certificate; trust its authority with upstreamTls\.ca/],
    ["expired", "expired", {}, /not trusted: the certificate has expired/],
    ["for another host", "wrong-host", {}, /for another host: .*localhost.*wrong-host\.invalid.*; name the one it is for with upstreamTls\.servername/],
  ] as const)("whose certificate is %s is not spoken to, and the witness says why", async (_claim, kind, upstreamTls, message) => {
    const identity = kind === "good" ? certificates.tls.identity : certificates.tls.flawed[kind];
    const heard: string[] = [];
    const upstream = await serveTls(undo, { ...identity }, (socket) => socket.on("data", (bytes) => heard.push(bytes.toString())));
    const { ca, ...rest } = { ca: certificates.ca, ...upstreamTls };
    const proxy = await startProxy(undo, { upstream: { host: "localhost", port: upstream.port }, upstreamTls: { insecure: false, ...rest, ...(ca === undefined ? {} : { ca }) } });
    const caller = new Caller(proxy.port);
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    const { exchanges, connections, issues } = await proxy.told();
    expect(exchanges).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
    expect(connections).toMatchObject([{ upstreamReached: false, closedBy: "upstream", how: "rst" }]);
    expect(issues).toMatchObject([{ code: "upstream-certificate", message: expect.stringMatching(message) as string }]);
    expect(heard).toEqual([]);
  });

  it("is spoken to whatever its certificate when told that this is meant", async () => {
    const upstream = await serveTls(undo, { ...certificates.tls.flawed["self-signed"] }, answer);
    const { caller } = await call(upstream.port, { insecure: true });
    caller.socket.write(get);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
  });

  it("that does not speak TLS is unreachable, and the witness says what it looked like", async () => {
    const upstream = await serve((socket) => socket.on("data", () => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n")));
    undo.push(() => upstream.close());
    const { caller, proxy } = await call(upstream.port);
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect((await proxy.told()).issues).toMatchObject([{ code: "upstream-tls", message: expect.stringMatching(/^TLS with upstream failed: wrong version number; does it speak TLS/) as string }]);
  });

  it.each([["http1", "end"], ["tcp", "end"], ["http1", "resetAndDestroy"], ["tcp", "resetAndDestroy"]] as const)("that closes before its handshake is over is unreachable, which is a reset, and the witness says why (%s, %s)", async (lane, how) => {
    const upstream = await serve((socket) => socket.on("data", () => socket[how]()));
    undo.push(() => upstream.close());
    const { caller, proxy } = await call(upstream.port, {}, { lane });
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    const { exchanges, connections, issues } = await proxy.told();
    expect(issues).toMatchObject([{ code: "upstream-tls", message: expect.stringMatching(/^TLS with upstream failed: it closed the connection during the handshake; does it speak TLS/) as string }]);
    expect(exchanges).toMatchObject(lane === "tcp" ? [] : [{ end: "upstream-unreachable", passedOn: false }]);
    expect(connections).toMatchObject([{ upstreamReached: false, closedBy: "upstream", how: "rst" }]);
  });

  it("that refuses connections is unreachable as in the open, by any of its addresses", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const { port } = nobody;
    for (const host of ["127.0.0.1", "localhost"]) {
      const { caller, proxy } = await call(port, {}, { upstream: { host, port } });
      caller.socket.write(get);
      expect(await caller.ended).toBe("ECONNRESET");
      const { exchanges, issues } = await proxy.told();
      expect(exchanges).toMatchObject([{ end: "upstream-unreachable" }]);
      expect(issues).toEqual([]);
    }
  });

  it("that asks for a certificate is shown ours", async () => {
    const subjects: unknown[] = [];
    const upstream = await serveTls(undo, { ...certificates.tls.identity, requestCert: true, rejectUnauthorized: false }, (socket) => {
      subjects.push(socket.getPeerCertificate().subject.CN);
      answer(socket);
    });
    const { caller } = await call(upstream.port, { identity: certificates.tls.flawed["self-signed"] ?? certificates.tls.identity });
    caller.socket.write(get);
    await caller.received(ok.length);
    expect(subjects).toEqual(["localhost"]);
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("that insists on a certificate is lost without one, and the witness says what it missed (%s)", async (maxVersion) => {
    const upstream = await serveTls(undo, { ...certificates.tls.identity, maxVersion, requestCert: true, rejectUnauthorized: true }, answer);
    const { caller, proxy } = await call(upstream.port);
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect((await proxy.told()).issues).toMatchObject([{ code: "upstream-tls", message: expect.stringMatching(/^TLS with upstream failed: .*(alert|certificate).*want a certificate \(upstreamTls\.cert and key\)/) as string }]);
  });
});

describe("a stream to an upstream over TLS", () => {
  const stream = (handle: (socket: TLSSocket) => void) => serveTls(undo, certificates.tls.identity, handle).then(({ port }) => call(port, {}, { lane: "tcp" }));

  it("goes both ways unchanged, with backpressure", async () => {
    const { caller } = await stream(echo);
    const sent = patterned(8 * 1024 * 1024);
    caller.socket.end(sent);
    expect(await caller.ended).toBe("fin");
    expect([caller.bytes.length, hashOf(caller.bytes)]).toEqual([sent.length, hashOf(sent)]);
  });

  it("is dialled at accept: the server may speak first", async () => {
    const { caller, proxy } = await stream((socket) => socket.write("hello"));
    expect((await caller.received(5)).toString()).toBe("hello");
    caller.socket.end();
    expect((await proxy.told()).connections).toMatchObject([{ upstreamReached: true, responseBytes: 5 }]);
  });

  it("may end in one direction while the other goes on", async () => {
    const { caller } = await stream((socket) => socket.on("end", () => socket.end("and after your end")).resume());
    caller.socket.end("all that I have");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("and after your end");
  });

  it("loses nothing when both ends have come while it is made to wait", async () => {
    const [first, last] = ["a".repeat(3000), "and the last of it"];
    const upstream = await serveTls(undo, certificates.tls.identity, (socket) => {
      socket.resume().on("end", () => {
        socket.write(first);
        socket.end(last);
      });
    });
    const { caller, proxy } = await call(upstream.port, {}, { lane: "tcp", limits: { heldBytes: 1000 } });
    await proxy.setFaults(connectionFault("latency", { delay: "100ms" }));
    caller.socket.end("all that I have");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(first + last);
    expect((await proxy.told()).connections).toMatchObject([{ responseBytes: first.length + last.length, how: "fin" }]);
  });

  it("comes to a caller that closed its half before it said anything", async () => {
    const { caller } = await stream((socket) => socket.end("hello"));
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe("hello");
  });

  it("is reset where upstream resets", async () => {
    const carriers: Socket[] = [];
    const upstream = await serveTls(undo, certificates.tls.identity, (socket) => socket.once("data", () => carriers[0]?.resetAndDestroy()));
    const between = await serve((client) => {
      const socket = connect({ host: "127.0.0.1", port: upstream.port });
      socket.on("error", () => client.resetAndDestroy());
      carriers.push(client);
      client.pipe(socket).pipe(client);
    });
    undo.push(() => between.close());
    const { caller } = await call(between.port, {}, { lane: "tcp" });
    caller.socket.write("now");
    expect(await caller.ended).toBe("ECONNRESET");
  });

  it("is reset for upstream where the caller resets", async () => {
    const ended: string[] = [];
    let heard = 0;
    const upstream = await serveTls(undo, certificates.tls.identity, (socket) => {
      socket.on("data", () => heard++).on("end", () => ended.push("fin")).on("error", (error: NodeJS.ErrnoException) => ended.push(error.code ?? ""));
    });
    const { caller } = await call(upstream.port, {}, { lane: "tcp" });
    caller.socket.write("now");
    await until(() => heard > 0);
    caller.socket.resetAndDestroy();
    await until(() => ended.length > 0);
    expect(ended).toEqual(["ECONNRESET"]);
  });

  it("may be TLS on both sides, of which each has its own", async () => {
    const upstream = await serveTls(undo, certificates.tls.identity, echo);
    const { proxy } = await call(upstream.port, {}, { lane: "tcp", tls: certificates.tls });
    const caller = new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca });
    caller.socket.write("there and back");
    expect(await caller.received(14)).toBe("there and back");
  });
});

describe("a handshake that upstream does not answer", () => {
  /** An upstream that reads only, and how many of its connections have ended. */
  async function serveSilent() {
    let closed = 0;
    const server = await serve((socket) => socket.resume().on("end", () => socket.end()).on("close", () => (closed += 1)));
    undo.push(() => server.close());
    return { port: server.port, closed: () => closed };
  }

  it.each([["http1", "fin"], ["tcp", "ECONNRESET"]] as const)("is given up behind the end of the caller (%s)", async (lane, ending) => {
    const silent = await serveSilent();
    const { caller, proxy } = await call(silent.port, {}, { lane, limits: { headMs: 200 } });
    caller.socket.end(get);
    expect(await caller.ended).toBe(ending);
    await until(() => silent.closed() > 0 && proxy.records.some(({ kind }) => kind === "connection"));
    const { connections, issues } = await proxy.told();
    expect(connections).toMatchObject([{ upstreamReached: false }]);
    expect(issues).toMatchObject([{ code: "upstream-tls", message: expect.stringMatching(/^TLS with upstream failed: it said nothing to the handshake for 200ms \(limits\.headTimeout\) behind the end of its caller; /) as string }]);
  });

  it("is given up behind the end of the caller (http2)", async () => {
    const silent = await serveSilent();
    const { proxy } = await call(silent.port, {}, { lane: "http2", limits: { headMs: 200 } });
    const caller = new Http2Caller(undo, proxy.port);
    const asked = caller.ask();
    await until(() => caller.session.encrypted === false && !caller.session.connecting);
    caller.socket.end();
    expect((await asked).headers).toBeUndefined();
    await until(() => silent.closed() > 0);
  });

  it("is waited for as long as the caller waits", async () => {
    const upstream = await serveTls(undo, certificates.tls.identity, answer);
    const between = await serve((client) => {
      // Three times as long as a caller's end would wait.
      setTimeout(() => client.pipe(connect({ host: "127.0.0.1", port: upstream.port })).pipe(client), 600);
    });
    undo.push(() => between.close());
    const { caller } = await call(between.port, {}, { limits: { headMs: 200 } });
    caller.socket.write(get);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
  });
});

it("bytes over TLS that fails behind the handshake are reset, and their connection is over", async () => {
  const upstream = await serveTls(undo, { ...certificates.tls.identity, maxVersion: "TLSv1.3", requestCert: true, rejectUnauthorized: true }, echo);
  const { caller, proxy } = await call(upstream.port, {}, { lane: "tcp" });
  expect(await caller.ended).toBe("ECONNRESET");
  await until(() => proxy.records.some(({ kind }) => kind === "connection"));
  expect((await proxy.told()).connections).toMatchObject([{ upstreamReached: true, closedBy: "upstream", how: "rst" }]);
});

describe("TLS that only passes through", () => {
  it("is bytes to the proxy: the certificate is upstream's, and the caller's to verify", async () => {
    const upstream = await serveTls(undo, { ...certificates.tls.flawed.expired }, echo);
    const proxy = await startProxy(undo, { lane: "tcp", upstream: { host: "127.0.0.1", port: upstream.port } });
    expect(await new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca }).shaken).toBe("CERT_HAS_EXPIRED");
    const caller = new SecuredCaller(undo, { port: proxy.port, rejectUnauthorized: false });
    caller.socket.write("there and back");
    expect(await caller.received(14)).toBe("there and back");
    expect((await proxy.told()).issues).toEqual([]);
  });
});
