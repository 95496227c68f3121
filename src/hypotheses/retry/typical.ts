import { Column } from "../../evidence/column.ts";
import { quantile } from "../../math/quantile.ts";
import type { Observations } from "../../model/observation.ts";
import type { RequestDrawn } from "../../model/verdict.ts";
import type { Sequence, SequenceList, Sequences } from "./sequences.ts";

/** More calls than this of one request are counted only. */
const mostCalls = 100;

/** A retried request like most: it made as many attempts as the median one, and its pauses are the nearest to the medians. Where none was retried, the one in the middle. */
function findTypical(retried: SequenceList, { met }: Sequences): { readonly sequence: Sequence; readonly among: number } | undefined {
  if (retried.length === 0) {
    const sequence = met.at(Math.floor((met.length - 1) / 2));
    return sequence === undefined ? undefined : { sequence, among: met.length };
  }
  const lengths = new Column("u32");
  for (const { pausesMs } of retried) lengths.push(pausesMs.length);
  const usual = lengths.sorted()[Math.floor((lengths.length - 1) / 2)];
  const alike = retried.where(({ pausesMs }) => pausesMs.length === usual);
  const columns = Array.from({ length: usual ?? 0 }, () => new Column("f64"));
  for (const { pausesMs } of alike) for (const [k, ms] of pausesMs.entries()) columns[k]?.push(ms);
  const mediansMs = columns.map((column) => quantile(column.sorted(), 0.5));
  let [typical, least]: [Sequence | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  for (const sequence of alike) {
    // As shares: a later pause is longer, and would outweigh the first.
    const off = sequence.pausesMs.reduce((sum, ms, k) => sum + Math.abs(ms - (mediansMs[k] ?? 0)) / Math.max(1, Math.abs(mediansMs[k] ?? 0)), 0);
    if (off < least) [typical, least] = [sequence, off];
  }
  return typical === undefined ? undefined : { sequence: typical, among: retried.length };
}

/** Such a request with the times of its calls. */
export function drawTypical(retried: SequenceList, seen: Sequences, edge: { readonly observations: Observations; readonly probe: string; readonly proxy: string; readonly epoch: number }): RequestDrawn | undefined {
  const found = findTypical(retried, seen);
  if (found === undefined) return undefined;
  const { sequence: { n, dueMs }, among } = found;
  const calls = seen.callsOf(found.sequence);
  const { probe, proxy } = edge;
  const more = calls.length - mostCalls;
  return {
    probe, proxy, n, among, dueMs, ...answerOf(n, edge),
    calls: calls.slice(0, mostCalls).map(({ startMs, endMs, end, status }) => ({ startMs, endMs, end, ...(status !== undefined && { status }) })),
    ...(more > 0 && { more }),
  };
}

function answerOf(n: number, { observations, probe, epoch }: { readonly observations: Observations; readonly probe: string; readonly epoch: number }): Pick<RequestDrawn, "answeredMs" | "status"> {
  for (const sample of observations.samples({ probe, epoch })) {
    if (sample.n !== n) continue;
    const { endMs, failure, status } = sample;
    return endMs === undefined || failure !== undefined ? {} : { answeredMs: endMs, ...(status !== undefined && { status }) };
  }
  return {};
}
