import { normalQuantile } from "../math/proportion.ts";

/** Chance of a growth that is none, and of none that is one, for which the counts of sequences are. */
const chance = 5e-4;

/** How the pauses of many requests grow with the attempt: a straight line through their logarithms. */
export interface Growth {
  readonly sequences: number;
  /** Of ln pause per attempt: 0 constant, ln 2 doubling. */
  readonly slope: number;
  /** Spread of ln pause around the line: 1.0 full jitter, 0.31 ±50 %, 0.2 equal, 0.12 ±20 %. */
  readonly sigma: number;
  /** Sequences that tell a doubling from none with this spread, one in 2,000 wrong either way. */
  readonly needed: number;
  /** Bounds of the slope, each by itself at `confidence`. */
  interval(confidence: number): { readonly lo: number; readonly hi: number };
}

/** Pauses below this are not waited but taken; their logarithm would run away. */
const leastMs = 0.5;

/** Fits sequences of two or more pauses, at most `most` of each; undefined when fewer than two such. */
export function fitGrowth(sequences: readonly (readonly number[])[], most = 3): Growth | undefined {
  const usable = sequences.filter(({ length }) => length >= 2).map((pauses) => pauses.slice(0, most).map((ms) => Math.log(Math.max(leastMs, ms))));
  const points = usable.flatMap((logs) => logs.map((y, x) => ({ x, y })));
  if (usable.length < 2) return undefined;
  const mean = (of: (point: { x: number; y: number }) => number): number => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [mx, my] = [mean(({ x }) => x), mean(({ y }) => y)];
  const sxx = points.reduce((sum, { x }) => sum + (x - mx) ** 2, 0);
  const slope = points.reduce((sum, { x, y }) => sum + (x - mx) * (y - my), 0) / sxx;
  const residual = points.reduce((sum, { x, y }) => sum + (y - my - slope * (x - mx)) ** 2, 0);
  const freedom = points.length - 2;
  // Timers are never so exact that five sequences could be trusted to a thousandth.
  const sigma = Math.max(0.03, Math.sqrt(residual / freedom));
  const error = sigma / Math.sqrt(sxx);
  const needed = ((2 * normalQuantile(1 - chance) * sigma) / Math.log(2)) ** 2 / (sxx / usable.length);
  return {
    sequences: usable.length, slope, sigma,
    needed: Math.max(3, Math.ceil(needed)),
    interval: (confidence) => {
      const reach = studentQuantile(confidence, freedom) * error;
      return { lo: slope - reach, hi: slope + reach };
    },
  };
}

/** How the growth itself changes: mean of ln p₃ − 2 ln p₂ + ln p₁; 0 for a geometric row, ln ¾ for 1, 2, 3. Undefined below three sequences of three pauses. */
export function fitBend(sequences: readonly (readonly number[])[]): { interval(confidence: number): { readonly lo: number; readonly hi: number } } | undefined {
  const bends = sequences.flatMap(([a, b, c]) => (a === undefined || b === undefined || c === undefined ? [] : [Math.log(Math.max(leastMs, c)) - 2 * Math.log(Math.max(leastMs, b)) + Math.log(Math.max(leastMs, a))]));
  if (bends.length < 3) return undefined;
  const mean = bends.reduce((sum, bend) => sum + bend, 0) / bends.length;
  const deviation = Math.max(0.05, Math.sqrt(bends.reduce((sum, bend) => sum + (bend - mean) ** 2, 0) / (bends.length - 1)));
  return {
    interval: (confidence) => {
      const reach = (studentQuantile(confidence, bends.length - 1) * deviation) / Math.sqrt(bends.length);
      return { lo: mean - reach, hi: mean + reach };
    },
  };
}

/** Student's quantile by the first two terms of its expansion around the normal one (Abramowitz and Stegun 26.7.5). */
export function studentQuantile(confidence: number, freedom: number): number {
  const z = normalQuantile(confidence);
  const v = Math.max(1, freedom);
  return z + (z ** 3 + z) / (4 * v) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * v * v);
}
