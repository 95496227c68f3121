/** What was delivered, with 95 % intervals. */
import { clopperPearson } from "../../../dist/math/proportion.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean of independent values. */
export function meanOf(values) {
  const centre = mean(values);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1));
  const half = (1.96 * deviation) / Math.sqrt(values.length);
  return { value: centre, lo: centre - half, hi: centre + half };
}

/** A quantile, between order statistics (normal approximation of the binomial). */
export function quantileOf(values, q) {
  const sorted = Float64Array.from(values).sort();
  const half = 1.96 * Math.sqrt(values.length * q * (1 - q));
  const at = (rank) => sorted[Math.max(0, Math.min(sorted.length - 1, Math.round(rank) - 1))];
  return { value: at(values.length * q), lo: at(values.length * q - half), hi: at(values.length * q + half) };
}

/** A share k of n. */
export function shareOf(k, n) {
  return { value: k / n, ...clopperPearson(k, n, 0.975) };
}

/** What was counted and has no spread. */
export const exactly = (value) => ({ value, lo: value, hi: value });

/** Lengths of the runs of what is true. */
export function runsOf(flags) {
  const runs = [];
  let length = 0;
  for (const flag of [...flags, false]) {
    if (flag) length += 1;
    else if (length > 0) {
      runs.push(length);
      length = 0;
    }
  }
  return runs;
}
