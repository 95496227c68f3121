import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { RawCalls } from "./raw-calls.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`;
const post = (body: string | Buffer, headers = "", start = "POST /charges HTTP/1.1"): Buffer => Buffer.concat([Buffer.from(`${start}\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n`), Buffer.from(body)]);
const atRequest = { at: "request", json: { "/amount": 0 } };

/** An upstream that keeps all bytes it gets, and answers each head or, when told to wait, the end of what it waits for. */
function keeper(until = /\r\n\r\n$|0\r\n\r\n$/) {
  const got: Buffer[] = [];
  const handle = (socket: { on(event: "data", listener: (bytes: Buffer) => void): unknown; on(event: "end", listener: () => void): unknown; write(text: string): unknown; end(): unknown }): void => {
    let seen = "";
    socket.on("data", (bytes) => {
      got.push(bytes);
      seen += bytes.toString("latin1");
      if (!until.test(seen)) return;
      seen = "";
      socket.write(ok);
    });
    socket.on("end", () => socket.end());
  };
  return { handle, text: () => Buffer.concat(got).toString("latin1"), bytes: () => Buffer.concat(got) };
}

describe("rewriting requests", () => {
  it("changes values in a JSON body and its length, and leaves all else as it came", async () => {
    const upstream = keeper(/\}$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", { ...atRequest, headers: { "idempotency-key": null, "X-New": "1" } }));
    await new RawCalls(call()).ask(post('{"amount": 12.50, "n": 1}', "Accept: */*\r\nX-A: 1\r\nIdempotency-Key: k\r\n"));
    expect(upstream.text()).toBe('POST /charges HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nX-A: 1\r\nContent-Length: 21\r\nx-new: 1\r\n\r\n{"amount": 0, "n": 1}');
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", passedOn: true, idempotencyKey: "k", faults: [{ effect: "rewrite", actedMs: expect.any(Number) }] }]);
  });

  it("changes the body of a request that offers h2c", async () => {
    const upstream = keeper(/\}$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    await new RawCalls(call()).ask(post('{"amount":1}', "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"));
    expect(upstream.text()).toBe('POST /charges HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\nContent-Length: 12\r\n\r\n{"amount":0}');
  });

  it("keeps the coding of a body", async () => {
    const upstream = keeper(/$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    await new RawCalls(call()).ask(post(gzipSync('{"amount":1}'), "Content-Encoding: gzip\r\n"));
    const got = upstream.bytes();
    expect(gunzipSync(got.subarray(got.indexOf("\r\n\r\n") + 4)).toString()).toBe('{"amount":0}');
  });

  it("changes headers without waiting for the body", async () => {
    const upstream = keeper(/end$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", { at: "request", headers: { authorization: null } }));
    const calls = new RawCalls(call());
    const head = "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: me\r\nContent-Length: 8\r\n\r\n";
    calls.caller.socket.write(head);
    await expect.poll(() => upstream.text()).toBe(head.replace("Authorization: me\r\n", ""));
    await calls.ask("beginend");
    expect(upstream.text()).toMatch(/\r\n\r\nbeginend$/);
  });

  it("takes targets, methods and versions that Node would not", async () => {
    const upstream = keeper(/\}$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    const calls = new RawCalls(call());
    for (const start of ["BREW http://pot/\u00fc?a=[b] HTTP/1.1", "PUT * HTTP/1.0"]) {
      await calls.ask(Buffer.concat([Buffer.from(`${start}\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 12\r\n\r\n`, "latin1"), Buffer.from('{"amount":1}')]));
      expect(upstream.text()).toContain(`${start}\r\nHost: x\r\nConnection: keep-alive\r\nContent-Length: 12\r\n\r\n{"amount":0}`);
    }
  });

  it("gives a request without a body one", async () => {
    const upstream = keeper(/body$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", { at: "request", body: "a body" }));
    await new RawCalls(call()).ask("DELETE / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(upstream.text()).toBe("DELETE / HTTP/1.1\r\nHost: x\r\ncontent-length: 6\r\n\r\na body");
  });

  it("bids a client go on that asks before it sends its body, once", async () => {
    const got: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      got.push(request);
      socket.write(`HTTP/1.1 100 Continue\r\n\r\n${ok}`);
    }));
    edge.setFaults(exchangeFault("rewrite", atRequest));
    const caller = call();
    caller.socket.write("POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 12\r\n\r\n");
    const bid = "HTTP/1.1 100 Continue\r\n\r\n";
    await caller.received(bid.length);
    expect(got).toEqual([]);
    caller.socket.write('{"amount":1}');
    await caller.received(bid.length + ok.length);
    expect(caller.bytes.toString()).toBe(bid + ok);
    expect(got).toEqual(['POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n{"amount":0}']);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 200, end: "complete", responseBytes: bid.length + ok.length }]);
  });

  it("does not mind an expectation that Node knows nothing of", async () => {
    const upstream = keeper(/\}$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    await new RawCalls(call()).ask(post('{"amount":1}', "Expect: more\r\n"));
    expect(upstream.text()).toMatch(/\r\n\r\n\{"amount":0\}$/);
  });

  it("leaves a request whose body cannot be changed as it is, and tells why", async () => {
    const upstream = keeper(/!$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    const request = post("plain text!");
    await new RawCalls(call()).ask(request);
    expect(upstream.bytes()).toEqual(request);
    expect(edge.issues()).toMatchObject([{ code: "not-rewritten", message: "rewrite-1 left a request as it was: its body is no JSON" }]);
  });

  it("holds back pipelined requests behind it until it has gone on", async () => {
    const upstream = keeper(/(?:\}|\r\n\r\n)$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("latency", { delay: "30ms" }, { match: { methods: ["POST"] } }), exchangeFault("rewrite", atRequest, { match: { methods: ["POST"] } }), exchangeFault("latency", { delay: "30ms" }, { match: { methods: ["POST"] } }, "l2"));
    const calls = new RawCalls(call());
    const startMs = edge.env.nowMs();
    calls.caller.socket.write(Buffer.concat([post('{"amount":1}'), Buffer.from("GET /behind HTTP/1.1\r\nHost: x\r\n\r\n")]));
    await calls.next();
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(60);
    expect(upstream.text()).toMatch(/\{"amount":0\}GET \/behind HTTP\/1.1\r\nHost: x\r\n\r\n$/);
  });

  it("is answered in place by an error written behind it, and upstream is not asked", async () => {
    const upstream = keeper();
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest), exchangeFault("error", { status: 503 }));
    const calls = new RawCalls(call());
    expect((await calls.ask(post('{"amount":1}'))).status).toBe(503);
    expect((await calls.ask(post('{"amount":1}'))).status).toBe(503);
    expect(upstream.text()).toBe("");
    await expect.poll(() => edge.exchanges().map(({ passedOn }) => passedOn)).toEqual([false, false]);
  });

  it("answers 400 to a body that is no chunks while it is taken in", async () => {
    const upstream = keeper();
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    const caller = call();
    caller.socket.write("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"am\r\n");
    caller.socket.write("zz\r\n");
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toMatch(/^HTTP\/1.1 400 /);
    expect(upstream.text()).toBe("");
  });
});

