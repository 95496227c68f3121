import type { Report } from "../../model/report.ts";
import { format } from "../../units/format.ts";
import { axisOf, columnOf } from "./axis.ts";
import type { Axis } from "./axis.ts";
import { frameOf, printRow, printTicks } from "./cell.ts";
import type { Row } from "./cell.ts";
import type { Paint, Style } from "./paint.ts";
import { answerGlyphs, answers, calls, latencies, phaseRow, stretches, windows } from "./rows.ts";
import { lineOf } from "./state-line.ts";
import { flow } from "./wrap.ts";

/** Phases, faults, states, answers, latency and calls, all on one time axis. Nothing when no phase ran. */
export function drawTime(report: Report, width: number, paint: Paint): readonly string[] {
  if (report.phases.length === 0 || report.timeline.binMs <= 0) return [];
  const labels = ["phase", ...report.faults.map(({ name }) => name), ...report.timeline.states.map(({ hypothesis }) => hypothesis), ...report.timeline.probes.map(({ probe }) => probe), ...report.timeline.proxies.map(({ proxy }) => `${proxy} calls`)];
  const frame = frameOf(width, labels, 2);
  const axis = axisOf(report, frame.columns);
  return [
    printTicks(ticks(report, axis), frame, paint),
    ...rowsOf(report, axis).map((row) => printRow(row, frame, paint)),
    ...legend(report, width, paint),
  ];
}

function rowsOf(report: Report, axis: Axis): readonly Row[] {
  const { timeline, faults, phases } = report;
  const perSecond = 1000 / timeline.binMs;
  const main = new Set(report.steadyState.map(({ probe }) => probe));
  const faultNames = [...new Set(faults.map(({ name }) => name))];
  return [
    phaseRow(axis, phases),
    ...faultNames.map((name): Row => ({ label: name, cells: windows(axis, faults.filter((fault) => fault.name === name)), note: `${faults.reduce((felt, fault) => felt + (fault.name === name ? fault.felt : 0), 0)} felt` })),
    ...timeline.states.map(({ hypothesis, spans }): Row => ({ label: hypothesis, cells: stretches(axis, spans.map(({ state, startMs, endMs }) => ({ word: state, ...lineOf(state), startMs, endMs }))), note: "" })),
    ...timeline.probes.flatMap((probe): readonly Row[] => {
      const topMs = Math.max(0, ...probe.p95Ms.map((ms) => ms ?? 0));
      const health: Row = { label: probe.probe, cells: answers(axis, timeline, probe), note: "" };
      return main.has(probe.probe) || main.size === 0 ? [health, { label: "  p95", cells: latencies(axis, timeline, probe.p95Ms, topMs), note: `≤ ${format("duration", topMs)}` }] : [health];
    }),
    ...timeline.proxies.map((proxy): Row => {
      const top = Math.max(0, ...proxy.exchanges);
      return { label: `${proxy.proxy} calls`, cells: calls(axis, timeline, proxy, top), note: `≤ ${format("rate", Math.round(top * perSecond))}` };
    }),
  ];
}

/** The times at which phases begin, where there is room to say them, and the end; in whole seconds when the run is long. */
function ticks({ phases }: Report, axis: Axis): string {
  const roundMs = axis.endMs - axis.startMs >= 20_000 ? 1000 : 100;
  const tell = (ms: number): string => (ms < roundMs / 2 ? "0s" : format("duration", Math.round(ms / roundMs) * roundMs));
  let text = "";
  for (const { startMs } of phases) {
    const column = columnOf(axis, startMs);
    const label = tell(startMs);
    if ((text === "" || column > text.length) && column + label.length <= axis.columns) text = `${text.padEnd(column)}${label}`;
  }
  const last = tell(axis.endMs);
  return axis.columns - last.length > text.length ? `${text.padEnd(axis.columns - last.length)}${last}` : text;
}

/** What the glyphs mean, those that are drawn only. */
function legend({ timeline, faults }: Report, width: number, paint: Paint): readonly string[] {
  const seen = (grade: "good" | "degraded" | "bad"): boolean => timeline.probes.some((probe) => probe[grade].some((count) => count > 0));
  const states = [...new Set(timeline.states.flatMap(({ spans }) => spans.map(({ state }) => state)))];
  const byLine = new Map<string, { readonly style: readonly Style[]; readonly states: readonly string[] }>();
  for (const state of states) {
    const { line, style } = lineOf(state);
    byLine.set(line, { style, states: [...(byLine.get(line)?.states ?? []), state] });
  }
  const items: readonly (readonly [glyph: string, meaning: string, style: readonly Style[]])[] = [
    ...(faults.length === 0 ? [] : [["▓", "fault in force", ["magenta"]] as const]),
    ...[...byLine].map(([line, { style, states: meant }]) => [line, meant.join(", "), style] as const),
    ...([["good", ["green"]], ["degraded", ["yellow"]], ["bad", ["red"]]] as const).filter(([grade]) => seen(grade)).map(([grade, style]) => [answerGlyphs[grade], grade, style] as const),
  ];
  const lines = flow(items.map(([glyph, meaning, style]) => ({ plain: `${glyph} ${meaning}`, painted: `${paint(style, glyph)} ${paint(["dim"], meaning)}` })), width - 2);
  return lines.length === 0 ? [] : ["", ...lines.map((line) => `  ${line}`)];
}
