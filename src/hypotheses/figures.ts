import { Column } from "../evidence/column.ts";
import type { Sample } from "../model/observation.ts";
import { quantile } from "../math/quantile.ts";

/**
 * What was seen of one probe over a stretch of time: all that a gate asks.
 * A run makes it from its own counters while it goes on, a report from the journal.
 */
export interface Figures {
  readonly good: number;
  readonly degraded: number;
  readonly bad: number;
  /** Sent and unfinished. */
  readonly pending: number;
  /** Length of the stretch. */
  readonly seconds: number;
  /** Of finished and pending requests, from the due time, ms; a pending one counts with its age, which it will exceed. Undefined: there are none. */
  quantileMs(q: number): number | undefined;
}

/** Figures, with what verdicts need beside them. */
export interface Tally extends Figures {
  /** Latencies of finished requests, ascending. */
  readonly sortedMs: Float64Array;
  /** Ages of pending ones, ascending. */
  readonly pendingMs: Float64Array;
  /** Left out: disturbed by the machine, or never sent. */
  readonly disturbed: number;
  readonly unsent: number;
}

/** Counts samples, leaving out the disturbed ones (a stall of ours is no property of the service). */
export function tally(samples: Iterable<Pick<Sample, "grade" | "latencyMs" | "disturbed">>, seconds: number): Tally {
  const counts = { good: 0, degraded: 0, bad: 0, pending: 0, unsent: 0 };
  let disturbed = 0;
  const finishedMs = new Column("f64");
  const agesMs = new Column("f64");
  for (const sample of samples) {
    if (sample.disturbed) {
      disturbed += 1;
      continue;
    }
    counts[sample.grade] += 1;
    if (sample.grade === "pending") agesMs.push(sample.latencyMs);
    else if (sample.grade !== "unsent") finishedMs.push(sample.latencyMs);
  }
  const sortedMs = finishedMs.sorted();
  const pendingMs = agesMs.sorted();
  const all = pendingMs.length === 0 ? sortedMs : merge(sortedMs, pendingMs);
  return { ...counts, seconds, sortedMs, pendingMs, disturbed, quantileMs: (q) => (all.length === 0 ? undefined : quantile(all, q)) };
}

/** Both as one, ascending. */
export function merge(some: ArrayLike<number>, more: ArrayLike<number>): Float64Array {
  const all = new Float64Array(some.length + more.length);
  all.set(some);
  all.set(more, some.length);
  return all.sort();
}

/** Latencies in which the unfinished stand as endless. */
export function withEndless(sortedMs: ArrayLike<number>, count: number): ArrayLike<number> {
  if (count === 0) return sortedMs;
  const all = new Float64Array(sortedMs.length + count).fill(Number.POSITIVE_INFINITY, sortedMs.length);
  all.set(sortedMs);
  return all;
}

/** Requests that have finished. */
export function finished(figures: Figures): number {
  return figures.good + figures.degraded + figures.bad;
}

/** The share of samples that cannot be judged by, beside those that can. */
export function droppedShare(tallied: Tally): number {
  const dropped = tallied.disturbed + tallied.unsent;
  const all = finished(tallied) + tallied.pending + dropped;
  return all === 0 ? 0 : dropped / all;
}
