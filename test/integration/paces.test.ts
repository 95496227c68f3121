import { afterEach, describe, expect, it, vi } from "vitest";
import type { ExchangeRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, serveHttp2 } from "./http2-peers.ts";

const undo: Undo = [];
afterEach(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

/** One call through a proxy whose clock stands still until it is advanced: what passes when is exact. */
interface Play {
  readonly clock: HeldClock;
  /** Bytes that have come through, of the direction that is paced: in http1 with the head, in http2 the data. */
  readonly pieces: readonly Buffer[];
  /** Resolves when the proxy and the peers have done what there is to do at this moment of its clock. */
  readonly settle: () => Promise<void>;
  readonly record: () => ExchangeRecord | undefined;
}

const eventually = (done: () => boolean): Promise<void> => vi.waitFor(() => { if (!done()) throw new Error("not yet"); }, { timeout: 15_000, interval: 2 });
const paced = (type: string, params: JsonObject, direction: Fault["direction"]): Fault => ({ ...exchangeFault(type, params, { match: { path: { equals: "/paced" } } }), direction });

/** The message that is paced is `head` and `body`. */
interface Message {
  readonly head: string;
  readonly body: string;
}

async function playHttp1(fault: Fault, { head, body }: Message): Promise<Play> {
  const clock = new HeldClock();
  const pieces: Buffer[] = [];
  const short = "HTTP/1.1 204 No Content\r\n\r\n";
  const isUpload = fault.direction === "request";
  let got = "";
  let written: () => void = () => undefined;
  const isSent = new Promise<void>((resolve) => (written = resolve));
  const { edge, call } = await setUpEdge(undo, (socket) => socket.on("data", (bytes) => {
    const text = bytes.toString("latin1");
    if (text.startsWith("GET /other")) return socket.write(short);
    if (!isUpload) return socket.write(head + body, written);
    pieces.push(bytes);
    got += text;
    return got === head + body && socket.write(short);
  }), { env: clock });
  edge.setFaults(fault);
  const caller = call();
  if (!isUpload) caller.socket.on("data", (bytes) => pieces.push(bytes));
  caller.socket.write(isUpload ? head + body : "GET /paced HTTP/1.1\r\nHost: x\r\n\r\n", isUpload ? written : undefined);
  const settle = async (): Promise<void> => {
    await isSent;
    for (let i = 0; i < 2; i += 1) {
      const onlooker = call();
      onlooker.socket.write("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
      await onlooker.received(short.length);
      onlooker.close();
    }
  };
  return { clock, pieces, settle, record: () => edge.exchanges().find(({ path }) => path === "/paced") };
}

async function playHttp2(fault: Fault, { body }: Message): Promise<Play> {
  const clock = new HeldClock();
  const pieces: Buffer[] = [];
  const isUpload = fault.direction === "request";
  const upstream = await serveHttp2(undo, (stream, headers) => {
    const isPaced = headers[":path"] === "/paced";
    if (isPaced && isUpload) stream.on("data", (bytes: Buffer) => pieces.push(bytes)).on("end", () => stream.end());
    stream.respond({ ":status": 200, ...(isPaced && !isUpload && { "content-length": String(body.length) }) });
    if (isPaced && !isUpload) stream.end(body);
    else if (!isPaced) stream.end();
  });
  const edge = await startHttp2Edge(undo, upstream.port, { env: clock });
  edge.setFaults(fault);
  const caller = new Http2Caller(undo, edge.port);
  const { stream } = caller.open({ ":path": "/paced", ...(isUpload && { ":method": "POST", "content-length": String(body.length) }) }, { endStream: !isUpload });
  if (isUpload) stream.end(body);
  else stream.on("data", (bytes: Buffer) => pieces.push(bytes));
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 2; i += 1) await caller.ask({ ":path": "/other" });
  };
  return { clock, pieces, settle, record: () => edge.exchanges().find(({ path }) => path === "/paced") };
}

const sum = (pieces: readonly Buffer[]): number => pieces.reduce((bytes, { length }) => bytes + length, 0);

/** Lets the clock go on by `everyMs` for each size: nothing comes a millisecond before, and that much then. */
async function comesIn({ clock, pieces, settle }: Play, everyMs: number, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) {
    await settle();
    const before = sum(pieces);
    clock.advance(everyMs - 1);
    await settle();
    expect(sum(pieces)).toBe(before);
    clock.advance(1);
    await eventually(() => sum(pieces) >= before + size);
    await settle();
    expect(sum(pieces)).toBe(before + size);
  }
}

