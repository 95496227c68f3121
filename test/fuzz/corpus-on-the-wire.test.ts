import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startEdge } from "../integration/http-edge.ts";
import { undoAll } from "../integration/tcp-edge.ts";
import type { Undo } from "../integration/http-edge.ts";
import { Caller, serve } from "../integration/wire.ts";
import corpus from "./corpus.json" with { type: "json" };
import { readRequests, readResponses } from "./our-readers.ts";

/** One edge for all: a corpus that hurts it shows in what comes after. */
const undo: Undo = [];
let port = 0;
let edge: Awaited<ReturnType<typeof startEdge>>;
/** What upstream does with its next connection. */
let play: (socket: Socket) => void = () => undefined;
const sockets = new Set<Socket>();

beforeAll(async () => {
  const upstream = await serve((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket)).on("end", () => socket.end());
    play(socket);
  });
  undo.push(() => upstream.close());
  edge = await startEdge(upstream.port, { limits: { headMs: 150, lingerMs: 100 } });
  undo.push(() => edge.server.close());
  port = edge.port;
});
afterAll(() => undoAll(undo));

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const rejection = (status: number): string => `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nvia: chaos\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n`;

async function dial(): Promise<{ readonly caller: Caller; readonly peer: string }> {
  const caller = await new Caller(port).connected();
  return { caller, peer: `127.0.0.1:${caller.socket.localPort}` };
}

/** Lets a connection go, and waits until nothing is left of it; its record and those of its exchanges. */
async function settle({ caller, peer }: Awaited<ReturnType<typeof dial>>) {
  caller.close();
  await expect.poll(() => edge.connections().some((record) => record.peer === peer), { interval: 2 }).toBe(true);
  await expect.poll(() => sockets.size, { interval: 2 }).toBe(0);
  const connection = edge.connections().findLast((record) => record.peer === peer);
  const exchanges = edge.exchanges().filter(({ conn }) => conn === connection?.conn);
  expect(exchanges.length).toBe(connection?.exchanges);
  return { connection, exchanges };
}

interface RequestCase {
  readonly bytes: string;
  readonly rejected?: number;
}

describe("the corpus of requests, on the wire", () => {
  it.each(corpus.requests)("$name", async ({ bytes: text, rejected }: RequestCase) => {
    const bytes = Buffer.from(text, "latin1");
    const { messages } = readRequests({ bytes, packets: [bytes], host: undefined, refusesAfter: 1 });
    const passed = Buffer.concat(messages.map(({ wire }) => wire)).toString("latin1");
    const whole = messages.filter(({ done }) => done);
    let got = "";
    let answered = 0;
    play = (socket) => socket.on("data", (piece) => {
      got += piece.toString("latin1");
      // Every request that has come whole is answered, as far as it was awaited.
      for (let end = 0, n = 0; n < whole.length && (end += whole[n]!.wire.length) <= got.length; n++) {
        if (n < answered) continue;
        answered++;
        socket.write(ok);
      }
    });
    const dialled = await dial();
    const { caller } = dialled;
    caller.socket.write(bytes);
    const answers = ok.repeat(whole.length);
    const ending = rejected === undefined ? await caller.received(answers.length).then(() => "open") : await caller.ended;
    await expect.poll(() => got.length >= whole.reduce((sum, { wire }) => sum + wire.length, 0) && (rejected !== undefined || got === passed), { interval: 2 }).toBe(true);
    const { connection, exchanges } = await settle(dialled);
    // Nothing that was not sent came to either side.
    expect(passed.startsWith(got)).toBe(true);
    const all = caller.bytes.toString();
    expect([ending, all.slice(0, answers.length)]).toEqual([rejected === undefined ? "open" : "fin", answers]);
    const rest = all.slice(answers.length);
    const start = rejected === undefined ? "" : rejection(rejected);
    expect(rest.slice(0, start.length)).toBe(start);
    expect(rest.slice(start.length)).toMatch(rejected === undefined ? /^$/ : /^content-length: \d+\r\n\r\n.+\n$/);
    expect(connection?.requestBytes).toBeLessThanOrEqual(bytes.length);
    expect(exchanges.map(({ end }) => end)).toEqual([...whole.map(({ start }) => (start.startsWith("CONNECT") ? "tunnel" : "complete")), ...(rejected === undefined ? messages.slice(whole.length).map(() => "client-left") : ["rejected"])]);
  });
});

interface ResponseCase {
  readonly bytes: string;
  readonly methods: readonly string[];
  readonly closes?: boolean;
  readonly upgrade?: boolean;
  readonly refused?: boolean;
}

describe("the corpus of answers, on the wire", () => {
  it.each(corpus.responses)("$name", async ({ bytes: text, methods, closes = false, upgrade = false, refused = false }: ResponseCase) => {
    const bytes = Buffer.from(text, "latin1");
    const { messages } = readResponses({ bytes, packets: [bytes], methods, upgrade, closes });
    const whole = messages.filter(({ done }) => done);
    const requests = methods.map((method) => `${method} ${method === "CONNECT" ? "x:1" : "/"} HTTP/1.1\r\nHost: x\r\n${upgrade ? "Connection: upgrade\r\nUpgrade: x\r\n" : ""}\r\n`).join("");
    let got = "";
    play = (socket) => socket.on("data", (piece) => {
      got += piece.toString("latin1");
      if (got.length < requests.length) return;
      socket.write(bytes);
      if (closes) socket.end();
    });
    const dialled = await dial();
    const { caller } = dialled;
    caller.socket.write(requests);
    const delivered = messages.reduce((sum, { wire }) => sum + wire.length, 0);
    const isLost = refused || (closes && whole.length < methods.length);
    const ending = isLost || closes ? await caller.ended : await caller.received(delivered).then(() => "open");
    expect(isLost ? ["fin", "ECONNRESET"] : [closes ? "fin" : "open"]).toContain(ending);
    const { exchanges } = await settle(dialled);
    expect(got).toBe(requests);
    expect(text.startsWith(caller.bytes.toString("latin1"))).toBe(true);
    expect(caller.bytes.length).toBeGreaterThanOrEqual(whole.reduce((sum, { wire }) => sum + wire.length, 0));
    expect(exchanges.filter(({ end }) => end === "complete")).toHaveLength(whole.length);
    expect(exchanges).toHaveLength(methods.length);
  });
});
