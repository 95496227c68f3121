import { format } from "../units/format.ts";
import type { Report } from "./finding.ts";
import type { FaultCommons } from "./schema/selection.ts";
import type { Path } from "./yaml-source.ts";

/** Reports a window that ends outside of `during`, and what does not fit into its window; true when all fits. */
export function checkWindow(fault: FaultCommons, duringMs: number, path: Path, report: Report): boolean {
  const during = format("duration", duringMs);
  const problems: { readonly key: string; readonly message: string; readonly hint: string }[] = [];
  const endMs = fault.from + (fault.for ?? 0);
  const lengthMs = Math.min(fault.for ?? duringMs, duringMs - fault.from);
  if (fault.from >= duringMs) {
    problems.push({ key: "from", message: `its window begins ${format("duration", fault.from)} after the start of during, which lasts ${during}`, hint: `begin earlier, or make phases.during longer than ${format("duration", fault.from)}` });
  } else if (endMs > duringMs) {
    problems.push({ key: "for", message: `its window ends ${format("duration", endMs)} after the start of during, which lasts ${during}`, hint: `make phases.during at least ${format("duration", endMs)}, or the window shorter; without for it lasts to the end of during` });
  } else if (fault.ramp !== undefined && fault.ramp.over > lengthMs) {
    problems.push({ key: "ramp", message: `its ramp takes ${format("duration", fault.ramp.over)}, and its window lasts ${format("duration", lengthMs)}`, hint: "make the ramp shorter, or the window longer" });
  }
  const closesMs = fault.from + lengthMs;
  if (problems.length === 0 && fault.afterSilence !== undefined && fault.afterSilence > closesMs) {
    problems.push({ key: "afterSilence", message: `no silence of ${format("duration", fault.afterSilence)} ends inside its window, which ends ${format("duration", closesMs)} after the start of during: silences are counted from there on`, hint: "make the silence shorter, or during longer" });
  }
  for (const { key, ...problem } of problems) report({ code: "outside-window", ...problem, path: [...path, key] });
  return problems.length === 0;
}
