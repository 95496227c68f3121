import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { FaultRecord } from "../../src/model/event.ts";
import { actedIn, bothOf, cells, columns, delays, endings, faultOf, rows } from "./combinations.ts";
import type { Cell } from "./combinations.ts";
import { answering, exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

/** What a caller gets, how that ends, and whether upstream is asked. */
interface Outcome {
  readonly text: string;
  readonly end: "answered" | "fin" | "ECONNRESET" | "held";
  readonly isAsked: boolean;
}

const upstreams = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nright";
const inPlace = "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 8\r\nconnection: keep-alive\r\n\r\nin place";
const tooLate = inPlace.replace("503 Service Unavailable", "502 Bad Gateway").replace("in place", "too late");
const headOf = (answer: string): string => answer.slice(0, answer.indexOf("\r\n\r\n") + 4);

/** What becomes of an answer that something ends on its way. */
const cutBy: Readonly<Record<string, (answer: string) => Omit<Outcome, "isAsked">>> = {
  "reset at response": () => ({ text: "", end: "ECONNRESET" }),
  "hang headers": (answer) => ({ text: headOf(answer), end: "held" }),
  truncate: (answer) => ({ text: answer.slice(0, headOf(answer).length + 3), end: "fin" }),
  malformed: (answer) => ({ text: answer.replace("HTTP/1.1 ", "HTTP/1.1 x"), end: "fin" }),
};
const alone: Readonly<Record<string, Outcome>> = {
  error: { text: inPlace, end: "answered", isAsked: false },
  "error reachUpstream": { text: tooLate, end: "answered", isAsked: true },
  drop: { text: "", end: "fin", isAsked: false },
  reset: { text: "", end: "ECONNRESET", isAsked: false },
  hang: { text: "", end: "held", isAsked: false },
  ...Object.fromEntries(Object.entries(cutBy).map(([name, cut]) => [name, { ...cut(upstreams), isAsked: true }])),
};

function expectedOf(cell: Cell): Outcome | undefined {
  if (cell.word !== "both") return alone[cell.word === "first" ? cell.first : cell.second];
  const { answer, ending } = bothOf(cell);
  const { text = "", isAsked = false } = alone[answer] ?? {};
  const cut = cutBy[ending]?.(text);
  return cut && { ...cut, isAsked };
}

const undo: Undo = [];
let asked: readonly string[] = [];
let plant: Awaited<ReturnType<typeof setUpEdge>> | undefined;
let calls = 0;

beforeAll(async () => {
  plant = await setUpEdge(undo, answering((request, socket) => {
    asked = [...asked, ...[...request.matchAll(/GET (\S+)/g)].map(([, path = ""]) => path)];
    socket.write(upstreams);
  }));
});
afterAll(async () => {
  for (const action of undo.splice(0).reverse()) await action();
});

const eventually = (done: () => boolean): Promise<void> => vi.waitFor(() => { if (!done()) throw new Error("not yet"); }, { timeout: 5000, interval: 5 });

/** Resolves when the proxy has taken in, and as far as it can answered, what was sent to it before. */
async function othersAreServed(): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    const onlooker = plant?.call();
    onlooker?.socket.write("GET /other HTTP/1.1\r\nHost: x\r\n\r\n");
    await onlooker?.received(upstreams.length);
    onlooker?.close();
  }
}

const onPath = (path: string, faults: readonly Fault[]): readonly Fault[] => faults.map((fault) => ({ ...fault, selection: { ...fault.selection, match: { path: { equals: path } } } }));

