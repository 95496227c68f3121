import { once } from "node:events";
import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeFrame, message, text } from "../proxy/websocket/frames.ts";
import { exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { makeCertificates, startProxy } from "./tls-edge.ts";
import { patterned, undoAll } from "./tcp-edge.ts";
import { dialWebSocket, setUpWebSockets, webSocketFault } from "./websocket-edge.ts";

const undo: Undo = [];
afterEach(() => undoAll(undo));

const upgrade = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n";
const mask = Buffer.from([1, 2, 3, 4]);
const masked = (words: string): Buffer => encodeFrame({ opcode: text, final: true, payload: Buffer.from(words) }, mask);
const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `message ${i + 1}`);
const inside = (applied: number, felt: number, missed: object = {}) => ({ epoch: 1, applied, felt, missed: { match: 0, window: 0, ordinal: 0, rate: 0, ...missed } });

describe("a WebSocket", () => {
  it.each([["with no fault", undefined], ["with messages held", webSocketFault("websocket-delay", { delay: "5ms" }, "both")]])("%s carries texts, bytes, fragments, pings and what is compressed, both ways", async (_, fault) => {
    const { edge, served, dial } = await setUpWebSockets(undo, { server: { perMessageDeflate: { threshold: 0 } } });
    if (fault !== undefined) edge.setFaults(fault);
    const { socket, received } = await dial("/", { perMessageDeflate: { threshold: 0 } });
    const large = patterned(300_000);
    socket.send("hello");
    socket.send("frag", { fin: false });
    socket.ping("are you there");
    socket.send("men", { fin: false });
    socket.send("ted", { fin: true });
    socket.send(large);
    socket.send("");
    const [[pong]] = await Promise.all([once(socket, "pong"), received(4)]);
    expect(String(pong)).toBe("are you there");
    expect((await received(4)).map((words) => words.length)).toEqual([5, 10, large.toString().length, 0]);
    expect(served[0]?.got).toEqual(["hello", "fragmented", large.toString(), ""]);
    socket.close(4000, "done");
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", status: 101 }]);
    expect(edge.issues()).toEqual([]);
    expect(await served[0]?.closed).toEqual({ code: 4000, reason: "done" });
    expect(edge.exchanges()[0]?.faults?.map(({ inside }) => inside?.felt)).toEqual(fault === undefined ? undefined : [8]);
  });

  it("passes what is no frame unseen, and says so", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write(switched);
        socket.on("data", (bytes) => socket.write(bytes));
      });
    });
    edge.setFaults(webSocketFault("websocket-drop", {}, "both"));
    const caller = call();
    caller.socket.write(upgrade);
    await caller.received(switched.length);
    expect(await caller.ask("GET / HTTP/1.1\r\n\r\n")).toBe("GET / HTTP/1.1\r\n\r\n");
    expect(edge.issues().map(({ code, message }) => [code, message.split(" sent")[0]])).toEqual([["websocket-malformed", "the caller"], ["websocket-malformed", "upstream"]]);
  });
});

