import { completenessGate } from "../../evidence/gates.ts";
import { Column } from "../../evidence/column.ts";
import { quantile, quantileInterval, samplesForQuantile } from "../../math/quantile.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideByIntervals, decideByWitnesses, sendMore, surety, undecided } from "../decide.ts";
import type { Claimed, Interval } from "../decide.ts";
import { samplesFrom } from "../fault-span.ts";
import { tally } from "../figures.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "../preconditions.ts";
import type { Obstacle } from "../preconditions.ts";
import { fewestSamples } from "../steady-state.ts";
import type { Counted } from "./count.ts";
import type { Params } from "./params.ts";
import { Primary } from "./primary.ts";
import { outsideTransitions, timesInForce } from "./transitions.ts";
import type { Stretches } from "./node-watch.ts";

/** How old the answers of one replica were, at least and at most; ascending, each for itself. */
interface Ages {
  readonly probe: string;
  readonly loMs: Float64Array;
  readonly hiMs: Float64Array;
  readonly oldest?: Evidence & { readonly ageMs: number };
}

/** How far replicas lag behind what is newest, from the onset to the end: the worst of them decides. */
export function judgeStaleness(params: Params, scope: Scope): Counted {
  const { observations, epoch, confidence } = scope;
  const { staleness, within } = params;
  if (staleness === undefined) return { claims: [], observed: {}, evidence: [] };
  const times = timesInForce(scope);
  const onsetMs = times[0]?.startMs ?? Number.POSITIVE_INFINITY;
  const endMs = observations.phases.findLast((phase) => phase.epoch === epoch && (phase.name === "after" || phase.name === "during"))?.endMs ?? observations.endMs;
  const primary = new Primary(allOf(staleness.primary, scope));
  const counted = outsideTransitions(times, within?.max ?? 0, onsetMs, endMs);
  const replicas = params.probes.filter((probe) => probe !== staleness.primary).map((probe) => agesOf(probe, samplesFrom(scope, probe, onsetMs), primary, counted))
    .sort((a, b) => (b.oldest?.ageMs ?? 0) - (a.oldest?.ageMs ?? 0));
  const before = params.probes.map((probe) => agesOf(probe, observations.samples({ probe, phase: "before" }), primary));
  const fewest = Math.min(...replicas.map(({ loMs }) => loMs.length));
  const machine = [staleness.primary, ...params.probes].map((probe) => apparatusObstacle(tally(samplesFrom(scope, probe, onsetMs), 1))).find((one) => one !== undefined);
  const grown = primary.growth(onsetMs, endMs);
  const obstacle = phaseObstacle(scope, "during") ?? completenessGate(scope) ?? exerciseObstacle(scope, params.probes[0]) ?? machine
    ?? (primary.falls > 0 ? fell(staleness.primary, primary.falls) : undefined) ?? (grown < fewestSamples ? stoodStill(staleness.primary, grown) : undefined)
    ?? (replicas.length === 0 || fewest < fewestSamples ? unread(params.probes, Math.max(0, Number.isFinite(fewest) ? fewest : 0)) : undefined);
  const n = replicas.reduce((sum, { loMs }) => sum + loMs.length, 0);
  const claims: ClaimVerdict[] = [];
  for (const metric of ["p95", "max"] as const) {
    const bound = staleness[metric];
    if (bound === undefined) continue;
    const isP95 = metric === "p95";
    const claimed = ({ probe }: Pick<Ages, "probe">): Claimed => ({ claim: `staleness.${metric}`, bound, kind: "duration", what: `the ${isP95 ? "p95" : "largest"} lag of ${probe} behind ${staleness.primary}` });
    const wasLate = before.find(({ loMs }) => loMs.length > 0 && quantile(loMs, isP95 ? 0.95 : 1) > (bound.max ?? Number.POSITIVE_INFINITY));
    const blocked = obstacle ?? (wasLate === undefined ? undefined : lateBefore(wasLate, bound.text));
    if (blocked !== undefined) claims.push(undecided(claimed({ probe: "the replicas" }), blocked.reason, blocked.nextStep, { n }));
    else claims.push(worstOf(replicas.map((ages) => (isP95 ? decideP95(claimed(ages), ages, confidence) : decideMax(claimed(ages), ages)))));
  }
  const all = (q: number): number => Math.max(0, ...replicas.filter(({ loMs }) => loMs.length > 0).map(({ loMs }) => quantile(loMs, q)));
  const isViolated = claims.some(({ verdict }) => verdict === "violated");
  return {
    claims,
    observed: n === 0 ? {} : { stalenessP95Ms: all(0.95), stalenessMaxMs: all(1) },
    evidence: isViolated ? replicas.flatMap(({ oldest }) => (oldest === undefined ? [] : [oldest])).sort((a, b) => b.ageMs - a.ageMs).map(({ atMs, what }) => ({ atMs, what })) : [],
  };
}

