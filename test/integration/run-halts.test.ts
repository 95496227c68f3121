import { describe, expect, test } from "vitest";
import type { Event } from "../../src/model/event.ts";
import { aRun, only, shop } from "../support/a-run.ts";
import type { Outcome } from "../support/a-run.ts";

/** Interrupts a run when it has come so far. */
async function interruptedAt(text: string, reached: (event: Event) => boolean, reason: string | undefined = "SIGTERM"): Promise<Outcome> {
  const controller = new AbortController();
  const onEvent = (event: Event): void => {
    if (reached(event)) controller.abort(reason);
  };
  return aRun(text, { signal: controller.signal, onEvent });
}

const started = (phase: string) => (event: Event): boolean => event.kind === "phase-started" && event.phase === phase;
const held = '[{ name: stuck, proxy: stock, type: latency, delay: 30s }]';
const long = "{ warmup: 200ms, before: 2s, during: 20s, after: 20s }";

function expectUndone({ events, left }: Outcome): void {
  expect(events.at(-1)).toMatchObject({ kind: "ended", cleanedUp: true, left: [] });
  expect(left).toEqual([]);
  // Every phase that began has ended, every set of faults has been lifted.
  expect(only(events, "phase-ended").length).toBe(only(events, "phase-started").length);
  expect(only(events, "faults-lifted").length).toBe(only(events, "faults-set").length);
}

describe("an interrupt", () => {
  test("before anything starts ends the run with nothing started", async () => {
    const outcome = await aRun(shop(), { signal: AbortSignal.abort("SIGINT") });
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 130 });
    expect(outcome.events.map(({ kind }) => kind)).toEqual(["interrupted", "ended"]);
    expectUndone(outcome);
  });

  test("while services start ends those that have", async () => {
    const deaf = "  unruly: { command: [node, unruly.mjs], env: { MODE: deaf }, ready: { log: never said, within: 60s } }";
    const outcome = await interruptedAt(shop({ services: deaf }), (event) => event.kind === "service-started" && event.service === "unruly");
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 143 });
    expect(only(outcome.events, "phase-started")).toEqual([]);
    expect(only(outcome.events, "service-exited").length).toBe(3);
    expectUndone(outcome);
  });

  test.each(["warmup", "before"])("in %s injects nothing", async (phase) => {
    const outcome = await interruptedAt(shop({ phases: long }), started(phase));
    expect(outcome.report.exitCode).toBe(143);
    expect(only(outcome.events, "faults-set")).toEqual([]);
    expectUndone(outcome);
  });

  test("in during lifts the faults, and lets go of what they hold", async () => {
    // On a busy machine some are not served before the fault either.
    let isInForce = false;
    const outcome = await interruptedAt(shop({ phases: long, faults: held }), (event) => {
      isInForce ||= event.kind === "faults-set";
      return isInForce && event.kind === "sample" && event.grade === "degraded";
    });
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 143 });
    expect(only(outcome.events, "faults-set").length).toBe(1);
    // None of the calls was held for the 30 s that the fault asks.
    const lifted = only(outcome.events, "faults-lifted")[0]?.atMs ?? 0;
    const calls = only(outcome.events, "exchange").filter(({ startMs, endMs }) => startMs < lifted && endMs > lifted);
    expect(calls.every(({ endMs }) => endMs - lifted < 10_000)).toBe(true);
    expectUndone(outcome);
  });

  test("in after, and of a program that gives no signal's name, counts as SIGINT", async () => {
    const controller = new AbortController();
    const outcome = await aRun(shop({ phases: "{ warmup: 0s, before: 2s, during: 300ms, after: 30s }" }), {
      signal: controller.signal,
      onEvent: (event) => void (started("after")(event) && controller.abort()),
    });
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 130 });
    expectUndone(outcome);
  });

  test("in the clean-up is told, and changes nothing about it", async () => {
    const outcome = await interruptedAt(shop({ phases: "{ warmup: 0s, before: 2s, during: 300ms, after: 300ms }" }), (event) => event.kind === "service-exited");
    expect(outcome.report).toMatchObject({ outcome: "interrupted", exitCode: 143 });
    expect(only(outcome.events, "phase-ended").map(({ phase }) => phase)).toContain("after");
    expectUndone(outcome);
  });
});

describe("a stop condition", () => {
  test("ends injection with 5 when a guard is not met", async () => {
    const guard = 'guards: [{ probe: shop, success: ">= 10%", over: 1s }]';
    const outcome = await aRun(shop({ phases: long, faults: held, rest: guard }));
    expect(outcome.report).toMatchObject({ outcome: "guard-stopped", exitCode: 5 });
    const [tripped] = only(outcome.events, "guard-tripped");
    expect(tripped).toMatchObject({ probe: "shop", metric: "success", expected: ">= 10%" });
    expect(tripped?.observed).toBeLessThan(0.1);
    expect(tripped?.n).toBeGreaterThanOrEqual(20);
    expect(only(outcome.events, "phase-started").some(({ phase }) => phase === "after")).toBe(false);
    expectUndone(outcome);
  });

  test("is not asked in warmup; tripping before anything was injected is a baseline that was not met: 4", async () => {
    const guard = 'guards: [{ probe: shop, success: ">= 50%", over: 600ms }]';
    const text = shop({ phases: "{ warmup: 1500ms, before: 20s, during: 20s, after: 1s }", rest: guard }).replace('upstream: "${services.stock.url}"', 'upstream: "http://127.0.0.1:1"');
    const { events, report } = await aRun(text);
    const warmupEnd = only(events, "phase-ended")[0]?.atMs ?? 0;
    expect(only(events, "guard-tripped")[0]?.atMs).toBeGreaterThanOrEqual(warmupEnd + 600);
    expect(report.exitCode).toBe(4);
  });

  test("ends the run with 5 at its maxDuration", async () => {
    const outcome = await aRun(shop({ phases: "{ warmup: 0s, before: 2s, during: 30s, after: 30s }", rest: "maxDuration: 6s" }));
    expect(outcome.report).toMatchObject({ outcome: "guard-stopped", exitCode: 5 });
    expect(only(outcome.events, "max-duration")[0]?.atMs).toBeGreaterThanOrEqual(6000);
    expectUndone(outcome);
  });
});
