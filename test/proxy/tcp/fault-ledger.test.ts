import { expect, it } from "vitest";
import type { Decision } from "../../../src/model/selection.ts";
import { FaultLedger } from "../../../src/proxy/tcp/fault-ledger.ts";

const decided = (decision: Decision, n?: number) => [{ fault: "slow", decision, effects: [], ...(n === undefined ? {} : { n }) }];

it.each([
  ["spared by number in its window", ["window", "ordinal", "window"], "ordinal"],
  ["spared by draw in its window", ["rate", "window"], "rate"],
  ["hit in the second of three windows", ["window", "rate", "window", "applied", "window", "rate"], "applied"],
  ["never in a window", ["window", "window"], "window"],
] as const)("a connection that was %s is told so when it ends, though windows closed behind it", (_, decisions, expected) => {
  const ledger = new FaultLedger();
  const set = {};
  decisions.forEach((decision, i) => ledger.note(decided(decision, decision === "window" ? undefined : 3), set, 1000 + i));
  expect(ledger.records().faults).toEqual([{ fault: "slow", decision: expected, askedMs: 1000 + (decisions as readonly Decision[]).indexOf(expected), ...(expected === "window" ? {} : { n: 3 }) }]);
});

it("a connection has a record of each set of faults that it met, with what each did to it", () => {
  const ledger = new FaultLedger();
  const [first, second] = [{}, {}];
  ledger.note(decided("applied", 1), first);
  ledger.acted("slow", "delay-bytes", 1200);
  ledger.released("slow", 1900);
  ledger.note(decided("window"), second, 5000);
  ledger.note(decided("applied", 2), second, 6000);
  ledger.acted("slow", "delay-bytes", 6100);
  expect(ledger.records().faults).toEqual([
    { fault: "slow", decision: "applied", n: 1, effect: "delay-bytes", actedMs: 1200, releasedMs: 1900 },
    { fault: "slow", decision: "applied", n: 2, askedMs: 6000, effect: "delay-bytes", actedMs: 6100 },
  ]);
});

it("a fault that lets go of a connection and takes hold of it again tells of the pause, and of no hold in which it did nothing", () => {
  const ledger = new FaultLedger();
  ledger.note(decided("applied", 1), {});
  ledger.acted("slow", "throttle", 1200);
  ledger.released("slow", 2000);
  ledger.released("slow", 4000);
  ledger.acted("slow", "throttle", 5100);
  ledger.acted("slow", "throttle", 5200);
  const held = { fault: "slow", decision: "applied", n: 1, effect: "throttle", actedMs: 1200, pauses: [{ fromMs: 2000, toMs: 5100 }] };
  expect(ledger.records().faults).toEqual([held]);
  ledger.released("slow", 6000);
  expect(ledger.records().faults).toEqual([{ ...held, releasedMs: 6000 }]);
});
