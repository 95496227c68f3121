import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import { within } from "../../units/bound.ts";
import { decideQuantile, decideShare, undecided } from "../decide.ts";
import type { Claimed } from "../decide.ts";
import { edgesOf, faultSpan, samplesFrom } from "../fault-span.ts";
import { finished, tally } from "../figures.ts";
import { cappedObstacle } from "../overload/gates.ts";
import { apparatusObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import { witnessesAmong } from "../witnesses.ts";
import type { Ruling } from "./claims.ts";
import type { Params } from "./params.ts";
import type { Saturation } from "./saturation.ts";

/** What another probe sees while there is no room on the edge: it must be as if nothing were. */
export function judgeNeighbour({ protects, proxy }: Params, { demand, endMs, obstacle: unpressed }: Saturation, scope: Scope, obstacle: Obstacle | undefined): Ruling {
  if (protects === undefined) return { claims: [], evidence: [] };
  const { confidence } = scope;
  const { probe, success, p95 } = protects;
  const fromMs = demand.fromMs ?? faultSpan(scope).onsetMs ?? Number.POSITIVE_INFINITY;
  const samples = (): Iterable<Sample> => dueBefore(samplesFrom(scope, probe, fromMs), endMs);
  const seen = tally(samples(), 1);
  const n = finished(seen);
  const share: Claimed | undefined = success && { claim: "protects.success", bound: success, kind: "share", what: `the share of good answers of ${probe} while there was no room on ${proxy}` };
  const time: Claimed | undefined = p95 && { claim: "protects.p95", bound: p95, kind: "duration", what: `the p95 of ${probe} while there was no room on ${proxy}` };
  const why = obstacle ?? unpressed ?? cappedObstacle(scope, probe) ?? apparatusObstacle(seen) ?? unwell(protects, scope) ?? hitItself(probe, samples(), n, scope);
  const open = (claimed: Claimed, { reason, nextStep }: Obstacle): ReturnType<typeof undecided> => undecided(claimed, reason, nextStep, { n });
  const claims = [
    ...(share === undefined ? [] : [why === undefined ? decideShare(share, { k: seen.good, n, pending: seen.pending, confidence }) : open(share, why)]),
    ...(time === undefined ? [] : [why === undefined ? decideQuantile(time, 0.95, { sortedMs: seen.sortedMs, pendingMs: seen.pendingMs, confidence }) : open(time, why)]),
  ];
  const slowMs = p95?.max ?? Number.POSITIVE_INFINITY;
  return { claims, evidence: claims.some(({ verdict }) => verdict === "violated") ? witnessesAmong(samples(), ({ grade, latencyMs }) => grade === "bad" || (grade === "degraded" && success !== undefined) || latencyMs > slowMs) : [] };
}

function* dueBefore(samples: Iterable<Sample>, endMs: number): Iterable<Sample> {
  for (const sample of samples) if (sample.dueMs < endMs) yield sample;
}

/** What was not well before the fault was not made so by it. */
function unwell({ probe, success, p95 }: NonNullable<Params["protects"]>, { observations }: Scope): Obstacle | undefined {
  const before = tally(observations.samples({ probe, phase: "before" }), 1);
  const n = finished(before);
  if (n < fewestSamples) return { reason: `Only ${n} requests of ${probe} finished before the fault, too few to know how it usually is.`, nextStep: `Give phases.before at least ${fewestSamples} requests of ${probe}.` };
  const p95Ms = before.quantileMs(0.95) ?? 0;
  if ((success === undefined || within(success, before.good / n)) && (p95 === undefined || within(p95, p95Ms))) return undefined;
  return { reason: `${probe} was not as claimed even before the fault: ${before.good} of ${n} good, p95 ${Math.round(p95Ms)}ms.`, nextStep: "Claim what it reaches when all is well, or mend it first." };
}

/** More than so many of its requests must not have felt the fault themselves. */
const tolerable = 0.05;

/** A neighbour that calls the same slow dependency is slow by itself, and proves nothing about its walls. */
function hitItself(probe: string, samples: Iterable<Sample>, all: number, scope: Scope): Obstacle | undefined {
  const { observations, hypothesis } = scope;
  const edges = [...new Set(faultSpan(scope).faults.flatMap(edgesOf))].filter((proxy) => observations.rung(probe, proxy) !== "statistical");
  if (edges.length === 0) return undefined;
  const names = new Set(hypothesis.faults);
  let hit = 0;
  for (const { n } of samples) if (edges.some((proxy) => observations.callsOf({ probe, n }, proxy).some((call) => call.felt && call.faults.some(({ fault, decision }) => decision === "applied" && names.has(fault))))) hit += 1;
  return hit <= tolerable * all ? undefined : { reason: `${hit} requests of ${probe} met the fault themselves, so they say nothing about what others do to them.`, nextStep: `Let ${probe} ask for something that does not need ${edges.join(", ")}, or narrow the fault's match.` };
}
