import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Env } from "../../src/model/env.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";
import { exchangeFault, startEdge } from "../integration/http-edge.ts";
import { connectionFault } from "../integration/plane.ts";
import { Caller, serve } from "../integration/wire.ts";
import { fc, fuzzMinutes, runs } from "../support/properties.ts";

const requests = [
  "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
  "HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n",
  "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n01234567890123456789",
  "POST /d HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n",
  "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
  "GET /f HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
  "GET /g HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  "GET /h HTTP/1.0\r\n\r\n",
  "bad request\r\n\r\n",
] as const;
const answers = [
  "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
  "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
  "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\ntunnel",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nno",
] as const;

/** One side: what it says in which pieces, and how it leaves after so much of it (a share). */
const side = (texts: readonly string[]) => fc.record({
  text: fc.array(fc.constantFrom(...texts), { minLength: 1, maxLength: 5 }).map((all) => all.join("")),
  pieces: fc.integer({ min: 1, max: 6 }),
  leavesAfter: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  leaves: fc.constantFrom("fin", "rst", "stay", "deaf"),
});
type Side = ReturnType<typeof side> extends fc.Arbitrary<infer T> ? T : never;

const direction = fc.constantFrom("request" as const, "response" as const, "both" as const);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.tuple(fc.nat(120), fc.constantFrom("close", "reset"), direction).map(([bytes, end, way]) => connectionFault("limit-data", { bytes: `${bytes}B`, end }, {}, way)),
  fc.tuple(fc.constantFrom("blackhole", "half-open"), fc.nat(4)).map(([type, fromMs]) => connectionFault(type, {}, { fromMs })),
  fc.nat(4).map((fromMs) => connectionFault("blackhole", { closeAfter: "3ms" }, { fromMs, forMs: 6 })),
  direction.map((way) => connectionFault("slow-close", { delay: "6ms" }, {}, way)),
  direction.map((way) => connectionFault("latency", { delay: "2ms", jitter: "2ms" }, {}, way)),
  direction.map((way) => connectionFault("slicer", { size: "7B", spacing: "1ms" }, {}, way)),
  fc.nat(100).map((bytes) => connectionFault("reset", { afterBytes: `${bytes}B` })),
  fc.constantFrom("request", "response").map((at) => exchangeFault("latency", { delay: "4ms", at })),
  fc.boolean().map((headers) => exchangeFault("hang", { headers }, { every: 2 })),
  fc.constant(exchangeFault("drop", {}, { every: 3 })),
  fc.constant(exchangeFault("error", { status: 503 }, { every: 2 })),
  fc.constant(exchangeFault("truncate", { afterBytes: "3B", end: "reset" }, { every: 2 })),
  fc.constant(exchangeFault("slow-body", { size: "2B", spacing: "1ms" })),
);
const faults = fc.array(fault, { maxLength: 3 }).map((all) => all.map((one, i) => ({ ...one, name: `f${i}` })));

const scenario = fc.record({ client: side(requests), upstream: side(answers), early: fc.boolean(), faults, liftsAfterMs: fc.option(fc.nat(8), { nil: undefined }), release: fc.boolean() });
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** The system's clock, which knows how many of its timers are armed. */
function countingEnv(): { readonly env: Env; readonly armed: () => number } {
  const env = createSystemEnv();
  let armed = 0;
  return {
    armed: () => armed,
    env: {
      ...env,
      after: (ms, action) => {
        armed++;
        let isArmed = true;
        const disarm = (): void => {
          if (isArmed) armed--;
          isArmed = false;
        };
        const timer = env.after(ms, () => {
          disarm();
          action();
        });
        return { cancel: () => (disarm(), timer.cancel()) };
      },
    },
  };
}

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Says a side's bytes, one piece a turn, and leaves; returns what it said. */
async function speak(socket: Socket, { text, pieces, leavesAfter, leaves }: Side, said: (piece: string) => void): Promise<void> {
  if (leaves === "deaf") socket.pause();
  const end = Math.round(text.length * leavesAfter);
  const size = Math.max(1, Math.ceil(end / pieces));
  for (let at = 0; at < end && !socket.destroyed && socket.writable; at += size) {
    const piece = text.slice(at, Math.min(end, at + size));
    said(piece);
    socket.write(piece);
    await turn(1);
  }
  if (leaves === "fin") socket.end();
  if (leaves === "rst" && !socket.destroyed) socket.resetAndDestroy();
}

