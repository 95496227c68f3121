import { Column } from "../../evidence/column.ts";
import type { Rows } from "../../evidence/column.ts";
import type { MetricClaim } from "../../model/experiment.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { decideTime, undecided } from "../decide.ts";
import type { Claimed } from "../decide.ts";
import { samplesFrom } from "../fault-span.ts";
import { tally } from "../figures.ts";
import { apparatusObstacle, phaseObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { assessClaims, fewestSamples } from "../steady-state.ts";
import { suffixesThatMeet } from "../steady-suffixes.ts";
import { witnessesAmong } from "../witnesses.ts";

export interface Recovered {
  readonly claim: ClaimVerdict;
  readonly recoveredAfterMs?: number;
  readonly samples: number;
  readonly evidence: readonly Evidence[];
}

/** Decides how long after a moment (ms from the start of the run) a probe was in its steady state for good; `claimed.what` names the moment. */
export function judgeRecovery(claimed: Claimed, probe: string, endMs: number, scope: Scope, obstacle: Obstacle | undefined): Recovered {
  const samples = (): Iterable<Sample> => samplesFrom(scope, probe, endMs);
  const usable = usableAmong(samples());
  const n = usable.length;
  const standing = phaseObstacle(scope, "after") ?? obstacle ?? apparatusObstacle(tally(samples(), 1))
    ?? (n < fewestSamples ? { reason: `${n} samples after ${claimed.what} are too few to tell a steady state.`, nextStep: `Make after longer, or the load higher: at least ${fewestSamples} samples.` } : undefined);
  if (standing !== undefined) return { claim: undecided(claimed, standing.reason, standing.nextStep, { n }), samples: n, evidence: [] };
  const place = findRecovery(usable, steadyClaims(probe, scope));
  const first = place < 0 ? undefined : usable.at(place);
  const before = place < 1 ? undefined : usable.at(place - 1);
  const last = usable.at(n - 1);
  const lo = before === undefined ? 0 : before.dueMs - endMs;
  const event = "lasting steady state was reached";
  const claim = first === undefined
    ? decideTime(claimed, { lo: (last?.dueMs ?? endMs) - endMs, n, event, nextStep: "Make the phase after longer than the bound." })
    : decideTime(claimed, { lo, hi: first.dueMs - endMs, n, event, nextStep: "Raise the load, so that samples are closer together, or loosen the bound." });
  return {
    claim,
    ...(first !== undefined && { recoveredAfterMs: first.dueMs - endMs }),
    samples: n,
    evidence: claim.verdict === "violated" ? witnessesAmong(samples(), ({ dueMs, grade }) => grade !== "good" && grade !== "unsent" && dueMs - endMs > (claimed.bound.max ?? 0)) : [],
  };
}

type Usable = Pick<Sample, "dueMs" | "grade" | "latencyMs" | "disturbed">;

/** As numbers, since there may be a million. */
function usableAmong(samples: Iterable<Sample>): Rows<Usable> {
  const due = new Column("f64");
  const latency = new Column("f64");
  const grade = new Column("u16");
  for (const sample of samples) {
    if (sample.disturbed || sample.grade === "unsent") continue;
    due.push(sample.dueMs);
    latency.push(sample.latencyMs);
    grade.push(grades.indexOf(sample.grade));
  }
  return {
    length: due.length,
    at: (place) => (place < due.length ? { dueMs: due.get(place), latencyMs: latency.get(place), grade: grades[grade.get(place)] ?? "pending", disturbed: false } : undefined),
  };
}

const grades: readonly Sample["grade"][] = ["pending", "good", "degraded", "bad"];

/** The steady state as the author gave it for this probe; without one, 99 % good answers. */
function steadyClaims(probe: string, { observations }: Scope): readonly MetricClaim[] {
  const given = observations.header.plan.experiment.steadyState.filter((steady) => steady.probe === probe).flatMap(({ claims }) => claims).filter(({ metric }) => metric !== "throughput");
  return given.length > 0 ? given : [{ metric: "success", bound: { text: ">= 99%", min: 0.99 } }];
}

/**
 * The first sample from which on the steady state lasts: the next 20 meet it, and all to the end together do.
 * -1 when there is none.
 */
function findRecovery(samples: Rows<Usable>, claims: readonly MetricClaim[]): number {
  const lasts = suffixesThatMeet(samples, claims);
  const meets = (part: readonly Usable[]): boolean => assessClaims(claims, tally(part, 1)).every(({ met }) => met);
  const next = (from: number): readonly Usable[] => Array.from({ length: fewestSamples }, (_, i) => samples.at(from + i)).filter((sample) => sample !== undefined);
  for (let i = 0; i < samples.length; i += 1) if (lasts[i] === 1 && samples.at(i)?.grade === "good" && meets(next(i))) return i;
  return -1;
}
