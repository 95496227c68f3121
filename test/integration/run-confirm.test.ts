import { describe, expect, test } from "vitest";
import { aRun, only, shop } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";

/** Requests wait 400 ms for the dependency: the share of answers is kept, the time of 50 ms is not. */
const shopClaiming = (claim: string): string =>
  shop({ phases: "{ warmup: 0s, before: 600ms, during: 1500ms, after: 600ms }", rest: `hypotheses: [{ type: claim, probe: shop, ${claim}, confirm: true }]` });

/** Runs it again, a few times, when this machine was too busy to judge by. */
async function undisturbed(text: string): Promise<Outcome> {
  let outcome = await aRun(text);
  for (let again = 0; again < 3 && (outcome.report.outcome === "baseline-not-met" || /disturbed/.test(outcome.report.because ?? "")); again += 1) outcome = await aRun(text);
  return outcome;
}

describe("a hypothesis that asks to be confirmed", { timeout: 90_000 }, () => {
  test("is given as violated when the epoch was repeated and says the same", async () => {
    const { report, events } = await undisturbed(shopClaiming('p95: "<= 50ms"'));
    expect(only(events, "phase-started").map(({ phase, epoch }) => `${phase}${epoch}`)).toEqual(["before1", "during1", "after1", "pause1", "during2", "after2"]);
    expect(only(events, "faults-set").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(only(events, "faults-lifted").map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(report.hypotheses).toMatchObject([{ verdict: "violated", observed: { epochs: [{}, {}] } }]);
    expect(report.exitCode).toBe(1);
  });

  test("ends the run when it is not violated, and sends no more", async () => {
    const { report, events } = await undisturbed(shopClaiming('available: ">= 50%"'));
    expect(only(events, "phase-started").map(({ phase, epoch }) => `${phase}${epoch}`)).toEqual(["before1", "during1", "after1", "pause1"]);
    const overMs = only(events, "phase-ended").at(-1)?.atMs ?? 0;
    expect(only(events, "sample").filter(({ dueMs }) => dueMs > overMs)).toEqual([]);
    expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true });
    expect(report).toMatchObject({ outcome: "held", exitCode: 0, hypotheses: [{ verdict: "held" }] });
    expect(report.phases.map(({ name, epoch }) => `${name}${epoch}`)).toEqual(["before1", "during1", "after1"]);
  });
});