/** The package of the name http-proxy, up to 1.18.1, sends them on with `content-length: 0` and the body behind it: a request of the sender's making (CVE-2026-29057). */
describe("a chunked DELETE or OPTIONS", () => {
  const requestOf = (method: string): string => `${method} /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{"amount"')}${chunk(":1}")}0\r\n\r\n`;

  it.each(["DELETE", "OPTIONS"])("(%s) arrives whole and exactly once when it is rewritten, and so does the next request", async (method) => {
    const upstream = keeper(/0\r\n\r\n$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", atRequest));
    const calls = new RawCalls(call());
    await calls.ask(requestOf(method));
    edge.lift();
    await calls.ask(requestOf(method));
    expect(upstream.text()).toBe(`${method} /things HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk('{"amount":0}')}0\r\n\r\n${requestOf(method)}`);
  });

  it.each(["DELETE", "OPTIONS"])("(%s) arrives as it is when its answer is rewritten", async (method) => {
    const upstream = keeper(/0\r\n\r\n$/);
    const { edge, call } = await setUpEdge(undo, upstream.handle);
    edge.setFaults(exchangeFault("rewrite", { body: "changed" }));
    expect((await new RawCalls(call()).ask(requestOf(method))).body.toString()).toBe("changed");
    expect(upstream.text()).toBe(requestOf(method));
  });
});