function* allOf(probe: string, scope: Scope): Iterable<Sample> {
  yield* scope.observations.samples({ probe, phase: "before" });
  yield* samplesFrom(scope, probe, Number.NEGATIVE_INFINITY);
}

function agesOf(probe: string, samples: Iterable<Sample>, primary: Primary, counted?: Stretches): Ages {
  const [lo, hi] = [new Column("f64"), new Column("f64")];
  let oldest: Ages["oldest"];
  for (const { n, sentMs, endMs, value, failure, disturbed } of samples) {
    const number = Number(value);
    if (value === undefined || value === "" || !Number.isFinite(number) || disturbed || failure !== undefined || sentMs === undefined || endMs === undefined) continue;
    if (counted?.covers(sentMs, endMs) === false) continue;
    const { loMs, hiMs = Number.POSITIVE_INFINITY } = primary.age(number, sentMs, endMs);
    lo.push(loMs);
    hi.push(hiMs);
    if (loMs > (oldest?.ageMs ?? 0)) oldest = { ageMs: loMs, atMs: endMs, what: `request ${n} of ${probe} got ${value}, outdated for ${format("duration", Math.round(loMs))} or more` };
  }
  return { probe, loMs: lo.sorted(), hiMs: hi.sorted(), ...(oldest === undefined ? {} : { oldest }) };
}

function decideP95(claimed: Claimed, { loMs, hiMs }: Ages, confidence: number): ClaimVerdict {
  const interval = (level: number): Interval => {
    const { lo } = quantileInterval(loMs, 0.95, level);
    const { hi } = quantileInterval(hiMs, 0.95, level);
    return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined || hi === Number.POSITIVE_INFINITY ? {} : { hi }) };
  };
  return decideByIntervals(claimed, { observed: quantile(loMs, 0.95), n: loMs.length, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(samplesForQuantile(0.95, confidence), loMs.length) });
}

function decideMax(claimed: Claimed, { loMs, hiMs }: Ages): ClaimVerdict {
  const limitMs = claimed.bound.max ?? Number.POSITIVE_INFINITY;
  const older = loMs.reduce((count, ms) => count + (ms > limitMs ? 1 : 0), 0);
  const maybe = hiMs.reduce((count, ms) => count + (ms > limitMs ? 1 : 0), 0);
  const verdict = decideByWitnesses(claimed, { observed: loMs.at(-1) ?? 0, witnesses: older, n: loMs.length, enough: fewestSamples });
  if (verdict.verdict !== "held" || maybe === 0) return verdict;
  return undecided(claimed, `${maybe} of ${loMs.length} answers may have been older than ${claimed.bound.text}: how old is known only from one answer to the next.`, "Ask the primary and the replicas more often, or loosen the bound.", { n: loMs.length, observed: verdict.observed });
}

/** The claim holds when it does of every replica, and is violated when it is by one; the oldest come first. */
function worstOf(verdicts: readonly ClaimVerdict[]): ClaimVerdict {
  const [first] = verdicts;
  const worst = verdicts.find(({ verdict }) => verdict === "violated") ?? verdicts.find(({ verdict }) => verdict === "inconclusive") ?? first;
  if (worst === undefined) throw new Error("a lag was decided of no replica");
  return { ...worst, n: verdicts.reduce((sum, { n }) => sum + n, 0) };
}

function fell(primary: string, falls: number): Obstacle {
  return { reason: `The number that ${primary} captures fell ${falls} times: it cannot tell which value is newer.`, nextStep: "Capture a number that only grows, such as a version, and let the primary keep it over the fault." };
}

function stoodStill(primary: string, grown: number): Obstacle {
  return { reason: `The number that ${primary} captures grew by ${grown} from the onset on, too little for a lag to show.`, nextStep: `Write while the fault is in force: at least ${fewestSamples} times, by the probe ${primary} itself if need be.` };
}

function unread(probes: readonly string[], fewest: number): Obstacle {
  return { reason: `Only ${fewest} answers of one of ${probes.join(", ")} had a number to compare.`, nextStep: "Let each replica's probe capture the number that the primary has too, and ask it often while the fault is in force and after." };
}

function lateBefore({ probe, loMs }: Ages, text: string): Obstacle {
  return { reason: `${probe} lagged by ${format("duration", Math.round(loMs.at(-1) ?? 0))} already before the fault, not ${text} (baseline).`, nextStep: "Loosen the bound to what replication does when all is well, or mend it first." };
}
