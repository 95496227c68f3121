import { z } from "zod";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { Sample } from "../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { atMost, bound } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideByWitnesses, decideTime, undecided } from "./decide.ts";
import type { Claimed } from "./decide.ts";
import { adviseOnSamples, expectedSamples, phaseMs } from "./expected-samples.ts";
import { faultSpan, samplesFrom } from "./fault-span.ts";
import { finished, tally } from "./figures.ts";
import { findChanges } from "./health-check/changes.ts";
import type { HealthChanges } from "./health-check/changes.ts";
import { apparatusObstacle, exerciseObstacle, onsetObstacle, phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";
import { fewestSamples } from "./steady-state.ts";
import { witnessesAmong } from "./witnesses.ts";

const turn = z.union([z.literal(false), z.strictObject({ within: atMost("duration") })]);
const schema = z
  .strictObject({
    probe: z.string(),
    failureThreshold: z.int().min(1).default(3),
    successThreshold: z.int().min(1).default(1),
    turnsUnhealthy: turn.optional(),
    turnsHealthy: z.strictObject({ within: atMost("duration") }).optional(),
    flaps: bound("count").optional(),
    liveness: z.string().optional(),
  })
  .refine(({ turnsUnhealthy, turnsHealthy, flaps, liveness }) => [turnsUnhealthy, turnsHealthy, flaps, liveness].some((part) => part !== undefined), {
    message: "expected at least one of turnsUnhealthy, turnsHealthy, flaps, liveness",
  });
type Params = z.output<typeof schema>;

/** Readiness follows the dependency as it should, and liveness never does. */
export const healthCheck: HypothesisType<Params> = {
  type: "health-check",
  summary: "Readiness turns with the dependency in time, without flapping, and liveness stays",
  about: {
    sees: "A probe of the readiness endpoint turning bad under the fault and good after it, and one of the liveness endpoint that must not.",
    cannotTellApart: "A readiness that looks at the dependency and one that looks at the breaker in front of it; a cached check and a slow one.",
    needs: "A probe at the period of your platform; a fault longer than threshold times period.",
  },
  params: schema,
  example: "probe: ready\nturnsUnhealthy: { within: 8s }\nturnsHealthy: { within: 8s }\nliveness: live",
  probes: ({ probe, liveness }) => (liveness === undefined ? [probe] : [probe, liveness]),
  proxies: () => [],
  explain(params) {
    const parts = [
      ...(params.turnsUnhealthy === undefined ? [] : [params.turnsUnhealthy === false ? "stays healthy during the fault" : `turns unhealthy in ${params.turnsUnhealthy.within.text} from the onset`]),
      ...(params.turnsHealthy === undefined ? [] : [`turns healthy in ${params.turnsHealthy.within.text} from the end of the fault`]),
      ...(params.flaps === undefined ? [] : [`flaps ${params.flaps.text} times`]),
    ];
    const liveness = params.liveness === undefined ? [] : [`${params.liveness} stays good throughout`];
    return [...(parts.length === 0 ? [] : [`${params.probe} ${parts.join(", ")}`]), ...liveness].join(", and ");
  },
  advise(params, _hypothesis, experiment) {
    const short = (phase: "during" | "after", limitMs: number, path: string): readonly { code: string; message: string; hint: string; path: readonly string[] }[] => {
      const samples = expectedSamples(experiment, params.probe, phase);
      const ms = phaseMs(experiment, phase);
      const marginMs = samples === undefined || samples === 0 ? 0 : (ms / samples) * Math.max(params.failureThreshold, params.successThreshold);
      return ms >= limitMs + marginMs ? [] : [{ code: "phase-too-short", message: `${phase} lasts ${format("duration", ms)}, too short to see a turn that may take ${format("duration", limitMs)}`, hint: `make ${phase} at least ${Math.ceil((limitMs + marginMs) / 1000)}s long`, path: [path] }];
    };
    return [
      ...(params.turnsUnhealthy === undefined || params.turnsUnhealthy === false ? [] : short("during", params.turnsUnhealthy.within.max ?? 0, "turnsUnhealthy")),
      ...(params.turnsHealthy === undefined ? [] : short("after", params.turnsHealthy.within.max ?? 0, "turnsHealthy")),
      ...(params.turnsUnhealthy === false ? adviseOnSamples(experiment, params.probe, "during", fewestSamples, '"turnsUnhealthy: false"', ["turnsUnhealthy"]) : []),
      ...(params.liveness === undefined ? [] : adviseOnSamples(experiment, params.liveness, "during", fewestSamples, '"liveness"', ["liveness"])),
    ];
  },
  judge(params, scope) {
    const seen = watch(params, scope);
    const { changes, n } = seen;
    const down = changes.list.find(({ to }) => to === "unhealthy");
    const claims: ClaimVerdict[] = [];
    const add = (claimed: Claimed, obstacle: Obstacle | undefined, decide: () => ClaimVerdict): void => {
      claims.push(obstacle === undefined ? decide() : undecided(claimed, obstacle.reason, obstacle.nextStep, { n }));
    };
    const { turnsUnhealthy, turnsHealthy, flaps } = params;
    const tooFew = n < fewestSamples ? few(params.probe, n) : undefined;

    if (turnsUnhealthy === false) {
      const claimed: Claimed = { claim: "turnsUnhealthy", bound: { text: "stays healthy", max: 0 }, kind: "count", what: `the number of turns of ${params.probe} to unhealthy` };
      const downs = changes.list.filter(({ to, hiMs }) => to === "unhealthy" && hiMs <= seen.endMs).length;
      // A turn is as many failures in a row as the threshold says: from two on it witnesses itself.
      add(claimed, seen.obstacle, () =>
        inWords(decideByWitnesses(claimed, { observed: downs, witnesses: downs * params.failureThreshold, n, enough: fewestSamples }), `${params.probe} stayed healthy over ${n} samples.`, `${params.probe} turned unhealthy ${format("duration", (down?.hiMs ?? 0) - seen.onsetMs)} after the onset, though it should not.`));
    } else if (turnsUnhealthy !== undefined) {
      const claimed: Claimed = { claim: "turnsUnhealthy.within", bound: turnsUnhealthy.within, kind: "duration", what: "the onset" };
      add(claimed, seen.obstacle ?? tooFew, () =>
        decideTime(claimed, { ...(down === undefined ? { lo: Math.min(changes.lastMs, seen.endMs) - seen.onsetMs } : { lo: down.loMs - seen.onsetMs, hi: down.hiMs - seen.onsetMs }), n, event: `${params.probe} turned unhealthy`, nextStep: "Make during longer than the bound, or the probe's load higher." }));
    }

    const up = changes.list.findLast(({ to }) => to === "healthy");
    const isHealthyAtLast = (changes.list.at(-1)?.to ?? "healthy") === "healthy";
    const healthyAfterMs = up === undefined || !isHealthyAtLast ? undefined : Math.max(0, up.hiMs - seen.endMs);
    if (turnsHealthy !== undefined) {
      const claimed: Claimed = { claim: "turnsHealthy.within", bound: turnsHealthy.within, kind: "duration", what: "the end of the fault" };
      const neverDown = down === undefined ? { reason: `${params.probe} never turned unhealthy, so it could not turn healthy again.`, nextStep: "Make the fault last longer or hit harder, or claim turnsUnhealthy: false." } : undefined;
      add(claimed, phaseObstacle(scope, "after") ?? seen.obstacle ?? tooFew ?? neverDown, () =>
        decideTime(claimed, { ...(healthyAfterMs === undefined ? { lo: Math.max(0, changes.lastMs - seen.endMs) } : { lo: Math.max(0, (up?.loMs ?? 0) - seen.endMs), hi: healthyAfterMs }), n, event: `${params.probe} turned healthy for good`, nextStep: "Make after longer than the bound, or the probe's load higher." }));
    }

    if (flaps !== undefined) {
      const claimed: Claimed = { claim: "flaps", bound: flaps, kind: "count", what: "the number of changes beyond one down and one up" };
      const count = Math.max(0, changes.list.length - 2);
      add(claimed, phaseObstacle(scope, "after") ?? seen.obstacle ?? tooFew, () => decideByWitnesses(claimed, { observed: count, witnesses: within(flaps, count) ? 0 : 2, n, enough: fewestSamples }));
    }

    const liveness = params.liveness === undefined ? undefined : judgeLiveness(params.liveness, scope, seen);
    if (liveness !== undefined) claims.push(liveness.claim);
    return {
      claims,
      observed: {
        ...(down === undefined ? {} : { unhealthyAfterMs: down.hiMs - seen.onsetMs }),
        ...(healthyAfterMs === undefined ? {} : { healthyAfterMs }),
        flips: changes.list.length,
        ...(liveness === undefined ? {} : { livenessBadSamples: liveness.bad }),
      },
      samples: n,
      evidence: [...changes.list.map(({ to, hiMs }) => ({ atMs: hiMs, what: `${params.probe} turned ${to}` })), ...(liveness?.evidence ?? [])],
      states: changes.spans,
    };
  },
};

interface Watched {
  readonly onsetMs: number;
  readonly endMs: number;
  /** From the onset to the end of after, over those finished and undisturbed. */
  readonly changes: HealthChanges;
  /** How many those are. */
  readonly n: number;
  readonly obstacle: Obstacle | undefined;
}

function watch({ probe, ...thresholds }: Params, scope: Scope): Watched {
  const span = faultSpan(scope);
  const onsetMs = span.onsetMs ?? scope.observations.faults.find(({ epoch, fault }) => epoch === scope.epoch && scope.hypothesis.faults.includes(fault.name))?.setMs ?? 0;
  const samples = (): Iterable<Sample> => samplesFrom(scope, probe, onsetMs);
  const isUnwitnessed = span.faults.some(({ proxy }) => scope.observations.unwitnessed.some((gap) => gap.proxy === proxy));
  return {
    onsetMs,
    endMs: span.endMs ?? scope.observations.endMs,
    changes: findChanges(usable(samples()), thresholds, onsetMs),
    n: count(usable(samples())),
    obstacle: phaseObstacle(scope, "during") ?? illBefore(probe, thresholds, scope) ?? exerciseObstacle(scope, probe) ?? (isUnwitnessed ? undefined : onsetObstacle(span)) ?? apparatusObstacle(tally(samples(), 1)),
  };
}

/** Finished and undisturbed. */
function* usable(samples: Iterable<Sample>): Iterable<Sample> {
  for (const sample of samples) if (!sample.disturbed && sample.endMs !== undefined) yield sample;
}

function count(samples: Iterable<Sample>): number {
  let all = 0;
  for (const _ of samples) all += 1;
  return all;
}

/** A verdict that is given in the field's words. */
function inWords(claim: ClaimVerdict, held: string, violated: string): ClaimVerdict {
  return claim.verdict === "inconclusive" ? claim : { ...claim, reason: claim.verdict === "held" ? held : violated };
}

/** What was unhealthy before the fault cannot be turned by it. */
function illBefore(probe: string, thresholds: Pick<Params, "failureThreshold" | "successThreshold">, { observations }: Scope): Obstacle | undefined {
  if (findChanges(usable(observations.samples({ probe, phase: "before" })), thresholds, 0).list.at(-1)?.to !== "unhealthy") return undefined;
  return { reason: `${probe} was unhealthy before the fault already.`, nextStep: `Let ${probe} be healthy before: make it part of the steady state, or before longer.` };
}

function few(probe: string, n: number): Obstacle {
  return { reason: `${n} samples of ${probe} are too few to tell its health.`, nextStep: `Raise the load of ${probe}: at least ${fewestSamples} samples from the onset on.` };
}

/** A probe that must stay good from the onset to the end: no dependency may make a process be restarted. */
function judgeLiveness(probe: string, scope: Scope, seen: Watched): { readonly claim: ClaimVerdict; readonly bad: number; readonly evidence: readonly Evidence[] } {
  const own = (): Iterable<Sample> => samplesFrom(scope, probe, seen.onsetMs);
  const tallied = tally(own(), 1);
  const bad = tallied.bad + tallied.degraded;
  const claimed: Claimed = { claim: "liveness", bound: { text: `${probe} stays good`, max: 0 }, kind: "count", what: `the number of bad answers of ${probe}` };
  const obstacle = phaseObstacle(scope, "during") ?? exerciseObstacle(scope, probe) ?? apparatusObstacle(tallied);
  const n = finished(tallied);
  const claim = obstacle === undefined
    ? inWords(decideByWitnesses(claimed, { observed: bad, witnesses: bad, n, enough: fewestSamples }), `${probe} was good in all ${n} samples.`, `${probe} was not good in ${bad} of ${n} samples: the fault of a dependency would have the service restarted.`)
    : undecided(claimed, obstacle.reason, obstacle.nextStep, { n });
  return { claim, bad, evidence: claim.verdict === "violated" ? witnessesAmong(own(), ({ grade }) => grade === "bad" || grade === "degraded") : [] };
}
