import { once } from "node:events";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ProxyConfig } from "../../src/model/data-plane.ts";
import { answering, ok } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { connectionFault } from "./plane.ts";
import { makeCertificates, SecuredCaller, startProxy, until } from "./tls-edge.ts";
import { undoAll } from "./tcp-edge.ts";
import { Caller, aWhile, echo, serve } from "./wire.ts";

const undo: Undo = [];
let certificates: Awaited<ReturnType<typeof makeCertificates>>;

beforeAll(async () => {
  certificates = await makeCertificates();
});
afterEach(() => undoAll(undo));

async function setUp(lane: ProxyConfig["lane"]) {
  const upstream = await serve(lane === "tcp" ? echo : answering((_, socket) => socket.write(ok)));
  undo.push(() => upstream.close());
  const proxy = await startProxy(undo, { lane, tls: certificates.tls, upstream: { host: "127.0.0.1", port: upstream.port } });
  const call = (options: ConstructorParameters<typeof SecuredCaller>[1] = {}): SecuredCaller => new SecuredCaller(undo, { port: proxy.port, ca: certificates.ca, ...options });
  return { upstream, proxy, call };
}

const get = "GET /stock HTTP/1.1\r\nHost: a\r\n\r\n";
const fault = (kind: string, selection: Parameters<typeof connectionFault>[2] = {}) => connectionFault("tls", { kind }, selection);

describe.each(["http1", "tcp"] as const)("the fault tls on the lane %s", (lane) => {
  it.each([
    ["expired", "CERT_HAS_EXPIRED"],
    ["wrong-host", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ])("shows a certificate that is %s: callers that verify say %s", async (kind, code) => {
    const { upstream, proxy, call } = await setUp(lane);
    await proxy.setFaults(fault(kind));
    expect(await call().shaken).toBe(code);
    await until(() => proxy.records.some((record) => record.kind === "connection"));
    await proxy.lift();
    expect(await call().shaken).toBe("secure");
    const { connections, issues } = await proxy.told();
    expect(connections[0]).toMatchObject({ exchanges: 0, closedBy: "client", faults: [{ fault: "tls-1", decision: "applied", n: 1, effect: "handshake", actedMs: connections[0]?.openMs }] });
    expect(connections[1]?.faults).toBeUndefined();
    expect(issues).toEqual([]);
    expect(upstream.sockets.size).toBe(0);
  });

  it("is not felt by a caller that trusts anybody", async () => {
    const { proxy, call } = await setUp(lane);
    await proxy.setFaults(fault("expired"));
    const caller = call({ rejectUnauthorized: false });
    caller.socket.write(get);
    await caller.received(lane === "tcp" ? get.length : ok.length);
    const [connection] = (await proxy.told()).connections;
    expect(connection?.faults).toEqual([{ fault: "tls-1", decision: "applied", n: 1 }]);
  });

  it("leaves connections alone that are open already, and does not count them", async () => {
    const { proxy, call } = await setUp(lane);
    const before = call();
    expect(await before.shaken).toBe("secure");
    await proxy.setFaults(fault("expired", { first: 1 }));
    before.socket.write(get);
    await before.received(lane === "tcp" ? get.length : ok.length);
    expect(await call().shaken).toBe("CERT_HAS_EXPIRED");
    expect(await call().shaken).toBe("secure");
    const { connections } = await proxy.told();
    expect(connections.sort((a, b) => a.conn - b.conn).map(({ faults }) => faults?.map(({ decision, n }) => [decision, n]))).toEqual([undefined, [["applied", 1]], [["ordinal", 2]]]);
  });

  it("hangs: the handshake is never answered, and is reset when the fault is lifted", async () => {
    const { upstream, proxy, call } = await setUp(lane);
    await proxy.setFaults(fault("hang"));
    const caller = call();
    await once(caller.socket, "connect");
    const raw = await new Caller(proxy.port).connected();
    undo.push(() => raw.close());
    raw.socket.write("anything");
    await aWhile(20);
    await proxy.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    expect(await raw.ended).toBe("ECONNRESET");
    expect([caller.bytes.length, raw.bytes.length, upstream.sockets.size]).toEqual([0, 0, 0]);
    const { connections } = await proxy.told();
    expect(connections).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{ effect: "handshake", releasedMs: expect.any(Number) as number }] }, { closedBy: "fault" }]);
  });

  it("hangs until the caller gives up, which is witnessed", async () => {
    const { proxy, call } = await setUp(lane);
    await proxy.setFaults(fault("hang"));
    const [first, second] = [call(), call()];
    await Promise.all([once(first.socket, "connect"), once(second.socket, "connect")]);
    await aWhile(20);
    first.socket.destroy();
    await until(() => proxy.records.some((record) => record.kind === "connection"));
    const { connections } = await proxy.told();
    expect(connections.map(({ closedBy }) => closedBy)).toEqual(["client", "proxy"]);
  });
});

describe("other faults of connections before a handshake", () => {
  it("reset at accept, before a byte of it is read", async () => {
    const { proxy, call } = await setUp("http1");
    await proxy.setFaults(connectionFault("reset", { at: "accept" }));
    expect(await call().shaken).toBe("ECONNRESET");
    expect((await proxy.told()).connections).toMatchObject([{ closedBy: "fault", how: "rst", faults: [{ decision: "applied", effect: "reset" }] }]);
  });

  it.each([["blackhole", "tcp"], ["blackhole", "http1"], ["blackhole", "http2"], ["half-open", "http2"]] as const)("%s: it is never answered (%s)", async (type, lane) => {
    const { upstream, proxy, call } = await setUp(lane);
    await proxy.setFaults(connectionFault(type, {}));
    const caller = call();
    await once(caller.socket, "connect");
    await aWhile(20);
    await proxy.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    expect([caller.bytes.length, upstream.sockets.size]).toEqual([0, 0]);
    const { connections, issues } = await proxy.told();
    expect(connections).toMatchObject([{ closedBy: "fault", how: "rst", exchanges: 0, faults: [{ effect: "silence" }] }]);
    expect(issues).toEqual([]);
  });

  it("latency delays what is inside: the handshake itself is not held", async () => {
    const { upstream, proxy, call } = await setUp("tcp");
    await proxy.setFaults(connectionFault("latency", { delay: "1h" }));
    const caller = call();
    expect(await caller.shaken).toBe("secure");
    caller.socket.write("x");
    await until(() => [...upstream.sockets].some(({ bytesRead }) => bytesRead === 1));
    await aWhile(20);
    expect(caller.bytes.length).toBe(0);
    await proxy.lift({ release: true });
    expect(await caller.received(1)).toBe("x");
  });
});
