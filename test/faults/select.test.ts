import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { Decided, ExchangeFacts } from "../../src/faults/subject.ts";

const fault = (selection: Partial<Selection> = {}, over: Partial<Fault> = {}): Fault => ({
  name: "dropped", type: "drop", layer: "exchange", proxy: "payments", direction: "both", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection },
  ...over,
});
const call = (over: Partial<ExchangeFacts> & { headers?: Readonly<Record<string, string>> } = {}): ExchangeFacts => ({
  method: "POST", path: "/charges", header: (name) => over.headers?.[name], connection: 1, caller: "checkout", ...over,
});
const selector = (...faults: readonly Fault[]): Selector => new Selector({ seed: "seed", epoch: 1, faults, startMs: 1000 });
const only = (decided: readonly Decided[]): Decided => {
  const [first, ...more] = decided;
  if (first === undefined || more.length > 0) throw new Error(`expected one decision, got ${decided.length}`);
  return first;
};
const words = (of: Selector, calls: readonly ExchangeFacts[], nowMs = 1000): readonly string[] => calls.map((facts) => only(of.exchange(facts, nowMs)).decision);
const repeat = (n: number, make: (i: number) => ExchangeFacts = () => call()): readonly ExchangeFacts[] => Array.from({ length: n }, (_, i) => make(i + 1));

describe("the order of selection", () => {
  const picky = fault({ match: { methods: ["POST"] }, fromMs: 500, after: 1, first: 1, rateShare: 0 });

  test("is match, window, ordinals, rate: the first that fails is the reason", () => {
    const of = selector(picky);
    expect(only(of.exchange(call({ method: "GET" }), 1000)).decision).toBe("match");
    expect(only(of.exchange(call(), 1000)).decision).toBe("window");
    expect(only(of.exchange(call(), 1500))).toMatchObject({ decision: "ordinal", n: 1 });
    expect(only(of.exchange(call(), 1500))).toMatchObject({ decision: "rate", n: 2 });
    expect(only(of.exchange(call(), 1500))).toMatchObject({ decision: "ordinal", n: 3 });
  });

  test("only what matches inside the window is eligible and numbered", () => {
    const of = selector(picky);
    for (const facts of [call({ method: "GET" }), call()]) expect(only(of.exchange(facts, 1000))).not.toHaveProperty("n");
    expect(only(of.exchange(call(), 1500)).n).toBe(1);
  });

  test("first counts those that pass, drawn or not", () => {
    const of = selector(fault({ first: 50, rateShare: 0.5 }));
    const decisions = words(of, repeat(200));
    expect(decisions.slice(50).every((word) => word === "ordinal")).toBe(true);
    expect(decisions.slice(0, 50).includes("rate")).toBe(true);
    expect(decisions.slice(0, 50).includes("applied")).toBe(true);
  });
});

test("applied carries the effects of the fault, missed carries none", () => {
  const of = selector(fault({ first: 1 }));
  expect(only(of.exchange(call(), 1000))).toEqual({ fault: "dropped", decision: "applied", n: 1, effects: [{ kind: "close" }] });
  expect(only(of.exchange(call(), 1000))).toEqual({ fault: "dropped", decision: "ordinal", n: 2, effects: [] });
});

test("every fault answers for itself, in the order written", () => {
  const slow = fault({ match: { path: { glob: "/other" } } }, { name: "slow", type: "latency", params: { delayMs: 5, jitterMs: 0, distribution: "uniform", at: "request" } });
  expect(selector(slow, fault()).exchange(call(), 1000).map(({ fault: name, decision }) => [name, decision])).toEqual([["slow", "match"], ["dropped", "applied"]]);
});

test("without faults on exchanges nothing is said of exchanges", () => {
  const byBytes = fault({}, { type: "latency", layer: "connection", params: { delayMs: 5, jitterMs: 0, distribution: "uniform" } });
  expect(selector(byBytes).exchange(call(), 1000)).toEqual([]);
  expect(selector().exchange(call(), 1000)).toEqual([]);
  expect(selector(fault()).connection({ conn: 1, nth: 1, caller: "checkout" }, 1000)).toEqual([]);
});