async function play({ client, upstream, early, faults, liftsAfterMs, release }: Scenario): Promise<void> {
  const { env, armed } = countingEnv();
  let got = "";
  let said = "";
  const server = await serve((socket) => {
    let spoken = false;
    const answer = (): void => {
      if (!spoken) void speak(socket, upstream, (piece) => (said += piece));
      spoken = true;
    };
    socket.on("data", (bytes) => {
      got += bytes.toString("latin1");
      answer();
    });
    socket.on("end", () => upstream.leaves !== "stay" && socket.end());
    if (early) answer();
  });
  const edge = await startEdge(server.port, { env, limits: { headMs: 15, lingerMs: 10 } });
  edge.setFaults(...faults);
  let asked = "";
  const caller = await new Caller(edge.port).connected();
  await Promise.all([
    speak(caller.socket, client, (piece) => (asked += piece)),
    liftsAfterMs === undefined ? undefined : turn(liftsAfterMs).then(() => edge.lift(release)),
  ]);
  await turn(4);

  // Whoever is still there goes, and so do the faults.
  edge.lift(release);
  caller.close();
  await expect.poll(() => {
    for (const socket of server.sockets) socket.destroy();
    return [edge.connections().length, server.sockets.size, armed()];
  }, { interval: 1, timeout: 10_000 }).toEqual([1, 0, 0]);

  const [connection] = edge.connections();
  const exchanges = edge.exchanges();
  expect(exchanges.map(({ nth }) => nth).sort((a, b) => a - b)).toEqual(exchanges.map((_, i) => i + 1));
  expect(exchanges.length).toBe(connection?.exchanges);
  expect(exchanges.reduce((sum, { responseBytes }) => sum + responseBytes, 0)).toBe(connection?.responseBytes);
  expect(connection?.requestBytes).toBeLessThanOrEqual(asked.length);
  for (const { startMs, requestEndMs = startMs, headMs = startMs, endMs, leftMs = startMs, end, status } of exchanges) {
    for (const ms of [requestEndMs, headMs, leftMs]) expect(ms).toBeGreaterThanOrEqual(startMs);
    for (const ms of [headMs, leftMs]) expect(ms).toBeLessThanOrEqual(endMs);
    expect(end).not.toBe("open");
    expect([end, end === "complete" || end === "rejected" ? typeof status : "number"]).toEqual([end, "number"]);
  }
  // No byte came to either side that was not sent, but for the proxy's own answers.
  let at = 0;
  const passed = exchanges.toSorted((a, b) => a.nth - b.nth).map(({ passedOn, requestBytes }) => asked.slice(at, (at += requestBytes)).slice(0, passedOn ? undefined : 0)).join("");
  expect([passed.startsWith(got), passed]).toEqual([true, passed]);
  const hasOwnAnswers = exchanges.some(({ end, passedOn, responseBytes }) => end === "rejected" || (!passedOn && responseBytes > 0));
  expect(hasOwnAnswers || said.startsWith(caller.bytes.toString("latin1"))).toBe(true);
  // Nothing of it is left to stop.
  await edge.server.close();
  await server.close();
}

describe("whoever leaves whom at whatever byte, under whatever faults", () => {
  it("every exchange is recorded once, no byte is invented, and no socket or timer is left", async () => {
    await fc.assert(fc.asyncProperty(scenario, play), runs(300));
  }, fuzzMinutes * 60_000 + 120_000);
});
