import { describe, expect, test } from "vitest";
import type { Event, SampleRecord } from "../../src/model/event.ts";
import { only, shop, undisturbed } from "../support/a-run.ts";

/** Requests wait 400 ms for the dependency: the share of answers is kept, the time of 50 ms is not. */
const shopClaiming = (claim: string): string =>
  shop({ phases: "{ warmup: 0s, before: 2s, during: 1500ms, after: 600ms }", rest: `hypotheses: [{ type: claim, probe: shop, ${claim}, confirm: true }]` });

/** Requests that were due after the last phase. */
function dueLater(events: readonly Event[]): readonly SampleRecord[] {
  const overMs = only(events, "phase-ended").at(-1)?.atMs ?? 0;
  return only(events, "sample").filter(({ dueMs }) => dueMs > overMs);
}

describe("a hypothesis that asks to be confirmed", { timeout: 120_000 }, () => {
  test("is given as violated when the epoch was repeated and says the same", async () => {
    const { report, events } = await undisturbed(shopClaiming('p95: "<= 50ms"'));
    expect(only(events, "phase-started").map(({ phase, epoch }) => `${phase}${epoch}`)).toEqual(["before1", "during1", "after1", "pause1", "during2", "after2"]);
    expect(only(events, "faults-set").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(only(events, "faults-lifted").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(report.hypotheses).toMatchObject([{ verdict: "violated", observed: { epochs: [{}, {}] } }]);
    expect(report.exitCode).toBe(1);
  });

  test("ends the run when it is not violated, and sends no more", async () => {
    // A loop that was late at the end of the last phase has sent what was due meanwhile.
    const { report, events } = await undisturbed(shopClaiming('available: ">= 50%"'), (outcome) => outcome.report.outcome === "held" && dueLater(outcome.events).length === 0);
    expect(only(events, "phase-started").map(({ phase, epoch }) => `${phase}${epoch}`)).toEqual(["before1", "during1", "after1", "pause1"]);
    expect(dueLater(events)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true });
    expect(report).toMatchObject({ outcome: "held", exitCode: 0, hypotheses: [{ verdict: "held" }] });
    expect(report.phases.map(({ name, epoch }) => `${name}${epoch}`)).toEqual(["before1", "during1", "after1"]);
  });
});