describe("websocket-delay", () => {
  it("holds the messages of its direction, on connections that are open already, and of the others none", async () => {
    const { edge, served, dial } = await setUpWebSockets(undo);
    const { socket, received } = await dial();
    edge.setFaults(webSocketFault("websocket-delay", { delay: "2s" }));
    const startMs = edge.env.nowMs();
    for (const words of numbered(3)) socket.send(words);
    await served[0]?.received(3);
    const throughMs = edge.env.nowMs() - startMs;
    expect(await received(3)).toEqual(numbered(3));
    const backMs = edge.env.nowMs() - startMs;
    expect(backMs).toBeGreaterThanOrEqual(2000);
    // Each from when it came, not one behind the other.
    expect(backMs).toBeLessThan(4000);
    expect(throughMs).toBeLessThan(2000);
    socket.terminate();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", faults: [{ fault: "websocket-delay-1", decision: "applied", n: 1, effect: "delay-message", inside: inside(3, 3) }] }]);
  });

  it("keeps the order whatever the jitter, with pings in their place", async () => {
    const { edge, dial } = await setUpWebSockets(undo, {
      serve: (socket) => socket.once("message", () => {
        for (const [i, words] of numbered(30).entries()) {
          socket.send(words);
          if (i === 14) socket.ping();
        }
      }),
    });
    edge.setFaults(webSocketFault("websocket-delay", { delay: "20ms", jitter: "20ms" }));
    const { socket, got, received } = await dial();
    const before = new Promise((resolve) => socket.once("ping", () => resolve(got.length)));
    socket.send("all ears");
    expect(await received(30)).toEqual(numbered(30));
    expect(await before).toBe(15);
  });

  it.each([["at once when it is lifted with release", true], ["when they are due when it is lifted", false]])("lets messages go on in order %s", async (_, release) => {
    const { edge, dial } = await setUpWebSockets(undo);
    const { socket, received } = await dial();
    edge.setFaults(webSocketFault("websocket-delay", { delay: release ? "10m" : "1500ms" }));
    const startMs = edge.env.nowMs();
    const after = vi.spyOn(edge.env, "after");
    for (const words of numbered(3)) socket.send(words);
    // What waits for the first of them is armed: the proxy has it.
    await expect.poll(() => after.mock.calls.some(([delayMs]) => delayMs > 100)).toBe(true);
    edge.lift(release);
    socket.send("afterwards");
    expect(await received(4)).toEqual([...numbered(3), "afterwards"]);
    expect(edge.env.nowMs() - startMs >= (release ? 60_000 : 1500)).toBe(!release);
  });

  it("lets what is held go on before the end of the connection, either way", async () => {
    const { edge, served, dial } = await setUpWebSockets(undo, { serve: (socket) => socket.on("message", () => (socket.send("last words"), socket.close(1000))) });
    edge.setFaults(webSocketFault("websocket-delay", { delay: "80ms" }, "both"));
    const { socket, got, closed } = await dial();
    socket.send("question");
    expect(await closed).toEqual({ code: 1000, reason: "" });
    expect(got).toEqual(["last words"]);
    expect(served[0]?.got).toEqual(["question"]);

    const raw = await setUpEdge(undo, (socket) => socket.once("data", () => socket.end(Buffer.concat([Buffer.from(switched), message("last words")]))));
    raw.edge.setFaults(webSocketFault("websocket-delay", { delay: "80ms" }));
    const caller = raw.call();
    caller.socket.write(upgrade);
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes).toEqual(Buffer.concat([Buffer.from(switched), message("last words")]));
  });

  it("lets what is held on its way to upstream go on before the caller's end", async () => {
    let received = "";
    let hasEnded = false;
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write(switched);
        socket.on("data", (bytes) => (received += bytes.toString("latin1"))).on("end", () => (hasEnded = true));
      });
    });
    edge.setFaults(webSocketFault("websocket-delay", { delay: "80ms" }, "request"));
    const caller = call();
    caller.socket.write(upgrade);
    await caller.received(switched.length);
    caller.socket.end(masked("last words"));
    await expect.poll(() => hasEnded).toBe(true);
    expect(received).toBe(masked("last words").toString("latin1"));
  });

  it("makes upstream wait when too much is held, and loses nothing", async () => {
    const chunk = patterned(256 * 1024);
    const { edge, served, dial } = await setUpWebSockets(undo, {
      limits: { heldBytes: 64 * 1024 },
      serve: (socket) => socket.once("message", () => {
        for (let i = 0; i < 128; i++) socket.send(chunk);
      }),
    });
    edge.setFaults(webSocketFault("websocket-delay", { delay: "200ms" }, "response", { first: 1 }));
    const { socket } = await dial();
    let bytes = 0;
    const first = once(socket, "message");
    const all = new Promise<void>((resolve) => socket.on("message", (data) => (bytes += (data as Buffer).length) === 128 * chunk.length && resolve()));
    socket.send("all ears");
    await first;
    expect(served[0]?.socket.bufferedAmount).toBeGreaterThan(0);
    await all;
    socket.terminate();
    await expect.poll(() => edge.exchanges()).toMatchObject([{ faults: [{ inside: inside(1, 1, { ordinal: 127 }) }] }]);
  });
});

