import { afterEach, describe, expect, it } from "vitest";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import type { Http2EdgeOptions } from "./http2-edge.ts";
import { Http2Caller, echo, serveHttp2 } from "./http2-peers.ts";
import { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp(options: Http2EdgeOptions = {}) {
  const upstream = await serveHttp2(undo, echo);
  const edge = await startHttp2Edge(undo, upstream.port, options);
  const call = (): Caller => {
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    return caller;
  };
  return { edge, call };
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** A head of 20 bytes, its first one. */
const halfHead = Buffer.from([0, 0, 20, 1, 0, 0, 0, 0, 1, 0x82]);
/** A head that is not all: no END_HEADERS. */
const openHead = Buffer.from([0, 0, 3, 1, 1, 0, 0, 0, 1, 0x82, 0x86, 0x84]);

describe("a caller that speaks HTTP/1 to the http2 lane", () => {
  it.each(["GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\n", "P"])("is answered in HTTP/1, and it is told once (%j)", async (text) => {
    const { edge, call } = await setUp();
    for (let i = 0; i < 2; i += 1) {
      const caller = call();
      caller.socket.write(text);
      if (text === "P") caller.socket.write("UT /");
      expect(await caller.ended).toBe("fin");
      expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nvia: chaos\r\nconnection: close\r\n.*\r\n\r\nthis proxy speaks HTTP\/2 without TLS, by prior knowledge \(h2c\), not HTTP\/1\n$/s);
      caller.close();
    }
    expect(edge.issues()).toMatchObject([{ code: "malformed-request", message: expect.stringContaining("--http2-prior-knowledge") as string }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "proxy", exchanges: 0 }, { closedBy: "proxy" }]);
  });
});

describe("a caller that does not end what it begins on the http2 lane", () => {
  it.each([
    ["nothing", Buffer.alloc(0), "handshake-too-slow", "the preface of HTTP/2"],
    ["half a preface", Buffer.from(preface.slice(0, 10)), "handshake-too-slow", "the preface of HTTP/2"],
    ["half a head", Buffer.concat([Buffer.from(preface), settings, halfHead]), "head-too-slow", "a head that it had begun"],
    ["the beginning of a frame", Buffer.concat([Buffer.from(preface), settings, Buffer.from([0, 0])]), "head-too-slow", "a head that it had begun"],
    ["a head that would go on", Buffer.concat([Buffer.from(preface), settings, openHead]), "head-too-slow", "a head that it had begun"],
  ])("is closed after the time for heads, and that is told once: %s", async (_what, bytes, code, what) => {
    const { edge, call } = await setUp({ limits: { headMs: 1000 } });
    const callers = [call(), call()];
    for (const { socket } of callers) socket.write(bytes);
    for (const caller of callers) {
      expect(await caller.ended).toBe("fin");
      caller.close();
    }
    expect(edge.issues()).toMatchObject([{ code, message: `a caller had not ended ${what} after the 1s of limits.headTimeout, and its connection was closed: raise it if callers are meant to take so long` }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "proxy", how: "fin" }, { closedBy: "proxy" }]);
  });

  it("is not one that rests, or whose calls take longer", async () => {
    const { edge } = await setUp({ limits: { headMs: 1000 } });
    const caller = new Http2Caller(undo, edge.port);
    const slow = caller.open({ ":method": "POST" }, { endStream: false });
    slow.stream.write("first");
    edge.setFaults(exchangeFault("latency", { delay: "1500ms" }));
    expect((await caller.send({}, "x".repeat(100_000))).body).toHaveLength(100_000);
    slow.stream.end("last");
    expect((await slow.got).body.toString()).toBe("firstlast");
    expect([edge.issues(), edge.connections()]).toEqual([[], []]);
  });
});
