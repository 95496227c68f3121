import { poissonLimit } from "../../math/poisson.ts";

/** The most that came within one window of some width, wherever it begins. */
export interface Peak {
  readonly count: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** What came when, in one stretch of time. */
export interface Arrivals {
  /** Ascending, ms from the start of the run. */
  readonly atMs: Float64Array;
  /** Of those, the ones that no disturbance of the machine can have thrown together. */
  readonly cleanMs: Float64Array;
  readonly seconds: number;
}

/** What was usual, as far as it bears on what chance may do. */
export interface Usual {
  readonly before: Arrivals;
  /** At most so many per second were to be expected. */
  readonly perSecond: number;
  /** They came in bursts: then the bursts, not chance, make the peaks. */
  readonly isBursty: boolean;
}

/** One width, before and after. */
export interface Compared {
  readonly widthMs: number;
  readonly usual: number;
  readonly peak: Peak;
  /** `disturbed`: open, and outside but for what may have been thrown together by a disturbance. */
  readonly verdict: "inside" | "outside" | "open" | "disturbed";
}

/** Chance of a violation that is none, over all widths. */
const alpha = 1e-4;
/** What a process that is held up for so long throws together: less than a strain that would be told. */
const unseenStallMs = 100;
/** A bin that usually holds as many is compared by its factor alone; below, chance makes peaks of its own. */
const telling = 4;

export function peakOf(atMs: Float64Array, widthMs: number): Peak {
  let best: Peak = { count: 0, startMs: 0, endMs: 0 };
  for (let from = 0, to = 0; to < atMs.length; to += 1) {
    while ((atMs[to] ?? 0) - (atMs[from] ?? 0) >= widthMs) from += 1;
    if (to - from + 1 > best.count) best = { count: to - from + 1, startMs: atMs[from] ?? 0, endMs: atMs[to] ?? 0 };
  }
  return best;
}

/**
 * Compares the peak of one width with `factor` times the usual one. Outside: it is more, and more than chance would make of `factor` times the usual
 * rate once in 10,000 runs, and than a stall too short to be told could have thrown together. Inside: it is not more, or no more than chance makes of the usual rate.
 */
export function compare(usual: Usual, after: Arrivals, widthMs: number, factor: number, widths: number): Compared {
  // What a disturbance threw together before the fault excuses a peak after it, and is no measure of a calm one.
  const { atMs, cleanMs, seconds } = usual.before;
  const usualMost = peakOf(atMs, widthMs).count;
  // A mean cannot be thrown together.
  const usualPeak = Math.max(peakOf(cleanMs, widthMs).count, Math.round((atMs.length * widthMs) / (1000 * Math.max(0.001, seconds))));
  const peak = peakOf(after.atMs, widthMs);
  const clean = peakOf(after.cleanMs, widthMs);
  const limit = outlier(usual, after.seconds, widthMs, factor, alpha / widths);
  const isOutside = ({ count }: Peak): boolean => count > factor * usualMost && count >= limit;
  const verdict = isOutside(clean) ? "outside" : isInside(usual, after, widthMs, factor, peak.count, usualPeak) ? "inside" : isOutside(peak) ? "disturbed" : "open";
  return { widthMs, usual: verdict === "outside" ? usualMost : usualPeak, peak: verdict === "outside" ? clean : peak, verdict };
}

/** The least count in one window that chance makes at most with probability `chance` in so many seconds: windows that begin at an arrival, and hold so many more. */
function outlier({ perSecond, before, isBursty }: Usual, seconds: number, widthMs: number, factor: number, chance: number): number {
  const mean = Math.max((factor * perSecond * widthMs) / 1000, isBursty ? factor * peakOf(before.atMs, widthMs).count : 0);
  const windows = Math.max(1, factor * perSecond * seconds);
  return poissonLimit(mean, chance / windows) + 1 + Math.ceil((perSecond * unseenStallMs) / 1000);
}

function isInside({ before, isBursty }: Usual, { seconds }: Arrivals, widthMs: number, factor: number, count: number, usualPeak: number): boolean {
  if (count <= factor * usualPeak) return true;
  const perSecond = before.atMs.length / Math.max(0.001, before.seconds);
  const mean = (perSecond * widthMs) / 1000;
  return !isBursty && mean < telling && count <= poissonLimit(mean, 0.5 / Math.max(1, perSecond * seconds));
}

/** How many times as much load would show it for sure, were the peak to grow with the load; undefined: not up to 16 times. */
export function loadFactorToTell(usual: Usual, after: Arrivals, { widthMs, peak }: Compared, factor: number, widths: number): number | undefined {
  return [2, 4, 8, 16].find((times) => times * peak.count >= outlier({ ...usual, perSecond: times * usual.perSecond }, after.seconds, widthMs, factor, alpha / widths));
}
