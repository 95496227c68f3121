import { incompleteBeta, inverseIncompleteBeta } from "./incomplete-beta.ts";

export interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/**
 * Exact bounds of a share of which k of n were seen (Clopper and Pearson 1934).
 * Each end is a bound by itself at `confidence` (0..1): the share is at least `lo` with that confidence, and at most `hi`. So 459 of 459
 * give lo ≥ 0.99 at 0.99. Both ends together hold at 1 − 2·(1 − confidence). Nothing seen (n = 0) gives 0..1.
 */
export function clopperPearson(k: number, n: number, confidence: number): Interval {
  return {
    lo: k <= 0 ? 0 : inverseIncompleteBeta(1 - confidence, k, n - k + 1),
    hi: k >= n ? 1 : inverseIncompleteBeta(confidence, k + 1, n - k),
  };
}

/**
 * Wilson's score bounds of a share, for display: on average nearer to the stated confidence than the exact ones, but not guaranteed.
 * Each end is a bound by itself, as with `clopperPearson`.
 */
export function wilson(k: number, n: number, confidence: number): Interval {
  if (n === 0) return { lo: 0, hi: 1 };
  const z = normalQuantile(confidence);
  const weight = (z * z) / n;
  const centre = (k / n + weight / 2) / (1 + weight);
  const half = (z / (1 + weight)) * Math.sqrt(((k / n) * (1 - k / n)) / n + weight / (4 * n));
  return { lo: k === 0 ? 0 : Math.max(0, centre - half), hi: k === n ? 1 : Math.min(1, centre + half) };
}

/** Probability of at most k hits in n independent tries that each hit with probability p. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return incompleteBeta(1 - p, n - k, k + 1);
}

/**
 * The fewest samples, `failures` of them bad, that show a share of good ones of at least `share` at `confidence` (both 0..1):
 * 459 for 99 % at 99 % without a failure. Infinity for a share of 1, which no sample can show.
 */
export function samplesForShare(share: number, confidence: number, failures = 0): number {
  if (share >= 1) return Number.POSITIVE_INFINITY;
  // Room for the last digit of decimal shares: 1 − 0.9 is not 0.1.
  const alpha = (1 - confidence) * (1 + 1e-9);
  const shown = (n: number): boolean => binomialCdf(failures, n, 1 - share) <= alpha;
  let enough = failures + 1;
  while (!shown(enough)) enough *= 2;
  let few = failures;
  while (enough - few > 1) {
    const middle = Math.floor((few + enough) / 2);
    if (shown(middle)) enough = middle;
    else few = middle;
  }
  return enough;
}

/** The standard normal deviate below which `share` lies; rational approximation by Acklam, relative error 1.2e-9. */
export function normalQuantile(share: number): number {
  if (share > 0.5) return -normalQuantile(1 - share);
  if (share <= 0) return Number.NEGATIVE_INFINITY;
  const polynomial = (x: number, coefficients: readonly number[]): number => coefficients.reduce((sum, c) => sum * x + c, 0);
  if (share < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(share));
    return polynomial(q, [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783])
      / polynomial(q, [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1]);
  }
  const q = share - 0.5;
  return (q * polynomial(q * q, [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239]))
    / polynomial(q * q, [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1]);
}
