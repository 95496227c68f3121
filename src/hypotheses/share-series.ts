import type { Series } from "../model/hypothesis-type.ts";

/** Points of a drawing at most, and the least time between two. */
const mostPoints = 200;
const shortestMs = 250;

/** How a share went over time, in stretches of equal length; a stretch without anything in it has no point. Things come in order of time. */
export function shareSeries(name: string, things: Iterable<{ readonly atMs: number; readonly isIn: boolean }>, { startMs, endMs }: { readonly startMs: number; readonly endMs: number }): readonly Series[] {
  const binMs = Math.max(shortestMs, (endMs - startMs) / mostPoints);
  const bins = Math.max(1, Math.ceil((endMs - startMs) / binMs));
  const [all, inside] = [new Float64Array(bins), new Float64Array(bins)];
  for (const { atMs, isIn } of things) {
    if (atMs < startMs || atMs >= endMs) continue;
    const bin = Math.min(bins - 1, Math.floor((atMs - startMs) / binMs));
    all[bin] = (all[bin] ?? 0) + 1;
    if (isIn) inside[bin] = (inside[bin] ?? 0) + 1;
  }
  const points = Array.from(all, (n, bin) => [startMs + bin * binMs, (inside[bin] ?? 0) / n] as const).filter(([, share]) => !Number.isNaN(share));
  return points.length === 0 ? [] : [{ name, unit: "share", points }];
}
