import type { Series } from "../../model/hypothesis-type.ts";
import type { Report } from "../../model/report.ts";
import type { Verdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { labelsAt } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { blank, frameOf, printRow, printTicks } from "./cell.ts";
import type { Cell, Frame, Row } from "./cell.ts";
import { levelled, sparkline, valuesOf } from "./curve.ts";
import type { Paint } from "./paint.ts";
import { ownersOf, phaseRow, windows } from "./rows.ts";
import { byCalm, lineOf } from "./state-line.ts";
import { wrap } from "./wrap.ts";

type Spans = Report["timeline"]["states"][number]["spans"];

/** Lines of one drawing, unless all is asked for. */
const mostLines = 8;
/** Lines of a curve with a limit. */
const curveLines = 4;

/** What one hypothesis rests on over time: a lane for each state, a curve for each figure, on one axis around the fault. Nothing where it has no figures. */
export function drawLanes(report: Report, { name, faults: faultNames }: Verdict, page: { readonly width: number; readonly paint: Paint; readonly verbose: boolean }): readonly string[] {
  const { timeline, phases } = report;
  const series = joinEpochs(timeline.series.find(({ hypothesis }) => hypothesis === name)?.series ?? []);
  if (series.length === 0 || phases.length === 0) return [];
  const spans = timeline.states.find(({ hypothesis }) => hypothesis === name)?.spans ?? [];
  const states = [...new Set(spans.map(({ state }) => state))].sort(byCalm);
  const faults = report.faults.filter((fault) => faultNames.includes(fault.name) && fault.startMs !== undefined);
  const faultLabel = new Set(faults.map((fault) => fault.name)).size > 1 ? "faults" : (faults[0]?.name ?? "fault");
  const shown = page.verbose ? series : fitting(series, mostLines - 2 - (faults.length === 0 ? 0 : 1) - states.length);
  const frame = frameOf(page.width, ["phase", ...(faults.length === 0 ? [] : [faultLabel]), ...states, ...shown.map((one) => one.name), ...shown.flatMap((one) => (one.limit === undefined ? [] : [`  limit ${tell(one, one.limit)}`]))], 4);
  const axis: Axis = { ...stretchOf(report, faults, spans), columns: frame.columns };
  const rows: readonly Row[] = [
    phaseRow(axis, phases),
    ...(faults.length === 0 ? [] : [{ label: faultLabel, cells: windows(axis, faults), note: "" }]),
    ...lanesOf(axis, states, spans),
    ...curves(axis, shown, frame),
  ];
  return [printTicks(labelsAt(axis, momentsOf(axis, faults, spans), frame.noteWidth), frame, page.paint), ...rows.map((row) => printRow(row, frame, page.paint))];
}

/** The same figure of several epochs is one curve. */
function joinEpochs(series: readonly Series[]): readonly Series[] {
  const joined = new Map<string, Series>();
  for (const one of series) {
    const before = joined.get(one.name);
    joined.set(one.name, before === undefined ? one : { ...before, points: [...before.points, ...one.points] });
  }
  return [...joined.values()];
}

/** The first of them, as many as have room, and one at least. */
function fitting(series: readonly Series[], lines: number): readonly Series[] {
  let left = lines;
  return series.filter(({ limit }, i) => {
    left -= limit === undefined ? 1 : curveLines;
    return i === 0 || left >= 0;
  });
}

/** From shortly before the fault to shortly after it, and after the last change of state. */
function stretchOf({ timeline, phases }: Report, faults: Report["faults"], spans: Spans): { readonly startMs: number; readonly endMs: number } {
  const lastMs = phases.reduce((last, { endMs }) => Math.max(last, endMs), timeline.startMs);
  const changesMs = spans.slice(1).map(({ startMs }) => startMs);
  const fromMs = Math.min(...faults.map(({ startMs }) => startMs ?? lastMs), ...changesMs);
  const toMs = Math.max(...faults.map(({ endMs }) => endMs ?? lastMs), ...changesMs);
  if (!(toMs > fromMs)) return { startMs: timeline.startMs, endMs: lastMs };
  const marginMs = (toMs - fromMs) / 8;
  return { startMs: Math.max(timeline.startMs, fromMs - marginMs), endMs: Math.min(lastMs, toMs + marginMs) };
}

/** When the state first changed, when it last did, the faults' edges, and the ends of the axis; the first are the most wanted. */
function momentsOf({ startMs, endMs }: Axis, faults: Report["faults"], spans: Spans): readonly { readonly atMs: number; readonly text: string }[] {
  const changesMs = spans.slice(1).map((span) => span.startMs);
  const moments = [changesMs[0], changesMs.at(-1), ...faults.flatMap((fault) => [fault.startMs, fault.endMs]), startMs, endMs];
  return moments.filter((atMs) => atMs !== undefined).map((atMs) => ({ atMs, text: atMs < 50 ? "0s" : format("duration", atMs) }));
}

/** A lane for each state, and in it when it was in force. */
function lanesOf(axis: Axis, states: readonly string[], spans: Spans): readonly Row[] {
  const owners = ownersOf(axis, spans);
  return states.map((state) => {
    const { line, style } = lineOf(state);
    const count = spans.filter((span) => span.state === state).length;
    return { label: state, cells: owners.map((span) => (span?.state === state ? { glyph: line, style } : blank)), note: count > 2 ? `${count} times` : "" };
  });
}

/** Figures of one unit share a scale; one with a limit stands alone, over several lines. */
function curves(axis: Axis, series: readonly Series[], frame: Frame): readonly Row[] {
  const drawn = series.map((one) => {
    const values = valuesOf(one, axis);
    return { one, values, most: Math.max(0, ...values.map((value) => value ?? 0)) };
  });
  return drawn.flatMap(({ one, values, most }): readonly Row[] => {
    if (one.limit !== undefined && one.limit > 0) return limited(one, one.limit, values, most, frame);
    const top = one.unit === "share" ? Math.max(1, most) : Math.max(...drawn.filter((other) => other.one.unit === one.unit && other.one.limit === undefined).map((other) => other.most));
    return [{ label: one.name, cells: sparkline(values, top), note: noteOf(one, values, most) }];
  });
}

/** The most; of a share from where to where; of a rate that stays the same what it is. */
function noteOf(one: Series, values: readonly (number | undefined)[], most: number): string {
  const known = values.filter((value) => value !== undefined);
  if (one.unit === "share") return `${Math.round(100 * Math.min(most, ...known))}..${Math.round(100 * most)}%`;
  if (one.unit !== "perSecond") return `≤ ${tell(one, most)}`;
  const mean = known.reduce((sum, value) => sum + value, 0) / Math.max(1, known.length);
  const off = known.filter((value) => Math.abs(value - mean) > 0.2 * mean).length;
  return off * 50 <= known.length ? tell(one, mean) : `≤ ${tell(one, most)}`;
}

/** The name stands beside the lines, as long as it is. Numbers stand in the margin, at their level; where there is none, under the name. */
function limited(one: Series, limit: number, values: readonly (number | undefined)[], most: number, { labelWidth, noteWidth }: Frame): readonly Row[] {
  const { rows, limitRow } = levelled(values, { top: most, limit, lines: curveLines });
  const labels = [...wrap(one.name, labelWidth).slice(0, curveLines - 2), ...(noteWidth > 0 ? [] : [`  limit ${tell(one, limit)}`, `  ≤ ${tell(one, most)}`])];
  const noteOf = (row: number): string => (row === limitRow ? `limit ${tell(one, limit)}` : row === (limitRow === 0 ? 1 : 0) ? `≤ ${tell(one, most)}` : "");
  return rows.map((cells: readonly Cell[], row) => ({ label: labels[row] ?? "", cells, note: noteOf(row) }));
}

function tell({ unit }: Pick<Series, "unit">, value: number): string {
  if (unit === "ms") return format("duration", value);
  if (unit === "share") return format("share", value);
  const rounded = value >= 10 ? Math.round(value) : value;
  return unit === "perSecond" ? format("rate", rounded) : format("count", rounded);
}
