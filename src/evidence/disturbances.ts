import type { Disturbance } from "../model/observation.ts";
import { partitionPoint } from "./partition-point.ts";

/** Loops are late by 10–30 ms while code warms up; that is inside every tolerance. More is not. */
export const stallMs = 50;
/**
 * A process that waits this long for a processor each time it wants to run has its timers late, and so do its callers.
 * Measured: 0.1 ms on an idle machine; 2–5 ms, which bends nothing, beside a busy loop on every core.
 */
export const starvedWaitMs = 10;
/** One that waits this share of the time gets its own work done at half its speed or less. */
export const starvedShare = 0.6;

/** Whether a moment lies in a disturbance; disturbances in any order. */
export function disturbedAt(disturbances: readonly Disturbance[]): (atMs: number) => boolean {
  const merged = mergeDisturbances(disturbances);
  if (merged.length === 0) return () => false;
  return (atMs) => {
    const begun = partitionPoint(merged.length, (at) => (merged[at]?.startMs ?? 0) <= atMs);
    return atMs <= (merged[begun - 1]?.endMs ?? Number.NEGATIVE_INFINITY);
  };
}

/** In order, those that overlap as one. */
export function mergeDisturbances(disturbances: readonly Disturbance[]): readonly { readonly startMs: number; readonly endMs: number }[] {
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of [...disturbances].sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs);
    else merged.push({ startMs, endMs });
  }
  return merged;
}
