import type { Disturbance } from "../model/observation.ts";

/** How long the machine was disturbed in a stretch of time, at most: disturbances that overlap count twice. Ms. */
export function disturbedMsWithin(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  return disturbances.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)), 0);
}
