import { Column } from "../../evidence/column.ts";
import { normalQuantile } from "../../math/proportion.ts";

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
export function fitGrowth(sequences: Iterable<readonly number[]>, most = 3): Growth | undefined {
  const [xs, ys] = [new Column("u32"), new Column("f64")];
  let usable = 0;
  for (const pauses of sequences) {
    if (pauses.length < 2) continue;
    usable += 1;
    for (let x = 0; x < Math.min(most, pauses.length); x += 1) {
      xs.push(x);
      ys.push(Math.log(Math.max(leastMs, pauses[x] ?? 0)));
    }
  }
  if (usable < 2) return undefined;
  const sum = (of: (x: number, y: number) => number): number => {
    let total = 0;
    for (let point = 0; point < xs.length; point += 1) total += of(xs.get(point), ys.get(point));
    return total;
  };
  const [mx, my] = [sum((x) => x) / xs.length, sum((_, y) => y) / xs.length];
  const sxx = sum((x) => (x - mx) ** 2);
  const slope = sum((x, y) => (x - mx) * (y - my)) / sxx;
  const residual = sum((x, y) => (y - my - slope * (x - mx)) ** 2);
  const freedom = xs.length - 2;
  // Timers are never so exact that five sequences could be trusted to a thousandth.
  const sigma = Math.max(0.03, Math.sqrt(residual / freedom));
  const error = sigma / Math.sqrt(sxx);
  const needed = ((2 * normalQuantile(1 - chance) * sigma) / Math.log(2)) ** 2 / (sxx / usable);
  return {
    sequences: usable, slope, sigma,
    needed: Math.max(3, Math.ceil(needed)),
    interval: (confidence) => {
      const reach = studentQuantile(confidence, freedom) * error;
      return { lo: slope - reach, hi: slope + reach };
    },
  };
}

/** How the growth itself changes: mean of ln p₃ − 2 ln p₂ + ln p₁; 0 for a geometric row, ln ¾ for 1, 2, 3. Undefined below three sequences of three pauses. */
export function fitBend(sequences: Iterable<readonly number[]>): { interval(confidence: number): { readonly lo: number; readonly hi: number } } | undefined {
  const bends = new Column("f64");
  for (const [a, b, c] of sequences) if (a !== undefined && b !== undefined && c !== undefined) bends.push(Math.log(Math.max(leastMs, c)) - 2 * Math.log(Math.max(leastMs, b)) + Math.log(Math.max(leastMs, a)));
  if (bends.length < 3) return undefined;
  let [total, squares] = [0, 0];
  for (let at = 0; at < bends.length; at += 1) total += bends.get(at);
  const mean = total / bends.length;
  for (let at = 0; at < bends.length; at += 1) squares += (bends.get(at) - mean) ** 2;
  const deviation = Math.max(0.05, Math.sqrt(squares / (bends.length - 1)));
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
