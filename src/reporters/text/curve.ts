import type { Series } from "../../model/hypothesis-type.ts";
import type { Axis } from "./axis.ts";
import { blank } from "./cell.ts";
import type { Cell } from "./cell.ts";

const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/** What a series was in each column; undefined where it has no value yet. Of rates and shares the mean, of counts and times the most. */
export function valuesOf({ unit, points }: Pick<Series, "unit" | "points">, axis: Axis): readonly (number | undefined)[] {
  const perColumnMs = (axis.endMs - axis.startMs) / axis.columns;
  const isMean = unit === "perSecond" || unit === "share";
  const [sums, weights, most] = [new Float64Array(axis.columns), new Float64Array(axis.columns), new Float64Array(axis.columns).fill(Number.NEGATIVE_INFINITY)];
  for (const [i, [atMs, value]] of points.entries()) {
    const fromMs = Math.max(atMs, axis.startMs);
    const toMs = Math.min(points[i + 1]?.[0] ?? axis.endMs, axis.endMs);
    if (toMs < fromMs || fromMs >= axis.endMs || perColumnMs <= 0) continue;
    const [from, to] = [(fromMs - axis.startMs) / perColumnMs, (toMs - axis.startMs) / perColumnMs];
    // A piece narrower than a column stands where it begins: a single call must not show in two.
    const last = isMean && to - from < 1 ? Math.floor(from) : Math.min(axis.columns, Math.ceil(to)) - 1;
    for (let column = Math.floor(from); column <= Math.max(last, Math.floor(from)); column += 1) {
      const weight = last === Math.floor(from) ? to - from : Math.min(to, column + 1) - Math.max(from, column);
      if (weight <= 0 && isMean) continue;
      sums[column] = (sums[column] ?? 0) + value * weight;
      weights[column] = (weights[column] ?? 0) + weight;
      most[column] = Math.max(most[column] ?? value, value);
    }
  }
  return Array.from(sums, (sum, column) => (most[column] === Number.NEGATIVE_INFINITY ? undefined : isMean ? sum / (weights[column] ?? 1) : most[column]));
}

/** One line of bars from nothing to `top`, a dot where it is nothing. */
export function sparkline(values: readonly (number | undefined)[], top: number): readonly Cell[] {
  return values.map((value) => (value === undefined ? blank : value <= 0 ? { glyph: "·", style: ["dim"] } : { glyph: bar(value / top), style: ["cyan"] }));
}

/** Bars over several lines, highest line first, with a level drawn across; what stands above the level is red. What is higher than the lines reach is cut. */
export function levelled(values: readonly (number | undefined)[], { top, limit, lines }: { readonly top: number; readonly limit: number; readonly lines: number }): { readonly rows: readonly (readonly Cell[])[]; readonly limitRow: number } {
  // The level lies on the upper edge of a line, so that bars at it fill that line and touch no other.
  const linesBelow = top <= limit ? lines : Math.max(1, Math.min(lines - 1, Math.floor((lines * limit) / top)));
  const perLine = limit / linesBelow;
  const rows = Array.from({ length: lines }, (_, fromTop) => {
    const line = lines - 1 - fromTop;
    return values.map((value): Cell => {
      const filled = value === undefined || value <= 0 ? 0 : value / perLine - line;
      if (filled > 1e-9) return { glyph: bar(filled), style: line >= linesBelow ? ["red"] : ["cyan"] };
      if (line === linesBelow - 1) return { glyph: "▔", style: ["yellow"] };
      return line === 0 && value !== undefined ? { glyph: "·", style: ["dim"] } : blank;
    });
  });
  return { rows, limitRow: lines - linesBelow };
}

/** A bar of this share of a line's height. */
export function bar(share: number): string {
  return bars[Math.max(0, Math.min(bars.length - 1, Math.ceil(share * bars.length) - 1))] ?? bars[0];
}
