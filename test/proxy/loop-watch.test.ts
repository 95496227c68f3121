import { describe, expect, it } from "vitest";
import type { LoopRecord } from "../../src/model/event.ts";
import { LoopWatch } from "../../src/proxy/loop-watch.ts";
import { starvation } from "../../src/proxy/processor-waits.ts";
import { HeldClock } from "./held-clock.ts";

describe("the watch on a loop", () => {
  it("tells of its own thread when it was late by more than 25 ms", () => {
    const clock = new HeldClock();
    const records: LoopRecord[] = [];
    const watch = new LoopWatch({ env: clock, thread: "data-plane", record: (record) => records.push(record) });
    clock.advance(500, 25);
    expect(records.filter(({ kind }) => kind === "stall")).toEqual([]);
    clock.advance(60, 40);
    expect(records.find(({ kind }) => kind === "stall")).toMatchObject({ thread: "data-plane", lateMs: 40 });
    watch.stop();
    expect(clock.armed).toBe(0);
  });
});

describe("starvation", () => {
  it("is worth a record above a fifth of the time", () => {
    const before = { waitedMs: 100, turns: 10 };
    expect(starvation("shop", 1000, 5000, before, { waitedMs: 300, turns: 20 })).toBeUndefined();
    expect(starvation("shop", 1000, 5000, before, { waitedMs: 350, turns: 60 })).toEqual({ kind: "starved", atMs: 5000, who: "shop", share: 0.25, meanWaitMs: 5 });
    expect(starvation("shop", 1000, 5000, before, { waitedMs: 1350, turns: 10 })).toEqual({ kind: "starved", atMs: 5000, who: "shop", share: 1, meanWaitMs: 1250 });
  });

  it("cannot be told of a process that is new, gone or seen twice at once", () => {
    const waits = { waitedMs: 100, turns: 10 };
    expect(starvation("shop", 1000, 5000, undefined, waits)).toBeUndefined();
    expect(starvation("shop", 1000, 5000, waits, undefined)).toBeUndefined();
    expect(starvation("shop", 0, 5000, waits, { waitedMs: 900, turns: 20 })).toBeUndefined();
  });
});