describe("websocket-drop", () => {
  it("loses whole messages, fragmented ones too, and of every run the same", async () => {
    const gotOf = async (): Promise<readonly string[]> => {
      const { edge, served, dial } = await setUpWebSockets(undo, { serve: () => undefined });
      const { socket } = await dial();
      edge.setFaults(webSocketFault("websocket-drop", {}, "request", { rateShare: 0.3 }));
      for (const [i, words] of numbered(100).entries()) {
        socket.send(words.slice(0, 4), { fin: false });
        if (i % 10 === 0) socket.ping();
        socket.send(words.slice(4), { fin: true });
      }
      const last = new Promise<void>((resolve) => socket.on("pong", (words) => words.toString() === "the end" && resolve()));
      socket.ping("the end");
      await last;
      socket.terminate();
      await expect.poll(() => edge.exchanges()).toHaveLength(1);
      const got = served[0]?.got ?? [];
      expect(edge.exchanges()).toMatchObject([{ faults: [{ decision: "applied", effect: "drop-message", inside: inside(100 - got.length, 100 - got.length, { rate: got.length }) }] }]);
      expect(got).toEqual(numbered(100).filter((words) => got.includes(words)));
      return got;
    };
    const got = await gotOf();
    expect(got.length).toBeGreaterThan(50);
    expect(got.length).toBeLessThan(90);
    expect(await gotOf()).toEqual(got);
  });

  it("counts messages: every second one, in one direction", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    edge.setFaults(webSocketFault("websocket-drop", {}, "response", { every: 2, first: 2 }));
    const { socket, received } = await dial();
    for (const words of numbered(6)) socket.send(words);
    expect(await received(4)).toEqual(["message 1", "message 3", "message 5", "message 6"]);
  });

  it("matches the request that asked for the WebSocket, long after it", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    const a = await dial("/a", { headers: { "x-tenant": "one" } });
    const b = await dial("/a", { headers: { "x-tenant": "two" } });
    edge.setFaults(webSocketFault("websocket-drop", {}, "response", { match: { path: { glob: "/a" }, headers: { "x-tenant": { equals: "two" } } }, first: 1 }));
    for (const { socket } of [a, b]) for (const words of numbered(2)) socket.send(words);
    expect(await a.received(2)).toEqual(numbered(2));
    expect(await b.received(1)).toEqual(["message 2"]);
    for (const { socket } of [a, b]) socket.terminate();
    await expect.poll(() => edge.exchanges()).toHaveLength(2);
    expect(edge.exchanges().sort((one, other) => one.conn - other.conn).map(({ faults }) => faults?.[0]?.inside)).toMatchObject([inside(0, 0, { match: 2 }), inside(1, 1, { ordinal: 1 })]);
  });

  it("leaves the rest of a message alone that had begun before, and drops a message to its end when it is lifted meanwhile", async () => {
    const { edge, served, dial } = await setUpWebSockets(undo, { serve: () => undefined });
    const { socket } = await dial();
    const sent = async (words: string, fin: boolean): Promise<void> => {
      socket.send(words, { fin });
      socket.ping();
      await once(socket, "pong");
    };
    await sent("be", false);
    edge.setFaults(webSocketFault("websocket-drop", {}, "request"));
    await sent("fore", true);
    await sent("mean", false);
    edge.lift();
    await sent("while", true);
    await sent("after", true);
    expect(served[0]?.got).toEqual(["before", "after"]);
  });

  it.each([
    ["drops compressed messages that stand alone", true, ["message 2"], []],
    ["spares compressed messages that others need, and says so", false, ["message 1", "message 2"], ["websocket-compressed"]],
  ])("%s", async (_, alone, expected, issues) => {
    const perMessageDeflate = { threshold: 0, serverNoContextTakeover: alone, clientNoContextTakeover: alone };
    const { edge, dial } = await setUpWebSockets(undo, { server: { perMessageDeflate } });
    edge.setFaults(webSocketFault("websocket-drop", {}, "response", { first: 1 }));
    const { socket, received } = await dial("/", { perMessageDeflate: true });
    for (const words of numbered(2)) socket.send(words);
    expect(await received(expected.length)).toEqual(expected);
    expect(edge.issues().map(({ code }) => code)).toEqual(issues);
  });
});

