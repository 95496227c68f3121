import { binomialCdf, samplesForShare } from "./proportion.ts";

/** The smallest of the sorted values that at least the share q of them do not exceed (nearest rank); NaN when there is none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  // Less a hair: 0.95 · 20 must not be taken for more than 19.
  const rank = Math.max(1, Math.ceil(q * sorted.length - 1e-9));
  return sorted[Math.min(rank, sorted.length) - 1] ?? Number.NaN;
}

/**
 * Bounds of the q-quantile of whatever the sorted values were drawn from, without assuming a distribution: order statistics
 * (Hahn and Meeker 1991, §5). Each end is a bound by itself at `confidence` (0..1); an end that so few values cannot give is absent.
 */
export function quantileInterval(sorted: ArrayLike<number>, q: number, confidence: number): { lo?: number; hi?: number } {
  const n = sorted.length;
  // Infinitesimal room for the last digit of the summed probabilities.
  const sure = confidence - 1e-12;
  const hiRank = firstRank(n, (rank) => binomialCdf(rank - 1, n, q) >= sure);
  const loRank = firstRank(n, (rank) => 1 - binomialCdf(rank - 1, n, q) < sure) - 1;
  const lo = sorted[loRank - 1];
  const hi = sorted[hiRank - 1];
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined ? {} : { hi }) };
}

/** How few samples give an upper bound of the q-quantile at `confidence`: 90 for p95 at 99 %. */
export function samplesForQuantile(q: number, confidence: number): number {
  return samplesForShare(q, confidence);
}

/** The first rank of 1..n from which a monotone condition is true; n + 1 when it never is. */
function firstRank(n: number, holds: (rank: number) => boolean): number {
  let low = 1;
  let high = n + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
