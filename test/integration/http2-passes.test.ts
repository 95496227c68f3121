import { constants, sensitiveHeaders } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import type { Http2EdgeOptions } from "./http2-edge.ts";
import { Http2Caller, echo, serveHttp2 } from "./http2-peers.ts";
import { Caller, aWhile, refuse } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

async function setUp(serve: Parameters<typeof serveHttp2>[1], options: Http2EdgeOptions = {}, serverOptions: Parameters<typeof serveHttp2>[2] = {}) {
  const upstream = await serveHttp2(undo, serve, serverOptions);
  const edge = await startHttp2Edge(undo, upstream.port, options);
  return { upstream, edge, caller: new Http2Caller(undo, edge.port) };
}

describe("the http2 lane passes on", () => {
  it("heads field by field: order, repeated fields, cookies in crumbs, what must not be indexed", async () => {
    const seen: (readonly string[])[] = [];
    const sensitive: unknown[] = [];
    const { caller } = await setUp((stream, headers, raw) => {
      seen.push(raw);
      sensitive.push(Reflect.get(headers, sensitiveHeaders));
      stream.respond({ ":status": 207, "x-b": "1", "set-cookie": ["a=1", "b=2"], "x-a": ["one", "two"], [sensitiveHeaders]: ["x-b"] });
      stream.end();
    });
    const got = await caller.ask({ "x-z": "9", cookie: ["a=1", "b=2"], "x-many": ["p", "q"], authorization: "secret", "grpc-timeout": "150m", [sensitiveHeaders]: ["authorization"] });
    expect(seen[0]?.slice(0, 8).filter((_, i) => i % 2 === 0).toSorted()).toEqual([":authority", ":method", ":path", ":scheme"]);
    expect(seen[0]?.slice(8)).toEqual(["x-z", "9", "cookie", "a=1", "cookie", "b=2", "x-many", "p", "x-many", "q", "authorization", "secret", "grpc-timeout", "150m"]);
    expect(sensitive[0]).toContain("authorization");
    expect(got.headers?.[":status"]).toBe(207);
    expect(got.rawHeaders.slice(2, 12)).toEqual(["x-b", "1", "set-cookie", "a=1", "set-cookie", "b=2", "x-a", "one", "x-a", "two"]);
    expect(Reflect.get(got.headers ?? {}, sensitiveHeaders)).toContain("x-b");
  });

  it("the authority as it came, or upstream's own", async () => {
    const authorities: unknown[] = [];
    const { upstream, caller, edge } = await setUp((stream, headers) => {
      authorities.push(headers[":authority"]);
      stream.respond({ ":status": 200 }, { endStream: true });
    });
    await caller.ask();
    const other = await startHttp2Edge(undo, upstream.port, { proxy: { host: "upstream" } });
    await new Http2Caller(undo, other.port).ask();
    expect(authorities).toEqual([`127.0.0.1:${edge.port}`, `127.0.0.1:${upstream.port}`]);
  });

  it("long words, which are written down in short", async () => {
    const seen: unknown[] = [];
    const { edge, caller } = await setUp((stream, headers) => {
      seen.push(headers["idempotency-key"]);
      stream.respond({ ":status": 503, "retry-after": "9".repeat(9000) }, { endStream: true });
    });
    await caller.ask({ "idempotency-key": "k".repeat(9000) });
    expect(seen).toEqual(["k".repeat(9000)]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 503, end: "complete" }]);
    expect(JSON.stringify(edge.exchanges()).length).toBeLessThan(2000);
  });

  it("bodies and trailers both ways", async () => {
    const { edge, caller } = await setUp(echo);
    const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 13) & 255));
    const got = await caller.send({}, body, { "x-sum": "42", "x-bin": "ÿ" });
    expect(got.body.equals(body)).toBe(true);
    expect(got.trailers).toMatchObject({ "x-sum": "42", "x-bin": "ÿ" });
    await expect.poll(() => edge.exchanges()).toMatchObject([{ method: "POST", path: "/", status: 200, end: "complete" }]);
    const [record] = edge.exchanges();
    expect(record?.requestBytes).toBeGreaterThan(body.length);
    expect(record?.responseBytes).toBeGreaterThan(body.length);
    expect(record?.grpcStatus).toBeUndefined();
  });

  it("interim answers, and the word to go on", async () => {
    const { caller } = await setUp((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</a>" });
      stream.additionalHeaders({ ":status": 100 });
      stream.on("data", () => undefined).on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end("done");
      });
    });
    const { stream, got } = caller.open({ ":method": "POST", expect: "100-continue" }, { endStream: false });
    stream.on("continue", () => stream.end("body"));
    const { interims, body } = await got;
    expect(interims.map((interim) => [interim[":status"], interim["link"]])).toEqual([[103, "</a>"], [100, undefined]]);
    expect(body.toString()).toBe("done");
  });

  it("answers without a body: to HEAD, 204, 304, and ends in the head", async () => {
    const { edge, caller } = await setUp((stream, headers) => {
      const status = Number(headers["x-status"]);
      stream.respond({ ":status": status, "content-length": headers[":method"] === "HEAD" ? "5" : undefined }, { endStream: true });
    });
    for (const [method, status] of [["HEAD", 200], ["GET", 204], ["GET", 304], ["GET", 200]] as const) {
      const got = await caller.ask({ ":method": method, "x-status": String(status) });
      expect([got.headers?.[":status"], got.body.length, got.code]).toEqual([status, 0, 0]);
    }
    await expect.poll(() => edge.exchanges().map(({ end, status }) => [end, status])).toEqual([["complete", 200], ["complete", 204], ["complete", 304], ["complete", 200]]);
  });

  it("large heads, as far as its limits go", async () => {
    const value = "v".repeat(50_000);
    const { caller } = await setUp((stream, headers) => {
      stream.respond({ ":status": 200, "x-large": headers["x-large"] }, { endStream: true });
    }, {}, { settings: { maxHeaderListSize: 200_000 } });
    expect((await caller.ask({ "x-large": value })).headers?.["x-large"]).toBe(value);
  });

  it("an answer that comes before the request has, and stops the upload by the code that upstream gave", async () => {
    const { edge, caller } = await setUp((stream) => {
      stream.respond({ ":status": 413 }, { endStream: true });
      stream.close(constants.NGHTTP2_NO_ERROR);
    });
    const { stream, got } = caller.open({ ":method": "POST" }, { endStream: false });
    stream.write("the first of much");
    const { headers, code } = await got;
    expect([headers?.[":status"], code]).toEqual([413, 0]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 413 }]);
    expect(edge.exchanges()[0]?.requestEndMs).toBeUndefined();
  });

  it.each([["CANCEL", 8], ["INTERNAL_ERROR", 2], ["REFUSED_STREAM", 7], ["ENHANCE_YOUR_CALM", 11], ["HTTP_1_1_REQUIRED", 13]])("the code %s of a reset, from upstream before its answer and in the midst of it", async (_name, code) => {
    const { edge, caller } = await setUp((stream, headers) => {
      if (headers[":path"] === "/head") return stream.close(code);
      // Without trailers in sight node:http2 would end the stream before it resets it.
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("some", () => stream.close(code));
      return undefined;
    });
    const head = await caller.ask({ ":path": "/head" });
    expect([head.headers, head.code]).toEqual([undefined, code]);
    const body = await caller.ask({ ":path": "/body" });
    expect([body.headers?.[":status"], body.body.toString(), body.code]).toEqual([200, "some", code]);
    await expect.poll(() => edge.exchanges().map(({ path, end, status }) => [path, end, status])).toEqual([["/head", "upstream-lost", undefined], ["/body", "upstream-lost", 200]]);
  });

  it.each([["CANCEL", 8], ["INTERNAL_ERROR", 2], ["NO_ERROR", 0], ["STREAM_CLOSED", 5]])("the code %s of a reset, from the caller", async (_name, code) => {
    const codes: number[] = [];
    const { edge, caller } = await setUp((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("some");
      stream.on("close", () => codes.push(stream.rstCode));
    });
    const { stream, got } = caller.open({ ":method": "POST" }, { endStream: false });
    stream.write("some");
    await new Promise((resolve) => { stream.once("data", resolve); });
    stream.close(code);
    await got;
    await expect.poll(() => codes).toEqual([code]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst", passedOn: true, status: 200 }]);
  });

  it("how many streams upstream takes at once, and refuses pushes", async () => {
    let pushed = "";
    const { upstream, caller } = await setUp((stream) => {
      pushed = stream.pushAllowed ? "allowed" : "refused";
      stream.respond({ ":status": 200 }, { endStream: true });
    }, {}, { settings: { maxConcurrentStreams: 7 } });
    await caller.ask();
    await expect.poll(() => caller.session.remoteSettings.maxConcurrentStreams).toBe(7);
    expect(pushed).toBe("refused");
    expect(upstream.sessions).toHaveLength(1);
  });

  it("nothing of a PING, which it answers itself", async () => {
    const { caller, upstream } = await setUp(echo);
    await caller.send({}, "x");
    const data = await new Promise<Buffer>((resolve, reject) => {
      caller.session.ping(Buffer.from("12345678"), (error, _ms, payload) => (error === null ? resolve(Buffer.from(payload)) : reject(error)));
    });
    expect(data.toString()).toBe("12345678");
    expect(upstream.sessions[0]?.destroyed).toBe(false);
  });
});

