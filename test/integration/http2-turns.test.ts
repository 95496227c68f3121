import { once } from "node:events";
import { constants } from "node:http2";
import type { ServerHttp2Stream, ServerOptions } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, echo, serveHttp2 } from "./http2-peers.ts";
import type { Got } from "./http2-peers.ts";
import { Caller } from "./wire.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** An upstream that takes a few streams at once and answers when it is told to, an edge before it, and a caller that knows what the edge takes. */
async function setUp(atMost: number, options: ServerOptions = {}) {
  const held: ServerHttp2Stream[] = [];
  const paths: unknown[] = [];
  let most = 0;
  const upstream = await serveHttp2(undo, (stream, headers) => {
    paths.push(headers[":path"]);
    held.push(stream);
    most = Math.max(most, held.length);
    stream.resume();
    stream.on("close", () => held.splice(held.indexOf(stream), 1));
  }, { ...options, settings: { maxConcurrentStreams: atMost } });
  const edge = await startHttp2Edge(undo, upstream.port);
  const caller = new Http2Caller(undo, edge.port);
  await once(caller.session, "remoteSettings");
  const answerAll = (): void => {
    for (const stream of held) if (!stream.headersSent) stream.respond({ ":status": 200 }, { endStream: true });
  };
  return { upstream, edge, caller, held, paths, answerAll, most: () => most };
}

function burst(caller: Http2Caller, count: number): readonly Promise<Got>[] {
  return Array.from({ length: count }, (_, i) => caller.send({ ":path": `/${i}` }, "x".repeat(1000 + i * 900)));
}

