import { clopperPearson } from "../../math/proportion.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import { format } from "../../units/format.ts";
import { edgesOf, faultSpan } from "../fault-span.ts";
import { finished, tally } from "../figures.ts";
import type { Tally } from "../figures.ts";
import { apparatusObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { half, p95 } from "./compare.ts";

/** So many calls that felt the fault prove that the other side suffered. */
const fewestFelt = 2;
/** More than this of the requests must not need what suffers. */
const tolerableShare = 0.05;

/**
 * Isolation is shown only while something else suffers: calls on the edges of the fault felt it, and the probe of it, where one is named,
 * was answered worse than before beyond doubt.
 */
export function sufferingObstacle(suffers: string | undefined, scope: Scope): Obstacle | undefined {
  const edges = faultedEdges(scope);
  const felt = feltCalls(edges, scope);
  if (suffers === undefined) {
    if (felt >= fewestFelt) return undefined;
    const where = edges.length === 0 ? "The fault is on no proxy" : `Only ${felt} calls on ${edges.join(", ")} felt the fault`;
    return { reason: `${where}, so nobody is known to have suffered.`, nextStep: "Send load to what the fault hits, and name its probe in suffers." };
  }
  const { observations } = scope;
  const before = tally(observations.samples({ probe: suffers, phase: "before" }), 1);
  const now = tally(whileInForce(suffers, scope), 1);
  const disturbed = apparatusObstacle(now);
  if (disturbed !== undefined) return disturbed;
  if (isWorse(now, before, half(scope.confidence))) return undefined;
  const told = finished(now) + now.pending === 0 ? "was sent nothing while the fault was in force" : `was answered no worse than before (success ${shareOf(now)}, before ${shareOf(before)})`;
  return { reason: `${suffers} ${told}, so it is not known to have suffered.`, nextStep: `Make the fault stronger, or name in suffers a probe whose requests need what it hits; at least 20 requests before and meanwhile.` };
}

/** Requests that need what suffers must suffer with it: they say nothing about isolation. */
export function entanglementObstacle(probe: string, samples: () => Iterable<Sample>, scope: Scope): Obstacle | undefined {
  const edges = faultedEdges(scope).filter((proxy) => scope.observations.rung(probe, proxy) !== "statistical");
  if (edges.length === 0) return undefined;
  const names = new Set(scope.hypothesis.faults);
  let [all, touched] = [0, 0];
  for (const { n } of samples()) {
    all += 1;
    if (edges.some((proxy) => scope.observations.callsOf({ probe, n }, proxy).some(({ faults }) => faults.some(({ fault, decision }) => decision === "applied" && names.has(fault))))) touched += 1;
  }
  if (touched <= tolerableShare * all) return undefined;
  return { reason: `${touched} of ${all} requests of ${probe} were hit by the fault themselves on ${edges.join(", ")}: they need what suffers.`, nextStep: `Let ${probe} ask for something else: the key of another shard, another tenant, another route.` };
}

function faultedEdges(scope: Scope): readonly string[] {
  return [...new Set(faultSpan(scope).faults.flatMap(edgesOf))];
}

/** Calls in the epoch that felt one of the faults; counted no further than is needed. */
function feltCalls(edges: readonly string[], scope: Scope): number {
  const { observations, hypothesis } = scope;
  const { onsetMs = Number.POSITIVE_INFINITY, endMs = observations.endMs } = faultSpan(scope);
  let felt = 0;
  for (const proxy of edges) {
    for (const call of observations.calls({ proxy, toMs: endMs })) {
      if (call.endMs < onsetMs || !call.felt || !call.faults.some(({ fault, decision }) => decision === "applied" && hypothesis.faults.includes(fault))) continue;
      felt += 1;
      if (felt >= fewestFelt) return felt;
    }
  }
  return felt;
}

function isWorse(now: Tally, before: Tally, level: number): boolean {
  const [all, then] = [finished(now) + now.pending, finished(before) + before.pending];
  if (all === 0 || then === 0) return false;
  const fewerGood = clopperPearson(now.good + now.pending, all, level).hi < clopperPearson(before.good, then, level).lo;
  const { lo } = p95(now, level);
  const { hi } = p95(before, level);
  return fewerGood || (lo !== undefined && hi !== undefined && lo > hi);
}

/** Requests of a probe that were due while the fault was in force. */
export function* whileInForce(probe: string, scope: Scope): Iterable<Sample> {
  const { onsetMs = Number.POSITIVE_INFINITY, endMs = Number.POSITIVE_INFINITY } = faultSpan(scope);
  for (const sample of scope.observations.samples({ probe, phase: "during", epoch: scope.epoch })) if (sample.dueMs >= onsetMs && sample.dueMs < endMs) yield sample;
}

function shareOf(seen: Tally): string {
  return finished(seen) === 0 ? "unknown" : format("share", seen.good / finished(seen));
}
