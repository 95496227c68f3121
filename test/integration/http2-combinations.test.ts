import { constants } from "node:http2";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { FaultRecord } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { carriedOutBy } from "../../src/faults/carried-out.ts";
import { actedIn, bothOf, cells, delays, endings, faultOf } from "./combinations.ts";
import type { Cell } from "./combinations.ts";
import { exchangeFault } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";
import { startHttp2Edge } from "./http2-edge.ts";
import { Http2Caller, serveHttp2 } from "./http2-peers.ts";
import { aWhile } from "./wire.ts";

/** What a caller gets, how its stream ends, what is recorded of that, and whether upstream is asked. */
interface Outcome {
  readonly status: number | undefined;
  readonly body: string;
  readonly code: number | "held";
  readonly end: string;
  readonly isAsked: boolean;
}

const { NGHTTP2_NO_ERROR: noError, NGHTTP2_PROTOCOL_ERROR: tooShort, NGHTTP2_INTERNAL_ERROR: internalError } = constants;
const answered = { code: noError, end: "complete" };
// What hangs is let go at the end of the test.
const held = { code: "held", end: "reset" } as const;

/** What becomes of an answer that something ends on its way. A client refuses one that is shorter than its head says. */
const cutBy: Readonly<Record<string, (answer: Outcome) => Outcome>> = {
  "reset at response": ({ isAsked }) => ({ status: undefined, body: "", code: internalError, end: "reset", isAsked }),
  "hang headers": (answer) => ({ ...answer, ...held, body: "" }),
  truncate: (answer) => ({ ...answer, code: tooShort, end: "dropped", body: answer.body.slice(0, 3) }),
};
const upstreams: Outcome = { status: 200, body: "right", ...answered, isAsked: true };
const unanswered = { status: undefined, body: "", isAsked: false };
const alone: Readonly<Record<string, Outcome>> = {
  error: { status: 503, body: "in place", ...answered, isAsked: false },
  "error reachUpstream": { status: 502, body: "too late", ...answered, isAsked: true },
  drop: { ...unanswered, code: noError, end: "dropped" },
  reset: { ...unanswered, code: internalError, end: "reset" },
  hang: { ...unanswered, ...held },
  ...Object.fromEntries(Object.entries(cutBy).map(([name, cut]) => [name, cut(upstreams)])),
};

function expectedOf(cell: Cell): Outcome | undefined {
  if (cell.word !== "both") return alone[cell.word === "first" ? cell.first : cell.second];
  const { answer, ending } = bothOf(cell);
  const found = alone[answer];
  return found && cutBy[ending]?.(found);
}

const undo: Undo = [];
const asked = new Set<string>();
let edge: Awaited<ReturnType<typeof startHttp2Edge>> | undefined;
let calls = 0;

