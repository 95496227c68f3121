import { afterEach, describe, expect, it } from "vitest";
import { answering, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = "GET / HTTP/1.1\r\nHost: x\r\n";
const post = "POST / HTTP/1.1\r\nHost: x\r\n";

/** Requests whose end two parsers could see in different places, or that are no HTTP/1 at all (RFC 9112 §3, §5, §6, §7, §11). */
const forged: readonly (readonly [string, string])[] = [
  ["a length and chunks", `${post}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nX`],
  ["chunks and a length", `${post}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nX`],
  ["two lengths", `${post}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody!`],
  ["two lengths in one", `${post}Content-Length: 4, 5\r\n\r\nbody!`],
  ["a negative length", `${post}Content-Length: -1\r\n\r\n`],
  ["a length with a plus", `${post}Content-Length: +5\r\n\r\nhello`],
  ["a hexadecimal length", `${post}Content-Length: 0x5\r\n\r\nhello`],
  ["a length with a space in it", `${post}Content-Length: 1 0\r\n\r\nhello`],
  ["an empty length", `${post}Content-Length:\r\n\r\n`],
  ["a length beyond all numbers", `${post}Content-Length: 99999999999999999999\r\n\r\n`],
  ["a space before the colon", `${post}Content-Length : 5\r\n\r\nhello`],
  ["a space before the colon of Transfer-Encoding", `${post}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ["a folded header", `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ["a header that begins with a space", `GET / HTTP/1.1\r\n Host: x\r\n\r\n`],
  ["chunked that is not last", `${post}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["chunked twice", `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`],
  ["a coding that only looks like chunked", `${post}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["chunked with a vertical tab", `${post}Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n`],
  ["chunked with a parameter", `${post}Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n`],
  ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a CONNECT with a length", "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nContent-Length: 5\r\n\r\nhello"],
  ["a CONNECT with chunks", "CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a bare LF", "GET / HTTP/1.1\nHost: x\n\n"],
  ["a bare LF behind a header", `${get}A: b\nContent-Length: 5\r\n\r\n`],
  ["a bare CR in a header", `${get}A: b\rContent-Length: 5\r\n\r\n`],
  ["a NUL in a header", `${get}A: b\u0000c\r\n\r\n`],
  ["a DEL in a header", `${get}A: b\u007fc\r\n\r\n`],
  ["a header without a colon", `${get}Abc\r\n\r\n`],
  ["a header without a name", `${get}: abc\r\n\r\n`],
  ["two hosts", `${get}Host: y\r\n\r\n`],
  ["two spaces in the request line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a space in the target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["no version", "GET /\r\n\r\n"],
  ["another version", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"],
  ["lower-case http", "GET / http/1.1\r\nHost: x\r\n\r\n"],
  ["a method that is no token", "G(T / HTTP/1.1\r\nHost: x\r\n\r\n"],
  ["a TLS greeting", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000"],
  ["a chunk size that is no number", `${post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
  ["an empty chunk size", `${post}Transfer-Encoding: chunked\r\n\r\n\r\n`],
  ["a chunk size with 0x", `${post}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`],
  ["a negative chunk size", `${post}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n`],
  ["a chunk size beyond all numbers", `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`],
  ["a chunk size ended by a bare LF", `${post}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`],
  ["an extension with a bare LF", `${post}Transfer-Encoding: chunked\r\n\r\n5;a\nb\r\nhello\r\n0\r\n\r\n`],
  ["a chunk longer than it says", `${post}Transfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n`],
  ["a trailer without a colon", `${post}Transfer-Encoding: chunked\r\n\r\n0\r\nX\r\n\r\n`],
  ["words behind a chunk size", `${post}Transfer-Encoding: chunked\r\n\r\n5 x\r\nhello\r\n0\r\n\r\n`],
];

/** An answer of the proxy's own, which says why in one line. */
const rejection = (status: string, why: RegExp): RegExp => new RegExp(`^HTTP/1\\.1 ${status}\r\nvia: chaos\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: \\d+\r\n\r\n${why.source}\n$`);
const badRequest = rejection("400 Bad Request", /(?:the request head|a chunk of the request body) .*/);

describe("requests that cannot be framed", () => {
  it.each(forged)("answers 400 to %s, and closes", async (_, request) => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    const caller = call();
    caller.socket.write(Buffer.from(request, "latin1"));
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(badRequest);
    expect(edge.exchanges()).toMatchObject([{ end: "rejected", status: 400, nth: 1 }]);
    expect(edge.issues()).toMatchObject([{ code: "malformed-request", message: expect.stringMatching(/^answered 400 in upstream's place: (?:the request head|a chunk of the request body) /) }]);
  });

  it("does not pass on a request with a doubtful head, nor what follows it", async () => {
    const seen: string[] = [];
    const { call, edge } = await setUpEdge(undo, answering((request, socket) => {
      seen.push(request);
      socket.write(ok);
    }));
    const caller = call();
    caller.socket.write(`${get}\r\n${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.subarray(0, ok.length).toString()).toBe(ok);
    expect(caller.bytes.subarray(ok.length).toString()).toMatch(badRequest);
    expect(seen).toEqual([`${get}\r\n`]);
    expect(edge.exchanges()).toMatchObject([{ end: "complete", method: "GET" }, { end: "rejected", passedOn: false, method: "POST", path: "/" }]);
    caller.socket.end();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "proxy", how: "fin", exchanges: 2 }]);
  });

  it("takes a length that is given twice alike, empty lines before a request, and a missing Host: nothing in them is in doubt", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    const caller = call();
    caller.socket.write("\r\nPOST / HTTP/1.1\r\nContent-Length: 2\r\ncontent-length: 2\r\n\r\nab");
    await caller.received(ok.length);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", path: "/" }]);
  });

  it("answers 431 to a head of 1 MiB, and the client can read it", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    const caller = call();
    caller.socket.write(`GET /big HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(1024 * 1024)}\r\n\r\n`);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(rejection("431 Request Header Fields Too Large", /a request head of \d+ or more bytes, and limits.head of this proxy is 64KiB: raise it .*/));
    expect(edge.exchanges()).toMatchObject([{ end: "rejected", status: 431, method: "GET", path: "/big", passedOn: false }]);
  });

  it("answers 408 to a head that does not come, and waits for ever for one that has not begun", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined), { limits: { headMs: 60 } });
    const idle = await call().connected();
    const slow = call();
    slow.socket.write("GET /slow HTTP/1.1\r\nHo");
    expect(await slow.ended).toBe("fin");
    expect(slow.bytes.toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nvia: chaos\r\n/);
    expect(edge.exchanges()).toMatchObject([{ end: "rejected", status: 408, path: "/slow" }]);
    expect(idle.bytes.length).toBe(0);
    expect(idle.socket.readableEnded).toBe(false);
  });

  it("ends a client that goes on sending after its rejection", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined), { limits: { lingerMs: 30 } });
    const caller = call();
    caller.socket.write("nonsense\r\n\r\n");
    await caller.ended;
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "proxy" }]);
  });
});

