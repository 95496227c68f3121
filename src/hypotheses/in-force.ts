import type { FaultObservation } from "../model/observation.ts";
import { windowsOf } from "../faults/window.ts";
import { faultWindow } from "./fault-span.ts";

interface Stretch {
  readonly startMs: number;
  /** Absent: it was never lifted, or a process never came back. */
  readonly endMs?: number;
}

/** A flap may make very many: pauses shorter than this part of the whole are too short for any drawing. */
const finest = 1000;

/** When a fault was in force, in order and apart, ms from the start of the run: while its window was open; of a process, while it was away. */
export function timesInForce(seen: FaultObservation, runEndMs: number): readonly Stretch[] {
  const whole = faultWindow(seen);
  const { fault, setMs, away = [] } = seen;
  const { flap } = fault.selection;
  const endMs = whole.endMs ?? runEndMs;
  const shortestMs = (endMs - whole.startMs) / finest;
  if (away.length > 0) return apart(away, shortestMs);
  // Lifted, or the run was over, before its window opened.
  if (endMs <= whole.startMs) return [];
  if (flap === undefined || flap.offMs < shortestMs) return [whole];
  return Array.from(windowsOf(fault, endMs - setMs), (window) => ({ startMs: setMs + window.startMs, endMs: setMs + window.endMs }));
}

/** Several processes may be away at once. */
function apart(stretches: readonly Stretch[], shortestMs: number): readonly Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of stretches.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = joined.at(-1);
    if (last === undefined || stretch.startMs - endOf(last) > shortestMs) joined.push(stretch);
    else if (endOf(stretch) > endOf(last)) joined[joined.length - 1] = { ...stretch, startMs: last.startMs };
  }
  return joined;
}

function endOf({ endMs = Number.POSITIVE_INFINITY }: Stretch): number {
  return endMs;
}
