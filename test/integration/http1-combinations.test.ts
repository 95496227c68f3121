import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { FaultRecord } from "../../src/model/event.ts";
import type { JsonObject } from "../../src/model/json.ts";
import { answering, exchangeFault, setUpEdge } from "./http-edge.ts";
import type { Undo } from "./http-edge.ts";

/** Faults that end an exchange or answer it, by the names they have in the table of docs/faults.md. */
const endings: Readonly<Record<string, readonly [type: string, params: JsonObject]>> = {
  error: ["error", { status: 503, body: "in place" }],
  "error reachUpstream": ["error", { status: 502, body: "too late", reachUpstream: true }],
  drop: ["drop", {}],
  reset: ["reset", {}],
  "reset at response": ["reset", { at: "response" }],
  hang: ["hang", {}],
  "hang headers": ["hang", { headers: true }],
  truncate: ["truncate", { afterBytes: "3B" }],
  malformed: ["malformed", {}],
};

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

/** The table of the docs: which of two acts, the first written or the second, or both. */
const docs = readFileSync(new URL("../../docs/faults.md", import.meta.url), "utf8");
const rows = /<!-- table:combinations -->\n([^]*?)\n<!-- \/table -->/.exec(docs)?.[1]?.split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim())) ?? [];
const [[, ...columns] = [], , ...body] = rows;
const cells = body.flatMap(([first = "", ...words]) => words.map((word, i) => ({ first, second: columns[i] ?? "", word })));

function expectedOf({ first, second, word }: (typeof cells)[number]): Outcome | undefined {
  if (word !== "both") return alone[word === "first" ? first : second];
  const [answer, ending] = first.startsWith("error") ? [first, second] : [second, first];
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

const faultOf = (name: string, as: string): Fault => exchangeFault(endings[name]?.[0] ?? "", endings[name]?.[1] ?? {}, {}, as);

it("the table has a cell for every two of them", () => {
  expect(columns).toEqual(Object.keys(endings));
  expect(body.map(([first]) => first)).toEqual(Object.keys(endings));
  expect(cells).toHaveLength(81);
});

describe("of two faults on one exchange", () => {
  it.each(cells)("$first, then $second: $word", async (cell) => {
    const { records, ...outcome } = await play([faultOf(cell.first, "first"), faultOf(cell.second, "second")], expectedOf(cell));
    expect(outcome).toEqual(expectedOf(cell));
    expect(records.map(({ fault, decision }) => `${fault} ${decision}`)).toEqual(["first applied", "second applied"]);
    // An error's answer that is reset before its first byte is not seen.
    const acted = records.flatMap(({ fault, actedMs }) => (actedMs === undefined ? [] : [fault]));
    expect(acted).toEqual(cell.word !== "both" ? [cell.word] : cell.first === "reset at response" ? ["first"] : cell.second === "reset at response" ? ["second"] : ["first", "second"]);
  });
});

describe("latency beside what ends or answers an exchange", () => {
  const slow = (at: string): Fault => exchangeFault("latency", { delay: "40ms", at }, {}, "slow");
  const onItsWay = { error: "request", "error reachUpstream": "response", drop: "request", reset: "request", "reset at response": "response", hang: "request", "hang headers": "response", truncate: "response", malformed: "response" };
  const cases = Object.entries(onItsWay).flatMap(([name, way]) => ["request", "response"].flatMap((at) => ["before", "behind"].map((place) => {
    const isReached = way === "response" ? at === "request" || place === "before" || name === "error reachUpstream" : name === "error" ? at === "response" || place === "before" : at === "request" && place === "before";
    return { name, at, place, isReached, does: isReached ? "is waited out" : "does not act" };
  })));

  it.each(cases)("written $place $name, at $at, $does", async ({ name, at, place, isReached }) => {
    const other = faultOf(name, "other");
    const { records, ...outcome } = await play(place === "before" ? [slow(at), other] : [other, slow(at)], alone[name]);
    expect(outcome).toEqual(alone[name]);
    const record = (of: string): FaultRecord | undefined => records.find(({ fault }) => fault === of);
    expect(record("slow")?.actedMs !== undefined).toBe(isReached);
    expect((record("other")?.actedMs ?? 0) - (record("slow")?.actedMs ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(40);
  });

  it("what would hang behind a delay goes on when lifted meanwhile, and what is written behind that does not act", async () => {
    if (plant === undefined) throw new Error("no edge");
    const { edge, call } = plant;
    edge.setFaults(...onPath("/lifted", [exchangeFault("latency", { delay: "200ms" }), faultOf("hang", "hang"), faultOf("drop", "drop")]));
    const caller = await call().connected();
    caller.socket.write("GET /lifted HTTP/1.1\r\nHost: x\r\n\r\n");
    await othersAreServed();
    edge.lift();
    await caller.received(upstreams.length);
    await expect.poll(() => edge.exchanges().find(({ path }) => path === "/lifted")).toMatchObject({ end: "complete", status: 200 });
    caller.close();
  });
});

it("the pace of an answer holds for the one that takes its place, and a second one in its place does not act", async () => {
  const { records, ...outcome } = await play([exchangeFault("slow-body", { over: "40ms" }, {}, "slow"), faultOf("error reachUpstream", "first"), exchangeFault("error", { status: 500, reachUpstream: true }, {}, "second")]);
  expect(outcome).toEqual(alone["error reachUpstream"]);
  expect(records.map(({ actedMs }) => actedMs !== undefined)).toEqual([true, true, false]);
});
