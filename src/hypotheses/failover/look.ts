import { measureBaseline } from "../../evidence/edge-baseline.ts";
import type { EdgeBaseline } from "../../evidence/edge-baseline.ts";
import { barredGate, completenessGate, continuityGate, correlationGate, healthyBaselineGate, quietGate, reachabilityGate, strayGate, unwitnessedGate } from "../../evidence/gates.ts";
import type { Obstacle } from "../../evidence/gates.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { edgesOf, faultSpan, phaseWindow, samplesFrom } from "../fault-span.ts";
import type { Faulted } from "../fault-span.ts";
import { exerciseObstacle, onsetObstacle, phaseObstacle } from "../preconditions.ts";
import { fewestLasting, findTaking, usualShare } from "./lasting.ts";
import type { Taking } from "./lasting.ts";
import type { FailoverParams } from "./params.ts";
import { readServed } from "./served.ts";
import type { ServedRows } from "./served.ts";

/** A standby that serves more than this share of the requests before the fault is none. */
const tolerableBefore = 0.05;

/** What the run shows of a failover, once nothing stands in the way of judging it. */
export interface Seen {
  readonly baseline: EdgeBaseline;
  readonly onsetMs: number;
  readonly faultEndMs: number;
  /** Requests due from the onset to the end of the fault, and from there to the end of the phase after. */
  readonly during: ServedRows;
  readonly after: ServedRows;
  /** What counts as lasting. */
  readonly lastingShare: number;
  readonly taken: Taking | undefined;
  readonly returned: Taking | undefined;
  /** Share of requests that called the standby before the fault. */
  readonly standbyShareBefore: number;
  /** Calls of requests on the active edge per second while the standby served; absent where calls on it could not all be seen. */
  readonly leakPerSecond?: number;
}

/** Reads a run, or says why it shows nothing of a failover. */
export function look(params: FailoverParams, scope: Scope): Seen | Obstacle {
  const { probe, from, to, share } = params;
  const { observations, epoch } = scope;
  const active = { observations, probe, proxy: from };
  const standby = { observations, probe, proxy: to };
  const faulted = onEdge(scope, from);
  const span = faultSpan(faulted);
  const during = phaseWindow(scope, "during");
  const before = phaseWindow(scope, "before");
  const duringMs = during?.startMs ?? 0;
  const lastMs = phaseWindow(scope, "after")?.endMs ?? observations.endMs;
  const faultEndMs = span.endMs ?? observations.endMs;
  const baseline = measureBaseline(observations, probe, from);
  const early = phaseObstacle(scope, "during") ?? completenessGate(active) ?? (faulted.hypothesis.faults.length === 0 ? noFault(from) : undefined) ?? unwitnessedGate(standby, duringMs, lastMs) ?? barredGate(standby, duringMs, lastMs)
    ?? continuityGate(active, epoch, faultEndMs - 10) ?? correlationGate(active) ?? reachabilityGate(active, baseline) ?? healthyBaselineGate(active, baseline);
  if (early !== undefined) return early;

  const earlier = readServed(scope, observations.samples({ probe, phase: "before" }), params);
  const standbyShareBefore = earlier.length === 0 ? 0 : earlier.count(({ hasCalledTo }) => hasCalledTo) / earlier.length;
  if (standbyShareBefore > tolerableBefore) return isActive(to, standbyShareBefore);
  const onsetMs = span.onsetMs ?? during?.startMs ?? 0;
  const underFault = readServed(scope, dueBefore(samplesFrom(scope, probe, onsetMs), faultEndMs), params, faultEndMs);
  // That requests moved to a standby that had none before is felt by many, though one call, or none that could be seen, met the fault.
  const isBlind = unwitnessedGate(active, onsetMs - 10, faultEndMs) !== undefined || barredGate(active, onsetMs - 10, faultEndMs) !== undefined;
  const hasMoved = (isBlind || span.felt > 0) && underFault.count(({ hasCalledTo }) => hasCalledTo) >= fewestLasting;
  const late = (hasMoved ? undefined : exerciseObstacle(faulted, probe)) ?? onsetObstacle(span) ?? (before === undefined || during === undefined ? undefined : strayGate(standby, before, during)) ?? hitStandby(params, scope, onsetMs, faultEndMs)
    ?? quietGate(underFault.disturbed, underFault.length + underFault.disturbed, `requests of ${probe}`);
  if (late !== undefined) return late;

  const lastingShare = Math.min(usualShare, share?.min ?? usualShare);
  const { disturbances } = observations;
  const taken = findTaking(underFault, "to", { share: lastingShare, sinceMs: onsetMs, disturbances });
  const after = readServed(scope, samplesFrom(scope, probe, faultEndMs), params);
  const returned = findTaking(after, "from", { share: usualShare, sinceMs: faultEndMs, disturbances });
  return {
    baseline, onsetMs, faultEndMs, during: underFault, after, lastingShare, taken, returned, standbyShareBefore,
    ...(taken !== undefined && !isBlind && faultEndMs > taken.hiMs && { leakPerSecond: countCalls(scope, from, taken.hiMs, faultEndMs) / ((faultEndMs - taken.hiMs) / 1000) }),
  };
}

/** A hypothesis as far as it speaks of faults on one edge. */
function onEdge({ observations, epoch, hypothesis }: Scope, proxy: string): Faulted {
  const faults = observations.header.plan.experiment.faults.filter((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).includes(proxy));
  return { observations, epoch, hypothesis: { faults: faults.map(({ name }) => name) } };
}

function* dueBefore<T extends { readonly dueMs: number }>(samples: Iterable<T>, toMs: number): Iterable<T> {
  for (const sample of samples) {
    if (sample.dueMs >= toMs) return;
    yield sample;
  }
}

/** Those that requests cause: a health check is no leak. */
function countCalls({ observations }: Scope, proxy: string, fromMs: number, toMs: number): number {
  let calls = 0;
  for (const { request } of observations.calls({ proxy, fromMs, toMs })) if (request !== undefined) calls += 1;
  return calls;
}

function noFault(from: string): Obstacle {
  return { reason: `No fault of this hypothesis is on ${from}, so there was nothing to fail over from.`, nextStep: `Put a fault on ${from}, or name the proxy that it is on as from.` };
}

function isActive(to: string, share: number): Obstacle {
  return { reason: `Before the fault already ${format("share", share)} of the requests called ${to}: it is no standby.`, nextStep: "Use load-balance for edges that share the load, or name the standby as to." };
}

/** A standby that is hurt as well cannot be failed over to. */
function hitStandby({ to }: FailoverParams, { observations }: Scope, fromMs: number, toMs: number): Obstacle | undefined {
  let [all, hit] = [0, 0];
  for (const call of observations.calls({ proxy: to, fromMs, toMs })) {
    all += 1;
    if (call.faulted) hit += 1;
  }
  return hit <= tolerableBefore * all ? undefined : { reason: `Of ${all} calls on ${to}, ${hit} met a fault themselves.`, nextStep: `Keep faults off ${to}: a standby that is hurt as well cannot be failed over to.` };
}
