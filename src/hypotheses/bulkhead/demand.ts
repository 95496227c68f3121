import { Column } from "../../evidence/column.ts";
import { quantile } from "../../math/quantile.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { hasStatus } from "../../probes/status-test.ts";
import type { InFlight } from "./in-flight.ts";

/** What the requests of a probe asked of a dependency, and what became of those that did not get through at once. */
export interface Demand {
  /** Most calls that would have been live at once, had each request made its call when it came (Little's law, counted out). */
  readonly atOnce: number;
  /** Requests that came while there would have been more than the limit. */
  readonly requests: number;
  /** When the first of them came. */
  readonly fromMs?: number;
  /** Kept from calling while the limit was reached: made to wait for their call, or answered without one, or neither. */
  readonly queued: number;
  readonly turnedAway: number;
  readonly gaveUp: number;
  /** Kept from calling while the limit was not reached: by something else. */
  readonly heldElsewise: number;
  /** Most that waited for their call, or for nothing, at once. */
  readonly waitingAtOnce: number;
  /** Latencies of those turned away, and how long those waited that gave up, ascending. */
  readonly turnedAwayMs: Float64Array;
  readonly gaveUpMs: Float64Array;
  /** Of those turned away, how many with the status that is claimed. */
  readonly withStatus: number;
}

interface Question {
  readonly probe: string;
  readonly proxy: string;
  /** From here on calls are kept from the dependency: the limit, or the most that were ever live. */
  readonly full: number;
  /** For all callers together. */
  readonly room: number;
  readonly callers: readonly InFlight[];
  readonly endMs: number;
  readonly status?: StatusTest | undefined;
}

/** Beyond what it takes a request to make its call when all is well. */
const lateMs = 50;
/** A request that finds no room is answered, or queued, soon: later the room may have changed. */
const soonMs = 100;

export function measureDemand(scope: Scope, { probe, proxy, full, room, callers, endMs, status }: Question): Demand {
  const { observations, epoch } = scope;
  const lagMs = usualLagMs(scope, probe, proxy) + lateMs;
  const calls = callers.reduce((sum, one) => sum + one.calls, 0);
  const liveMs = callers.reduce((sum, one) => sum + one.liveMs * one.calls, 0) / Math.max(1, calls);
  const isFull = (fromMs: number, toMs: number): boolean => callers.some((one) => one.atMost(fromMs, toMs) >= full);
  const sent = new Column("f64");
  const [waitFrom, waitTo, turnedAwayMs, gaveUpMs] = [new Column("f64"), new Column("f64"), new Column("f64"), new Column("f64")];
  let [queued, turnedAway, gaveUp, heldElsewise, withStatus, atOnce, requests, oldest] = [0, 0, 0, 0, 0, 0, 0, 0];
  let fromMs: number | undefined;
  for (const sample of observations.samples({ probe, phase: "during", epoch })) {
    const { sentMs, grade } = sample;
    if (sentMs === undefined || grade === "unsent" || sentMs >= endMs) continue;
    sent.push(sentMs);
    while (sent.get(oldest) < sentMs - liveMs) oldest += 1;
    const wouldBe = sent.length - oldest;
    atOnce = Math.max(atOnce, wouldBe);
    if (wouldBe > room) {
      requests += 1;
      fromMs ??= sentMs;
    }
    const [first] = observations.callsOf(sample, proxy);
    if (first !== undefined && first.startMs - sentMs <= lagMs) continue;
    const overMs = sample.endMs ?? Number.POSITIVE_INFINITY;
    const isWaiting = first !== undefined || overMs - sentMs > lagMs;
    if (isWaiting) {
      waitFrom.push(sentMs);
      waitTo.push(first?.startMs ?? overMs);
    }
    if (sample.disturbed) continue;
    if (!isFull(sentMs, Math.min(overMs, sentMs + soonMs))) heldElsewise += 1;
    else if (first !== undefined) queued += 1;
    else if (isAnswer(sample)) {
      turnedAway += 1;
      turnedAwayMs.push(sample.latencyMs);
      if (status !== undefined && hasStatus(status, sample.status ?? 0)) withStatus += 1;
    } else {
      gaveUp += 1;
      gaveUpMs.push(sample.latencyMs);
    }
  }
  return {
    atOnce, requests, ...(fromMs !== undefined && { fromMs }), queued, turnedAway, gaveUp, heldElsewise, withStatus,
    waitingAtOnce: mostTogether(waitFrom.sorted(), waitTo.sorted()), turnedAwayMs: turnedAwayMs.sorted(), gaveUpMs: gaveUpMs.sorted(),
  };
}

/** The service said something; the probe did not give up on it, and nobody cut it off. */
function isAnswer({ endMs, failure, status }: Sample): boolean {
  return endMs !== undefined && failure === undefined && status !== undefined;
}

/** How long it takes a request to make its first call when all is well (p95). */
function usualLagMs({ observations }: Scope, probe: string, proxy: string): number {
  const lags = new Column("f64");
  for (const sample of observations.samples({ probe, phase: "before" })) {
    const [first] = observations.callsOf(sample, proxy);
    if (first !== undefined && sample.sentMs !== undefined && !sample.disturbed) lags.push(first.startMs - sample.sentMs);
  }
  return lags.length === 0 ? 0 : quantile(lags.sorted(), 0.95);
}

function mostTogether(starts: Float64Array, ends: Float64Array): number {
  let [most, ended] = [0, 0];
  for (const [i, startMs] of starts.entries()) {
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= startMs) ended += 1;
    most = Math.max(most, i + 1 - ended);
  }
  return most;
}
