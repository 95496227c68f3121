import { hasSucceeded } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import type { Observations, Sample } from "../../model/observation.ts";

/** An answer of the probe that tells how many effects there were, and how many requests that may have been. */
export interface Reading {
  readonly sentMs: number;
  readonly endMs: number;
  readonly value: number;
  /** Requests that had taken effect for sure when it was asked, and that had been sent at all when it answered. */
  readonly atLeast: number;
  readonly atMost: number;
  /** Requests that had been answered well 2 s before: what is not counted by then is not late. */
  readonly settled: number;
}

/** A count may lag behind what it counts for so long. */
const lagMs = 2000;
/** Of requests without a sample: after the dependency's answer their service is done by then. */
const aftermathMs = 1000;

/** How many requests had been sent, and answered well, by any moment. */
export interface RequestCount {
  sentBefore(atMs: number): number;
  doneBefore(atMs: number): number;
}

/**
 * Counts the requests of a probe by their numbers, so that those due in a pause between epochs, which belong to no phase, count too:
 * they were sent no later than the next, and are done when the dependency answered them.
 */
export function countRequests(observations: Observations, probe: string, proxy: string): RequestCount {
  const [sent, done] = [new Column("f64"), new Column("f64")];
  let last = 0;
  for (const { n, sentMs, endMs, grade } of observations.samples({ probe })) {
    for (let missing = last + 1; missing < n; missing += 1) {
      sent.push(sent.length === 0 ? 0 : sent.get(sent.length - 1));
      const answered = observations.callsOf({ probe, n: missing }, proxy).find(hasSucceeded);
      if (answered !== undefined) done.push(answered.endMs + aftermathMs);
    }
    last = Math.max(last, n);
    if (sentMs === undefined) continue;
    sent.push(sentMs);
    if (grade === "good" && endMs !== undefined) done.push(endMs);
  }
  const [sentMs, doneMs] = [sent.sorted(), done.sorted()];
  return {
    sentBefore: (atMs) => partitionPoint(sentMs.length, (at) => (sentMs[at] ?? 0) < atMs),
    doneBefore: (atMs) => partitionPoint(doneMs.length, (at) => (doneMs[at] ?? 0) <= atMs),
  };
}

/** The readings of the counting probe, in order. Rows are made when asked for. */
export function* readingsOf(observations: Observations, counting: string, count: RequestCount): Iterable<Reading> {
  for (const sample of observations.samples({ probe: counting })) {
    const value = numberOf(sample);
    const { sentMs, endMs } = sample;
    if (value === undefined || sentMs === undefined || endMs === undefined) continue;
    yield { sentMs, endMs, value, atLeast: count.doneBefore(sentMs), atMost: count.sentBefore(endMs), settled: count.doneBefore(sentMs - lagMs) };
  }
}

/** Absent where the answer had no number at the place. */
export function numberOf({ value }: Pick<Sample, "value">): number | undefined {
  const number = value === undefined || value.trim() === "" ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** The reading that leaves least open how many requests there were, the last of those. */
export function tightest(readings: Iterable<Reading>, isMeant: (reading: Reading) => boolean): Reading | undefined {
  let best: Reading | undefined;
  for (const reading of readings) if (isMeant(reading) && (best === undefined || reading.atMost - reading.atLeast <= best.atMost - best.atLeast)) best = reading;
  return best;
}
