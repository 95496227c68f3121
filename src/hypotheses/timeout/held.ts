import { Column } from "../../evidence/column.ts";
import { disturbedAt } from "../../evidence/disturbances.ts";
import { isHold } from "../../evidence/felt.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Call, Disturbance } from "../../model/observation.ts";
import { faultSpan, faultWindow, phaseWindow, samplesFrom } from "../fault-span.ts";

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
  /** Left out: another fault held them as well, in another way; or their caller left as its own caller did, too soon to say more. */
  readonly mixed: number;
  readonly orphaned: number;
  /** How many were held at all. */
  readonly all: number;
  /** Whether a request was seen to make a further call; only the first few that were left are looked at. */
  readonly isRetried: boolean;
  /** Whether some were joined to requests, without which leaks cannot be seen. */
  readonly joined: boolean;
}

/** So many calls are told of as evidence. */
const fewWitnesses = 3;
/** Between an answer and what its service still closes. */
const graceMs = 250;
/** A service that leaves its calls so soon after its own caller left it may have left because of that. */
const orphanMs = 250;
/** Calls looked at for further ones of their request. */
const fewLookedAt = 50;
/** Calls of one request that begin within this are made side by side; a later one of the same kind is another attempt. */
const togetherMs = 50;

/**
 * Calls held by these faults. Judged are those that began at least `patienceMs` before the fault let go of them, and that were left, or held at least so long:
 * a shorter hold says nothing about who would have waited on. With `alone` calls that another fault held too are left out.
 */
export function collectHeld(scope: Scope, proxy: string, faults: ReadonlySet<string>, { maxMs, patienceMs, alone }: { readonly maxMs: number; readonly patienceMs: number; readonly alone: boolean }): HeldCalls {
  const { observations } = scope;
  const during = phaseWindow(scope, "during");
  const fromMs = during?.startMs ?? 0;
  const endMs = faultSpan(scope).endMs ?? observations.endMs;
  const liftedMs = liftingOf(scope, faults);
  const answers = new Map<string, Answers>();
  const [leftAfter, stayedAfterMs] = [new Column("f64"), new Column("f64")];
  const late: Held[] = [];
  let leaked = 0;
  const isDisturbed = disturbedAt(observations.disturbances);
  let [all, disturbed, halfClosed, mixed, orphaned, joined, isRetried] = [0, 0, 0, 0, 0, false, false];
  for (const call of observations.calls({ proxy, fromMs, toMs: endMs })) {
    const hold = call.faults.find(({ fault, decision, effect, actedMs }) => decision === "applied" && faults.has(fault) && isHold(effect) && actedMs !== undefined);
    if (hold === undefined) continue;
    all += 1;
    if (call.halfClosed === true) {
      halfClosed += 1;
      continue;
    }
    if (alone && call.faults.some(({ fault, decision, effect, actedMs }) => decision === "applied" && !faults.has(fault) && isHold(effect) && actedMs !== undefined)) {
      mixed += 1;
      continue;
    }
    joined ||= call.request !== undefined;
    const leftMs = call.leftMs !== undefined && call.leftMs <= (hold.releasedMs ?? call.endMs) + 1 ? call.leftMs : undefined;
    const isOrphan = leftMs !== undefined && hasLost(call, leftMs);
    const overMs = isOrphan ? leftMs : (hold.releasedMs ?? call.endMs);
    const wasLeft = leftMs !== undefined && !isOrphan;
    const heldMs = overMs - call.startMs;
    if (isOrphan && heldMs < patienceMs) orphaned += 1;
    if (call.startMs + patienceMs > liftedMs || (!wasLeft && heldMs < patienceMs)) continue;
    // Who stays for that long, the disturbances taken off, stays.
    const staysAnyhow = (): boolean => !wasLeft && heldMs - disturbedMs(observations.disturbances, call.startMs, overMs) >= patienceMs;
    if ((isDisturbed(call.startMs) || isDisturbed(overMs)) && !staysAnyhow()) {
      disturbed += 1;
      continue;
    }
    const leftAfterMs = wasLeft ? leftMs - call.startMs : undefined;
    const isLeak = !wasLeft && wasAbandoned(call, overMs);
    if (leftAfterMs === undefined) stayedAfterMs.push(heldMs);
    else leftAfter.push(leftAfterMs);
    if (leftAfter.length < fewLookedAt && call.request !== undefined) isRetried ||= observations.callsOf(call.request, proxy).length > 1;
    if (isLeak) leaked += 1;
    if (late.length < fewWitnesses && (leftAfterMs === undefined || leftAfterMs > maxMs)) late.push({ call, heldMs, ...(leftAfterMs !== undefined && { leftAfterMs }), isLeak });
  }
  return { judged: leftAfter.length + stayedAfterMs.length, leftMs: leftAfter.sorted(), stayedMs: stayedAfterMs.sorted(), leaked, late, disturbed, halfClosed, mixed, orphaned, all, joined, isRetried };

  function answersTo(probe: string): Answers {
    const known = answers.get(probe) ?? answersOf(scope, probe);
    answers.set(probe, known);
    return known;
  }

  /** Whether the probe had given up on the request when the service left its call. */
  function hasLost({ request }: Call, leftMs: number): boolean {
    if (request === undefined) return false;
    const lostMs = answersTo(request.probe).lostMs(request.n);
    return lostMs !== undefined && leftMs >= lostMs - orphanMs / 10 && leftMs <= lostMs + orphanMs;
  }

  function wasAbandoned({ request, startMs, method, path }: Call, overMs: number): boolean {
    if (request === undefined) return false;
    const answeredMs = answersTo(request.probe).answeredMs(request.n);
    if (answeredMs !== undefined && answeredMs + graceMs < overMs) return true;
    return observations.callsOf(request, proxy).some((other) => other.method === method && other.path === path && other.startMs > startMs + togetherMs && other.startMs + graceMs < overMs);
  }
}

function disturbedMs(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  return disturbances.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)), 0);
}

/** When the first of these faults lets go of what it holds: of calls when it is lifted, whenever its window closed; of connections and processes with its window. */
function liftingOf({ observations, epoch }: Scope, faults: ReadonlySet<string>): number {
  const mine = observations.faults.filter(({ fault, epoch: of }) => of === epoch && faults.has(fault.name));
  const lifts = mine.map((seen) => (seen.fault.layer === "exchange" ? seen.liftedMs : faultWindow(seen).endMs) ?? observations.endMs);
  return lifts.length === 0 ? observations.endMs : Math.min(...lifts);
}

interface Answers {
  /** When the service answered a request, and when its probe gave up on it instead. */
  answeredMs(n: number): number | undefined;
  lostMs(n: number): number | undefined;
}

function answersOf(scope: Scope, probe: string): Answers {
  const [answered, lost] = [new Column("f64"), new Column("f64")];
  for (const { n, endMs, failure } of samplesFrom(scope, probe, Number.NEGATIVE_INFINITY)) {
    if (endMs === undefined || (failure !== undefined && failure !== "timeout")) continue;
    const ends = failure === undefined ? answered : lost;
    while (ends.length <= n) ends.push(Number.NaN);
    ends.set(n, endMs);
  }
  const at = (ends: Column, n: number): number | undefined => (n >= ends.length || Number.isNaN(ends.get(n)) ? undefined : ends.get(n));
  return { answeredMs: (n) => at(answered, n), lostMs: (n) => at(lost, n) };
}