describe("backpressure of the http2 lane", () => {
  it("makes upstream wait for a caller that does not read", async () => {
    let written = 0;
    const { caller } = await setUp((stream) => {
      stream.respond({ ":status": 200 });
      const more = (): void => {
        while (stream.write(Buffer.alloc(16_384))) written += 16_384;
        written += 16_384;
      };
      stream.on("drain", more);
      more();
    });
    const stream = caller.session.request({ ":path": "/" });
    stream.on("error", () => undefined);
    await new Promise((resolve) => { stream.once("response", resolve); });
    let before = -1;
    await expect.poll(() => {
      const same = written === before;
      before = written;
      return same;
    }, { interval: 150 }).toBe(true);
    expect(written).toBeLessThan(2_000_000);
    expect(written).toBeGreaterThan(100_000);
    let read = 0;
    stream.on("data", (piece: Buffer) => (read += piece.length));
    await expect.poll(() => read).toBeGreaterThan(3_000_000);
    stream.close(constants.NGHTTP2_CANCEL);
  });

  it("makes a caller wait for an upstream that does not read, and other calls go on", async () => {
    const { caller } = await setUp((stream, headers) => {
      if (headers[":path"] === "/stuck") return;
      echo(stream, headers, []);
    });
    const { stream } = caller.open({ ":method": "POST", ":path": "/stuck" }, { endStream: false });
    let written = 0;
    const more = (): void => {
      while (stream.write(Buffer.alloc(16_384))) written += 16_384;
      written += 16_384;
    };
    stream.on("drain", more);
    more();
    let before = -1;
    await expect.poll(() => {
      const same = written === before;
      before = written;
      return same;
    }, { interval: 150 }).toBe(true);
    expect(written).toBeLessThan(2_000_000);
    expect((await caller.send({}, "meanwhile")).body.toString()).toBe("meanwhile");
    stream.close(constants.NGHTTP2_CANCEL);
  });
});

