import { expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { Decided, ExchangeFacts } from "../../src/faults/subject.ts";
import { isOpenAt, nextEdgeAt, windowsOf } from "../../src/faults/window.ts";
import { fc } from "../support/properties.ts";

const window = fc.record({
  fromMs: fc.double({ min: 0, max: 5000, noNaN: true }),
  forMs: fc.option(fc.double({ min: 0.001, max: 5000, noNaN: true }), { nil: undefined }),
  flap: fc.option(fc.record({ onMs: fc.double({ min: 1, max: 900, noNaN: true }), offMs: fc.double({ min: 1, max: 900, noNaN: true }) }), { nil: undefined }),
}).map(({ fromMs, forMs, flap }) => ({ fromMs, ...(forMs === undefined ? {} : { forMs }), ...(flap === undefined ? {} : { flap }) }));

const selection: fc.Arbitrary<Selection> = fc.record({
  window,
  after: fc.nat(5),
  every: fc.integer({ min: 1, max: 4 }),
  first: fc.option(fc.nat(6), { nil: undefined }),
  attempt: fc.option(fc.constant({ min: 1, max: 2 }), { nil: undefined }),
  rateShare: fc.constantFrom(0, 0.3, 0.5, 1),
  per: fc.constantFrom<Selection["per"]>("fault", "connection", "trace", "caller", { header: "x-user" }),
}).map(({ window, first, attempt, ...rest }) => ({ ...window, ...rest, ...(first === undefined ? {} : { first }), ...(attempt === undefined ? {} : { attempt }) }));

const faultOf = (selection: Selection): Fault => ({ name: "f", type: "drop", layer: "exchange", direction: "both", params: {}, selection });
const calls = fc.array(fc.record({ conn: fc.nat(3), request: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }), gapMs: fc.double({ min: 0, max: 300, noNaN: true }) }), { maxLength: 60 });

const play = (selection: Selection, list: readonly { readonly conn: number; readonly request: string | undefined; readonly gapMs: number }[]): readonly (Decided & { readonly sinceMs: number })[] => {
  const selector = new Selector({ seed: "property", epoch: 1, startMs: 0, faults: [faultOf(selection)] });
  let sinceMs = 0;
  return list.flatMap(({ conn, request, gapMs }) => {
    sinceMs += gapMs;
    const facts: ExchangeFacts = { method: "GET", path: "/", connection: conn, caller: "c", header: () => undefined, ...(request === undefined ? {} : { request }) };
    return selector.exchange(facts, sinceMs).map((decided) => ({ ...decided, sinceMs }));
  });
};

test("each exchange meets exactly one decision, the same in every run", () => {
  fc.assert(fc.property(selection, calls, (of, list) => {
    const decided = play(of, list);
    expect(decided).toHaveLength(list.length);
    expect(play(of, list)).toEqual(decided);
  }));
});

test("nothing is hit outside the window, and nothing outside it is numbered", () => {
  fc.assert(fc.property(selection, calls, (of, list) => {
    for (const { decision, n, effects, sinceMs } of play(of, list)) {
      expect(decision === "window").toBe(!isOpenAt(of, sinceMs));
      expect(n === undefined).toBe(decision === "window");
      expect(effects.length > 0).toBe(decision === "applied");
    }
  }));
});

test("never more are hit than first says, per counter", () => {
  fc.assert(fc.property(selection, calls, (of, list) => {
    const hit = play({ ...of, per: "fault" }, list).filter(({ decision }) => decision === "applied");
    expect(hit.length).toBeLessThanOrEqual(of.first ?? list.length);
    for (const { n } of hit) expect(((n ?? 0) - of.after) % of.every).toBe(0);
  }));
});

test("a window is open just where its intervals say", () => {
  fc.assert(fc.property(window, fc.double({ min: 1, max: 8000, noNaN: true }), fc.double({ min: 0, max: 0.999, noNaN: true }), (of, duringMs, part) => {
    const all = [...windowsOf(faultOf({ ...of, after: 0, every: 1, rateShare: 1, per: "fault" }), duringMs)];
    const nowMs = part * duringMs;
    // An edge belongs to what follows it, give or take a nanosecond.
    fc.pre(all.every(({ startMs, endMs }) => Math.abs(startMs - nowMs) > 1e-5 && Math.abs(endMs - nowMs) > 1e-5));
    expect(all.some(({ startMs, endMs }) => startMs <= nowMs && nowMs < endMs)).toBe(isOpenAt(of, nowMs));
  }));
});

test("nothing changes before the next edge, and nothing ever where there is none", () => {
  fc.assert(fc.property(window, fc.double({ min: 0, max: 9000, noNaN: true }), fc.double({ min: 0, max: 0.99, noNaN: true }), (of, nowMs, part) => {
    const aheadMs = (nextEdgeAt(of, nowMs) ?? nowMs + 1e7) - nowMs;
    expect(aheadMs).toBeGreaterThan(0);
    fc.pre(aheadMs > 1e-3);
    expect(isOpenAt(of, nowMs + part * aheadMs)).toBe(isOpenAt(of, nowMs));
  }));
});
