import { describe, expect, test } from "vitest";
import type { Event, JournalHeader, SampleRecord } from "../../src/model/event.ts";
import { Baseline } from "../../src/run/baseline.ts";
import { planOf, shop } from "../support/a-run.ts";
import { header as smallest } from "../journal/header.ts";

const text = shop({ phases: "{ warmup: 0s, before: 1s, during: 1s, after: 1s }" }).replace('success: ">= 0%"', 'success: ">= 90%", p95: "<= 100ms"');
const header: JournalHeader = { ...smallest, plan: planOf(text) };

/** A second of 40 requests, of which so many are bad, each answered after `latencyMs`; then what more there is. */
function baseline(bad: number, latencyMs: number, more: readonly Event[] = []): Baseline {
  const asked = new Baseline(header);
  asked.add({ kind: "phase-started", seq: 0, atMs: 0, phase: "before", epoch: 1 });
  for (let i = 0; i < 40; i++) {
    const dueMs = i * 25;
    asked.add({ kind: "sample", seq: 0, atMs: dueMs + latencyMs, probe: "shop", n: i + 1, dueMs, sentMs: dueMs, endMs: dueMs + latencyMs, grade: i < bad ? "bad" : "good" });
  }
  for (const event of more) asked.add(event);
  asked.add({ kind: "phase-ended", seq: 0, atMs: 1000, phase: "before", epoch: 1 });
  return asked;
}

/** The loop stood still for the whole second. */
const stall: Event = { kind: "stall", seq: 0, atMs: 1000, thread: "main", lateMs: 1000 };
const pending = (count: number): readonly SampleRecord[] => Array.from({ length: count }, (_, i) => ({ kind: "sample", probe: "shop", n: 100 + i, dueMs: 500, sentMs: 500, grade: "pending", atMs: 1000 }));

describe("the baseline", () => {
  test("is met by good and quick answers", () => {
    expect(baseline(0, 20).isMet([])).toBe(true);
  });

  test("is not met by bad ones, nor by slow ones", () => {
    expect(baseline(8, 20).isMet([])).toBe(false);
    expect(baseline(0, 150).isMet([])).toBe(false);
  });

  test("counts requests that are unfinished with their age", () => {
    expect(baseline(0, 20).isMet(pending(1))).toBe(true);
    expect(baseline(0, 20).isMet(pending(10))).toBe(false);
  });

  test("is not missed by latencies that a stall of ours made", () => {
    expect(baseline(0, 150, [stall]).isMet([])).toBe(true);
  });

  test("is missed by bad answers, stall or not", () => {
    expect(baseline(8, 150, [stall]).isMet([])).toBe(false);
  });

  test("is met where nothing is claimed", () => {
    const { experiment, ...rest } = header.plan;
    expect(new Baseline({ ...header, plan: { ...rest, experiment: { ...experiment, steadyState: [] } } }).isMet([])).toBe(true);
  });
});