describe("numbering per", () => {
  const firstOf = (per: Selection["per"]): Selector => selector(fault({ per, first: 1 }));

  test("fault counts all together", () => {
    expect(words(firstOf("fault"), [call(), call({ connection: 2 }), call({ caller: "other" })])).toEqual(["applied", "ordinal", "ordinal"]);
  });

  test("connection and caller count each apart", () => {
    expect(words(firstOf("connection"), [call(), call(), call({ connection: 2 })])).toEqual(["applied", "ordinal", "applied"]);
    expect(words(firstOf("caller"), [call(), call(), call({ caller: "checkout#2" })])).toEqual(["applied", "ordinal", "applied"]);
  });

  test("header counts each value apart, those without it together", () => {
    const user = (name: string): ExchangeFacts => call({ headers: { "x-user": name } });
    const of = selector(fault({ per: { header: "X-User" }, first: 1 }));
    expect(words(of, [user("a"), user("a"), user("b"), call(), call()])).toEqual(["applied", "ordinal", "applied", "applied", "ordinal"]);
  });

  test("trace counts each trace apart, ours and others'", () => {
    const foreign = (id: string): ExchangeFacts => call({ headers: { traceparent: `00-${id}-00f067aa0ba902b7-01` } });
    const calls = [call({ request: "r1" }), call({ request: "r1" }), call({ request: "r2" }), foreign("a".repeat(32)), foreign("a".repeat(32)), foreign("b".repeat(32))];
    expect(words(firstOf("trace"), calls)).toEqual(["applied", "ordinal", "applied", "applied", "ordinal", "applied"]);
  });

  test("goes on over the pauses of a flap, and starts again with an epoch", () => {
    const flapping = fault({ flap: { onMs: 100, offMs: 100 }, first: 1 });
    const of = selector(flapping);
    expect(only(of.exchange(call(), 1000))).toMatchObject({ decision: "applied", n: 1 });
    expect(only(of.exchange(call(), 1150)).decision).toBe("window");
    expect(only(of.exchange(call(), 1200))).toMatchObject({ decision: "ordinal", n: 2 });
    expect(only(selector(flapping).exchange(call(), 1000))).toMatchObject({ decision: "applied", n: 1 });
  });
});

describe("attempts", () => {
  test("are the calls of one request on this edge, however requests interleave", () => {
    const of = selector(fault({ attempt: { min: 1, max: 2 } }));
    const request = (id: string): ExchangeFacts => call({ request: id });
    expect(words(of, ["a", "b", "a", "b", "a", "b"].map(request))).toEqual(["applied", "applied", "applied", "applied", "ordinal", "ordinal"]);
  });

  test("a call that is nobody's of ours is a first one", () => {
    expect(words(selector(fault({ attempt: { min: 1, max: 1 } })), repeat(3))).toEqual(["applied", "applied", "applied"]);
    expect(words(selector(fault({ attempt: { min: 2, max: 2 } })), repeat(3))).toEqual(["ordinal", "ordinal", "ordinal"]);
  });
});

describe("draws", () => {
  const half = fault({ rateShare: 0.5 });
  const request = (i: number): ExchangeFacts => call({ request: `r${i}` });

  test("give the same request the same fate in any order", () => {
    const forth = selector(half);
    const back = selector(half);
    const fates = words(forth, repeat(100, request));
    expect(words(back, repeat(100, request).toReversed()).toReversed()).toEqual(fates);
    expect(new Set(fates)).toEqual(new Set(["applied", "rate"]));
  });

  test("give each attempt of a request its own fate", () => {
    const of = selector(half);
    expect(new Set(words(of, repeat(20, () => call({ request: "r1" }))))).toEqual(new Set(["applied", "rate"]));
  });

  test("without a request go by number, and are new in each epoch, for each fault and each seed", () => {
    const fates = (options: { seed?: string; epoch?: number; name?: string }): string =>
      words(new Selector({ seed: options.seed ?? "seed", epoch: options.epoch ?? 1, startMs: 0, faults: [{ ...half, name: options.name ?? "f" }] }), repeat(64)).join();
    expect(fates({})).toBe(fates({}));
    expect(new Set([fates({}), fates({ seed: "other" }), fates({ epoch: 2 }), fates({ name: "g" })]).size).toBe(4);
  });

  test("do not give all connections the fate of the first where each is counted apart", () => {
    const of = selector(fault({ rateShare: 0.5, per: "connection" }));
    expect(new Set(words(of, repeat(40, (i) => call({ connection: i }))))).toEqual(new Set(["applied", "rate"]));
  });

  test.each([0.02, 0.3, 0.9])("hit a share of %f", (rateShare) => {
    for (const make of [undefined, request]) {
      const applied = words(selector(fault({ rateShare })), repeat(2000, make)).filter((word) => word === "applied").length;
      // Four deviations.
      expect(Math.abs(applied - 2000 * rateShare)).toBeLessThan(4 * Math.sqrt(2000 * rateShare * (1 - rateShare)));
    }
  });

  test("follow a ramp from the start of the window", () => {
    const of = selector(fault({ fromMs: 500, ramp: { fromShare: 0, toShare: 1, overMs: 1000 } }));
    const shareAt = (nowMs: number): number => words(of, repeat(400), nowMs).filter((word) => word === "applied").length / 400;
    expect(shareAt(1500)).toBe(0);
    expect(Math.abs(shareAt(2000) - 0.5)).toBeLessThan(0.1);
    expect([shareAt(2500), shareAt(9000)]).toEqual([1, 1]);
  });

  test("a rate of 0 % hits nothing, one of 100 % everything", () => {
    expect(new Set(words(selector(fault({ rateShare: 0 })), repeat(50)))).toEqual(new Set(["rate"]));
    expect(new Set(words(selector(fault({ rateShare: 1 })), repeat(50)))).toEqual(new Set(["applied"]));
  });

  test("draw the delay of the same request the same", () => {
    const slow = fault({}, { type: "latency", params: { delayMs: 100, jitterMs: 50, distribution: "normal", at: "response" } });
    const delays = (of: Selector): readonly unknown[] => repeat(20, request).map((facts) => only(of.exchange(facts, 1000)).effects);
    expect(delays(selector(slow))).toEqual(delays(selector(slow)));
    expect(new Set(delays(selector(slow)).map((effects) => JSON.stringify(effects))).size).toBe(20);
  });
});

