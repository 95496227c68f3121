import { describe, expect, test } from "vitest";
import type { Fault } from "../../src/model/experiment.ts";
import type { Selection } from "../../src/model/selection.ts";
import { Selector } from "../../src/faults/select.ts";
import type { ExchangeFacts } from "../../src/faults/subject.ts";

const fault = (name: string, selection: Partial<Selection> = {}, over: Partial<Fault> = {}): Fault => ({
  name, type: "drop", layer: "exchange", proxy: "payments", direction: "both", params: {},
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault", ...selection }, ...over,
});
const reset = (name: string, selection: Partial<Selection> = {}): Fault => fault(name, selection, { type: "reset", layer: "connection", params: { at: "accept" } });
const call: ExchangeFacts = { method: "GET", path: "/", header: () => undefined, connection: 1, caller: "checkout" };
const selector = (...faults: readonly Fault[]): Selector => new Selector({ seed: "seed", epoch: 1, faults, startMs: 0 });
const decisions = (of: Selector, nowMs: number): readonly string[] => of.exchange(call, nowMs).map(({ decision, n }) => `${decision}${n === undefined ? "" : ` ${n}`}`);
const connections = (of: Selector, count: number): readonly string[] => Array.from({ length: count }, (_, i) => of.connection({ conn: 100 + i, nth: i + 1, caller: "c" }, 0)[0]?.decision ?? "");

describe("a list of faults that is changed", () => {
  test("says what is gone and what is changed, and nothing of what is as before or new", () => {
    const { replaced } = selector(fault("same"), fault("other", { first: 1 }), fault("gone"), fault("retyped")).changedTo([fault("new"), fault("same"), fault("other", { first: 2 }), reset("retyped")], 10);
    expect(replaced).toEqual({ gone: new Set(["gone", "retyped"]), changed: new Set(["other"]) });
  });

  test("goes on counting for what is as before, and for what is changed", () => {
    const before = selector(fault("same"), fault("other", { first: 1 }));
    for (let i = 0; i < 3; i++) decisions(before, 5);
    const { selector: after } = before.changedTo([fault("new"), fault("same"), fault("other", { first: 4 })], 10);
    expect(decisions(after, 20)).toEqual(["applied 1", "applied 4", "applied 4"]);
    expect(decisions(after, 20)).toEqual(["applied 2", "applied 5", "ordinal 5"]);
  });

  test("gives each fault a clock of its own, which another window starts anew", () => {
    const window = { fromMs: 0, forMs: 100 };
    const { selector: after } = selector(fault("old", window), fault("changed", window), fault("moved", window)).changedTo([fault("old", window), fault("changed", { ...window, first: 9 }), fault("moved", { ...window, forMs: 101 }), fault("new", window)], 60);
    expect(decisions(after, 110).map((word) => word.split(" ")[0])).toEqual(["window", "window", "applied", "applied"]);
    expect(after.nextEdgeMs(60)).toBe(100);
    expect(after.nextEdgeMs(110)).toBe(160);
    expect(["old", "changed", "moved", "new"].map((name) => after.isOpen(name, 110))).toEqual([false, false, true, true]);
  });

  test.each([undefined, 500])("counts a silence from when it was asked for, where it was %s before", (afterSilenceMs) => {
    const before = selector(fault("trial", afterSilenceMs === undefined ? {} : { afterSilenceMs }));
    for (let nowMs = 0; nowMs <= 2000; nowMs += 50) decisions(before, nowMs);
    const { selector: after } = before.changedTo([fault("trial", { afterSilenceMs: 400 })], 2040);
    expect([2050, 2100, 2500].map((nowMs) => decisions(after, nowMs)[0]?.split(" ")[0])).toEqual(["ordinal", "ordinal", "applied"]);
  });

  test("draws for connections by their numbers on the proxy: a higher share hits the same and more", () => {
    const few = selector(reset("hit", { rateShare: 0.2 }));
    const before = connections(few, 200);
    const many = few.changedTo([reset("hit", { rateShare: 0.6 })], 10).selector;
    const after = connections(many, 200);
    expect(after.filter((_, i) => before[i] === "applied").every((word) => word === "applied")).toBe(true);
    expect(after.filter((word) => word === "applied").length).toBeGreaterThan(80);
    expect(connections(many.changedTo([reset("hit", { rateShare: 0.2 })], 20).selector, 200)).toEqual(before);
  });

  test("throws for a type that is not known, and the old list is as it was", () => {
    const before = selector(fault("same"));
    expect(() => before.changedTo([fault("same"), fault("new", {}, { type: "earthquake" })], 10)).toThrow("expected a fault type");
    expect(decisions(before, 20)).toEqual(["applied 1"]);
  });

  test("keeps what a fault remembers while its clock runs on", () => {
    const limit = (burst: number, forMs?: number): Fault => fault("limit", forMs === undefined ? {} : { forMs }, { type: "rate-limit", params: { limit: 0.001, burst, retryAfterAs: "seconds" } });
    const before = selector(limit(2));
    expect([decisions(before, 0), decisions(before, 0), decisions(before, 0)].map(([word]) => word?.split(" ")[0])).toEqual(["rate", "rate", "applied"]);
    const after = before.changedTo([limit(5)], 10).selector;
    expect(decisions(after, 20)).toEqual(["applied 4"]);
    expect(decisions(after.changedTo([limit(5, 1000)], 30).selector, 40)).toEqual(["rate 5"]);
  });
});
