import { quantile, quantileInterval, samplesForQuantile } from "../../math/quantile.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { decideByIntervals, sendMore, surety } from "../decide.ts";
import type { Claimed, Interval } from "../decide.ts";
import { finished, merge, withEndless } from "../figures.ts";
import type { Tally } from "../figures.ts";

/** Decides the p95 of one stretch over that of another. Order statistics of both, each at half of what may be missed. */
export function compareP95(claimed: Claimed, now: Tally, before: Tally, confidence: number): ClaimVerdict {
  const n = Math.min(finished(now), finished(before));
  const interval = (level: number): Interval => divide(p95(now, half(level)), p95(before, half(level)));
  const observed = quantile(merge(now.sortedMs, now.pendingMs), 0.95) / Math.max(1e-3, quantile(merge(before.sortedMs, before.pendingMs), 0.95));
  return decideByIntervals(claimed, { observed, n, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(samplesForQuantile(0.95, half(confidence)), n) });
}

/** The p95 of a stretch, in which unfinished requests are at least as long as they have been. */
export function p95(seen: Tally, level: number): Interval {
  const { lo } = quantileInterval(merge(seen.sortedMs, seen.pendingMs), 0.95, level);
  const { hi } = quantileInterval(withEndless(seen.sortedMs, seen.pendingMs.length), 0.95, level);
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined || hi === Number.POSITIVE_INFINITY ? {} : { hi }) };
}

/** The confidence of each of two estimates that are to hold together. */
export function half(level: number): number {
  return 1 - (1 - level) / 2;
}

function divide(over: Interval, under: Interval): Interval {
  const lo = over.lo === undefined || under.hi === undefined || under.hi === 0 ? undefined : over.lo / under.hi;
  const hi = over.hi === undefined || under.lo === undefined || under.lo === 0 ? undefined : over.hi / under.lo;
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined ? {} : { hi }) };
}