describe("headers", () => {
  test("are those that a match or per needs, in lower case", () => {
    const of = selector(fault({ match: { headers: { "X-User": { present: true } } } }), fault({ per: { header: "X-Tenant" } }, { name: "b" }));
    expect([...of.headers].sort()).toEqual(["x-tenant", "x-user"]);
    expect([...selector(fault({ per: "trace" })).headers]).toEqual(["traceparent"]);
    expect(selector(fault()).headers.size).toBe(0);
  });

  test("others are not asked for", () => {
    const asked: string[] = [];
    const of = selector(fault({ match: { headers: { "x-user": { present: true } } } }));
    of.exchange(call({ header: (name) => void asked.push(name) }), 1000);
    expect(asked).toEqual(["x-user"]);
  });
});

describe("connections", () => {
  const slow = (selection: Partial<Selection> = {}): Fault =>
    fault(selection, { type: "latency", layer: "connection", direction: "response", params: { delayMs: 200, jitterMs: 0, distribution: "uniform" } });

  test("get effects in the direction of their fault", () => {
    expect(only(selector(slow()).connection({ conn: 3, nth: 3, caller: "checkout" }, 1000))).toEqual({
      fault: "dropped", decision: "applied", n: 1,
      effects: [{ kind: "delay-bytes", direction: "response", delay: { delayMs: 200, jitterMs: 0, distribution: "uniform" } }],
    });
  });

  test("keep their number and their fate when asked again", () => {
    const of = selector(slow({ rateShare: 0.5, flap: { onMs: 100, offMs: 100 } }));
    const all = Array.from({ length: 40 }, (_, i) => ({ conn: i + 1, nth: i + 1, caller: "checkout" }));
    const once = all.map((facts) => only(of.connection(facts, 1000)));
    expect(all.toReversed().map((facts) => only(of.connection(facts, 1200))).toReversed()).toEqual(once);
    expect(once.map(({ n }) => n)).toEqual(all.map(({ conn }) => conn));
    expect(new Set(once.map(({ decision }) => decision))).toEqual(new Set(["applied", "rate"]));
  });

  test("are not eligible before the window opens", () => {
    const of = selector(slow({ fromMs: 500, first: 1 }));
    expect(only(of.connection({ conn: 1, nth: 1, caller: "checkout" }, 1000)).decision).toBe("window");
    expect(only(of.connection({ conn: 2, nth: 2, caller: "checkout" }, 1500))).toMatchObject({ decision: "applied", n: 1 });
    expect(only(of.connection({ conn: 1, nth: 1, caller: "checkout" }, 1500))).toMatchObject({ decision: "ordinal", n: 2 });
  });

  test("are counted apart per caller, and each for itself per connection", () => {
    const perCaller = selector(slow({ per: "caller", first: 1 }));
    expect([["a", 1], ["b", 2], ["a", 3]].map(([caller, conn]) => only(perCaller.connection({ conn: Number(conn), nth: Number(conn), caller: String(caller) }, 1000)).decision)).toEqual(["applied", "applied", "ordinal"]);
    const perConnection = selector(slow({ per: "connection", first: 1 }));
    expect([1, 2].map((conn) => only(perConnection.connection({ conn, nth: conn, caller: "a" }, 1000)).decision)).toEqual(["applied", "applied"]);
  });
});

