import { normalQuantile } from "./proportion.ts";

/** Probability that at least `count` events come where `mean` are expected, of events that come independently of each other. */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1;
  if (mean <= 0) return 0;
  let logTerm = -mean;
  for (let k = 1; k <= count; k += 1) logTerm += Math.log(mean / k);
  // From the first term on, each is less than the one before once it is past the mean; below the mean the other side is summed.
  return count > mean ? sumUp(logTerm, count, mean) : Math.max(0, 1 - sumDown(logTerm + Math.log(count / mean), count - 1, mean));
}

/** The least count that comes by chance at most with probability `alpha` where `mean` are expected. */
export function poissonLimit(mean: number, alpha: number): number {
  let low = 0;
  let high = Math.ceil(mean) + 1;
  while (poissonTail(high, mean) > alpha) high *= 2;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (poissonTail(middle, mean) > alpha) low = middle;
    else high = middle;
  }
  return high;
}

/** At most so many were to be expected where `count` came, at `confidence` (0..1); Wilson and Hilferty's approximation of the exact bound, to a percent. */
export function poissonAtMost(count: number, confidence: number): number {
  if (count === 0) return -Math.log(1 - confidence);
  const next = count + 1;
  return next * (1 - 1 / (9 * next) + normalQuantile(confidence) / (3 * Math.sqrt(next))) ** 3;
}

function sumUp(logTerm: number, from: number, mean: number): number {
  let [sum, term] = [0, Math.exp(logTerm)];
  for (let k = from; term > sum * 1e-15; k += 1) {
    sum += term;
    term *= mean / (k + 1);
  }
  return Math.min(1, sum);
}

function sumDown(logTerm: number, from: number, mean: number): number {
  let [sum, term] = [0, Math.exp(logTerm)];
  for (let k = from; k >= 0 && term > sum * 1e-15; k -= 1) {
    sum += term;
    term *= k / mean;
  }
  return Math.min(1, sum);
}
