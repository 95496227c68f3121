import { afterEach, describe, expect, it } from "vitest";
import { findFaultType } from "../../src/faults/index.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { answering, exchangeFault, ok, setUpEdge, tracePrefix } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const get = (path = "/"): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
const onPath = (path: string) => ({ match: { path: { equals: path } } });

/** An upstream that answers each request with its path, and what it has seen. */
function pathServer() {
  const seen: string[] = [];
  const handle = answering((request, socket) => {
    for (const [, path = ""] of request.matchAll(/GET (\S+)/g)) {
      seen.push(path);
      socket.write(answerOf(path));
    }
  });
  return { seen, handle };
}

const answerOf = (path: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;

describe("delays", () => {
  it("hold a request before upstream gets it, and add up", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "40ms" }, {}, "a"), exchangeFault("latency", { delay: "50ms" }, {}, "b"));
    const startMs = edge.env.nowMs();
    const caller = call();
    caller.socket.write(get("/x"));
    await caller.received(answerOf("/x").length);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(90);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", faults: [{ fault: "a", decision: "applied", effect: "delay", n: 1 }, { fault: "b", effect: "delay" }] }]);
    const [a, b] = edge.exchanges()[0]?.faults ?? [];
    expect(a?.releasedMs).toBeGreaterThanOrEqual((a?.actedMs ?? Number.NaN) + 40);
    expect(b?.releasedMs).toBeGreaterThanOrEqual((a?.actedMs ?? Number.NaN) + 90);
    expect(seen).toEqual(["/x"]);
  });

  it("hold an answer while upstream has done the work", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "120ms", at: "response" }));
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write(get("/x"));
    await expect.poll(() => seen).toEqual(["/x"]);
    await caller.received(answerOf("/x").length);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(120);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200, passedOn: true }]);
  });

  it("hold a large answer in bounded memory, and let all of it go in the end", async () => {
    const size = 2 * 1024 * 1024;
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`;
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => {
      socket.write(head);
      for (let at = 0; at < size; at += 1024) socket.write(Buffer.alloc(1024, "c"));
    }));
    edge.setFaults(exchangeFault("latency", { delay: "80ms", at: "response" }));
    const caller = call();
    caller.socket.write(get());
    await caller.received(head.length + size);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: head.length + size }]);
  });

  it("keep the order of pipelined exchanges, whichever of them is held", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(
      exchangeFault("latency", { delay: "60ms" }, onPath("/request"), "r"),
      exchangeFault("latency", { delay: "90ms", at: "response" }, onPath("/response"), "s"),
      exchangeFault("error", { status: 503, body: "no" }, onPath("/error"), "e"),
    );
    const caller = call();
    const paths = ["/1", "/request", "/2", "/response", "/error", "/3"];
    caller.socket.write(paths.map((path) => get(path)).join(""));
    await expect.poll(() => edge.exchanges().length).toBe(6);
    // The records are written with the last bytes, which have yet to be read.
    await expect.poll(() => caller.bytes.toString().endsWith(answerOf("/3"))).toBe(true);
    const answers = caller.bytes.toString();
    expect(answers.match(/HTTP\/1.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 200", "HTTP/1.1 503", "HTTP/1.1 200"]);
    expect(answers.indexOf("/response")).toBeLessThan(answers.indexOf("HTTP/1.1 503"));
    expect(seen).toEqual(["/1", "/request", "/2", "/response", "/3"]);
    expect(edge.exchanges().map(({ path, nth, end }) => [path, nth, end])).toEqual(paths.map((path, i) => [path, i + 1, "complete"]));
  });

  it("run out when their fault is lifted, and end at once when released", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "150ms" }));
    const first = await call().connected();
    const startMs = edge.env.nowMs();
    first.socket.write(get("/x"));
    await expect.poll(() => edge.env.nowMs() - startMs > 60).toBe(true);
    edge.lift();
    await first.received(answerOf("/x").length);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(150);

    edge.setFaults(exchangeFault("latency", { delay: "1h" }));
    const second = call();
    second.socket.write(get("/held") + get("/behind"));
    await expect.poll(() => edge.env.nowMs() - startMs > 220).toBe(true);
    edge.lift(true);
    await second.received(answerOf("/held").length + answerOf("/behind").length);
  });

  it("do not pass on what is still held when the client leaves", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "1h" }, { match: { path: { regex: "fin|rst" } } }));
    const [fin, rst] = [call(), call()];
    // The answer to the first shows that the second, in the same packet, has come.
    fin.socket.write(get("/now") + get("/fin"));
    rst.socket.write(get("/now") + get("/rst"));
    await Promise.all([fin.received(answerOf("/now").length), rst.received(answerOf("/now").length)]);
    // A FIN right behind its request would be half a close.
    const sentMs = edge.env.nowMs();
    await expect.poll(() => edge.env.nowMs() - sentMs).toBeGreaterThan(50);
    fin.socket.end();
    rst.socket.resetAndDestroy();
    await expect.poll(() => edge.exchanges().length).toBe(4);
    for (const [path, leftBy] of [["/fin", "fin"], ["/rst", "rst"]]) {
      const record = edge.exchanges().find((exchange) => exchange.path === path);
      expect(record).toMatchObject({ end: "client-left", leftBy, passedOn: false });
      expect(record?.faults?.[0]?.actedMs).toBeDefined();
      expect(record?.faults?.[0]?.releasedMs).toBeUndefined();
    }
    expect(seen).toEqual(["/now", "/now"]);
    expect(await fin.ended).toBe("fin");
  });

  it("hold a request body of any size in bounded memory, and pass on every byte of it", async () => {
    const size = 3 * 1024 * 1024;
    let received = 0;
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.on("data", (bytes) => {
        received += bytes.length;
        if (bytes.includes("end!")) socket.write(ok);
      });
    });
    edge.setFaults(exchangeFault("latency", { delay: "100ms" }));
    const caller = call();
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`;
    caller.socket.write(head);
    caller.socket.write(Buffer.alloc(size - 4, "a"));
    caller.socket.write("end!");
    await caller.received(ok.length);
    expect(received).toBe(size + head.length);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ requestBytes: size + head.length, end: "complete" }]);
  });
});

