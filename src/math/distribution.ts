import type { DelaySpec, DistributionName } from "../model/distribution.ts";
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
  return jitterMs === 0 ? delayMs : Math.max(0, shapes[distribution](delayMs, jitterMs, random));
}

const shapes: Readonly<Record<DistributionName, (mean: number, jitter: number, random: Random) => number>> = {
  uniform: (mean, jitter, random) => mean + jitter * (2 * random() - 1),
  normal: (mean, jitter, random) => mean + jitter * standardNormal(random),
  lognormal: (mean, jitter, random) => {
    if (mean === 0) return 0;
    const variance = Math.log1p((jitter / mean) ** 2);
    return mean * Math.exp(Math.sqrt(variance) * standardNormal(random) - variance / 2);
  },
  pareto: (mean, jitter, random) => {
    const shape = 1 + Math.sqrt(1 + (mean / jitter) ** 2);
    return (mean * (shape - 1)) / shape / (1 - random()) ** (1 / shape);
  },
  exponential: (mean, jitter, random) => mean - jitter - jitter * Math.log(1 - random()),
};

/** Mean 0, deviation 1 (Box and Muller 1958). */
function standardNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