describe("websocket-close", () => {
  it.each(["response", "request", "both"] as const)("(direction: %s) closes WebSockets that are open, and both sides learn the code by a closing handshake", async (direction) => {
    const { edge, served, dial } = await setUpWebSockets(undo);
    const { socket, received, closed } = await dial();
    socket.send("hello");
    await received(1);
    edge.setFaults(webSocketFault("websocket-close", { reason: "on fire" }, direction));
    expect(await closed).toEqual({ code: 1011, reason: "on fire" });
    expect(await served[0]?.closed).toEqual({ code: 1011, reason: "on fire" });
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "tunnel", faults: [{ fault: "websocket-close-1", decision: "applied", n: 1, effect: "close-frame", inside: inside(1, 1) }] }]);
    await expect.poll(() => edge.connections()).toMatchObject([{ how: "fin" }]);
  });

  it("closes WebSockets that come over TLS", async () => {
    const { tls, ca } = await makeCertificates();
    const { upstreamPort, served } = await setUpWebSockets(undo);
    const proxy = await startProxy(undo, { tls, upstream: { host: "127.0.0.1", port: upstreamPort } });
    const { socket, received, closed } = await dialWebSocket(undo, `wss://127.0.0.1:${proxy.port}/`, { ca });
    await proxy.setFaults(webSocketFault("websocket-close", { afterMessages: 1 }));
    socket.send("hello");
    expect(await received(1)).toEqual(["hello"]);
    expect(await closed).toEqual({ code: 1011, reason: "" });
    expect(await served[0]?.closed).toEqual({ code: 1011, reason: "" });
  });

  it("closes WebSockets as soon as they are opened, with a plain Close frame and nothing behind it", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => socket.write(Buffer.concat([Buffer.from(switched), message("welcome")])));
      socket.on("end", () => socket.end(message("farewell")));
    });
    edge.setFaults(webSocketFault("websocket-close", { code: 4003, reason: "no" }));
    const caller = call();
    caller.socket.write(upgrade);
    const frame = Buffer.from([0x88, 4, 0x0f, 0xa3, 0x6e, 0x6f]);
    await caller.received(switched.length + frame.length);
    caller.socket.end();
    expect(await caller.ended).toBe("fin");
    expect(caller.bytes).toEqual(Buffer.concat([Buffer.from(switched), frame]));
  });

  it("sends upstream a masked Close frame, between two frames and not within one", async () => {
    const received: Buffer[] = [];
    const { edge, call } = await setUpEdge(undo, (socket) => {
      socket.once("data", () => {
        socket.write(switched);
        socket.on("data", (bytes) => received.push(bytes));
      });
    });
    const caller = call();
    caller.socket.write(upgrade);
    await caller.received(switched.length);
    const frame = masked("hello");
    caller.socket.write(frame.subarray(0, 7));
    await expect.poll(() => Buffer.concat(received)).toEqual(frame.subarray(0, 7));
    edge.setFaults(webSocketFault("websocket-close", { code: 1001 }, "request"));
    caller.socket.write(Buffer.concat([frame.subarray(7), masked("not this")]));
    await expect.poll(() => Buffer.concat(received).length).toBe(frame.length + 8);
    const [first, second, maskOne = 0, maskTwo = 0, , , codeOne = 0, codeTwo = 0] = Buffer.concat(received).subarray(frame.length);
    expect([first, second]).toEqual([0x88, 0x82]);
    expect((codeOne ^ maskOne) * 256 + (codeTwo ^ maskTwo)).toBe(1001);
  });

  it("does nothing to an upgrade whose answer another fault replaces", async () => {
    const { edge, call } = await setUpEdge(undo, (socket) => socket.once("data", () => socket.write(switched)));
    edge.setFaults(exchangeFault("error", { status: 503, reachUpstream: true }), webSocketFault("websocket-close"));
    const caller = call();
    caller.socket.write(upgrade);
    expect(await caller.ended).toBe("fin");
    caller.close();
    expect(caller.bytes.toString()).toMatch(/^HTTP\/1\.1 503 [^]*\r\n\r\n$/);
    await expect.poll(() => edge.exchanges()).toMatchObject([{ end: "complete", status: 503, faults: [{ fault: "error-1", decision: "applied" }] }]);
  });

  it("lets so many messages pass before", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    edge.setFaults(webSocketFault("websocket-close", { code: 1012, afterMessages: 3 }));
    const { socket, got, closed } = await dial();
    for (const words of numbered(10)) socket.send(words);
    expect((await closed).code).toBe(1012);
    expect(got).toEqual(numbered(3));
  });

  it("comes behind messages that are held", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    edge.setFaults(webSocketFault("websocket-delay", { delay: "50ms" }), webSocketFault("websocket-close", { afterMessages: 2 }));
    const { socket, got, closed } = await dial();
    for (const words of numbered(3)) socket.send(words);
    expect((await closed).code).toBe(1011);
    expect(got).toEqual(numbered(2));
  });

  it("hits the share of WebSockets that rate says, and those that are open each time a window opens only once", async () => {
    const { edge, dial } = await setUpWebSockets(undo);
    const ends = [await dial(), await dial(), await dial(), await dial()];
    edge.setFaults(webSocketFault("websocket-close", { code: 1013 }, "response", { every: 2, flap: { onMs: 20, offMs: 20 } }));
    expect(await Promise.race([ends[1]?.closed, ends[3]?.closed])).toMatchObject({ code: 1013 });
    await expect.poll(() => edge.exchanges().length).toBe(2);
    ends[0]?.socket.send("still here");
    expect(await ends[0]?.received(1)).toEqual(["still here"]);
    for (const { socket } of ends) socket.terminate();
    await expect.poll(() => edge.exchanges()).toHaveLength(4);
    expect(edge.exchanges().sort((one, other) => one.conn - other.conn).map(({ faults }) => faults?.[0]?.inside)).toMatchObject([inside(0, 0, { ordinal: 1 }), inside(1, 1), inside(0, 0, { ordinal: 1 }), inside(1, 1)]);
  });
});