describe("answers in upstream's place", () => {
  it("keep the connection, take the request's body in first, and do not ask upstream", async () => {
    const { edge, upstream, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(exchangeFault("error", { status: 503, body: "sorry", headers: { "X-Why": "chaos" }, retryAfter: "7s" }));
    const caller = call();
    for (let n = 1; n <= 2; n++) {
      caller.socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo");
      caller.socket.write("dy");
      await expect.poll(() => edge.exchanges().length).toBe(n);
    }
    await expect.poll(() => caller.bytes.toString().match(/HTTP\/1\.1 503 Service Unavailable\r\n/g)).toHaveLength(2);
    expect(caller.bytes.toString()).toMatch(/x-why: chaos\r\n[^]*content-length: 5\r\nconnection: keep-alive\r\n\r\nsorry$/);
    expect(upstream.sockets.size).toBe(0);
    expect(edge.exchanges()).toMatchObject([{ nth: 1, status: 503, retryAfter: "7", end: "complete", passedOn: false, faults: [{ effect: "respond" }] }, { nth: 2 }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeDefined();
  });

  it("have no body for HEAD, and close where the client asked for it or awaits 100-continue", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(exchangeFault("error", { status: 500, body: "oh" }));
    for (const request of [
      "HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
      "HEAD / HTTP/1.0\r\n\r\n",
      "HEAD / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\n",
    ]) {
      const caller = call();
      caller.socket.write(request);
      expect(await caller.ended).toBe("fin");
      expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 500 [^]*content-length: 2\r\nconnection: close\r\n\r\n$/);
    }
    expect(edge.exchanges().map(({ end }) => end)).toEqual(["complete", "complete", "complete"]);
  });

  it("come after a delay that is written before them", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(exchangeFault("latency", { delay: "50ms" }), exchangeFault("error", { status: 503 }));
    const caller = call();
    const startMs = edge.env.nowMs();
    caller.socket.write(get());
    await expect.poll(() => edge.exchanges()).toMatchObject([{ status: 503, passedOn: false }]);
    expect(edge.env.nowMs() - startMs).toBeGreaterThanOrEqual(50);
  });
});

