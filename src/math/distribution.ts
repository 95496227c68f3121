import type { DelaySpec } from "../model/distribution.ts";
import type { Random } from "../model/fault-type.ts";

/**
 * One delay in ms, never below 0. `delayMs` is the mean of every distribution; `jitterMs` is the half-width of `uniform` and the
 * standard deviation of the others; with jitter 0 each is fixed and nothing is drawn.
 *
 * - `uniform`: evenly from delay − jitter to delay + jitter.
 * - `normal`: the bell curve.
 * - `lognormal`: skewed to the right, as latencies of services are; never 0.
 * - `pareto`: a minimum and a power-law tail (type I); its shape 1 + √(1 + (delay/jitter)²) and minimum delay·(shape − 1)/shape follow from mean and deviation.
 * - `exponential`: delay − jitter at least, and an exponential rest with mean jitter; jitter = delay is the plain exponential.
 *
 * Draws of `uniform`, `normal` and `exponential` that would be below 0 are 0, so a jitter larger than the delay (for `normal`, than a
 * third of it) moves their mean up.
 */
export function drawDelayMs({ delayMs, jitterMs, distribution }: DelaySpec, random: Random): number {
  if (jitterMs === 0) return delayMs;
  switch (distribution) {
    case "uniform": return Math.max(0, delayMs + jitterMs * (2 * random() - 1));
    case "normal": return Math.max(0, delayMs + jitterMs * standardNormal(random));
    case "lognormal": {
      if (delayMs === 0) return 0;
      const variance = Math.log1p((jitterMs / delayMs) ** 2);
      return delayMs * Math.exp(Math.sqrt(variance) * standardNormal(random) - variance / 2);
    }
    case "pareto": {
      const shape = 1 + Math.sqrt(1 + (delayMs / jitterMs) ** 2);
      return (delayMs * (shape - 1)) / shape / (1 - random()) ** (1 / shape);
    }
    case "exponential": return Math.max(0, delayMs - jitterMs - jitterMs * Math.log(1 - random()));
  }
}

/** Mean 0, deviation 1 (Box and Muller 1958). */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