describe("the listener", () => {
  const down = (selection: Partial<Selection> = {}): Fault => fault(selection, { name: "gone", type: "down", layer: "connection", params: { keepOpen: true } });

  test("is refused while the window is open, and asking twice changes nothing", () => {
    const of = selector(down({ fromMs: 100, flap: { onMs: 100, offMs: 100 }, first: 1 }));
    expect(only(of.listener(1000)).decision).toBe("window");
    expect(only(of.listener(1100))).toEqual({ fault: "gone", decision: "applied", n: 1, effects: [{ kind: "refuse", keepOpen: true }] });
    expect(only(of.listener(1150))).toMatchObject({ decision: "applied", n: 1 });
    expect(only(of.listener(1200)).decision).toBe("window");
    expect(only(of.listener(1300))).toMatchObject({ decision: "ordinal", n: 2 });
  });

  test("is not asked about by faults on connections and exchanges", () => {
    expect(selector(fault()).listener(1000)).toEqual([]);
    expect(selector(down()).connection({ conn: 1, nth: 1, caller: "a" }, 1000)).toEqual([]);
  });
});

describe("windows on the run's clock", () => {
  test("the next edge is the earliest of all faults", () => {
    const of = selector(fault({ fromMs: 300, forMs: 200 }), fault({ fromMs: 400 }, { name: "b" }));
    expect([1000, 1300, 1400, 1500].map((nowMs) => of.nextEdgeMs(nowMs))).toEqual([1300, 1400, 1500, undefined]);
    expect(selector().nextEdgeMs(1000)).toBeUndefined();
  });

  test("a fault is open in its own window", () => {
    const of = selector(fault({ fromMs: 300 }), fault({}, { name: "b" }));
    expect([of.isOpen("dropped", 1000), of.isOpen("dropped", 1300), of.isOpen("b", 1000), of.isOpen("unknown", 1000)]).toEqual([false, true, true, false]);
  });
});

test("a type that is not known on its layer is refused in words", () => {
  expect(() => selector(fault({}, { type: "down" }))).toThrow('expected a fault type of the layer exchange, got "down" in the fault "dropped"');
});

describe("a fault that learns", () => {
  const stale = (selection: Partial<Selection>): Fault => fault(selection, { name: "old", type: "stale", params: { age: 0, vary: ["accept"], reachUpstream: false } });
  const remember = { kind: "remember", key: '["POST","/charges","h","*/*"]', ageMs: 0 };
  const asked = call({ headers: { accept: "*/*", host: "h", cookie: "c" } });

  test.each([["window", { fromMs: 500 }], ["ordinal", { after: 1 }], ["rate", { rateShare: 0 }]] as const)("does so from calls that it matches and misses by %s", (decision, selection) => {
    expect(only(selector(stale(selection)).exchange(asked, 1000))).toMatchObject({ decision, effects: [remember] });
  });

  test("does not from calls that it does not match", () => {
    expect(only(selector(stale({ match: { methods: ["GET"] } })).exchange(asked, 1000))).toEqual({ fault: "old", decision: "match", effects: [] });
  });

  test("sees the headers that it asked for, and tells that they are to be read", () => {
    const of = selector(stale({}));
    expect([...of.headers]).toEqual(["host", "accept"]);
    expect(only(of.exchange(asked, 1000))).toMatchObject({ decision: "applied", effects: [{ kind: "replay", key: remember.key }] });
  });
});

describe("counting by what callers choose", () => {
  const long = (i: number): string => `${i} `.padEnd(64 * 1024, "k");
  const byHeader = fault({ per: { header: "x-key" }, after: 1 });
  const byTrace = fault({ per: "trace", after: 1 });

  test("tells long values apart", () => {
    const of = selector(byHeader);
    expect(words(of, [1, 2, 1, 3, 2].map((i) => call({ headers: { "x-key": long(i) } })))).toEqual(["ordinal", "ordinal", "applied", "ordinal", "applied"]);
  });

  test.each([
    ["the value of a header", byHeader, (i: number) => ({ "x-key": long(i) })],
    ["a trace", byTrace, (i: number) => ({ traceparent: `00-${long(i)}` })],
    ["a trace in a long header", byTrace, (i: number) => ({ traceparent: `00-0000000000000000000000000${i + 1_000_000}-${long(i)}` })],
  ])("remembers little of a long one: %s", (_, by, headers) => {
    const of = selector(by);
    const before = usedMiB();
    for (let i = 0; i < 600; i++) words(of, [call({ headers: headers(i) })]);
    expect(usedMiB() - before).toBeLessThan(10);
    expect(words(of, [call({ headers: headers(0) })])).toEqual(["applied"]);
  });
});

/** Of the heap, without what is garbage. */
function usedMiB(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc()");
  return process.memoryUsage().heapUsed / 2 ** 20;
}
