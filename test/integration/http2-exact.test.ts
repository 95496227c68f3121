import { constants } from "node:http2";
import type { ServerStreamResponseOptions } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, serveHttp2 } from "./http2-peers.ts";
import { Caller, serve } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const undated: ServerStreamResponseOptions = Object.assign({ endStream: true }, { sendDate: false });

const frameTypes = { data: 0, headers: 1, reset: 3, settings: 4, goaway: 7 } as const;

/** A frame of HTTP/2, on stream 1 where it is on any (RFC 9113 §4.1). */
function frame(type: keyof typeof frameTypes, flags: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const stream = type === "settings" || type === "goaway" ? 0 : 1;
  return Buffer.concat([Buffer.from([0, payload.length >> 8, payload.length & 0xff, frameTypes[type], flags, 0, 0, 0, stream]), payload]);
}

/** GET http / by the static table (RFC 7541, appendix A), with an authority of "x". */
const get = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x78]);

/** One GET through an edge in front of it, by a caller that hears all until the connection ends. */
async function askOnce(upstream: Awaited<ReturnType<typeof serve>>) {
  undo.push(() => upstream.close());
  const edge = await startHttp2Edge(undo, upstream.port);
  const caller = new Caller(edge.port);
  undo.push(() => caller.close());
  caller.socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), frame("settings", 0), frame("headers", 0x5, get)]));
  await caller.ended;
  return { edge, caller };
}

function typesIn(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at < bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes.readUInt8(at + 3));
  return types;
}

/** A field without indexing and with a name that is spelt out (RFC 7541 §6.2.2). */
function literal(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)]);
}

describe("heads on the http2 lane", () => {
  it("come as they were sent: nothing is added, repeated fields stay where they stood, whatever the names", async () => {
    const seen: (readonly string[])[] = [];
    const upstream = await serveHttp2(undo, (stream, _headers, raw) => {
      seen.push(raw.slice(8));
      stream.respond({ ":status": 200, "set-cookie": "a", "x-b": "1", "Set-cookie": "b", constructor: "c" }, undated);
    });
    const edge = await startHttp2Edge(undo, upstream.port);
    const got = await new Http2Caller(undo, edge.port).ask({ cookie: "a", "x-b": "1", Cookie: "b", "X-B": "2", constructor: "c", ["__proto__"]: "d" });
    expect(seen).toEqual([["cookie", "a", "x-b", "1", "cookie", "b", "x-b", "2", "constructor", "c", "__proto__", "d"]]);
    expect(got.rawHeaders).toEqual([":status", "200", "set-cookie", "a", "x-b", "1", "set-cookie", "b", "constructor", "c"]);
  });

  it("lose no field for another that no message may say twice", async () => {
    const fields = [["vary", "a"], ["etag", "1"], ["vary", "b"], ["age", "2"], ["etag", "3"], ["age", "4"], ["via", "c"], ["via", "d"]];
    const head = Buffer.concat([Buffer.from([0x88]), ...fields.map(([name = "", value = ""]) => literal(name, value))]);
    const upstream = await serve((socket) => {
      socket.once("data", () => socket.write(Buffer.concat([frame("settings", 0), frame("settings", 1), frame("headers", 0x5, head)])));
    });
    undo.push(() => upstream.close());
    const edge = await startHttp2Edge(undo, upstream.port);
    const { rawHeaders } = await new Http2Caller(undo, edge.port).ask();
    expect(rawHeaders).toEqual([":status", "200", "vary", "a", "etag", "1", "vary", "b", "age", "2", "via", "c", "via", "d"]);
  });
});

