import { describe, expect, test } from "vitest";
import type { RunEvent } from "../../src/model/event.ts";
import type { Plan } from "../../src/model/plan.ts";
import { Schedule } from "../../src/run/run-schedule.ts";
import { HeldClock } from "../proxy/held-clock.ts";
import { header } from "../journal/header.ts";

const plan: Plan = {
  ...header.plan,
  schedule: [
    { name: "before", epoch: 1, startMs: 0, endMs: 100 },
    { name: "during", epoch: 1, startMs: 100, endMs: 200 },
    { name: "after", epoch: 1, startMs: 200, endMs: 300 },
  ],
};

function aSchedule(options: { readonly plan?: Plan; readonly isNeeded?: () => boolean; readonly baseline?: () => void; readonly setFaults?: () => Promise<{ readonly atMs: number }> } = {}) {
  const clock = new HeldClock();
  const controller = new AbortController();
  const told: string[] = [];
  const schedule = new Schedule({
    env: clock, plan: options.plan ?? plan, startMs: 50, signal: controller.signal,
    injection: {
      setFaults: options.setFaults ?? (() => Promise.resolve({ atMs: clock.nowMs() })),
      lift: ({ release }) => {
        told.push(`lift${release ? " and release" : ""}`);
        return Promise.resolve({ atMs: clock.nowMs() });
      },
    },
    record: (event: RunEvent) => void told.push(`${event.atMs} ${event.kind}${"phase" in event ? ` ${event.phase}` : ""}`),
    baseline: () => {
      told.push("baseline");
      options.baseline?.();
    },
    isNeeded: () => {
      told.push(`${clock.nowMs()} needed?`);
      return options.isNeeded?.() === true;
    },
  });
  /** Time passes in steps, with what is promised heard between them. */
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i += 10) {
      clock.advance(10);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  };
  return { controller, told, schedule, pass };
}

/** What a promise is rejected with. */
async function failure(promise: Promise<void>): Promise<string> {
  return promise.then(() => "none", (error: unknown) => (error instanceof Error ? error.message : String(error)));
}

describe("the schedule", () => {
  test("enters and leaves phases at their planned moments, with the faults in force between", async () => {
    const { told, schedule, pass } = aSchedule();
    const done = schedule.run();
    await pass(120);
    expect(schedule.wasInForce).toBe(false);
    await pass(300);
    await done;
    expect(told).toEqual([
      "50 phase-started before", "150 phase-ended before", "baseline", "150 phase-started during", "150 faults-set",
      "250 phase-ended during", "lift", "250 faults-lifted", "250 phase-started after", "350 phase-ended after",
    ]);
    expect(schedule.wasInForce).toBe(true);
  });

  test("injects nothing when the baseline says no", async () => {
    const { told, schedule, pass } = aSchedule({ baseline: () => { throw new Error("no"); } });
    const done = failure(schedule.run());
    await pass(400);
    expect(await done).toBe("no");
    expect(told).toEqual(["50 phase-started before", "150 phase-ended before", "baseline"]);
    expect(schedule.wasInForce).toBe(false);
  });

  test.each([
    [false, ["350 phase-started pause", "400 needed?", "400 phase-ended pause"]],
    [true, ["350 phase-started pause", "400 needed?", "400 phase-ended pause", "400 phase-started during", "400 faults-set", "500 phase-ended during", "lift", "500 faults-lifted", "500 phase-started after", "600 phase-ended after"]],
  ] as const)("asks whether a further epoch is needed when the others are over: %s", async (needed, expected) => {
    const further: Plan = { ...plan, schedule: [
      ...plan.schedule, { name: "pause", epoch: 1, startMs: 300, endMs: 350 },
      { name: "during", epoch: 2, startMs: 350, endMs: 450, ifViolated: true }, { name: "after", epoch: 2, startMs: 450, endMs: 550, ifViolated: true },
    ] };
    const { told, schedule, pass } = aSchedule({ plan: further, isNeeded: () => needed });
    const done = schedule.run();
    await pass(700);
    await done;
    expect(told.slice(told.indexOf("350 phase-started pause"))).toEqual(expected);
  });

  test("cut short, lifts what is in force with all that it holds, once", async () => {
    const { controller, told, schedule, pass } = aSchedule();
    const done = failure(schedule.run());
    await pass(180);
    controller.abort(new Error("enough"));
    expect(await done).toBe("enough");
    await schedule.cutShort();
    await schedule.cutShort();
    expect(told.slice(5)).toEqual(["180 phase-ended during", "lift and release", "180 faults-lifted"]);
  });

  test("lifts faults whose setting failed", async () => {
    const { told, schedule, pass } = aSchedule({ setFaults: () => Promise.reject(new Error("half-way")) });
    const done = failure(schedule.run());
    await pass(200);
    expect(await done).toBe("half-way");
    await schedule.cutShort();
    expect(told).toContain("lift and release");
  });
});
