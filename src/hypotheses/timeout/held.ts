import { Column } from "../../evidence/column.ts";
import { disturbedAt } from "../../evidence/disturbances.ts";
import { isHold } from "../../evidence/felt.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Call, Disturbance } from "../../model/observation.ts";
import { faultSpan, phaseWindow, samplesFrom } from "../fault-span.ts";

/** A call that a fault kept waiting. */
export interface Held {
  readonly call: Call;
  /** How long the fault held it, at least; ms from its start. */
  readonly heldMs: number;
  /** When its caller left, while it was held. */
  readonly leftAfterMs?: number;
  /** Its request was answered, or its next attempt made, while it was still held and nobody had left it. */
  readonly isLeak: boolean;
}

export interface HeldCalls {
  /** Those held long enough to tell, whatever their caller did. */
  readonly judged: number;
  /** Ages at which callers left, ascending, and how long the others were held. */
  readonly leftMs: Float64Array;
  readonly stayedMs: Float64Array;
  readonly leaked: number;
  /** The first few that were left late, never, or to run on. */
  readonly late: readonly Held[];
  /** Left out: their caller left, or they were released, while the machine was disturbed. */
  readonly disturbed: number;
  /** Left out: their callers had closed their sending half with the request, so that no leaving could be seen. */
  readonly halfClosed: number;
  /** How many were held at all. */
  readonly all: number;
  /** Whether some were joined to requests, without which leaks cannot be seen. */
  readonly joined: boolean;
}

/** So many calls are told of as evidence. */
const fewWitnesses = 3;
/** Between an answer and what its service still closes. */
const graceMs = 250;
/** Calls of one request that begin within this are made side by side; a later one of the same kind is another attempt. */
const togetherMs = 50;

/**
 * Calls held by these faults. Judged are those that began at least `patienceMs` before the fault was lifted, and that were left, or held at least so long:
 * a shorter hold says nothing about who would have waited on.
 */
export function collectHeld(scope: Scope, proxy: string, faults: ReadonlySet<string>, { maxMs, patienceMs }: { readonly maxMs: number; readonly patienceMs: number }): HeldCalls {
  const { observations } = scope;
  const during = phaseWindow(scope, "during");
  const fromMs = during?.startMs ?? 0;
  const endMs = faultSpan(scope).endMs ?? observations.endMs;
  const answers = new Map<string, (n: number) => number | undefined>();
  const [leftMs, stayedMs] = [new Column("f64"), new Column("f64")];
  const late: Held[] = [];
  let leaked = 0;
  const isDisturbed = disturbedAt(observations.disturbances);
  let [all, disturbed, halfClosed, joined] = [0, 0, 0, false];
  for (const call of observations.calls({ proxy, fromMs, toMs: endMs })) {
    const hold = call.faults.find(({ fault, decision, effect, actedMs }) => decision === "applied" && faults.has(fault) && isHold(effect) && actedMs !== undefined);
    if (hold === undefined) continue;
    all += 1;
    if (call.halfClosed === true) {
      halfClosed += 1;
      continue;
    }
    joined ||= call.request !== undefined;
    const overMs = hold.releasedMs ?? call.endMs;
    const wasLeft = call.leftMs !== undefined && call.leftMs <= overMs + 1;
    const heldMs = overMs - call.startMs;
    if (call.startMs + patienceMs > endMs || (!wasLeft && heldMs < patienceMs)) continue;
    // Who stays for that long, the disturbances taken off, stays.
    const staysAnyhow = (): boolean => !wasLeft && heldMs - disturbedMs(observations.disturbances, call.startMs, overMs) >= patienceMs;
    if ((isDisturbed(call.startMs) || isDisturbed(overMs)) && !staysAnyhow()) {
      disturbed += 1;
      continue;
    }
    const leftAfterMs = wasLeft && call.leftMs !== undefined ? call.leftMs - call.startMs : undefined;
    const isLeak = !wasLeft && wasAbandoned(call, overMs);
    if (leftAfterMs === undefined) stayedMs.push(heldMs);
    else leftMs.push(leftAfterMs);
    if (isLeak) leaked += 1;
    if (late.length < fewWitnesses && (leftAfterMs === undefined || leftAfterMs > maxMs)) late.push({ call, heldMs, ...(leftAfterMs !== undefined && { leftAfterMs }), isLeak });
  }
  return { judged: leftMs.length + stayedMs.length, leftMs: leftMs.sorted(), stayedMs: stayedMs.sorted(), leaked, late, disturbed, halfClosed, all, joined };

  function wasAbandoned({ request, startMs, method, path }: Call, overMs: number): boolean {
    if (request === undefined) return false;
    const answerOf = answers.get(request.probe) ?? answersOf(scope, request.probe);
    answers.set(request.probe, answerOf);
    const answeredMs = answerOf(request.n);
    if (answeredMs !== undefined && answeredMs + graceMs < overMs) return true;
    return observations.callsOf(request, proxy).some((other) => other.method === method && other.path === path && other.startMs > startMs + togetherMs && other.startMs + graceMs < overMs);
  }
}

function disturbedMs(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  return disturbances.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)), 0);
}

/** When the service answered each request; those whose probe gave up first were not answered. */
function answersOf(scope: Scope, probe: string): (n: number) => number | undefined {
  const ends = new Column("f64");
  for (const { n, endMs, failure } of samplesFrom(scope, probe, Number.NEGATIVE_INFINITY)) {
    if (endMs === undefined || failure !== undefined) continue;
    while (ends.length <= n) ends.push(Number.NaN);
    ends.set(n, endMs);
  }
  return (n) => (Number.isNaN(ends.get(n)) ? undefined : ends.get(n));
}
