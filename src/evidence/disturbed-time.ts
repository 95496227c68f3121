import type { Disturbance } from "../model/observation.ts";
import { mergeDisturbances } from "./disturbances.ts";
import { partitionPoint } from "./partition-point.ts";

/** How long the machine was disturbed in a stretch of time, at most: disturbances that overlap count twice. Ms. */
export function disturbedMsWithin(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  return disturbances.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)), 0);
}

/** The same for many stretches, exact, in the time of a look-up. */
export function disturbedTime(disturbances: readonly Disturbance[]): (fromMs: number, toMs: number) => number {
  const merged = mergeDisturbances(disturbances);
  let sumMs = 0;
  const beforeMs = merged.map(({ startMs, endMs }) => (sumMs += endMs - startMs) - (endMs - startMs));
  /** How much of it lies before a moment. */
  const until = (atMs: number): number => {
    const last = partitionPoint(merged.length, (at) => (merged[at]?.startMs ?? 0) <= atMs) - 1;
    const { startMs = 0, endMs = 0 } = merged[last] ?? {};
    return last < 0 ? 0 : (beforeMs[last] ?? 0) + Math.min(atMs, endMs) - startMs;
  };
  return (fromMs, toMs) => Math.max(0, until(toMs) - until(fromMs));
}
