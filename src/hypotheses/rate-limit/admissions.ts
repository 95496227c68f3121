import { Column } from "../../evidence/column.ts";
import { quantile } from "../../math/quantile.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { fateOf } from "../overload/fate.ts";

/** When requests were sent and which of them were let in, in ascending order. */
export interface Admissions {
  /** Of all that were sent in the phase during. */
  readonly offered: Float64Array;
  /** Of all that were ever sent, warm-up too, and the first that counts. */
  readonly sent: Float64Array;
  readonly fromMs: number;
  /** Of all that may have been let in: not turned away. */
  readonly perhaps: Float64Array;
  /** Of those that surely were, and were answered in at most `asideMs`, so that the limiter saw them within that time. */
  readonly surely: Float64Array;
  readonly asideMs: number;
  /** Whether the limiter turned requests away while it served fewer at once than at other times: no limit on concurrency does. */
  readonly isNoConcurrencyLimit: boolean;
}

/** Nearly all answers came in this time; the slowest would blur when the others were let in. */
const promptShare = 0.9;

/** Requests of the phases before, during and after. */
export function admissionsOf(scope: Scope, probe: string, rejection: StatusTest): Admissions {
  const { observations, epoch } = scope;
  const all = (): Iterable<Sample> => observations.samples({ probe, epoch });
  const took = new Column("f64");
  for (const sample of all()) if (isSure(sample, rejection)) took.push(tookMs(sample));
  const asideMs = took.length === 0 ? 0 : quantile(took.sorted(), promptShare);
  const [sent, offered, perhaps, surely] = [new Column("f64"), new Column("f64"), new Column("f64"), new Column("f64")];
  let fromMs = Number.POSITIVE_INFINITY;
  for (const sample of all()) {
    const { sentMs, phase } = sample;
    if (sentMs === undefined) continue;
    sent.push(sentMs);
    if (phase === "warmup") continue;
    fromMs = Math.min(fromMs, sentMs);
    if (phase === "during") offered.push(sentMs);
    if (fateOf(sample, rejection) !== "rejected") perhaps.push(sentMs);
    if (isSure(sample, rejection) && tookMs(sample) <= asideMs) surely.push(sentMs);
  }
  return { sent: sent.sorted(), fromMs, offered: offered.sorted(), perhaps: perhaps.sorted(), surely: surely.sorted(), asideMs, isNoConcurrencyLimit: turnsAwayWhileFree(scope, probe, rejection) };
}

function isSure(sample: Sample, rejection: StatusTest): boolean {
  return !sample.disturbed && sample.phase !== "warmup" && sample.endMs !== undefined && fateOf(sample, rejection) === "served";
}

function tookMs({ sentMs = 0, endMs = 0 }: Sample): number {
  return endMs - sentMs;
}

/** So many contradictions, and this share of all that were turned away, are no accident. */
const fewest = 20;
const share = 0.1;

/**
 * A limit of C at once turns away only while C are being served. `sure` is a number that were surely served beside one that was let in
 * (in the middle half of their time), so C is above it: those turned away beside no more than that were turned away for another reason.
 */
function turnsAwayWhileFree({ observations, epoch }: Scope, probe: string, rejection: StatusTest): boolean {
  const during = (): Iterable<Sample> => observations.samples({ probe, phase: "during", epoch });
  const [starts, ends, cores, coreEnds] = [new Column("f64"), new Column("f64"), new Column("f64"), new Column("f64")];
  for (const sample of during()) {
    if (sample.sentMs === undefined || fateOf(sample, rejection) === "rejected") continue;
    starts.push(sample.sentMs);
    ends.push(sample.endMs ?? Number.POSITIVE_INFINITY);
    if (sample.endMs === undefined) continue;
    cores.push(sample.sentMs + tookMs(sample) / 4);
    coreEnds.push(sample.endMs - tookMs(sample) / 4);
  }
  const perhaps = overlapping(starts.sorted(), ends.sorted());
  const surely = overlapping(cores.sorted(), coreEnds.sorted());
  const beside = new Column("f64");
  for (const sample of during()) if (isSure(sample, rejection)) beside.push(surely(sample.sentMs ?? 0, sample.sentMs ?? 0));
  const sure = beside.length === 0 ? 0 : quantile(beside.sorted(), 0.9);
  let [free, all] = [0, 0];
  for (const sample of during()) {
    if (sample.disturbed || sample.endMs === undefined || sample.sentMs === undefined || fateOf(sample, rejection) !== "rejected") continue;
    all += 1;
    if (perhaps(sample.sentMs, sample.endMs) <= sure) free += 1;
  }
  return free >= fewest && free >= share * all;
}

/** How many spans overlap another, given their starts and ends, each ascending. */
function overlapping(starts: Float64Array, ends: Float64Array): (fromMs: number, toMs: number) => number {
  return (fromMs, toMs) => countUpTo(starts, toMs, true) - countUpTo(ends, fromMs, false);
}

function countUpTo(sorted: Float64Array, limit: number, inclusive: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const value = sorted[middle] ?? 0;
    if (value < limit || (inclusive && value === limit)) low = middle + 1;
    else high = middle;
  }
  return low;
}
