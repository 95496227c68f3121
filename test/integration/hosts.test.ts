import dns from "node:dns";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dial } from "../../src/proxy/dial.ts";
import { answering, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { makeCertificates, SecuredCaller, serveTls, startProxy, until } from "./tls-edge.ts";
import { undoAll } from "./tcp-edge.ts";
import { Caller, refuse, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const get = "GET /stock HTTP/1.1\r\nHost: caller.test\r\n\r\n";
const answer = answering((_, socket) => socket.write(ok));

describe("addresses of version 6", () => {
  it("serve on both sides, in the open", async () => {
    const asked: string[] = [];
    const server = createServer({ allowHalfOpen: true }, answering((request, socket) => {
      asked.push(request);
      socket.write(ok);
    }));
    server.listen(0, "::1");
    await once(server, "listening");
    undo.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const proxy = await startProxy(undo, { host: "upstream", upstream: { host: "::1", port }, listeners: [{ caller: "default", host: "::1", port: 0 }] });
    expect(proxy.listening).toMatchObject({ host: "::1", port: expect.any(Number) as number });
    const caller = new Caller(proxy.port, "::1");
    undo.push(() => caller.close());
    caller.socket.write(get);
    await caller.received(ok.length);
    expect(asked).toEqual([get.replace("caller.test", `[::1]:${port}`)]);
    caller.close();
    await until(() => proxy.records.some(({ kind }) => kind === "connection"));
    expect((await proxy.told()).connections).toMatchObject([{ peer: expect.stringMatching(/^\[?::1\]?:\d+$/) as string }]);
  });

  it("serve on both sides, over TLS", async () => {
    const certificates = await makeCertificates();
    const upstream = await serveTls(undo, certificates.tls.identity, answer, "::1");
    const proxy = await startProxy(undo, { upstream: { host: "::1", port: upstream.port }, upstreamTls: { insecure: false, ca: certificates.ca }, tls: certificates.tls, listeners: [{ caller: "default", host: "::1", port: 0 }] });
    const caller = new SecuredCaller(undo, { host: "::1", port: proxy.port, ca: certificates.ca });
    caller.socket.write(get);
    expect(await caller.received(ok.length)).toBe(ok);
  });
});

describe("a host with several addresses", () => {
  it.each(["http1", "tcp"] as const)("is reached by the one that answers (%s)", async (lane) => {
    const upstream = await serve(answer);
    undo.push(() => upstream.close());
    const proxy = await startProxy(undo, { lane, upstream: { host: "localhost", port: upstream.port } });
    const caller = new Caller(proxy.port);
    undo.push(() => caller.close());
    caller.socket.write(get);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
    caller.socket.end();
    expect((await proxy.told()).connections).toMatchObject([{ upstreamReached: true }]);
  });

  it("is reached by one that answers while the thread stands still, behind which there is none that does", async () => {
    const upstream = await serve(answer);
    undo.push(() => upstream.close());
    const addresses = [{ address: "127.0.0.1", family: 4 }, { address: "::1", family: 6 }];
    const found = vi.spyOn(dns, "lookup").mockImplementation(((_host: string, _options: object, done: (error: null, all: typeof addresses) => void) => {
      setImmediate(() => {
        done(null, addresses);
        // Node would have left the first attempt behind 250 ms.
        const untilMs = performance.now() + 300;
        while (performance.now() < untilMs);
      });
    }) as unknown as typeof dns.lookup);
    undo.push(() => found.mockRestore());
    const socket = dial({ upstream: { host: "two.test", port: upstream.port } }, { reached: () => undefined });
    undo.push(() => void socket.destroy());
    await once(socket, "connect");
    expect(socket.remoteAddress).toBe("127.0.0.1");
  });

  it.each(["http1", "tcp"] as const)("is unreachable when none of them answers (%s)", async (lane) => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const proxy = await startProxy(undo, { lane, upstream: { host: "localhost", port: nobody.port } });
    const caller = new Caller(proxy.port);
    caller.socket.write(get);
    expect(await caller.ended).toBe("ECONNRESET");
    expect((await proxy.told()).connections).toMatchObject([{ upstreamReached: false, closedBy: "upstream", how: "rst" }]);
  });

  it("that has no address at all is unreachable", async () => {
    const proxy = await startProxy(undo, { upstream: { host: "no-such-host.invalid", port: 80 } });
    const socket = connect({ host: "127.0.0.1", port: proxy.port });
    undo.push(() => void socket.destroy());
    socket.write(get);
    expect(await new Promise((resolve) => socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code)))).toBe("ECONNRESET");
    expect((await proxy.told()).exchanges).toMatchObject([{ end: "upstream-unreachable" }]);
    // As long as the system's resolver asks.
  }, 60_000);
});
