import { z } from "zod";
import { statusOf, wasAltered } from "../evidence/call-outcome.ts";
import { samplesForQuantile } from "../math/quantile.ts";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { Call, Sample } from "../model/observation.ts";
import type { ClaimVerdict } from "../model/verdict.ts";
import { atMost, bound } from "../units/fields.ts";
import { decideQuantile, decideShare, enoughForShare, undecided } from "./decide.ts";
import type { Claimed } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { edgesOf, faultSpan } from "./fault-span.ts";
import { finished, tally } from "./figures.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { witnessesAmong } from "./witnesses.ts";

const schema = z
  .strictObject({
    probe: z.string(),
    expect: z.enum(["degraded", "good", "available"]).default("degraded"),
    share: bound("share").optional(),
    answersWithin: atMost("duration").optional(),
  })
  .refine(({ share, answersWithin }) => share !== undefined || answersWithin !== undefined, { message: "expected at least one of share, answersWithin" });
type Params = z.output<typeof schema>;

/** What callers get instead when the dependency fails: the degraded answer, in time. */
export const fallback: HypothesisType<Params> = {
  type: "fallback",
  summary: "Requests that meet the fault or an open breaker get the degraded answer, in time",
  about: {
    sees: "What requests that met the fault, or an open breaker, were answered: the degraded answer, in time.",
    cannotTellApart: "An answer made up on the spot and an old one from a cache, unless the probe's `degraded` tells them apart by the body.",
    needs: "A probe with `degraded`, and requests that need the dependency; one fault per way in which the dependency can fail.",
  },
  params: schema,
  example: 'probe: checkout\nshare: ">= 95%"',
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain({ probe, expect, share, answersWithin }) {
    const shares = share === undefined ? [] : [`get ${expectWords[expect]} in ${share.text} of cases`];
    const times = answersWithin === undefined ? [] : [`are answered in ${answersWithin.text} (p95)`];
    return `Requests of ${probe} that meet the fault or an open breaker ${[...shares, ...times].join(" and ")}`;
  },
  advise({ probe, expect, share, answersWithin }, _hypothesis, experiment) {
    const asked = experiment.probes.find(({ name }) => name === probe);
    const lacksGrade = expect === "degraded" && asked !== undefined && !Object.hasOwn(asked.params, "degraded");
    return [
      ...(share === undefined ? [] : adviseOnSamples(experiment, probe, "during", enoughForShare(share, experiment.confidence), `"share: ${share.text}"`, ["share"])),
      ...(answersWithin === undefined ? [] : adviseOnSamples(experiment, probe, "during", samplesForQuantile(0.95, experiment.confidence), `"answersWithin: ${answersWithin.text}"`, ["answersWithin"])),
      ...(lacksGrade ? [{ code: "no-degraded", message: `the probe ${probe} says of no answer that it is degraded, so no fallback can be seen`, hint: `give ${probe} a degraded: { status: …, body: … } that tells the fallback`, path: ["probe"] }] : []),
    ];
  },
  judge(params, scope) {
    const { observations, epoch, confidence } = scope;
    const isInNeed = needsFallback(params, scope);
    const inNeed = (): Iterable<Sample> => only(observations.samples({ probe: params.probe, phase: "during", epoch }), isInNeed);
    const seen = tally(inNeed(), 1);
    const isUntouched = finished(seen) + seen.pending + seen.disturbed + seen.unsent === 0;
    const obstacle = phaseObstacle(scope, "during") ?? exerciseObstacle(scope, params.probe) ?? apparatusObstacle(seen) ?? (isUntouched ? untouched(params) : undefined);
    const n = finished(seen);
    const fell = { degraded: seen.degraded, good: seen.good, available: seen.good + seen.degraded }[params.expect];
    const p95Ms = seen.quantileMs(0.95);
    const claims: ClaimVerdict[] = [];
    const add = (claimed: Claimed, decide: (claimed: Claimed) => ClaimVerdict): void => {
      claims.push(obstacle === undefined ? decide(claimed) : undecided(claimed, obstacle.reason, obstacle.nextStep, { n }));
    };
    if (params.share !== undefined) {
      add({ claim: "share", bound: params.share, kind: "share", what: `the share of requests in need that got ${expectWords[params.expect]}` }, (claimed) => decideShare(claimed, { k: fell, n, pending: seen.pending, confidence }));
    }
    if (params.answersWithin !== undefined) {
      add({ claim: "answersWithin", bound: params.answersWithin, kind: "duration", what: "the p95 of the answers to requests in need" }, (claimed) => decideQuantile(claimed, 0.95, { sortedMs: seen.sortedMs, pendingMs: seen.pendingMs, confidence }));
    }
    const limitMs = params.answersWithin?.max ?? Number.POSITIVE_INFINITY;
    return {
      claims,
      observed: { ...(n === 0 ? {} : { fallbackShare: fell / n }), ...(p95Ms === undefined ? {} : { answerP95Ms: p95Ms }) },
      samples: n + seen.pending,
      ...rungOf(params, scope),
      evidence: claims.some(({ verdict }) => verdict === "violated") ? witnessesAmong(inNeed(), ({ grade, latencyMs }) => !fits(params, grade) || latencyMs > limitMs) : [],
    };
  },
};

