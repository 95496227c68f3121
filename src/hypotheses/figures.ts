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
  readonly sortedMs: readonly number[];
  /** Ages of pending ones. */
  readonly pendingMs: readonly number[];
  /** Left out: disturbed by the machine, or never sent. */
  readonly disturbed: number;
  readonly unsent: number;
}

/** Counts samples, leaving out the disturbed ones (a stall of ours is no property of the service). */
export function tally(samples: Iterable<Sample>, seconds: number): Tally {
  const counts = { good: 0, degraded: 0, bad: 0, pending: 0, unsent: 0 };
  let disturbed = 0;
  const sortedMs: number[] = [];
  const pendingMs: number[] = [];
  for (const sample of samples) {
    if (sample.disturbed) {
      disturbed += 1;
      continue;
    }
    counts[sample.grade] += 1;
    if (sample.grade === "pending") pendingMs.push(sample.latencyMs);
    else if (sample.grade !== "unsent") sortedMs.push(sample.latencyMs);
  }
  sortedMs.sort((a, b) => a - b);
  const all = pendingMs.length === 0 ? sortedMs : [...sortedMs, ...pendingMs].sort((a, b) => a - b);
  return { ...counts, seconds, sortedMs, pendingMs, disturbed, quantileMs: (q) => (all.length === 0 ? undefined : quantile(all, q)) };
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
