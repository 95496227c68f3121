/** Medians, and ratios of paired rounds with an interval. */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 0 ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[Math.floor(middle)];
}

/** The median with its 95 % interval, between order statistics. */
export function medianInterval(values) {
  if (values === undefined || values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const half = 0.98 * Math.sqrt(sorted.length);
  const at = (rank) => sorted[Math.min(sorted.length - 1, Math.max(0, rank))];
  return { value: median(values), lo: at(Math.floor(sorted.length / 2 - half)), hi: at(Math.ceil(sorted.length / 2 + half) - 1) };
}

/** Student's t, two-sided 95 %, by degrees of freedom from 1. */
const t95 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086];

/** Geometric mean of the rounds' ratios, with its 95 % interval: a t interval of their logarithms. */
export function ratio(values, references) {
  const logs = values.map((value, i) => Math.log(value / references[i])).filter(Number.isFinite);
  if (logs.length === 0) return undefined;
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const degrees = logs.length - 1;
  const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / Math.max(1, degrees));
  const half = degrees === 0 ? Number.POSITIVE_INFINITY : ((t95[degrees - 1] ?? 1.96) * deviation) / Math.sqrt(logs.length);
  return { mean: Math.exp(mean), lo: Math.exp(mean - half), hi: Math.exp(mean + half) };
}
