import type { Report, Timeline } from "../../model/report.ts";
import { binsOf, columnsOf } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { blank, blanks, cellsOf } from "./cell.ts";
import type { Cell, Row } from "./cell.ts";
import { bar } from "./curve.ts";
import type { Style } from "./paint.ts";

/** One labelled stretch of a row. */
export interface Stretch {
  readonly word: string;
  /** Stands at the start whether or not the word has room. */
  readonly lead?: string;
  readonly line: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly style: readonly Style[];
}

/** Which span each column shows. The short ones win: a trial call of a breaker is narrower than a column, and what happened all the same. */
export function ownersOf<S extends { readonly startMs: number; readonly endMs: number }>(axis: Axis, spans: readonly S[]): readonly (S | undefined)[] {
  const owners = Array.from({ length: axis.columns }, (): S | undefined => undefined);
  for (const span of spans.toSorted((a, b) => (b.endMs - b.startMs) - (a.endMs - a.startMs))) {
    if (span.startMs < axis.endMs && span.endMs >= axis.startMs) owners.fill(span, ...columnsOf(axis, span.startMs, span.endMs));
  }
  return owners;
}

/** Labelled stretches: the word where there is room for it, then a line to the end of the stretch. */
export function stretches(axis: Axis, spans: readonly Stretch[]): readonly Cell[] {
  const owners = ownersOf(axis, spans);
  const cells = owners.map((span) => (span === undefined ? blank : { glyph: span.line, style: span.style }));
  for (const span of spans) {
    const from = owners.indexOf(span);
    const to = owners.findIndex((owner, column) => column > from && owner !== span);
    const { lead = "", word, style } = span;
    // A word that fills its stretch would run into the next one.
    const shown = lead.length + word.length < (to < 0 ? axis.columns : to) - from ? lead + word : lead;
    if (from >= 0) cells.splice(from, shown.length, ...cellsOf(shown, style));
  }
  return cells;
}

/** The phases that ran, each with its name where it has room. */
export function phaseRow(axis: Axis, phases: Report["phases"]): Row {
  return { label: "phase", cells: stretches(axis, phases.map(({ name, epoch, startMs, endMs }) => ({ lead: startMs < axis.startMs ? "─" : "├", word: `${name}${epoch > 1 ? ` ${epoch}` : ""}`, line: "─", startMs, endMs, style: ["dim"] }))), note: "" };
}

/** Windows in which a fault could be applied, each as a solid bar. */
export function windows(axis: Axis, faults: readonly Report["faults"][number][]): readonly Cell[] {
  const times = faults.flatMap(({ startMs, endMs, windows: all }) => all ?? (startMs === undefined ? [] : [{ startMs, ...(endMs !== undefined && { endMs }) }]));
  return stretches(axis, times.map(({ startMs, endMs }) => ({ word: "", line: "▓", startMs, endMs: endMs ?? axis.endMs, style: ["magenta"] })));
}

/** How requests were answered: the worst that a good part (a tenth) of a column's requests got. */
export function answers(axis: Axis, timeline: Timeline, probe: Timeline["probes"][number]): readonly Cell[] {
  return columns(axis, timeline, probe.good.length, (from, to) => {
    const [good, degraded, bad] = [sum(probe.good, from, to), sum(probe.degraded, from, to), sum(probe.bad, from, to)];
    const all = good + degraded + bad;
    if (all === 0) return blank;
    if (bad / all >= 0.1) return { glyph: answerGlyphs.bad, style: ["red"] };
    if (degraded / all >= 0.1) return { glyph: answerGlyphs.degraded, style: ["yellow"] };
    return { glyph: answerGlyphs.good, style: ["green"] };
  });
}

export const answerGlyphs = { good: "█", degraded: "▒", bad: "×" } as const;

/** Latency from nothing to `topMs` as bars. */
export function latencies(axis: Axis, timeline: Timeline, p95Ms: readonly (number | null)[], topMs: number): readonly Cell[] {
  return columns(axis, timeline, p95Ms.length, (from, to) => {
    const seen = p95Ms.slice(from, to).filter((ms) => ms !== null);
    return seen.length === 0 ? blank : { glyph: bar(topMs <= 0 ? 0 : Math.max(...seen) / topMs), style: ["cyan"] };
  });
}

/** Calls per second as bars, red where at least half of them met a fault, a dot where there were none. */
export function calls(axis: Axis, timeline: Timeline, proxy: Timeline["proxies"][number], top: number): readonly Cell[] {
  return columns(axis, timeline, proxy.exchanges.length, (from, to) => {
    const all = sum(proxy.exchanges, from, to);
    if (all === 0) return { glyph: "·", style: ["dim"] };
    return { glyph: bar(top <= 0 ? 0 : all / (to - from) / top), style: sum(proxy.faulted, from, to) * 2 >= all ? ["red"] : ["cyan"] };
  });
}

function columns(axis: Axis, timeline: Timeline, bins: number, draw: (from: number, to: number) => Cell): readonly Cell[] {
  if (bins === 0) return blanks(axis.columns);
  return Array.from({ length: axis.columns }, (_, column) => draw(...binsOf(axis, column, timeline.binMs, bins)));
}

function sum(series: readonly number[], from: number, to: number): number {
  return series.slice(from, to).reduce((total, value) => total + value, 0);
}
