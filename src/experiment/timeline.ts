import type { Fault } from "../model/experiment.ts";
import type { Plan, PlannedPhase } from "../model/plan.ts";
import { windowsOf } from "../faults/window.ts";
import { format } from "../units/format.ts";

interface Row {
  readonly label: string;
  readonly cells: string;
}

/** The phases and the windows of the faults over time, one row each, at most `width` columns wide. */
export function drawTimeline({ schedule, experiment }: Plan, width: number): string {
  const endMs = schedule.at(-1)?.endMs ?? 0;
  if (endMs === 0) return "";
  const labelWidth = Math.min(24, Math.max(6, ...experiment.faults.map(({ name }) => name.length)));
  const columns = Math.max(20, width - labelWidth - 1);
  const column = (ms: number): number => Math.min(columns, Math.round((ms / endMs) * columns));
  const rows: readonly Row[] = [
    { label: "", cells: ruler(schedule, column, columns) },
    { label: "phases", cells: schedule.map((phase) => phaseCells(phase, column)).join("") },
    ...experiment.faults.map((fault) => ({ label: fault.name, cells: faultCells(fault, schedule, column, columns) })),
  ];
  return rows.map(({ label, cells }) => `${cut(label, labelWidth).padEnd(labelWidth)} ${cells}`.trimEnd()).join("\n");
}

type Column = (ms: number) => number;

/** When each phase starts; a time that has no room is left out. */
function ruler(schedule: readonly PlannedPhase[], column: Column, columns: number): string {
  let line = "";
  for (const ms of [...schedule.map(({ startMs }) => startMs), schedule.at(-1)?.endMs ?? 0]) {
    const text = format("duration", ms === 0 ? 0 : ms).replace(/^0ms$/, "0s");
    const at = Math.min(column(ms), columns - text.length);
    if (line === "" || at > line.length) line = line.padEnd(at) + text;
  }
  return line;
}

/** `├before──`, cut to its share of the line. */
function phaseCells({ name, startMs, endMs }: PlannedPhase, column: Column): string {
  const length = column(endMs) - column(startMs);
  return length <= 0 ? "" : `├${cut(name, length - 1).padEnd(length - 1, "─")}`;
}

function faultCells({ selection, ...fault }: Fault, schedule: readonly PlannedPhase[], column: Column, columns: number): string {
  const cells = Array.from({ length: columns }, () => " ");
  for (const { startMs, endMs } of schedule.filter(({ name }) => name === "during")) {
    for (const window of windowsOf({ selection, ...fault }, endMs - startMs)) {
      const from = column(startMs + window.startMs);
      cells.fill(shadeOf(selection.ramp?.toShare ?? selection.rateShare), from, Math.max(from + 1, column(startMs + window.endMs)));
    }
  }
  return cells.join("");
}

/** Fuller for a larger share of calls. */
function shadeOf(share: number): string {
  return share >= 0.9 ? "█" : share >= 0.5 ? "▓" : share >= 0.2 ? "▒" : "░";
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`.slice(0, length);
}