describe("more calls than upstream takes at once", () => {
  it("on a new connection are all answered, as without the proxy", async () => {
    const upstream = await serveHttp2(undo, echo, { settings: { maxConcurrentStreams: 10 } });
    const edge = await startHttp2Edge(undo, upstream.port);
    const caller = new Http2Caller(undo, edge.port);
    await once(caller.session, "remoteSettings");
    const got = await Promise.all(burst(caller, 60));
    expect(got.map(({ headers, body, code }) => [headers?.[":status"], body.length, code])).toEqual(got.map((_, i) => [200, 1000 + i * 900, 0]));
    await expect.poll(() => edge.exchanges().map(({ end, passedOn }) => [end, passedOn])).toEqual(got.map(() => ["complete", true]));
  });

  it("do not wait for one that upstream answered and reset before it had come whole", async () => {
    const upstream = await serveHttp2(undo, (stream) => {
      stream.respond({ ":status": 413 }, { endStream: true });
      stream.close();
    }, { settings: { maxConcurrentStreams: 1 } });
    const edge = await startHttp2Edge(undo, upstream.port);
    const caller = new Http2Caller(undo, edge.port);
    await once(caller.session, "remoteSettings");
    const calls = Array.from({ length: 5 }, () => caller.send({}, Buffer.alloc(1_000_000)));
    expect((await Promise.all(calls)).map(({ headers }) => headers?.[":status"])).toEqual(calls.map(() => 413));
  });

  it("are not asked for by callers that come when upstream's limit is known", async () => {
    const { edge, caller, held, answerAll } = await setUp(3);
    const first = caller.ask();
    await expect.poll(() => held.length).toBe(1);
    answerAll();
    await first;
    const { session } = new Http2Caller(undo, edge.port);
    await once(session, "remoteSettings");
    expect(session.remoteSettings.maxConcurrentStreams).toBe(3);
  });

  it("wait for one another in their order, and the caller is told of upstream's limit", async () => {
    const { edge, caller, held, paths, answerAll, most } = await setUp(3);
    const all = burst(caller, 9);
    for (let rounds = 3; rounds > 0; rounds -= 1) {
      await expect.poll(() => held.length).toBe(3);
      answerAll();
      await expect.poll(() => held.some(({ headersSent }) => headersSent)).toBe(false);
    }
    expect((await Promise.all(all)).map(({ headers }) => headers?.[":status"])).toEqual(Array.from({ length: 9 }, () => 200));
    expect(paths).toEqual(Array.from({ length: 9 }, (_, i) => `/${i}`));
    expect([most(), caller.session.remoteSettings.maxConcurrentStreams]).toEqual([3, 3]);
    // They are witnessed from when they came on, not from when upstream took them.
    await expect.poll(() => edge.exchanges()).toHaveLength(9);
    const exchanges = edge.exchanges().toSorted((a, b) => a.nth - b.nth);
    expect(exchanges.at(-1)?.startMs).toBeLessThan(exchanges[0]?.endMs ?? 0);
  });

  it("are not refused for having been sent before the caller knew of upstream's limit", async () => {
    const { edge, held, answerAll } = await setUp(1);
    const caller = new Caller(edge.port);
    undo.push(() => caller.close());
    // GET / by the static table (RFC 7541, appendix A), all of the request.
    const get = (stream: number): Buffer => Buffer.from([0, 0, 6, 1, 5, 0, 0, 0, stream, 0x82, 0x86, 0x84, 0x41, 0x01, 0x78]);
    caller.socket.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]), get(1)]));
    const oneAtOnce = Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1]);
    await expect.poll(() => caller.bytes.includes(oneAtOnce)).toBe(true);
    caller.socket.write(Buffer.concat([get(3), get(5)]));
    for (let answered = 0; answered < 3; answered += 1) {
      await expect.poll(() => held.filter(({ headersSent }) => !headersSent)).toHaveLength(1);
      answerAll();
    }
    await expect.poll(() => edge.exchanges().map(({ nth, end, passedOn }) => [nth, end, passedOn])).toEqual([[1, "complete", true], [2, "complete", true], [3, "complete", true]]);
  });

  it("that are given up while they wait never get to upstream, and say so", async () => {
    const { edge, caller, held, paths, answerAll } = await setUp(1);
    const first = caller.ask({ ":path": "/first" });
    const second = caller.open({ ":path": "/second" });
    await expect.poll(() => held.length).toBe(1);
    // What was sent before a ping has come when its answer has.
    await new Promise((resolve) => { caller.session.ping(resolve); });
    second.stream.close(constants.NGHTTP2_CANCEL);
    await expect.poll(() => edge.exchanges().map(({ path, end, passedOn }) => [path, end, passedOn])).toEqual([["/second", "client-left", false]]);
    answerAll();
    expect((await first).headers?.[":status"]).toBe(200);
    const third = caller.ask({ ":path": "/third" });
    await expect.poll(() => paths).toEqual(["/first", "/third"]);
    answerAll();
    expect((await third).headers?.[":status"]).toBe(200);
  });

  it("are refused, not lost, when upstream takes no more", async () => {
    const { edge, upstream, caller, held, answerAll } = await setUp(1);
    const all = burst(caller, 3);
    await expect.poll(() => held.length).toBe(1);
    await expect.poll(() => caller.session.remoteSettings.maxConcurrentStreams).toBe(1);
    upstream.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR, 1);
    await expect.poll(() => edge.exchanges().map(({ end, passedOn }) => [end, passedOn])).toEqual([["upstream-lost", false], ["upstream-lost", false]]);
    answerAll();
    expect((await Promise.all(all)).map(({ code }) => code)).toEqual([0, constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_REFUSED_STREAM]);
  });

  it("end with upstream's connection, as not passed on", async () => {
    const { edge, upstream, caller, held } = await setUp(1);
    const all = burst(caller, 3);
    await expect.poll(() => held.length).toBe(1);
    await expect.poll(() => caller.session.remoteSettings.maxConcurrentStreams).toBe(1);
    upstream.sessions[0]?.destroy();
    await Promise.all(all);
    await expect.poll(() => edge.exchanges().map(({ path, end, passedOn }) => `${path} ${end} ${passedOn}`).toSorted()).toEqual(["/0 upstream-lost true", "/1 upstream-lost false", "/2 upstream-lost false"]);
  });

  it("go on when upstream takes more than before", async () => {
    const { upstream, caller, held } = await setUp(1);
    void burst(caller, 4);
    await expect.poll(() => held.length).toBe(1);
    upstream.sessions[0]?.settings({ maxConcurrentStreams: 4 });
    await expect.poll(() => held.length).toBe(4);
    await expect.poll(() => caller.session.remoteSettings.maxConcurrentStreams).toBe(4);
  });
});
