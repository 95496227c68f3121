import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import { exchangeFault, startEdge } from "../integration/http-edge.ts";
import { connectionFault } from "../integration/plane.ts";
import { Caller, serve } from "../integration/wire.ts";
import { fc, fuzzMinutes, runs } from "../support/properties.ts";

/** Whole requests, none of which ends the connection; the last may open a tunnel. */
const requests = [
  "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
  "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n01234567890123456789",
  "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-T: 1\r\n\r\n",
  "GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  `POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n${"0123456789".repeat(300)}`,
] as const;
const tunnelled = ["", "hello", "GET /no-request HTTP/1.1\r\n\r\n", "\u0000\u00ff".repeat(50)] as const;
const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n";

/** Faults that hold bytes, and lose none. */
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom("request", "response").map((at) => exchangeFault("latency", { delay: "4ms", jitter: "3ms", at }, { every: 2 })),
  fc.constant(exchangeFault("slow-body", { size: "200B", spacing: "1ms" }, { every: 2 })),
  fc.constantFrom("request" as const, "response" as const, "both" as const).map((way) => connectionFault("latency", { delay: "2ms", jitter: "2ms" }, {}, way)),
  fc.constantFrom("request" as const, "response" as const).map((way) => connectionFault("slicer", { size: "300B", spacing: "1ms" }, {}, way)),
);

const scenario = fc.record({
  asked: fc.array(fc.constantFrom(...requests), { minLength: 1, maxLength: 5 }),
  tunnel: fc.option(fc.constantFrom(...tunnelled), { nil: undefined }),
  pieces: fc.integer({ min: 1, max: 5 }),
  answersAfterMs: fc.constantFrom(0, 3),
  faults: fc.array(fault, { maxLength: 2 }).map((all) => all.map((one, i) => ({ ...one, name: `f${i}` }))),
  lifts: fc.boolean(),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

const turn = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Answers the requests as they come whole, in order; the last one opens a tunnel where it is to. */
function answerer(asked: readonly string[], opens: boolean, afterMs: number) {
  const state = { got: "", ended: false };
  const handle = (socket: Socket): void => {
    let answered = 0;
    let queue = Promise.resolve();
    const answer = (): void => {
      for (let length = asked.slice(0, answered + 1).join("").length; answered < asked.length && state.got.length >= length; length = asked.slice(0, answered + 1).join("").length) {
        answered++;
        const isLast = answered === asked.length;
        queue = queue.then(async () => {
          if (afterMs > 0) await turn(afterMs);
          socket.write(isLast && opens ? switched : ok);
        });
      }
    };
    socket.on("data", (bytes) => {
      state.got += bytes.toString("latin1");
      answer();
    });
    socket.on("end", () => {
      state.ended = true;
      void queue.then(() => socket.end());
    });
  };
  return { state, handle };
}

async function play({ asked: plain, tunnel, pieces, answersAfterMs, faults, lifts }: Scenario): Promise<void> {
  const asked = tunnel === undefined ? plain : [...plain, requests[3]];
  const text = asked.join("") + (tunnel ?? "");
  const { state, handle } = answerer(asked, tunnel !== undefined, answersAfterMs);
  const server = await serve(handle);
  const edge = await startEdge(server.port);
  edge.setFaults(...faults);
  const caller = await new Caller(edge.port).connected();
  const size = Math.ceil(text.length / pieces);
  for (let at = 0; at < text.length; at += size) {
    caller.socket.write(Buffer.from(text.slice(at, at + size), "latin1"));
    if (at + size < text.length) await turn(1);
  }
  caller.socket.end();
  if (lifts) await turn(2).then(() => edge.lift());
  expect([await caller.ended, caller.bytes.toString("latin1")]).toEqual(["fin", ok.repeat(plain.length) + (tunnel === undefined ? "" : switched)]);
  await expect.poll(() => state.ended, { interval: 1 }).toBe(true);
  expect(state.got).toBe(text);
  caller.close();
  await expect.poll(() => edge.connections().map(({ exchanges, closedBy }) => [exchanges, closedBy]), { interval: 1 }).toEqual([[asked.length, "client"]]);
  expect(edge.exchanges().every(({ passedOn, end, afterFin = end }) => passedOn && ["complete", "tunnel"].includes(afterFin))).toBe(true);
  await edge.server.close();
  await server.close();
}

describe("a caller that closes its half right behind whole requests, whatever holds them", () => {
  it("has all of them passed on to the byte, its FIN behind them, and gets all answers", async () => {
    await fc.assert(fc.asyncProperty(scenario, play), runs(150));
  }, fuzzMinutes * 60_000 + 120_000);
});
