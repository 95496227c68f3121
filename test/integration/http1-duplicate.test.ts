import type { Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { answering, exchangeFault, ok, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { RawCalls } from "./raw-calls.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const post = (body: string, headers = ""): string => `POST /charges HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`;

const offersH2c = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n";

/** An upstream that keeps what each connection got. */
function listener(answer: (text: string, socket: Socket, nth: number) => void = (_, socket) => socket.write(ok)) {
  const got: string[] = [];
  const handle = (socket: Socket): void => {
    const nth = got.push("") - 1;
    socket.on("data", (bytes) => {
      got[nth] += bytes.toString("latin1");
      answer(got[nth] ?? "", socket, nth);
    });
    socket.on("end", () => socket.end());
  };
  return { got, handle };
}

describe("duplicate", () => {
  it("sends upstream the same bytes again on a connection of its own, and gives the caller one answer", async () => {
    const { got, handle } = listener();
    const { edge, call, upstream } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}));
    const calls = new RawCalls(call());
    const request = post("hello", "Idempotency-Key: k1\r\ntraceparent: 00-0123456789abcdef0000000000000001-0000000000000001-01\r\n");
    expect((await calls.ask(request)).bytes.toString()).toBe(ok);
    await expect.poll(() => got).toEqual([request, request]);
    await expect.poll(() => edge.exchanges().length).toBe(2);
    await expect.poll(() => upstream.sockets.size).toBe(1);
    edge.lift();
    expect((await calls.ask(post("next"))).bytes.toString()).toBe(ok);
    expect(calls.caller.bytes.toString()).toBe(ok + ok);
    expect(got).toEqual([request + post("next"), request]);
  });

  it("is told as the proxy's own call, beside the caller's", async () => {
    const { handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", { copies: 2 }));
    const request = post("hello", "Idempotency-Key: k1\r\ntraceparent: 00-0123456789abcdef0000000000000001-0000000000000001-01\r\n");
    await new RawCalls(call()).ask(request);
    await expect.poll(() => edge.exchanges().length).toBe(3);
    const [own, ...copies] = edge.exchanges().toSorted((a, b) => (a.sentBy ?? "").localeCompare(b.sentBy ?? ""));
    expect(own).toMatchObject({ faults: [{ decision: "applied", effect: "duplicate", actedMs: expect.any(Number) }] });
    expect(own).not.toHaveProperty("sentBy");
    for (const copy of copies) {
      expect(copy).toMatchObject({
        sentBy: "duplicate-1", conn: own?.conn, nth: own?.nth, method: "POST", path: "/charges", trace: "0123456789abcdef0000000000000001", idempotencyKey: "k1",
        status: 200, end: "complete", passedOn: true, requestBytes: request.length, responseBytes: ok.length,
      });
      expect(copy).not.toHaveProperty("faults");
    }
  });

  it("follows so long after the request has gone on whole, also when its client has left", async () => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "30ms" }), exchangeFault("duplicate", { delay: "80ms" }));
    const caller = call();
    caller.socket.write(post("hello"));
    await caller.received(ok.length);
    caller.close();
    await expect.poll(() => got).toEqual([post("hello"), post("hello")]);
    await expect.poll(() => edge.exchanges().length).toBe(2);
    const [own, copy] = edge.exchanges();
    const actedMs = own?.faults?.[1]?.actedMs ?? Number.NaN;
    expect(actedMs - (own?.startMs ?? 0)).toBeGreaterThanOrEqual(30);
    expect((copy?.startMs ?? 0) - actedMs).toBeGreaterThanOrEqual(80);
  });

  it("copies what goes on to upstream: rewritten, chunked, paced", async () => {
    const { got, handle } = listener((text, socket) => (text.endsWith("0\r\n\r\n") ? socket.write(ok) : undefined));
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}), exchangeFault("rewrite", { at: "request", json: { "/a": 2 } }), { ...exchangeFault("slow-body", { size: "4B", spacing: "5ms" }), direction: "request" });
    await new RawCalls(call()).ask('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":1}\r\n0\r\n\r\n');
    const changed = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{"a":2}\r\n0\r\n\r\n';
    await expect.poll(() => got).toEqual([changed, changed]);
  });

  it("does not wait for the copy, and does not mind what becomes of it", async () => {
    const { handle } = listener((_, socket, nth) => (nth === 0 ? socket.write(ok) : socket.resetAndDestroy()));
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}));
    const calls = new RawCalls(call());
    await calls.ask(post("one"));
    await expect.poll(() => edge.exchanges().map(({ sentBy, end }) => `${sentBy ?? "caller"} ${end}`).toSorted()).toEqual(["caller complete", "duplicate-1 upstream-lost"]);
    expect(edge.issues()).toEqual([]);
  });

  it("reads answers of any framing and end, and closes its connection", async () => {
    const answers = ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nto the end"];
    const { handle } = listener((_, socket, nth) => (nth === 0 ? socket.write(ok) : socket.end(answers[nth - 1] ?? "")));
    const { edge, call, upstream } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", { copies: 3 }));
    const calls = new RawCalls(call());
    await calls.ask(post("one"));
    await expect.poll(() => edge.exchanges().flatMap(({ sentBy, end }) => (sentBy === undefined ? [] : [end])).toSorted()).toEqual(["complete", "complete", "upstream-lost"]);
    await expect.poll(() => upstream.sockets.size).toBe(1);
  });

  it("sends no copy of a request that is answered in upstream's place", async () => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}), exchangeFault("error", { status: 503 }));
    expect((await new RawCalls(call()).ask(post("one"))).status).toBe(503);
    await expect.poll(() => edge.exchanges().length).toBe(1);
    expect(edge.exchanges()[0]?.faults?.[0]).not.toHaveProperty("actedMs");
    expect(got).toEqual([]);
  });

  it("sends no copy of a request that is too large, or may open a tunnel, and tells why", async () => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", { maxBody: "100B" }));
    const calls = new RawCalls(call());
    await calls.ask(post("x".repeat(200)));
    await calls.ask("GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    expect(edge.issues().map((issue) => "message" in issue && issue.message)).toEqual(["duplicate-1 left a request as it was: it is larger than 100B", "duplicate-1 left a request as it was: a tunnel may begin with it"]);
    expect(got).toHaveLength(1);
  });

  it.each(["", "hello"])("sends a copy of a request that offers h2c when it has been answered without, with body %j", async (body) => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}));
    const offer = post(body, offersH2c);
    await new RawCalls(call()).ask(offer);
    await expect.poll(() => got).toEqual([offer, offer]);
    expect(edge.issues()).toEqual([]);
  });

  it("sends no copy of a request that switches to h2c, and of what goes through the tunnel, and tells why", async () => {
    const got: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      got.push(request);
      if (request.startsWith("GET")) socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    }));
    edge.setFaults(exchangeFault("duplicate", {}), exchangeFault("stale", {}));
    const caller = call();
    caller.socket.write(`GET / HTTP/1.1\r\nHost: x\r\n${offersH2c}\r\n`);
    await expect.poll(() => caller.bytes.toString()).toContain("101");
    caller.socket.end("frames");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", status: 101 }]);
    expect(got.join("")).toMatch(/^GET [^]*\r\n\r\nframes$/);
    expect(edge.issues().map((issue) => "message" in issue && issue.message)).toEqual(["duplicate-1 left a request as it was: a tunnel begins with it"]);
  });

  it("sends no copy of a request whose client left in its midst", async () => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}));
    const caller = call();
    caller.socket.write(post("hello").slice(0, -2));
    await expect.poll(() => got[0]).toBe(post("hello").slice(0, -2));
    caller.socket.resetAndDestroy();
    await expect.poll(() => edge.connections().length).toBe(1);
    expect(got).toHaveLength(1);
  });

  it("runs out its wait when the fault is lifted, is sent at once on release, and not at all when the run stops", async () => {
    const { got, handle } = listener();
    const { edge, call } = await setUpEdge(undo, handle);
    const calls = new RawCalls(call());
    edge.setFaults(exchangeFault("duplicate", { delay: "1h" }));
    await calls.ask(post("one"));
    edge.lift();
    await calls.ask(post("two"));
    expect(got).toHaveLength(1);
    edge.setFaults(exchangeFault("duplicate", { delay: "1h" }));
    edge.lift(true);
    await expect.poll(() => got.slice(1)).toEqual([post("one")]);
    edge.setFaults(exchangeFault("duplicate", { delay: "1h" }));
    await calls.ask(post("three"));
    await edge.server.close();
    expect(got).toHaveLength(2);
  });

  it("is ended with the run while its answer is outstanding", async () => {
    const { handle } = listener((_, socket, nth) => (nth === 0 ? socket.write(ok) : undefined));
    const { edge, call, upstream } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("duplicate", {}));
    await new RawCalls(call()).ask(post("one"));
    await expect.poll(() => upstream.sockets.size).toBe(2);
    await edge.server.close();
    expect(edge.exchanges()).toMatchObject([{ end: "complete" }, { sentBy: "duplicate-1", end: "open" }]);
    await expect.poll(() => upstream.sockets.size).toBe(0);
  });

  it("keeps no more than 128MiB for copies, and tells what it did not send again", async () => {
    let left = 0;
    const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
      left = (left === 0 ? head.length + size : left) - bytes.length;
      if (left === 0) socket.write(ok);
    }));
    const size = 48 * 1024 * 1024;
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`;
    edge.setFaults(exchangeFault("duplicate", { copies: 2, delay: "1h", maxBody: "128MiB" }));
    const calls = new RawCalls(call());
    const body = Buffer.alloc(size);
    for (let i = 0; i < 3; i++) await calls.ask(Buffer.concat([Buffer.from(head), body]));
    expect(edge.issues().map((issue) => "message" in issue && issue.message)).toEqual(["duplicate-1 left a request as it was: 128MiB of copies are not answered yet"]);
    await expect.poll(() => edge.exchanges().map(({ faults }) => faults?.[0]?.actedMs !== undefined)).toEqual([true, true, false]);
  });

  it("leaves pipelined requests behind it in their order", async () => {
    const seen: string[] = [];
    const { edge, call } = await setUpEdge(undo, answering((request, socket) => {
      for (const [, path = ""] of request.matchAll(/GET (\S+)/g)) {
        seen.push(path);
        socket.write(ok);
      }
    }));
    edge.setFaults(exchangeFault("duplicate", {}, { match: { path: { equals: "/b" } } }));
    await new RawCalls(call()).askAll(["/a", "/b", "/c"].map((path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
    await expect.poll(() => seen.toSorted()).toEqual(["/a", "/b", "/b", "/c"]);
  });

  it("goes to the host that the request was for through a forward proxy", async () => {
    const { got, handle } = listener();
    const { edge, call, upstream } = await setUpEdge(undo, handle, { proxy: { forward: { allowHosts: [] } } });
    edge.setFaults(exchangeFault("duplicate", {}));
    const authority = `127.0.0.1:${upstream.port}`;
    await new RawCalls(call()).ask(`GET http://${authority}/x HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    const passed = `GET /x HTTP/1.1\r\nHost: ${authority}\r\n\r\n`;
    await expect.poll(() => got).toEqual([passed, passed]);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ authority }, { authority, sentBy: "duplicate-1" }]);
  });
});