describe("ends of connections on the http2 lane", () => {
  it("an upstream that is not there resets the caller's connection", async () => {
    const nobody = await refuse();
    undo.push(() => nobody.close());
    const edge = await startHttp2Edge(undo, nobody.port);
    const caller = new Http2Caller(undo, edge.port);
    const { headers } = await caller.ask();
    expect(headers).toBeUndefined();
    await caller.closed;
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-unreachable", passedOn: false }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "rst", upstreamReached: false, exchanges: 1 }]);
    // A busy client of HTTP/2 that reads the last bytes and the reset at once is told of an end; a raw one is not.
    const raw = new Caller(edge.port);
    undo.push(() => raw.close());
    raw.socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), Buffer.from([0, 0, 6, 1, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 0x01, 0x78])]));
    expect(await raw.ended).toBe("ECONNRESET");
    await expect.poll(() => edge.exchanges()).toHaveLength(2);
  });

  it.each(["fin", "rst"] as const)("a caller that leaves by %s is gone for upstream too", async (how) => {
    const codes: number[] = [];
    const { upstream, edge, caller } = await setUp((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("some");
      stream.on("close", () => codes.push(stream.rstCode));
    });
    const { stream } = caller.open({});
    await new Promise((resolve) => { stream.once("data", resolve); });
    if (how === "fin") caller.socket.destroy();
    else caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: how }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "client", how }]);
    await expect.poll(() => upstream.closed()).toBe(1);
    await expect.poll(() => codes).toHaveLength(1);
  });

  it("a graceful GOAWAY of upstream is passed on with what it says, and calls under way end well", async () => {
    const { upstream, edge, caller } = await setUp((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("some");
      stream.session?.goaway(0, 0, Buffer.from("maintenance"));
      stream.session?.close();
      setImmediate(() => stream.end("more"));
    });
    const { headers, body } = await caller.ask();
    expect([headers?.[":status"], body.toString()]).toEqual([200, "somemore"]);
    await caller.closed;
    expect(caller.goaways[0]).toEqual({ code: 0, last: 1, data: "maintenance" });
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "fin" }]);
    expect(upstream.sessions).toHaveLength(1);
  });

  it("a GOAWAY with an error ends the caller's connection with the same", async () => {
    const { edge, caller } = await setUp((stream) => {
      stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0, Buffer.from("too_many_pings"));
    });
    await caller.ask();
    await caller.closed;
    expect(caller.goaways[0]).toEqual({ code: constants.NGHTTP2_ENHANCE_YOUR_CALM, last: 1, data: "too_many_pings" });
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream", how: "fin" }]);
  });

  it("an upstream that dies takes the caller's connection with it, and its calls", async () => {
    const { edge, caller } = await setUp((stream) => {
      const socket = stream.session?.socket;
      Reflect.apply(Reflect.get(Reflect.getPrototypeOf(socket ?? {}) ?? {}, "resetAndDestroy") ?? (() => stream.session?.destroy()), socket, []);
    });
    const { headers } = await caller.ask();
    expect(headers).toBeUndefined();
    await caller.closed;
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "upstream" }]);
  });

  it("what is open when the run stops is recorded as open", async () => {
    const { edge, caller } = await setUp(() => undefined);
    caller.open({});
    await expect.poll(() => edge.server.close !== undefined && caller.session.state.outboundQueueSize).toBe(0);
    await aWhile(50);
    await edge.server.close();
    expect(edge.exchanges()).toMatchObject([{ end: "open" }]);
    expect(edge.connections()).toMatchObject([{ closedBy: "proxy" }]);
  });
});
