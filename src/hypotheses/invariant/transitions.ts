import type { Scope } from "../../model/hypothesis-type.ts";
import { faultWindow } from "../fault-span.ts";
import { Stretches } from "./node-watch.ts";

/** One stretch in which a fault was in force. */
export interface InForce {
  readonly startMs: number;
  /** Its end, or that of the run. */
  readonly endMs: number;
}

/** When the faults of a hypothesis were in force in one epoch: a process fault each time that it took one away; those that overlap are one. In order. */
export function timesInForce({ observations, hypothesis, epoch }: Pick<Scope, "observations" | "hypothesis" | "epoch">): readonly InForce[] {
  const mine = observations.faults.filter((seen) => seen.epoch === epoch && hypothesis.faults.includes(seen.fault.name));
  const times = mine.flatMap((seen): readonly InForce[] => {
    const { away = [], firstAppliedMs } = seen;
    if (away.length > 0) return away.map(({ startMs, endMs = observations.endMs }) => ({ startMs, endMs }));
    const { endMs = observations.endMs } = faultWindow(seen);
    return firstAppliedMs === undefined ? [] : [{ startMs: firstAppliedMs, endMs }];
  });
  const merged: InForce[] = [];
  for (const { startMs, endMs } of times.sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last === undefined || startMs > last.endMs) merged.push({ startMs, endMs });
    else merged[merged.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, endMs) };
  }
  return merged;
}

/** What is left of a stretch outside the time that each start and end of a fault is given to be got over. */
export function outsideTransitions(times: readonly InForce[], allowedMs: number, fromMs: number, toMs: number): Stretches {
  const begins = times.flatMap(({ startMs, endMs }) => [startMs, endMs]).filter((atMs) => atMs < toMs).sort((a, b) => a - b);
  const left = new Stretches();
  let sinceMs = fromMs;
  for (const atMs of begins) {
    if (atMs > sinceMs) left.add(sinceMs, atMs);
    sinceMs = Math.max(sinceMs, atMs + allowedMs);
  }
  left.add(sinceMs, toMs);
  return left;
}

/** What two lists of stretches have in common. */
export function commonOf(one: Stretches, other: Stretches): Stretches {
  const common = new Stretches();
  for (let a = 0, b = 0; a < one.length && b < other.length; ) {
    common.add(Math.max(one.fromMs.get(a), other.fromMs.get(b)), Math.min(one.toMs.get(a), other.toMs.get(b)));
    if (one.toMs.get(a) <= other.toMs.get(b)) a += 1;
    else b += 1;
  }
  return common;
}

export function lengthOf(stretches: Stretches): number {
  let sum = 0;
  for (let row = 0; row < stretches.length; row += 1) sum += stretches.toMs.get(row) - stretches.fromMs.get(row);
  return sum;
}
