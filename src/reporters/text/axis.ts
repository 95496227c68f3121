import type { Report } from "../../model/report.ts";

/** The common time axis of all rows of the drawing. */
export interface Axis {
  readonly startMs: number;
  readonly endMs: number;
  readonly columns: number;
}

export function axisOf({ timeline, phases }: Report, columns: number): Axis {
  const endMs = phases.reduce((last, phase) => Math.max(last, phase.endMs), timeline.startMs);
  return { startMs: timeline.startMs, endMs, columns };
}

/** The column in which a moment lies, 0 to `columns`. */
export function columnOf(axis: Axis, atMs: number): number {
  const span = axis.endMs - axis.startMs;
  return span <= 0 ? 0 : Math.max(0, Math.min(axis.columns, Math.round(((atMs - axis.startMs) / span) * axis.columns)));
}

/** A span as columns [from, to), at least one wide and never past the end. */
export function columnsOf(axis: Axis, startMs: number, endMs: number): readonly [number, number] {
  const from = Math.min(columnOf(axis, startMs), axis.columns - 1);
  return [from, Math.max(from + 1, columnOf(axis, endMs))];
}

/** The bins [from, to) of a series that a column shows. */
export function binsOf(axis: Axis, column: number, binMs: number, bins: number): readonly [number, number] {
  const perColumn = (axis.endMs - axis.startMs) / axis.columns / binMs;
  const from = Math.min(Math.floor(column * perColumn + 1e-9), bins - 1);
  return [Math.max(0, from), Math.min(bins, Math.max(from + 1, Math.floor((column + 1) * perColumn + 1e-9)))];
}
