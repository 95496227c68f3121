import { brotliCompressSync, brotliDecompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { isFelt } from "../../src/evidence/felt.ts";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { RawCalls } from "./raw-calls.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const sized = (body: string | Buffer, headers = "", status = "200 OK"): Buffer => Buffer.concat([Buffer.from(`HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n\r\n`), Buffer.from(body)]);
const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const onPath = (path: string) => ({ match: { path: { equals: path } } });
const declined = { json: { "/status": "declined" } };
const charge = '{"status":"paid","amount":12345678901234567890}';
const declinedCharge = '{"status":"declined","amount":12345678901234567890}';

/** An upstream that gives one answer to every request. */
const always = (answer: string | Buffer) => answering((request, socket) => {
  for (const _ of request.matchAll(/^[A-Z]+ \S+ HTTP/gm)) socket.write(answer);
});

describe("rewriting answers", () => {
  it("changes values in a JSON body and its length, and leaves all else as it came", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized(charge, "Set-Cookie: a=1\r\nX-Trace:A\r\nx-TRACE:  b\r\nset-cookie: b=2\r\n", "201 Made")));
    edge.setFaults(exchangeFault("rewrite", declined));
    const calls = new RawCalls(call());
    const answer = await calls.ask(get("/charges"));
    expect(answer.head).toBe(`HTTP/1.1 201 Made\r\nSet-Cookie: a=1\r\nX-Trace:A\r\nx-TRACE:  b\r\nset-cookie: b=2\r\nContent-Length: ${declinedCharge.length}`);
    expect(answer.body.toString()).toBe(declinedCharge);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 201, faults: [{ decision: "applied", effect: "rewrite" }] }]);
    const [record] = edge.exchanges();
    expect(record?.faults?.[0]?.actedMs).toBe(record?.headMs);
    expect(record?.faults?.[0] !== undefined && isFelt(record.faults[0], record, 50)).toBe(true);
    expect(edge.issues()).toEqual([]);
  });

  it.each([
    ["gzip", gzipSync, gunzipSync], ["deflate", deflateSync, inflateSync], ["deflate", deflateRawSync, inflateRawSync], ["br", brotliCompressSync, brotliDecompressSync],
  ] as const)("undoes %s and codes the new body the same way", async (coding, pack, unpack) => {
    const { edge, call } = await setUpEdge(undo, always(sized(pack(charge), `Content-Encoding: ${coding}\r\n`)));
    edge.setFaults(exchangeFault("rewrite", declined));
    const answer = await new RawCalls(call()).ask(get());
    expect(answer.header("content-encoding")).toBe(coding);
    expect(unpack(answer.body).toString()).toBe(declinedCharge);
  });

  it("keeps chunks and trailers of a chunked body, however it is cut", async () => {
    const bytes = `HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${chunk(charge.slice(0, 5))}${chunk(charge.slice(5))}0\r\nX-Sum: 7\r\n\r\n`;
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => {
      for (let at = 0; at < bytes.length; at += 7) socket.write(bytes.slice(at, at + 7));
    }));
    edge.setFaults(exchangeFault("rewrite", declined));
    const calls = new RawCalls(call());
    const answer = await calls.ask(get());
    expect(answer.body.toString()).toBe(declinedCharge);
    expect(answer.bytes.toString()).toMatch(/\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    expect((await calls.ask(get())).body.toString()).toBe(declinedCharge);
  });

  it("gives a body that ended with the connection a length", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${charge}`)));
    edge.setFaults(exchangeFault("rewrite", declined));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(`HTTP/1.0 200 OK\r\ncontent-length: ${declinedCharge.length}\r\n\r\n${declinedCharge}`);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete" }]);
  });

  it("replaces the body, in the coding that it came in", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized(gzipSync("<html>"), "Content-Type: text/html\r\nContent-Encoding: gzip\r\n")));
    edge.setFaults(exchangeFault("rewrite", { body: { error: "maintenance" }, status: 503, headers: { "retry-after": "7" } }));
    const answer = await new RawCalls(call()).ask(get());
    expect(answer.head).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\nContent-Type: application\/json\r\nContent-Encoding: gzip\r\n/);
    expect(gunzipSync(answer.body).toString()).toBe('{"error":"maintenance"}');
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 503, retryAfter: "7" }]);
  });

  it("changes headers and status at once, and lets a body that never ends go by", async () => {
    const { edge, call, upstream } = await setUpEdge(undo, answering((_, socket) => socket.write("HTTP/1.1 200 OK\r\nETag: 1\r\nContent-Type: text/event-stream\r\nServer: a\r\n\r\ndata: 1\n\n")));
    edge.setFaults(exchangeFault("rewrite", { status: 206, headers: { etag: null, server: "b", "X-New": "c" } }));
    const caller = call();
    caller.socket.write(get());
    const head = "HTTP/1.1 206 Partial Content\r\nContent-Type: text/event-stream\r\nServer: b\r\nx-new: c\r\n\r\n";
    expect((await caller.received(head.length + 9)).toString()).toBe(`${head}data: 1\n\n`);
    for (const socket of upstream.sockets) socket.write("data: 2\n\n");
    await caller.received(head.length + 18);
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "client-left", status: 206, faults: [{ effect: "rewrite", actedMs: expect.any(Number) }] }]);
  });

  it.each([
    ["200 to 204", sized("gone"), 204, "HTTP/1.1 204 No Content", ""],
    ["204 to 200", "HTTP/1.1 204 No Content\r\n\r\n", 200, "HTTP/1.1 200 OK\r\ncontent-length: 0", ""],
    ["304 to 200", "HTTP/1.1 304 Not Modified\r\nContent-Length: 50\r\n\r\n", 200, "HTTP/1.1 200 OK\r\nContent-Length: 0", ""],
    ["chunked to 304", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("abc")}0\r\n\r\n`, 304, "HTTP/1.1 304 Not Modified", ""],
  ])("frames an answer anew whose status goes from %s, and the next one is whole", async (_, answer, status, head, body) => {
    const { edge, call, upstream } = await setUpEdge(undo, answering((request, socket) => socket.write(request.includes("/next") ? ok : answer)));
    edge.setFaults(exchangeFault("rewrite", { status }, { match: { path: { equals: "/" } } }));
    const calls = new RawCalls(call());
    calls.caller.socket.write(get());
    const bytes = `${head}\r\n\r\n${body}`;
    expect((await calls.caller.received(bytes.length)).toString()).toBe(bytes);
    calls.skip(bytes.length);
    expect((await calls.ask(get("/next"))).bytes.toString()).toBe(ok);
    expect(upstream.sockets.size).toBe(1);
  });

  it("gives a new body to an answer that had an empty one", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized("", "X-A: 1\r\n")));
    edge.setFaults(exchangeFault("rewrite", { body: "hello" }));
    expect((await new RawCalls(call()).ask(get())).bytes.toString()).toBe("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello");
  });

  it("leaves the length of an answer to HEAD, and its missing body, alone", async () => {
    const { edge, call } = await setUpEdge(undo, always("HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 50\r\n\r\n"));
    edge.setFaults(exchangeFault("rewrite", { ...declined, headers: { "x-a": "2" } }));
    const caller = call();
    const head = "HTTP/1.1 200 OK\r\nX-A: 2\r\nContent-Length: 50\r\n\r\n";
    caller.socket.write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect((await caller.received(head.length)).toString()).toBe(head);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", faults: [{ actedMs: expect.any(Number) }] }]);
  });

  it.each([
    ["a body that is no JSON", sized("<html>"), declined, "its body is no JSON"],
    ["bytes that are no UTF-8", sized(Buffer.from([0x22, 0xff, 0x22])), declined, "its body is no JSON"],
    ["no body", sized(""), declined, "it has no body"],
    ["a body without that place", sized("[]"), { json: { "/a/b": 1 }, removeJson: ["/c"] }, "its body has nothing at /a/b, /c"],
    ["a larger body", sized("x".repeat(2000)), { body: "y", maxBody: "1KiB" }, "its body is larger than 1KiB"],
    ["a body that grows when it is unpacked", sized(gzipSync(Buffer.alloc(100_000)), "Content-Encoding: gzip\r\n"), { ...declined, maxBody: "1KiB" }, "its body holds more than 1KiB in gzip"],
    ["a coding that is not known", sized("{}", "Content-Encoding: zstd\r\n"), declined, "its coding cannot be undone: zstd"],
    ["bytes that are not coded as they say", sized(charge, "Content-Encoding: gzip\r\n"), declined, "its body is no gzip"],
  ])("leaves %s as it is, byte for byte, does not count as felt, and tells why", async (_, answer, params, why) => {
    const { edge, call } = await setUpEdge(undo, always(answer));
    edge.setFaults(exchangeFault("rewrite", params));
    expect((await new RawCalls(call()).ask(get())).bytes).toEqual(answer);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", faults: [{ decision: "applied", effect: "rewrite" }] }]);
    expect(edge.exchanges()[0]?.faults?.[0]).not.toHaveProperty("actedMs");
    expect(edge.issues()).toMatchObject([{ code: "not-rewritten", message: `rewrite-1 left an answer as it was: ${why}` }]);
  });

  it("leaves a chunked body as it is when it turns out too large, and what follows of it", async () => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunk("a".repeat(900)).repeat(4)}0\r\n\r\n`;
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => {
      for (let at = 0; at < answer.length; at += 500) socket.write(answer.slice(at, at + 500));
    }));
    edge.setFaults(exchangeFault("rewrite", { ...declined, maxBody: "1KiB" }));
    expect((await new RawCalls(call()).ask(get())).bytes.toString()).toBe(answer);
    expect(edge.issues()).toHaveLength(1);
  });

  it("changes a body larger than what the lane holds otherwise", async () => {
    const body = `{"status":"paid","pad":"${"p".repeat(3 * 1024 * 1024)}"}`;
    const { edge, call } = await setUpEdge(undo, always(sized(body)));
    edge.setFaults(exchangeFault("latency", { delay: "30ms", at: "response" }, {}, "l"), exchangeFault("rewrite", declined));
    const answer = await new RawCalls(call()).ask(get());
    expect(answer.body.toString()).toBe(body.replace("paid", "declined"));
  });

  it("keeps the order of pipelined answers, and the connections, and hands the next exchange to the raw lane", async () => {
    const { edge, call, upstream } = await setUpEdge(undo, always(sized(charge)));
    edge.setFaults(exchangeFault("rewrite", declined, onPath("/b")));
    const calls = new RawCalls(call());
    const answers = await calls.askAll([get("/a"), get("/b"), get("/c"), get("/b"), get("/d")]);
    expect(answers.map(({ body }) => body.toString().includes("declined"))).toEqual([false, true, false, true, false]);
    expect((await calls.ask(get("/e"))).bytes).toEqual(sized(charge));
    expect(upstream.sockets.size).toBe(1);
    await expect.poll(() => edge.exchanges().map(({ path, conn, nth }) => `${path} ${conn}.${nth}`)).toEqual(["/a 1.1", "/b 1.2", "/c 1.3", "/b 1.4", "/d 1.5", "/e 1.6"]);
  });

  it("passes interim answers on before", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), sized(charge)]))));
    edge.setFaults(exchangeFault("rewrite", declined));
    const caller = call();
    caller.socket.write(get());
    const whole = Buffer.concat([Buffer.from("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), sized(declinedCharge)]);
    expect(await caller.received(whole.length)).toEqual(whole);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 200, responseBytes: whole.length }]);
  });
});

describe("rewriting with other faults", () => {
  const body = (answer: { readonly body: Buffer }): string => answer.body.toString();

  it("changes answers that are given in upstream's place, and that replace upstream's", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized("{}")));
    const calls = new RawCalls(call());
    for (const reachUpstream of [false, true]) {
      edge.setFaults(exchangeFault("error", { status: 500, body: { code: 1 }, reachUpstream }), exchangeFault("rewrite", { json: { "/code": 2 } }));
      const answer = await calls.ask(get());
      expect([answer.status, body(answer)]).toEqual([500, '{"code":2}']);
    }
    await expect.poll(() => edge.exchanges().map(({ faults }) => faults?.map(({ actedMs }) => actedMs !== undefined))).toEqual([[true, true], [true, true]]);
  });

  it("is lost with upstream's answer when an error that is written behind it takes its place", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized("{}")));
    edge.setFaults(exchangeFault("rewrite", { json: { "/code": 2 } }), exchangeFault("error", { status: 500, body: { code: 1 }, reachUpstream: true }));
    expect(body(await new RawCalls(call()).ask(get()))).toBe('{"code":1}');
    await expect.poll(() => edge.exchanges()[0]?.faults?.map(({ actedMs }) => actedMs !== undefined)).toEqual([false, true]);
  });

  it("acts one after the other in the order written, between delays that add up", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized('{"n":0}')));
    edge.setFaults(
      exchangeFault("latency", { delay: "40ms", at: "response" }, {}, "l1"), exchangeFault("rewrite", { json: { "/n": 1, "/first": true } }, {}, "r1"),
      exchangeFault("latency", { delay: "50ms", at: "response" }, {}, "l2"), exchangeFault("rewrite", { json: { "/n": 2 }, headers: { "x-n": "2" } }, {}, "r2"),
    );
    const calls = new RawCalls(call());
    const startMs = edge.env.nowMs();
    const answer = await calls.ask(get());
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(90);
    expect([body(answer), answer.header("x-n")]).toEqual(['{"n":2,"first":true}', "2"]);
  });

  it("comes before what paces, cuts or breaks the bytes of the answer, and tells those the new length", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized('{"a":1}')));
    edge.setFaults(exchangeFault("slow-body", { over: "60ms" }, {}, "s"), exchangeFault("rewrite", { json: { "/a": "x".repeat(92) } }), exchangeFault("truncate", { share: "50%" }, {}, "t"));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    const text = caller.bytes.toString();
    expect(text).toContain("Content-Length: 100\r\n");
    expect(text.slice(text.indexOf("\r\n\r\n") + 4)).toBe(`{"a":"${"x".repeat(44)}`);
  });

  it("lets a hang that is written behind it pass the new head, and nothing more", async () => {
    const { edge, call } = await setUpEdge(undo, always(sized("{}")));
    edge.setFaults(exchangeFault("rewrite", { headers: { "x-long": "y".repeat(50) } }), exchangeFault("hang", { headers: true }));
    const caller = call();
    caller.socket.write(get());
    const head = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx-long: ${"y".repeat(50)}\r\n\r\n`;
    expect((await caller.received(head.length)).toString()).toBe(head);
    edge.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe(head);
  });
});
