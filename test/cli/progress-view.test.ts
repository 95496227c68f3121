import { describe, expect, test } from "vitest";
import type { Event } from "../../src/cli/api.ts";
import { ProgressView } from "../../src/cli/progress-view.ts";
import { Histogram } from "../../src/math/histogram.ts";
import type { Fact } from "../../src/model/event.ts";
import { aPlan, anExperiment } from "./fakes.ts";

let seq = 0;
const event = (fact: Fact): Event => ({ ...fact, seq: seq++ });
const sample = (probe: string, endMs: number, grade: "good" | "degraded" | "bad", latencyMs = 10): Event =>
  event({ kind: "sample", atMs: endMs, probe, n: 1, dueMs: endMs - latencyMs, sentMs: endMs - latencyMs, endMs, grade });
const viewOf = (): ProgressView => new ProgressView(aPlan(anExperiment({ steadyState: [{ probe: "checkout", claims: [], during: [], settleMs: 0 }] })), { Histogram });

describe("the view of a run in progress", () => {
  test("says what it waits for until the load starts, then how long is left", () => {
    const view = viewOf();
    view.add(event({ kind: "service-started", atMs: 0, service: "payments", replica: 1, pid: 1 }));
    expect(view.preparing).toBe("waiting for payments");
    expect(view.leftMs(100)).toBeUndefined();
    view.add(event({ kind: "phase-started", atMs: 500, phase: "before", epoch: 1 }));
    expect(view.phase).toMatchObject({ name: "before", durationMs: 1000 });
    expect(view.leftMs(600)).toBe(3900);
    expect(view.leftMs(9999)).toBe(0);
  });

  test("shows the figures of the last seconds of the steady state's probe, and of no other", () => {
    const view = viewOf();
    view.add(event({ kind: "phase-started", atMs: 0, phase: "during", epoch: 1 }));
    view.add(sample("checkout", 100, "bad", 90));
    view.add(sample("checkout", 6000, "good", 20));
    view.add(sample("checkout", 6010, "degraded", 30));
    view.add(sample("other", 6010, "good"));
    expect(view.figures(6010)).toEqual({ probe: "checkout", goodShare: 0.5, degradedShare: 0.5, p95Ms: 30 });
    expect(view.figures(20_000)).toBeUndefined();
  });

  test("gives an ended phase its own figures, all samples counted", () => {
    const view = viewOf();
    view.add(event({ kind: "phase-started", atMs: 0, phase: "before", epoch: 1 }));
    for (let i = 1; i <= 4; i++) view.add(sample("checkout", i * 3000, i === 1 ? "bad" : "good"));
    const ended = view.add(event({ kind: "phase-ended", atMs: 12_500, phase: "before", epoch: 1 }));
    expect(ended?.phase).toMatchObject({ name: "before", durationMs: 12_500 });
    expect(ended?.figures).toMatchObject({ probe: "checkout", goodShare: 0.75 });
    expect(ended?.figures?.p95Ms).toBeCloseTo(10, 0);
  });

  test("knows which faults are in force", () => {
    const view = viewOf();
    view.add(event({ kind: "faults-set", atMs: 0, epoch: 1, faults: ["slow"] }));
    expect(view.faultsInForce).toEqual(["slow"]);
    view.add(event({ kind: "faults-lifted", atMs: 1, epoch: 1 }));
    expect(view.faultsInForce).toEqual([]);
  });
});
