import { Column } from "../../evidence/column.ts";
import type { Scope, Series } from "../../model/hypothesis-type.ts";
import { binLengthMs } from "../timeline.ts";
import type { BreakerParams } from "./params.ts";

/** So many are finer than a drawing of the stretch around the fault has columns. */
const mostBins = 160;
/** Fewer requests in a bin make its rate jump between none and many. */
const fewestPerBin = 2;

/** What was asked of the service, and the calls that it caused, per second: an open breaker is the difference. */
export function flowOf({ probe, proxy }: Pick<BreakerParams, "probe" | "proxy">, { observations, epoch }: Scope): readonly Series[] {
  const phases = observations.phases.filter((phase) => phase.epoch === epoch && phase.name !== "warmup");
  const startMs = Math.min(...phases.map((phase) => phase.startMs));
  const endMs = Math.max(...phases.map((phase) => phase.endMs));
  const [askedMs, calledMs] = [new Column("f64"), new Column("f64")];
  for (const sample of observations.samples({ probe, epoch })) {
    if (sample.grade === "unsent") continue;
    if (sample.dueMs >= startMs && sample.dueMs < endMs) askedMs.push(sample.dueMs);
    for (const call of observations.callsOf(sample, proxy)) if (call.startMs >= startMs && call.startMs < endMs) calledMs.push(call.startMs);
  }
  if (askedMs.length === 0) return [];
  const binMs = Math.max(binLengthMs(endMs - startMs, mostBins), ((endMs - startMs) / askedMs.length) * fewestPerBin);
  const rateOf = (name: string, timesMs: Column): Series => ({ name, unit: "perSecond", points: ratePoints(timesMs.sorted(), { startMs, endMs, binMs }) });
  return [rateOf("requests", askedMs), rateOf("calls", calledMs)];
}

/**
 * Events per second where the rate changes. Bins follow one another while there are events; after a silence one begins at the event,
 * so that a single call stands where it was made. Zero at the end, for there may be epochs behind it.
 */
export function ratePoints(sortedMs: ArrayLike<number>, { startMs, endMs, binMs }: { readonly startMs: number; readonly endMs: number; readonly binMs: number }): Series["points"] {
  const points: [number, number][] = [];
  const add = (atMs: number, perSecond: number): void => {
    if (points.at(-1)?.[0] === atMs) points.pop();
    if (points.at(-1)?.[1] !== perSecond) points.push([atMs, perSecond]);
  };
  let next = 0;
  let fromMs = startMs;
  while (next < sortedMs.length) {
    const eventMs = sortedMs[next] ?? endMs;
    if (eventMs >= fromMs + binMs) {
      add(fromMs, 0);
      fromMs = eventMs;
    }
    const toMs = Math.min(fromMs + binMs, endMs);
    const first = next;
    while (next < sortedMs.length && (sortedMs[next] ?? endMs) < toMs) next += 1;
    // Rounding may leave an event at the very end.
    if (next === first) break;
    // The last bin is cut short by the end; so short a piece would tell any rate.
    if (toMs - fromMs >= binMs / 2) add(fromMs, ((next - first) * 1000) / (toMs - fromMs));
    fromMs = toMs;
  }
  add(fromMs, 0);
  return points;
}
