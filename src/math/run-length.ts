/**
 * How many requests in a row must cause no call before calls count as suppressed, by Wald's test of two shares:
 * each one in the row is worth ln((1 − delta)/missShare).
 *
 * @param missShare how often a request causes no call anyhow, as seen before the fault, 0..1
 * @param alpha how often a row that long may come about by chance
 * @param delta how often a request gets through although calls are suppressed (trials)
 * @returns at least 1; Infinity when requests without a call are as usual before the fault as when suppressed
 */
export function zerosNeeded(missShare: number, alpha: number, delta: number): number {
  if (missShare >= 1 - delta) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.ceil(Math.log(1 / alpha) / Math.log((1 - delta) / missShare) - 1e-9));
}