describe("a message that is cut off by NO_ERROR on the http2 lane", () => {
  it("is no whole answer to the caller, nor to the witness", async () => {
    const upstream = await serveHttp2(undo, (stream) => {
      // Without trailers in sight node:http2 would end the stream before it resets it.
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("some", () => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    const edge = await startHttp2Edge(undo, upstream.port);
    // What is still open of the request tells a reset from an end.
    const { stream, got } = new Http2Caller(undo, edge.port).open({ ":method": "POST" }, { endStream: false });
    const { body, code } = await got;
    expect([body.toString(), code, stream.aborted]).toEqual(["some", 0, true]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost", status: 200 }]);
  });

  it("is no whole request to upstream", async () => {
    const ends: string[] = [];
    const upstream = await serveHttp2(undo, (stream) => {
      stream.on("aborted", () => ends.push("aborted"));
      stream.on("end", () => stream.aborted || ends.push("end"));
      stream.on("data", () => stream.respond({ ":status": 200 }));
    });
    const edge = await startHttp2Edge(undo, upstream.port);
    const { stream, got } = new Http2Caller(undo, edge.port).open({ ":method": "POST" }, { endStream: false, waitForTrailers: true });
    stream.on("response", () => stream.close(constants.NGHTTP2_NO_ERROR));
    stream.write("some");
    await got;
    await expect.poll(() => ends).toEqual(["aborted"]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "rst" }]);
    expect(edge.exchanges()[0]).not.toHaveProperty("requestEndMs");
  });
});

describe("a caller that resets its call with NO_ERROR on the http2 lane", () => {
  it("has left, though nobody reads what it sends", async () => {
    const upstream = await serveHttp2(undo, (stream) => stream.pause());
    const edge = await startHttp2Edge(undo, upstream.port);
    const caller = new Http2Caller(undo, edge.port);
    const { stream } = caller.open({ ":method": "POST" }, { endStream: false });
    stream.write(Buffer.alloc(4_000_000));
    await expect.poll(() => caller.socket.bytesWritten, { timeout: 10_000 }).toBeGreaterThan(200_000);
    stream.close();
    await expect.poll(() => edge.exchanges(), { timeout: 10_000 }).toMatchObject([{ end: "client-left", leftBy: "rst" }]);
  });
});

describe("an upstream that answers and then goes away on the http2 lane", () => {
  it.each([["in one piece", true], ["one after the other", false]])("is passed on in that order, %s", async (_how, isOne) => {
    const answer = [frame("headers", 0x4, Buffer.from([0x88])), frame("data", 0x1, Buffer.from("whole")), frame("goaway", 0, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]))];
    const upstream = await serve((socket) => {
      socket.once("data", () => {
        socket.write(Buffer.concat([frame("settings", 0), frame("settings", 1)]));
        if (isOne) socket.end(Buffer.concat(answer));
        else for (const piece of answer) socket.write(piece);
      });
    });
    const { edge, caller } = await askOnce(upstream);
    expect(typesIn(caller.bytes).filter((type) => type === frameTypes.headers || type === frameTypes.data || type === frameTypes.goaway).slice(0, 4)).toEqual([1, 0, 0, 7]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
  });

  it("with an error loses nothing of an answer that came whole before", async () => {
    const code = Buffer.from([0, 0, 0, constants.NGHTTP2_INTERNAL_ERROR]);
    const upstream = await serve((socket) => {
      const answer = [frame("headers", 0x4, Buffer.from([0x88])), frame("data", 0x1, Buffer.from("whole")), frame("goaway", 0, Buffer.concat([Buffer.from([0, 0, 0, 1]), code]))];
      socket.once("data", () => socket.end(Buffer.concat([frame("settings", 0), frame("settings", 1), ...answer])));
    });
    const { edge, caller } = await askOnce(upstream);
    expect(typesIn(caller.bytes).filter((type) => type === frameTypes.headers || type === frameTypes.data || type === frameTypes.goaway).slice(0, 4)).toEqual([1, 0, 0, 7]);
    expect(caller.bytes.includes(Buffer.concat([Buffer.from([0, 0, 0, 1]), code]))).toBe(true);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200 }]);
  });

  it("is told of before an answer that is held back", async () => {
    const upstream = await serveHttp2(undo, (stream) => {
      stream.respond({ ":status": 200 }, { endStream: true });
      stream.session?.close();
    });
    const edge = await startHttp2Edge(undo, upstream.port);
    edge.setFaults(exchangeFault("hang", { headers: true }));
    const caller = new Http2Caller(undo, edge.port);
    caller.open({});
    await expect.poll(() => caller.goaways[0], { timeout: 10_000 }).toMatchObject({ code: 0, last: 1 });
    expect(edge.exchanges()).toEqual([]);
  });

  it.each([
    ["a reset and its end", [frame("reset", 0, Buffer.from([0, 0, 0, constants.NGHTTP2_REFUSED_STREAM]))]],
    ["a GOAWAY of before the call, and its end", [frame("goaway", 0, Buffer.alloc(8))]],
  ])("and refuses a call is heard before the connection ends: %s", async (_how, said) => {
    const upstream = await serve((socket) => {
      socket.once("data", () => socket.end(Buffer.concat([frame("settings", 0), frame("settings", 1), ...said])));
    });
    const { edge, caller } = await askOnce(upstream);
    expect(caller.bytes.includes(frame("reset", 0, Buffer.from([0, 0, 0, constants.NGHTTP2_REFUSED_STREAM])))).toBe(true);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "upstream-lost" }]);
  });
});
