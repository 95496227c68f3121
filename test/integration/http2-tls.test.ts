import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { Client, ServerCredentials, credentials } from "@grpc/grpc-js";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { GrpcCaller, serveGrpc, status } from "./grpc-peers.ts";
import { Http2Caller } from "./http2-peers.ts";
import { makeCertificates, serveTls, startProxy } from "./tls-edge.ts";
import { serve } from "./wire.ts";

const undo: Undo = [];
let certificates: Awaited<ReturnType<typeof makeCertificates>>;
beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const identity = () => certificates.tls.identity;
const securely = () => ServerCredentials.createSsl(null, [{ private_key: Buffer.from(identity().key), cert_chain: Buffer.from(identity().cert) }]);
const upstreamTls = () => ({ insecure: false, ca: certificates.ca, servername: "payments.test" });

describe("gRPC over TLS", () => {
  it("is verified towards upstream, and terminated for callers, each by itself and both", async () => {
    const [plain, secure] = [await serveGrpc(undo), await serveGrpc(undo, { credentials: securely() })];
    for (const [from, to] of [["plain", "tls"], ["tls", "plain"], ["tls", "tls"]] as const) {
      const proxy = await startProxy(undo, {
        lane: "http2", upstream: { host: "127.0.0.1", port: to === "tls" ? secure.port : plain.port },
        ...(to === "tls" ? { upstreamTls: upstreamTls() } : {}), ...(from === "tls" ? { tls: certificates.tls } : {}),
      });
      const caller = new GrpcCaller(undo, proxy.port, {}, from === "tls" ? credentials.createSsl(Buffer.from(certificates.ca)) : undefined);
      await proxy.setFaults(exchangeFault("grpc-error", { code: "ABORTED" }, { after: 1, first: 1 }));
      const answers = [await caller.get("one"), await caller.get("two"), await caller.get("three")];
      expect(answers.map(({ code }) => code)).toEqual([status.OK, status.ABORTED, status.OK]);
      caller.client.close();
      const { exchanges, connections, issues } = await proxy.told();
      expect(exchanges.map(({ end, grpcStatus }) => [end, grpcStatus])).toEqual([["complete", 0], ["complete", status.ABORTED], ["complete", 0]]);
      expect(connections).toMatchObject([{ exchanges: 3, upstreamReached: true }]);
      expect(issues).toEqual([]);
    }
  });

  it("names the scheme and the host of upstream", async () => {
    const seen: unknown[] = [];
    const server = createSecureServer({ ...identity() }, (request, response) => {
      seen.push(request.scheme, request.authority);
      response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    undo.push(() => void server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port }, upstreamTls: upstreamTls(), host: "upstream" });
    await new GrpcCaller(undo, proxy.port).get("x");
    expect(seen).toEqual(["https", `127.0.0.1:${port}`]);
    await proxy.stop();
  });

  it("is refused where upstream's certificate is not trusted, and the witness says why", async () => {
    const secure = await serveGrpc(undo, { credentials: securely() });
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port: secure.port }, upstreamTls: { insecure: false } });
    expect((await new GrpcCaller(undo, proxy.port).get("x")).code).toBe(status.UNAVAILABLE);
    const { exchanges, issues } = await proxy.told();
    expect(exchanges).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
    expect(issues).toMatchObject([{ code: "upstream-certificate" }]);
  });

  it("is refused by an upstream that speaks no HTTP/2, and the witness says so", async () => {
    const upstream = await serveTls(undo, { ...identity() }, (socket) => socket.resume());
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port: upstream.port }, upstreamTls: upstreamTls() });
    expect((await new GrpcCaller(undo, proxy.port).get("x")).code).toBe(status.UNAVAILABLE);
    const { exchanges, issues } = await proxy.told();
    expect(exchanges).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
    expect(issues).toMatchObject([{ code: "no-http2", message: "upstream does not speak HTTP/2 over TLS: of what it was offered (ALPN: h2) it chose nothing" }]);
  });

  it("loses nothing of an answer whose end came behind a GOAWAY, and together with upstream's", async () => {
    const frame = (type: number, flags: number, id: number, payload: readonly number[] = []): Buffer => Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, id, ...payload]);
    const upstream = await serveTls(undo, { ...identity(), ALPNProtocols: ["h2"] }, (socket) => {
      socket.write(Buffer.concat([frame(4, 0, 0), frame(4, 1, 0)]));
      // Behind the preface; further calls are asked for when it is known how many may be.
      let seen = Buffer.alloc(0);
      socket.on("data", (bytes: Buffer) => {
        seen = Buffer.concat([seen, bytes]);
        let heads = 0;
        for (let at = 24; at + 9 <= seen.length; at += 9 + seen.readUIntBE(at, 3)) if (seen[at + 3] === 1) heads += 1;
        if (heads < 8 || socket.writableEnded) return;
        socket.write(Buffer.concat([frame(1, 0x4, 1, [0x88]), frame(7, 0, 0, [0, 0, 0, 1, 0, 0, 0, 0])]));
        socket.end(frame(0, 0x1, 1, [0x6f, 0x6b]));
      });
    });
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port: upstream.port }, upstreamTls: upstreamTls() });
    const caller = new Http2Caller(undo, proxy.port);
    await once(caller.session, "remoteSettings");
    const calls = await Promise.all(Array.from({ length: 8 }, () => caller.ask()));
    expect(calls.map(({ headers, body }) => [headers?.[":status"], body.toString()])).toEqual([[200, "ok"], ...Array.from({ length: 7 }, () => [undefined, ""])]);
    expect((await proxy.told()).exchanges.map(({ end }) => end).toSorted()).toEqual(["complete", ...Array.from({ length: 7 }, () => "upstream-lost")]);
  });

  it("is reset where upstream closes before its handshake is over", async () => {
    const upstream = await serve((socket) => socket.on("data", () => socket.end()));
    undo.push(() => upstream.close());
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port: upstream.port }, upstreamTls: upstreamTls() });
    expect((await new GrpcCaller(undo, proxy.port).get("x")).code).toBe(status.UNAVAILABLE);
    const { exchanges, connections } = await proxy.told();
    expect(exchanges).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
    expect(connections).toMatchObject([{ upstreamReached: false, closedBy: "upstream", how: "rst" }]);
  });

  it("is a failed handshake for callers that do not trust the listener", async () => {
    const plain = await serveGrpc(undo);
    const proxy = await startProxy(undo, { lane: "http2", upstream: { host: "127.0.0.1", port: plain.port }, tls: certificates.tls });
    const client = new Client(`127.0.0.1:${proxy.port}`, credentials.createSsl());
    undo.push(() => client.close());
    await expect(new Promise<void>((resolve, reject) => { client.waitForReady(Date.now() + 500, (error) => (error === undefined ? resolve() : reject(error))); })).rejects.toThrow("Failed to connect before the deadline");
    expect(plain.seen).toEqual([]);
    await proxy.stop();
  });
});