beforeAll(async () => {
  const upstream = await serveHttp2(undo, (stream, headers) => {
    asked.add(headers[":path"] ?? "");
    stream.respond({ ":status": 200, "content-length": "5" });
    stream.end("right");
  });
  edge = await startHttp2Edge(undo, upstream.port);
});
afterAll(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const onPath = (path: string, faults: readonly Fault[]): readonly Fault[] => faults.map((fault) => ({ ...fault, selection: { ...fault.selection, match: { path: { equals: path } } } }));

/** One call that meets these faults, and what was recorded of it. One that is expected to be held is let go when what it is to get has come, and a while has passed; `meanwhile` is done when the call is under way. */
async function play(faults: readonly Fault[], expected: Outcome | undefined, meanwhile: () => void = () => undefined) {
  if (edge === undefined) throw new Error("no edge");
  const { exchanges, lift, port, setFaults } = edge;
  const path = `/${++calls}`;
  setFaults(...onPath(path, faults));
  const caller = new Http2Caller(undo, port);
  const { stream, got } = caller.open({ ":path": path });
  let hasHead = false;
  let isOver = false;
  stream.on("response", () => (hasHead = true));
  void got.then(() => (isOver = true));
  // A round trip on the same connection: the proxy has taken in what was sent before.
  await caller.ask({ ":path": "/other" });
  meanwhile();
  const isHeld = expected?.code === "held";
  await vi.waitFor(() => {
    if (!isOver && !(isHeld && hasHead === (expected.status !== undefined))) throw new Error("not yet");
  }, { timeout: 15_000, interval: 5 });
  // What nothing delays has come by then, and a delay is over.
  if (!isOver) await aWhile(faults.some(({ type }) => type === "latency") ? 300 : 50);
  const wasHeld = !isOver;
  if (wasHeld) lift();
  const { headers, body, code } = await got;
  const recorded = () => exchanges().find((exchange) => exchange.path === path);
  await vi.waitFor(() => { if (recorded() === undefined) throw new Error("not recorded"); }, { timeout: 15_000, interval: 5 });
  const { faults: records = [], end = "", passedOn } = recorded() ?? {};
  const outcome: Outcome = { status: headers && Number(headers[":status"]), body: body.toString(), code: wasHeld ? "held" : code, end, isAsked: asked.has(path) };
  expect(passedOn).toBe(outcome.isAsked);
  // The connection is still good for another call.
  expect((await caller.ask({ ":path": "/again" })).body.toString()).toBe("right");
  caller.session.destroy();
  return { outcome, records };
}

const isCarriedOut = (name: string): boolean => name !== "malformed";

it("all but what the lane does not carry out is played", () => {
  expect(Object.keys(endings).filter((name) => !isCarriedOut(name))).toEqual(["malformed"]);
  expect(carriedOutBy.malformed).not.toContain("http2");
});

describe("of two faults on one exchange", () => {
  it.each(cells.filter(({ first, second }) => isCarriedOut(first) && isCarriedOut(second)))("$first, then $second: $word", async (cell) => {
    const expected = expectedOf(cell);
    const { outcome, records } = await play([faultOf(cell.first, "first"), faultOf(cell.second, "second")], expected);
    expect(outcome).toEqual(expected);
    expect(records.map(({ fault, decision }) => `${fault} ${decision}`)).toEqual(["first applied", "second applied"]);
    expect(records.flatMap(({ fault, actedMs }) => (actedMs === undefined ? [] : [fault]))).toEqual(actedIn(cell));
  });
});

describe("latency beside what ends or answers an exchange", () => {
  const slow = (at: string): Fault => exchangeFault("latency", { delay: "40ms", at }, {}, "slow");

  it.each(delays.filter(({ name }) => isCarriedOut(name)))("written $place $name, at $at, $does", async ({ name, at, place, isReached }) => {
    const other = faultOf(name, "other");
    const { outcome, records } = await play(place === "before" ? [slow(at), other] : [other, slow(at)], alone[name]);
    expect(outcome).toEqual(alone[name]);
    const record = (of: string): FaultRecord | undefined => records.find(({ fault }) => fault === of);
    expect(record("slow")?.actedMs !== undefined).toBe(isReached);
    expect((record("other")?.actedMs ?? 0) - (record("slow")?.actedMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(40);
  });

  it.each([
    ["the request's", exchangeFault("latency", { delay: "1500ms" }, {}, "slow"), "hang", "drop"],
    ["the answer's", exchangeFault("latency", { delay: "1500ms", at: "response" }, {}, "slow"), "hang headers", "truncate"],
  ])("what would hang behind a delay on %s way goes on when lifted meanwhile, and what is written behind that does not act", async (_, delay, hang, behind) => {
    const { outcome, records } = await play([delay, faultOf(hang, "hang"), faultOf(behind, "behind")], upstreams, () => edge?.lift());
    expect(outcome).toEqual(upstreams);
    expect(records.map(({ actedMs }) => actedMs !== undefined)).toEqual([true, false, false]);
  });
});

describe("of those that answer, the first in time stands", () => {
  const tooLate = (status: number, as: string): Fault => exchangeFault("error", { status, reachUpstream: true }, {}, as);
  const grpc = (as: string): Fault => exchangeFault("grpc-error", { reachUpstream: true }, {}, as);
  const byGrpc: Outcome = { status: 200, body: "", ...answered, isAsked: true };

  it.each([
    ["three errors with reachUpstream", [faultOf("error reachUpstream", "first"), tooLate(500, "second"), tooLate(504, "third")], alone["error reachUpstream"], "first"],
    ["an error, then a status of gRPC", [faultOf("error", "first"), grpc("second")], alone["error"], "first"],
    ["a status of gRPC, then an error in place", [grpc("first"), faultOf("error", "second")], alone["error"], "second"],
    ["an error with reachUpstream, then a status of gRPC", [faultOf("error reachUpstream", "first"), grpc("second")], alone["error reachUpstream"], "first"],
    ["a status of gRPC, then an error with reachUpstream", [grpc("first"), faultOf("error reachUpstream", "second")], byGrpc, "first"],
  ])("%s", async (_, faults, expected, acts) => {
    const { outcome, records } = await play(faults, expected);
    expect(outcome).toEqual(expected);
    expect(records.flatMap(({ fault, actedMs }) => (actedMs === undefined ? [] : [fault]))).toEqual([acts]);
  });
});

it("the pace of an answer holds for the one that takes its place", async () => {
  const { outcome, records } = await play([exchangeFault("slow-body", { over: "40ms" }, {}, "slow"), faultOf("error reachUpstream", "first")], alone["error reachUpstream"]);
  expect(outcome).toEqual(alone["error reachUpstream"]);
  expect(records.map(({ actedMs }) => actedMs !== undefined)).toEqual([true, true]);
});