function* only(samples: Iterable<Sample>, isWanted: (sample: Sample) => boolean): Iterable<Sample> {
  for (const sample of samples) if (isWanted(sample)) yield sample;
}

const expectWords = { degraded: "the degraded answer", good: "a good answer", available: "a good or degraded answer" } as const;

function untouched({ probe }: Params): { readonly reason: string; readonly nextStep: string } {
  return { reason: `No request of ${probe} met the fault or an open breaker without being served after all.`, nextStep: "Let the fault hit every call (rate: 100%), or make it stronger than the timeout and the retries can heal." };
}

function fits({ expect }: Params, grade: Sample["grade"]): boolean {
  return grade === expect || (expect === "available" && (grade === "good" || grade === "degraded")) || grade === "pending" || grade === "unsent";
}

function rungOf({ probe }: Params, scope: Scope): { readonly correlation?: ReturnType<Scope["observations"]["rung"]> } {
  const proxy = proxiesOf(scope)[0];
  return proxy === undefined ? {} : { correlation: scope.observations.rung(probe, proxy) };
}

function proxiesOf(scope: Scope): readonly string[] {
  return [...new Set(faultSpan(scope).faults.flatMap(edgesOf))];
}

/**
 * Whether a request was in need of a fallback: a call of it felt the fault, or it caused no call where it normally does (an open breaker),
 * and no call of it brought the dependency's own answer after all. Where calls cannot be told apart by request, all from the onset to the end are.
 */
function needsFallback({ probe }: Params, scope: Scope): (sample: Sample) => boolean {
  const { observations, hypothesis } = scope;
  const span = faultSpan(scope);
  const fromMs = span.onsetMs ?? Number.POSITIVE_INFINITY;
  const toMs = span.endMs ?? Number.POSITIVE_INFINITY;
  const inForce = ({ dueMs }: Sample): boolean => dueMs >= fromMs && dueMs < toMs;
  const edges = proxiesOf(scope).filter((proxy) => observations.rung(probe, proxy) !== "statistical");
  if (edges.length === 0) return (sample) => (span.onsetMs === undefined ? observations.unwitnessed.some(({ startMs, endMs }) => sample.dueMs >= startMs && sample.dueMs < endMs) : inForce(sample));
  const normallyCalls = edges.filter((proxy) => missShare(probe, proxy, scope) <= 0.2);
  const names = new Set(hypothesis.faults);
  return (sample) => {
    if (sample.grade === "unsent") return inForce(sample);
    const calls = edges.flatMap((proxy) => observations.callsOf({ probe, n: sample.n }, proxy));
    if (calls.some((call) => wasServed(call, sample))) return false;
    const met = calls.some((call) => call.felt && call.faults.some(({ fault, decision }) => decision === "applied" && names.has(fault)));
    return met || (inForce(sample) && normallyCalls.some((proxy) => !calls.some((call) => call.proxy === proxy)));
  };
}

/** The dependency's own answer came through whole while the request was waiting for it, and it was not an error. */
function wasServed(call: Call, { endMs = Number.POSITIVE_INFINITY }: Sample): boolean {
  return call.end === "complete" && call.endMs <= endMs && call.passedOn && (statusOf(call) ?? 200) < 500 && !wasAltered(call);
}

/** How often a request causes no call when all is well. */
function missShare(probe: string, proxy: string, { observations }: Scope): number {
  let [missed, all] = [0, 0];
  for (const { n, endMs } of observations.samples({ probe, phase: "before" })) {
    if (endMs === undefined) continue;
    all += 1;
    if (observations.callsOf({ probe, n }, proxy).length === 0) missed += 1;
  }
  return all === 0 ? 1 : missed / all;
}