const answer = (length: number): Message => ({ head: `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`, body: letters(length) });
const upload = (length: number): Message => ({ head: `POST /paced HTTP/1.1\r\nHost: example\r\nContent-Length: ${length}\r\n\r\n`, body: letters(length) });
const letters = (length: number): string => Array.from({ length }, (_, i) => String.fromCodePoint(97 + (i % 26))).join("");
const lanes = [["http1", playHttp1, true], ["http2", playHttp2, false]] as const;

describe.each(lanes)("on %s", (_lane, play, countsHeads) => {
  it.each([["response", answer(8)], ["request", upload(8)]] as const)("slow-body lets so many bytes of a %s through every so often, from its head on", async (direction, message) => {
    const call = await play(paced("slow-body", { size: "3B", spacing: "40ms" }, direction), message);
    const ahead = countsHeads ? message.head.length : 0;
    await eventually(() => sum(call.pieces) === ahead);
    const startMs = call.clock.nowMs();
    await comesIn(call, 40, [3, 3, 2]);
    expect(call.pieces.slice(countsHeads ? 1 : 0).map(String)).toEqual(["abc", "def", "gh"]);
    await eventually(() => call.record() !== undefined);
    expect(call.record()).toMatchObject({ end: "complete", faults: [{ effect: "slice", actedMs: startMs, releasedMs: startMs + 120 }] });
    expect(call.record()).toMatchObject(direction === "response" ? { headMs: startMs, endMs: startMs + 120 } : { requestEndMs: startMs, headMs: startMs + (countsHeads ? 120 : 0) });
  });

  it.each([["response", answer(40)], ["request", upload(40)]] as const)("slow-body spreads a %s evenly over the asked time, and is done on the moment", async (direction, message) => {
    const call = await play(paced("slow-body", { over: "200ms" }, direction), message);
    const ahead = countsHeads ? message.head.length : 0;
    await eventually(() => sum(call.pieces) === ahead);
    await comesIn(call, 10, Array.from({ length: 20 }, () => 2));
    expect(Buffer.concat(call.pieces).subarray(ahead).toString()).toBe(message.body);
    await eventually(() => call.record() !== undefined);
    expect(call.record()).toMatchObject({ end: "complete", faults: [{ effect: "spread", actedMs: 0, releasedMs: 200 }] });
  });

  it.each([["response", answer], ["request", upload]] as const)("bandwidth lets a %s through at its rate, no later and no earlier", async (direction, make) => {
    const message = make(950);
    const ahead = countsHeads ? message.head.length : 0;
    const call = await play(paced("bandwidth", { throughput: "10KB/s" }, direction), message);
    if (countsHeads) await comesIn(call, ahead / 10, [ahead]);
    await comesIn(call, 10, Array.from({ length: 9 }, () => 100));
    await comesIn(call, 5, [50]);
    expect(Buffer.concat(call.pieces).subarray(ahead).toString()).toBe(message.body);
    await eventually(() => call.record() !== undefined);
    expect(call.record()).toMatchObject({ end: "complete", faults: [{ effect: "throttle", actedMs: 0, releasedMs: ahead / 10 + 95 }] });
  });

  it("a timer that is late does not slow bandwidth down, and keeps the pieces of slow-body apart", async () => {
    const message = answer(100);
    const ahead = countsHeads ? message.head.length : 0;
    const narrow = await play(paced("bandwidth", { throughput: "1KB/s" }, "response"), message);
    await narrow.settle();
    narrow.clock.advance(ahead + 65, 4);
    await eventually(() => sum(narrow.pieces) >= ahead + 60);
    narrow.clock.advance(35);
    await eventually(() => sum(narrow.pieces) === ahead + 100);
    const slow = await play(paced("slow-body", { size: "50B", spacing: "40ms" }, "response"), message);
    await eventually(() => sum(slow.pieces) === ahead);
    await slow.settle();
    slow.clock.advance(65, 20);
    await eventually(() => sum(slow.pieces) === ahead + 50);
    // The first came at 60 ms instead of 40 ms: the second is not due before 100 ms.
    slow.clock.advance(34);
    await slow.settle();
    expect(sum(slow.pieces)).toBe(ahead + 50);
    slow.clock.advance(1);
    await eventually(() => sum(slow.pieces) === ahead + 100);
  });
});
