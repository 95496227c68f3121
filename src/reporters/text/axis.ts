import type { Report } from "../../model/report.ts";

/** The common time axis of all rows of a drawing. */
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
  return span <= 0 ? 0 : Math.max(0, Math.min(axis.columns, Math.floor(((atMs - axis.startMs) / span) * axis.columns + 1e-9)));
}

/** A span as columns [from, to), at least one wide and never past the end; one that ends in the last column fills it. */
export function columnsOf(axis: Axis, startMs: number, endMs: number): readonly [number, number] {
  const from = Math.min(columnOf(axis, startMs), axis.columns - 1);
  const to = columnOf(axis, endMs);
  return [from, Math.max(from + 1, to === axis.columns - 1 ? axis.columns : to)];
}

/** The bins [from, to) of a series that a column shows. */
export function binsOf(axis: Axis, column: number, binMs: number, bins: number): readonly [number, number] {
  const perColumn = (axis.endMs - axis.startMs) / axis.columns / binMs;
  const from = Math.min(Math.floor(column * perColumn + 1e-9), bins - 1);
  return [Math.max(0, from), Math.min(bins, Math.max(from + 1, Math.floor((column + 1) * perColumn + 1e-9)))];
}

/** A line with a mark at each moment and its label beside it: those named first have their place, others only where a blank is left to either side. Labels may reach into the margin. */
export function labelsAt(axis: Axis, labels: readonly { readonly atMs: number; readonly text: string }[], marginWidth = 0): string {
  const width = axis.columns + marginWidth;
  let line = " ".repeat(width);
  for (const { atMs, text } of labels) {
    const column = Math.min(columnOf(axis, atMs), axis.columns - 1);
    const places = [{ from: column, marked: `╷${text}` }, { from: column - text.length, marked: `${text}╷` }];
    const free = places.find(({ from, marked }) => from >= 0 && from + marked.length <= width && line.slice(Math.max(0, from - 1), from + marked.length + 1).trim() === "");
    if (free !== undefined) line = line.slice(0, free.from) + free.marked + line.slice(free.from + free.marked.length);
  }
  return line.trimEnd();
}
