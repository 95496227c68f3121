import { describe, expect, test } from "vitest";
import { ProcessActions, processFaultsOn } from "../../src/evidence/process-actions.ts";
import { FaultCounts } from "../../src/evidence/fault-counts.ts";
import type { RunEvent } from "../../src/model/event.ts";
import type { Fault } from "../../src/model/experiment.ts";
import { faultWindow } from "../../src/hypotheses/fault-span.ts";

const fault: Fault = {
  name: "crash", type: "kill", layer: "process", service: "stock", edges: [{ proxy: "stock", replica: 1 }], direction: "response",
  selection: { fromMs: 0, after: 0, every: 1, rateShare: 1, per: "fault" }, params: {},
};
const told = { fault: "crash", epoch: 1, service: "stock", replica: 1 } as const;
const faulted = (atMs: number, n: number, effect: "end" | "pause" = "end"): RunEvent => ({ kind: "service-faulted", atMs, ...told, n, decision: "applied", effect });
const exited = (atMs: number): RunEvent => ({ kind: "service-exited", atMs, service: "stock", replica: 1, signal: "SIGKILL", expected: true, fault: "crash" });
const restored = (atMs: number, n: number): RunEvent => ({ kind: "service-restored", atMs, ...told, n });

function fold(events: readonly RunEvent[]): ProcessActions {
  const actions = new ProcessActions();
  for (const event of events) {
    if (event.kind === "service-faulted") actions.faulted(event);
    if (event.kind === "service-exited") actions.exited(event);
    if (event.kind === "service-restored") actions.restored(event);
  }
  return actions;
}

function observed(events: readonly RunEvent[]) {
  const counts = new FaultCounts([fault]);
  counts.set(1, 1000, ["crash"]);
  counts.lifted(1, 9000);
  for (const action of fold(events).list) counts.acted(action);
  return counts.list()[0];
}

describe("a fault of a process", () => {
  test("counts once per opening and replica; it is felt when the process was away", () => {
    const seen = observed([faulted(2000, 1), exited(2005), restored(3000, 1), { kind: "service-faulted", atMs: 4000, ...told, n: 2, decision: "match" }, { kind: "service-faulted", atMs: 5000, ...told, n: 3, decision: "ordinal" }, faulted(6000, 4), restored(6500, 4)]);
    expect(seen).toMatchObject({ eligible: 3, applied: 2, felt: 1, firstAppliedMs: 2000, lastAppliedMs: 6000, missed: { match: 1, ordinal: 1 }, away: [{ startMs: 2000, endMs: 3000 }] });
  });

  test("lasts from when the first process went to when the last was there again, beyond its lifting too", () => {
    const seen = observed([faulted(2000, 1), exited(2005), restored(3000, 1), faulted(8500, 2), exited(8510), restored(9800, 2)]);
    expect(seen === undefined ? undefined : faultWindow(seen)).toEqual({ startMs: 2000, endMs: 9800 });
  });

  test("has no end when a process never came back", () => {
    const seen = observed([faulted(2000, 1), exited(2005)]);
    expect(seen === undefined ? undefined : faultWindow(seen)).toEqual({ startMs: 2000 });
  });

  test("is bound to its window when no process went", () => {
    const seen = observed([]);
    expect(seen === undefined ? undefined : faultWindow(seen)).toEqual({ startMs: 1000, endMs: 9000 });
  });
});

describe("a call to a process that is away", () => {
  const of = (events: readonly RunEvent[], proxy = "stock") => processFaultsOn(proxy, fold(events).list, [fault]);
  const crash = of([faulted(2000, 1), exited(2005), restored(3000, 1)]);

  test.each(["upstream-lost", "upstream-unreachable"] as const)("that ended as %s was reset by the fault", (end) => {
    expect(crash({ startMs: 2500, endMs: 2501, end })).toEqual([{ fault: "crash", decision: "applied", n: 1, effect: "reset", actedMs: 2500 }]);
    expect(crash({ startMs: 1990, endMs: 2004, end })).toMatchObject([{ actedMs: 2000 }]);
  });

  test("that was answered, or went before or after, did not meet it", () => {
    expect(crash({ startMs: 1990, endMs: 2004, end: "complete" })).toEqual([]);
    expect(crash({ startMs: 1900, endMs: 1950, end: "upstream-lost" })).toEqual([]);
    expect(crash({ startMs: 3001, endMs: 3002, end: "upstream-unreachable" })).toEqual([]);
  });

  test("stands still with it, until it goes on or the caller leaves", () => {
    const frozen = of([faulted(2000, 1, "pause"), restored(3000, 1)]);
    expect(frozen({ startMs: 2500, endMs: 3010, end: "complete" })).toEqual([{ fault: "crash", decision: "applied", n: 1, effect: "hang", actedMs: 2500, releasedMs: 3000 }]);
    expect(frozen({ startMs: 2100, endMs: 2600, end: "client-left" })).toMatchObject([{ releasedMs: 2600 }]);
  });

  test("on an edge that leads elsewhere did not meet it", () => {
    expect(of([faulted(2000, 1), exited(2005)], "other")({ startMs: 2500, endMs: 2501, end: "upstream-lost" })).toEqual([]);
  });
});
