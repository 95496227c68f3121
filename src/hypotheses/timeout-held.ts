import { disturbedAt } from "../evidence/disturbances.ts";
import { isHold } from "../evidence/felt.ts";
import type { Scope } from "../model/hypothesis-type.ts";
import type { Call, Disturbance } from "../model/observation.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";

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
  readonly judged: readonly Held[];
  /** Left out: their caller left, or they were released, while the machine was disturbed. */
  readonly disturbed: number;
  /** How many were held at all. */
  readonly all: number;
  /** Whether some were joined to requests, without which leaks cannot be seen. */
  readonly joined: boolean;
}

/** Between an answer and what its service still closes. */
const graceMs = 250;
/** Calls of one request that begin within this are made side by side; a later one of the same kind is another attempt. */
const togetherMs = 50;

/**
 * Calls held by these faults. Judged are those that began at least `patienceMs` before the fault was lifted, and that were left, or held at least so long:
 * a shorter hold says nothing about who would have waited on.
 */
export function collectHeld(scope: Scope, proxy: string, faults: ReadonlySet<string>, patienceMs: number): HeldCalls {
  const { observations } = scope;
  const during = phaseWindow(scope, "during");
  const fromMs = during?.startMs ?? 0;
  const endMs = faultSpan(scope).endMs ?? observations.endMs;
  const answers = new Map(observations.header.plan.experiment.probes.map(({ name }) => [name, answersOf(scope, name)]));
  const stillReads = readsAfterFin(scope, proxy, fromMs);
  const judged: Held[] = [];
  const isDisturbed = disturbedAt(observations.disturbances);
  let [all, disturbed, joined] = [0, 0, false];
  for (const call of observations.calls({ proxy, fromMs, toMs: endMs })) {
    const hold = call.faults.find(({ fault, decision, effect, actedMs }) => decision === "applied" && faults.has(fault) && isHold(effect) && actedMs !== undefined);
    if (hold === undefined) continue;
    all += 1;
    joined ||= call.request !== undefined;
    const overMs = hold.releasedMs ?? call.endMs;
    const wasLeft = call.leftMs !== undefined && call.leftMs <= overMs + 1 && !(stillReads && call.leftBy === "fin");
    const heldMs = overMs - call.startMs;
    if (call.startMs + patienceMs > endMs || (!wasLeft && heldMs < patienceMs)) continue;
    // Who stays for that long, the disturbances taken off, stays.
    const staysAnyhow = !wasLeft && heldMs - disturbedMs(observations.disturbances, call.startMs, overMs) >= patienceMs;
    if (!staysAnyhow && (isDisturbed(call.startMs) || isDisturbed(overMs))) {
      disturbed += 1;
      continue;
    }
    judged.push({ call, heldMs, ...(wasLeft && call.leftMs !== undefined && { leftAfterMs: call.leftMs - call.startMs }), isLeak: !wasLeft && wasAbandoned(call, overMs, answers.get(call.request?.probe ?? "")) });
  }
  return { judged, disturbed, all, joined };

  function wasAbandoned({ request, startMs, method, path }: Call, overMs: number, ends: ReadonlyMap<number, number> | undefined): boolean {
    if (request === undefined) return false;
    const answeredMs = ends?.get(request.n);
    if (answeredMs !== undefined && answeredMs + graceMs < overMs) return true;
    return observations.callsOf(request, proxy).some((other) => other.method === method && other.path === path && other.startMs > startMs + togetherMs && other.startMs + graceMs < overMs);
  }
}

function disturbedMs(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  return disturbances.reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs, toMs) - Math.max(startMs, fromMs)), 0);
}

/** Whether callers here are of the kind that closes its sending half and reads on: then a FIN is no giving up. Seen before the fault. */
function readsAfterFin({ observations }: Scope, proxy: string, beforeMs: number): boolean {
  for (const { leftBy, end } of observations.calls({ proxy, toMs: beforeMs })) if (leftBy === "fin" && end === "complete") return true;
  return false;
}

/** When the service answered each request; those whose probe gave up first were not answered. */
function answersOf({ observations, epoch }: Scope, probe: string): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const { n, endMs, failure, phase } of observations.samples({ probe, epoch })) {
    if (endMs !== undefined && failure === undefined && (phase === "during" || phase === "after")) ends.set(n, endMs);
  }
  return ends;
}
