import { z } from "zod";
import { Column } from "../evidence/column.ts";
import type { Rows } from "../evidence/column.ts";
import type { MetricClaim } from "../model/experiment.ts";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { Sample } from "../model/observation.ts";
import { atMost } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideTime, undecided } from "./decide.ts";
import type { Claimed } from "./decide.ts";
import { expectedSamples, phaseMs } from "./expected-samples.ts";
import { faultSpan, samplesFrom } from "./fault-span.ts";
import { tally } from "./figures.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { assessClaims, fewestSamples } from "./steady-state.ts";
import { suffixesThatMeet } from "./steady-suffixes.ts";
import { witnessesAmong } from "./witnesses.ts";

const schema = z.strictObject({ probe: z.string(), within: atMost("duration") });
type Params = z.output<typeof schema>;

/** From the end of the fault to lasting steady state. */
export const recovery: HypothesisType<Params> = {
  type: "recovery",
  summary: "From the end of the fault to a steady state that lasts",
  about: {
    sees: "The steady state of a probe after the faults were lifted: from when on it held to the end.",
    cannotTellApart: "A breaker still open, a backlog being worked off, a cold cache: it says when the service was well again, not why it took so long.",
    needs: "A phase `after` longer than the bound, and a steady state of that probe.",
  },
  params: schema,
  example: "probe: checkout\nwithin: 8s",
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain: ({ probe, within }) => `${probe} is back in its steady state, and stays there, in ${within.text} from the end of the fault`,
  advise({ probe, within }, _hypothesis, experiment) {
    const limitMs = within.max ?? 0;
    const afterMs = phaseMs(experiment, "after");
    const samples = expectedSamples(experiment, probe, "after");
    const left = samples === undefined || afterMs === 0 ? undefined : (samples * (afterMs - limitMs)) / afterMs;
    if (left === undefined || left >= fewestSamples) return [];
    const neededMs = limitMs + (samples === 0 || samples === undefined ? 0 : (fewestSamples * afterMs) / samples);
    return [{ code: "after-too-short", message: `the phase after (${format("duration", afterMs)}) leaves fewer than ${fewestSamples} requests of ${probe} to show that a recovery at ${format("duration", limitMs)} lasts`, hint: `make after at least ${Math.ceil(neededMs / 1000)}s long`, path: ["within"] }];
  },
  judge(params, scope) {
    const span = faultSpan(scope);
    const endMs = span.endMs ?? Number.POSITIVE_INFINITY;
    const samples = (): Iterable<Sample> => samplesFrom(scope, params.probe, endMs);
    const usable = usableAmong(samples());
    const claimed: Claimed = { claim: "within", bound: params.within, kind: "duration", what: "the end of the fault" };
    const obstacle = phaseObstacle(scope, "after") ?? exerciseObstacle(scope, params.probe) ?? apparatusObstacle(tally(samples(), 1));
    if (obstacle !== undefined) return { claims: [undecided(claimed, obstacle.reason, obstacle.nextStep, { n: usable.length })], observed: {}, samples: usable.length };
    if (usable.length < fewestSamples) {
      return { claims: [undecided(claimed, `${usable.length} samples after the fault are too few to tell a steady state.`, `Make after longer, or the load higher: at least ${fewestSamples} samples.`, { n: usable.length })], observed: {}, samples: usable.length };
    }
    const place = findRecovery(usable, steadyClaims(params.probe, scope));
    const first = place < 0 ? undefined : usable.at(place);
    const before = place < 1 ? undefined : usable.at(place - 1);
    const last = usable.at(usable.length - 1);
    const lo = before === undefined ? 0 : before.dueMs - endMs;
    const verdict = first === undefined
      ? decideTime(claimed, { lo: (last?.dueMs ?? endMs) - endMs, n: usable.length, event: "lasting steady state was reached", nextStep: "Make the phase after longer than the bound." })
      : decideTime(claimed, { lo, hi: first.dueMs - endMs, n: usable.length, event: "lasting steady state was reached", nextStep: "Raise the load, so that samples are closer together, or loosen the bound." });
    return {
      claims: [verdict],
      observed: first === undefined ? {} : { recoveredAfterMs: first.dueMs - endMs },
      samples: usable.length,
      evidence: verdict.verdict === "violated" ? witnessesAmong(samples(), ({ dueMs, grade }) => grade !== "good" && grade !== "unsent" && dueMs - endMs > (params.within.max ?? 0)) : [],
    };
  },
};

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
