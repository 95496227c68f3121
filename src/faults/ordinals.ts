import type { Selection } from "../model/selection.ts";

type Ordinals = Pick<Selection, "after" | "every" | "first" | "attempt">;

/** Whether the n-th eligible exchange, the k-th call of its request, is one of those that are named by number. Both count from 1. */
export function passesOrdinals({ after, every, first, attempt }: Ordinals, n: number, k: number): boolean {
  const past = n - after;
  if (past <= 0 || past % every !== 0) return false;
  if (first !== undefined && past / every > first) return false;
  return attempt === undefined || (k >= attempt.min && k <= attempt.max);
}

/** Share 0..1 of those left that are hit, so many ms after the window began. */
export function rateAt({ rateShare, ramp }: Pick<Selection, "rateShare" | "ramp">, sinceWindowMs: number): number {
  if (ramp === undefined) return rateShare;
  const progress = ramp.overMs === 0 ? 1 : Math.min(1, Math.max(0, sinceWindowMs / ramp.overMs));
  return ramp.fromShare + (ramp.toShare - ramp.fromShare) * progress;
}
