import type { Call, Observations, Sample } from "../model/observation.ts";
import { clopperPearson } from "../math/proportion.ts";
import { quantile } from "../math/quantile.ts";
import { Column } from "./column.ts";
import { hasFailed } from "./call-outcome.ts";

/** How a probe's requests and their calls on one edge go when all is well: the phase before. */
export interface EdgeBaseline {
  /** Finished requests; those whose calls met a fault are none of them. */
  readonly requests: number;
  /** How many more finished, and were disturbed by this machine. */
  readonly disturbed: number;
  /** Share that caused no call (ε). */
  readonly missShare: number;
  /** Its upper bound at 95 %, at least 1 %. */
  readonly missShareAtMost: number;
  /** Longest row of requests that caused none. */
  readonly longestMiss: number;
  /** Calls per request (m). */
  readonly callsPerRequest: number;
  readonly calls: number;
  readonly failedShare: number;
  /** Of calls, ms; 0 without any. */
  readonly callP99Ms: number;
  /** Of answers, ms; 0 without any. */
  readonly answerP50Ms: number;
  readonly answerP99Ms: number;
  /** Four of five answers lie within this of the median: what scheduling does to times here. */
  readonly answerSpreadMs: number;
}

export interface RequestCalls {
  readonly sample: Sample;
  readonly calls: readonly Call[];
}

export function measureBaseline(observations: Observations, probe: string, proxy: string): EdgeBaseline {
  let [requests, disturbed] = [0, 0];
  let misses = 0;
  let row = 0;
  let longestMiss = 0;
  let failed = 0;
  const [callMs, answerMs, offMs] = [new Column("f64"), new Column("f64"), new Column("f64")];
  for (const sample of observations.samples({ probe, phase: "before" })) {
    if (sample.endMs === undefined) continue;
    if (sample.disturbed) {
      disturbed += 1;
      continue;
    }
    const calls = observations.callsOf(sample, proxy);
    // A slow service's last requests before the fault reach the edge under it.
    if (calls.some(({ faulted }) => faulted)) continue;
    requests += 1;
    answerMs.push(sample.latencyMs);
    row = calls.length === 0 ? row + 1 : 0;
    longestMiss = Math.max(longestMiss, row);
    if (calls.length === 0) misses += 1;
    for (const call of calls) {
      callMs.push(call.endMs - call.startMs);
      if (hasFailed(call)) failed += 1;
    }
  }
  const medianMs = quantile(answerMs.sorted(), 0.5);
  for (let row = 0; row < answerMs.length; row += 1) offMs.push(Math.abs(answerMs.get(row) - medianMs));
  return {
    requests,
    disturbed,
    missShare: requests === 0 ? 1 : misses / requests,
    missShareAtMost: Math.max(0.01, clopperPearson(misses, requests, 0.95).hi),
    longestMiss,
    callsPerRequest: requests === 0 ? 0 : callMs.length / requests,
    calls: callMs.length,
    failedShare: callMs.length === 0 ? 0 : failed / callMs.length,
    callP99Ms: callMs.length === 0 ? 0 : quantile(callMs.sorted(), 0.99),
    answerP50Ms: answerMs.length === 0 ? 0 : medianMs,
    answerP99Ms: answerMs.length === 0 ? 0 : quantile(answerMs.sorted(), 0.99),
    answerSpreadMs: offMs.length === 0 ? 0 : quantile(offMs.sorted(), 0.8),
  };
}

/** Requests of a probe in one epoch with their calls on an edge, in due order, all or those due before `toMs`; those never sent are left out. */
export function* requestsWithCalls(observations: Observations, query: { readonly probe: string; readonly proxy: string; readonly epoch: number; readonly toMs?: number }): Iterable<RequestCalls> {
  for (const sample of observations.samples({ probe: query.probe, epoch: query.epoch })) {
    if (query.toMs !== undefined && sample.dueMs >= query.toMs) return;
    if ((sample.phase === "during" || sample.phase === "after") && sample.grade !== "unsent") yield { sample, calls: observations.callsOf(sample, query.proxy) };
  }
}