/** One call that meets these faults, and what was recorded of it. One that is expected to be held is let go when what it is to get has come, and a while has passed. */
async function play(faults: readonly Fault[], expected?: Outcome): Promise<Outcome & { readonly records: readonly FaultRecord[] }> {
  if (plant === undefined) throw new Error("no edge");
  const { edge, call } = plant;
  const path = `/${++calls}`;
  edge.setFaults(...onPath(path, faults));
  const caller = await call().connected();
  const startMs = edge.env.nowMs();
  let ending: string | undefined;
  void caller.ended.then((end) => (ending = end));
  const write = (to: string): unknown => caller.socket.write(`GET ${to} HTTP/1.1\r\nHost: x\r\n\r\n`);
  write(path);
  const recorded = () => edge.exchanges().find((exchange) => exchange.path === path);
  await othersAreServed();
  // What nothing delays has come by now, and a delay is over by then.
  const leastMs = faults.some(({ type }) => type === "latency") ? 300 : 50;
  const isHeldBack = (): boolean => expected?.end === "held" && caller.bytes.length >= expected.text.length && edge.env.nowMs() - startMs > leastMs;
  await eventually(() => recorded() !== undefined || isHeldBack());
  const record = recorded();
  if (record?.end === "complete") {
    await eventually(() => caller.bytes.length === record.responseBytes);
    const text = caller.bytes.toString("latin1");
    // The connection is still good for another call.
    write("/again");
    await caller.received(text.length + upstreams.length);
    caller.close();
    return { text, end: "answered", isAsked: asked.includes(path), records: record.faults ?? [] };
  }
  const isHeld = record === undefined;
  edge.lift();
  await eventually(() => ending !== undefined);
  const end = isHeld && ending === "ECONNRESET" ? "held" : ending === "fin" ? "fin" : "ECONNRESET";
  caller.close();
  return { text: caller.bytes.toString("latin1"), end, isAsked: asked.includes(path), records: recorded()?.faults ?? [] };
}

it("the table has a cell for every two of them", () => {
  expect(columns).toEqual(Object.keys(endings));
  expect(rows).toEqual(Object.keys(endings));
  expect(cells).toHaveLength(81);
});

describe("of two faults on one exchange", () => {
  it.each(cells)("$first, then $second: $word", async (cell) => {
    const { records, ...outcome } = await play([faultOf(cell.first, "first"), faultOf(cell.second, "second")], expectedOf(cell));
    expect(outcome).toEqual(expectedOf(cell));
    expect(records.map(({ fault, decision }) => `${fault} ${decision}`)).toEqual(["first applied", "second applied"]);
    expect(records.flatMap(({ fault, actedMs }) => (actedMs === undefined ? [] : [fault]))).toEqual(actedIn(cell));
  });
});

describe("latency beside what ends or answers an exchange", () => {
  const slow = (at: string): Fault => exchangeFault("latency", { delay: "40ms", at }, {}, "slow");
  it.each(delays)("written $place $name, at $at, $does", async ({ name, at, place, isReached }) => {
    const other = faultOf(name, "other");
    const { records, ...outcome } = await play(place === "before" ? [slow(at), other] : [other, slow(at)], alone[name]);
    expect(outcome).toEqual(alone[name]);
    const record = (of: string): FaultRecord | undefined => records.find(({ fault }) => fault === of);
    expect(record("slow")?.actedMs !== undefined).toBe(isReached);
    expect((record("other")?.actedMs ?? 0) - (record("slow")?.actedMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(40);
  });

  it.each([
    ["the request's", "request", "hang", "drop"],
    ["the answer's", "response", "hang headers", "truncate"],
  ])("what would hang behind a delay on %s way goes on when lifted meanwhile, and what is written behind that does not act", async (_, at, hang, behind) => {
    if (plant === undefined) throw new Error("no edge");
    const { edge, call } = plant;
    edge.setFaults(...onPath(`/lifted-${at}`, [exchangeFault("latency", { delay: "200ms", at }), faultOf(hang, "hang"), faultOf(behind, "behind")]));
    const caller = await call().connected();
    caller.socket.write(`GET /lifted-${at} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await othersAreServed();
    edge.lift();
    expect((await caller.received(upstreams.length)).toString()).toBe(upstreams);
    await expect.poll(() => edge.exchanges().find(({ path }) => path === `/lifted-${at}`)).toMatchObject({ end: "complete", status: 200 });
    caller.close();
  });
});

it("the pace of an answer holds for the one that takes its place, and a second one in its place does not act", async () => {
  const { records, ...outcome } = await play([exchangeFault("slow-body", { over: "40ms" }, {}, "slow"), faultOf("error reachUpstream", "first"), exchangeFault("error", { status: 500, reachUpstream: true }, {}, "second")]);
  expect(outcome).toEqual(alone["error reachUpstream"]);
  expect(records.map(({ actedMs }) => actedMs !== undefined)).toEqual([true, true, false]);
});