describe("endings", () => {
  it("drop closes without an answer, and upstream is not asked", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("drop", {}));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.length).toBe(0);
    expect(edge.exchanges()).toMatchObject([{ end: "dropped", passedOn: false, faults: [{ effect: "close" }] }]);
    expect(edge.exchanges()[0]?.status).toBeUndefined();
    caller.socket.end();
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "fin" }]);
    expect(seen).toEqual([]);
  });

  it.each([["accept"], ["request"]])("reset at %s is a true RST, and upstream is not asked", async (at) => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("reset", { at }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("ECONNRESET");
    expect(edge.exchanges()).toMatchObject([{ end: "reset", passedOn: false, faults: [{ effect: "reset" }] }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst" }]);
    expect(seen).toEqual([]);
  });

  it("reset at response comes when the work is done, before a byte of the answer", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("reset", { at: "response" }));
    const caller = call();
    caller.socket.write(get("/done"));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(0);
    expect(seen).toEqual(["/done"]);
    expect(edge.exchanges()).toMatchObject([{ end: "reset", passedOn: true, responseBytes: 0 }]);
  });

  it.each([[10], [60], [100_000], [1_000_000]])("reset after %d bytes lets exactly these through", async (afterBytes) => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n`);
      socket.write(Buffer.alloc(2_000_000, "b"));
    }));
    edge.setFaults(exchangeFault("reset", { afterBytes: `${afterBytes}B` }));
    const caller = call();
    caller.socket.write(get());
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(afterBytes);
    expect(edge.exchanges()).toMatchObject([{ end: "reset", responseBytes: afterBytes, ...(afterBytes < 45 ? {} : { status: 200 }) }]);
  });

  it("reset after more bytes than the answer has does not act", async () => {
    const { edge, call } = await setUpEdge(undo, answering((_, socket) => socket.write(ok)));
    edge.setFaults(exchangeFault("reset", { afterBytes: "1KiB" }));
    const caller = call();
    caller.socket.write(get());
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 200, faults: [{ decision: "applied" }] }]);
    expect(edge.exchanges()[0]?.faults?.[0]?.actedMs).toBeUndefined();
    // The record is written with the last bytes, which have yet to be read.
    expect((await caller.received(ok.length)).toString()).toBe(ok);
  });

  it("an ending waits for the answers before it", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("latency", { delay: "50ms", at: "response" }, onPath("/slow"), "slow"), exchangeFault("reset", {}, onPath("/reset"), "reset"));
    const caller = call();
    caller.socket.write(get("/slow") + get("/reset") + get("/behind"));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe(answerOf("/slow"));
    expect(edge.exchanges().map(({ path, end }) => [path, end])).toEqual([["/slow", "complete"], ["/reset", "reset"], ["/behind", "reset"]]);
  });
});

describe("hangs", () => {
  it("never answer, and are reset when their fault is lifted", async () => {
    const { seen, handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("hang", {}));
    const caller = call();
    caller.socket.write(get());
    const startMs = edge.env.nowMs();
    await expect.poll(() => edge.env.nowMs() - startMs > 50).toBe(true);
    expect(edge.exchanges()).toEqual([]);
    edge.lift();
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.length).toBe(0);
    expect(seen).toEqual([]);
    const fault = edge.exchanges()[0]?.faults?.[0];
    expect(fault).toMatchObject({ effect: "hang" });
    expect(fault?.releasedMs).toBeGreaterThan(fault?.actedMs ?? Number.NaN);
  });

  it("with headers let the head through, then nothing", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("hang", { headers: true }));
    const caller = call();
    caller.socket.write(get("/x"));
    const head = answerOf("/x").slice(0, -2);
    await caller.received(head.length);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes.toString()).toBe(head);
    expect(edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", status: 200, passedOn: true, faults: [{ effect: "hang" }] }]);
  });

  it("end when the client leaves", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(exchangeFault("hang", {}));
    const caller = await call().connected();
    caller.socket.write(get());
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(edge.exchanges()).toMatchObject([{ end: "client-left", leftBy: "fin", passedOn: false }]);
  });
});

describe("selection", () => {
  it("is given the headers that a match names, and the request of our trace", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(exchangeFault("error", { status: 500 }, { match: { headers: { "x-tier": { equals: "gold" } } } }), exchangeFault("latency", { delay: "1ms" }, { attempt: { min: 2, max: 2 } }));
    const caller = call();
    const trace = `traceparent: 00-${tracePrefix}00000000000000aa-00000000000000bb-01\r\n`;
    caller.socket.write(`GET /a HTTP/1.1\r\nHost: x\r\nX-TIER:  gold\t\r\n\r\n`);
    caller.socket.write(`GET /b HTTP/1.1\r\n${trace}Host: x\r\n\r\nGET /b HTTP/1.1\r\n${trace}Host: x\r\n\r\n`);
    await expect.poll(() => edge.exchanges().length).toBe(3);
    expect(edge.exchanges().map(({ faults }) => faults?.map(({ decision }) => decision))).toEqual([["applied", "ordinal"], ["match", "ordinal"], ["match", "applied"]]);
  });
});

describe("faults of the connection", () => {
  const connectionFault = (type: string, written: JsonObject): Fault => {
    const params = findFaultType(type, "connection")?.params.parse(written) as JsonObject;
    return { name: type, type, layer: "connection", proxy: "edge", direction: "both", params, selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" } };
  };

  it("delay the bytes both ways, of open connections too, until they are lifted", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    const caller = call();
    const ask = async (n: number): Promise<number> => {
      const startMs = edge.env.nowMs();
      caller.socket.write(get("/x"));
      await caller.received(n * answerOf("/x").length);
      return edge.env.nowMs() - startMs;
    };
    await ask(1);
    edge.setFaults(connectionFault("latency", { delay: "60ms" }));
    expect(await ask(2)).toBeGreaterThanOrEqual(120);
    edge.setFaults(connectionFault("latency", { delay: "1h" }));
    edge.lift();
    await ask(3);
    caller.close();
    await expect.poll(() => edge.connections()).toMatchObject([{ exchanges: 3, faults: [{ fault: "latency", decision: "applied", effect: "delay-bytes" }, { fault: "latency", decision: "applied" }] }]);
    expect(edge.exchanges().map(({ end, faults }) => [end, faults])).toEqual([["complete", undefined], ["complete", undefined], ["complete", undefined]]);
  });

  it("reset at accept", async () => {
    const { edge, call } = await setUpEdge(undo, answering(() => undefined));
    edge.setFaults(connectionFault("reset", {}));
    expect(await call().ended).toBe("ECONNRESET");
    await expect.poll(() => edge.connections()).toMatchObject([{ closedBy: "fault", how: "rst", upstreamReached: false, faults: [{ effect: "reset" }] }]);
  });

  it("reset after exactly so many bytes, in the midst of any answer", async () => {
    const { handle } = pathServer();
    const { edge, call } = await setUpEdge(undo, handle);
    edge.setFaults(connectionFault("reset", { afterBytes: "50B" }));
    const caller = call();
    caller.socket.write(get("/1") + get("/2"));
    expect(await caller.ended).toBe("ECONNRESET");
    expect(caller.bytes.toString()).toBe((answerOf("/1") + answerOf("/2")).slice(0, 50));
    expect(edge.exchanges()).toMatchObject([{ end: "complete", responseBytes: 40 }, { end: "reset", responseBytes: 10 }]);
  });
});