describe("answers that cannot be framed", () => {
  it.each([
    ["a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n"],
    ["a status that is no number", "HTTP/1.1 abc OK\r\n\r\n"],
    ["no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["a greeting of another protocol that waits to be answered", "SSH-2.0-OpenSSH\r\n"],
    ["the first byte of another protocol", "S"],
    ["a malformed chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
    ["a head of 1 MiB", `HTTP/1.1 200 OK\r\nA: ${"a".repeat(1024 * 1024)}\r\n\r\n`, "head-too-large"],
    ["a switch of protocols that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
  ])("resets the client on %s, and says so in the record", async (_, answer, code = "malformed-response") => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(answer)));
    const caller = call();
    caller.socket.write(`${get}\r\n`);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "upstream-lost", passedOn: true }]);
    expect(edge.issues()).toMatchObject([{ code }]);
  });

  it("waits for the rest of one that has begun as an answer does", async () => {
    const { call } = await setUpEdge(undo, answering((_, socket) => {
      let at = 0;
      const next = (): void => void (at < ok.length && socket.write(ok.slice(at, (at += 1)), () => setTimeout(next, 1)));
      next();
    }));
    const caller = call();
    caller.socket.write(`${get}\r\n`);
    expect((await caller.received(ok.length)).toString()).toBe(ok);
  });

  it("delivers the answer before bytes that answer no request", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(`${ok}HTTP/1.1 200 OK\r\n\r\n`)));
    const caller = call();
    caller.socket.write(`${get}\r\n`);
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe(ok);
    expect(edge.exchanges()).toMatchObject([{ end: "complete" }]);
  });
});
