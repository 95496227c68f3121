import { measureBaseline, requestsWithCalls } from "../evidence/edge-baseline.ts";
import { barredGate, completenessGate, continuityGate, correlationGate, healthyBaselineGate, quietGate, reachabilityGate, strayGate, unwitnessedGate } from "../evidence/gates.ts";
import { quantile } from "../math/quantile.ts";
import type { Experiment, Fault, Hypothesis } from "../model/experiment.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import { format } from "../units/format.ts";
import { enoughForShare, undecided } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { edgesOf, faultSpan, phaseWindow } from "./fault-span.ts";
import { decideAfter, decideExtraLoad, decideHedges, decideLosers, measureUsual, usualObstacle } from "./hedging/claims.ts";
import type { ExtraLoad } from "./hedging/claims.ts";
import { explainHedging, hedgingClaims, hedgingParams } from "./hedging/params.ts";
import type { HedgingParams } from "./hedging/params.ts";
import { lookAtSlow } from "./hedging/requests.ts";
import type { Slow } from "./hedging/requests.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";
import { delayOf } from "./timeout/shapes.ts";

/** Beyond the bound, what timers and scheduling add. */
const slackMs = 50;
/** Faults that answer slowly and well. */
const slowing: ReadonlySet<string> = new Set(["latency", "bandwidth", "slow-body"]);

/** Makes a second call when the first is slow, and takes whichever is answered first. */
export const hedging: HypothesisType<HedgingParams> = {
  type: "hedging",
  summary: "Slow calls get a second one beside them, and the first answer is taken",
  about: {
    sees: "Calls of one request that run at the same time while the dependency is slow, which of them was answered first, when the request was answered, and when the other call was left.",
    cannotTellApart: "A hedge and retries at a constant pause, where calls fail at once; a hedge and a retry that leaves its first call running, where calls hang, or where the later call is always answered first.",
    needs: "Latency with a good answer, the same for every call and longer than the hedging delay by 100 ms; calls joined to requests; for `extraLoad` 90 requests before the fault for 5 %.",
  },
  params: hedgingParams,
  example: 'proxy: payments\nprobe: checkout\nafter: 150ms\nextraLoad: "<= 5%"\ncancelsLoser: true',
  probes: ({ probe }) => [probe],
  proxies: ({ proxy }) => [proxy],
  explain: explainHedging,
  advise({ probe, proxy, after, extraLoad }, hypothesis, experiment) {
    const slow = slowFaults(hypothesis, experiment, proxy);
    const short = slow.filter((fault) => after?.max !== undefined && (delayOf(fault) ?? Number.POSITIVE_INFINITY) <= after.max + slackMs);
    return [
      ...(slow.length > 0 ? [] : [{ code: "no-slow-answers", message: `no fault on ${proxy} answers slowly and well: calls that fail or hang do not tell a hedge from a retry`, hint: "add a fault of type latency", path: ["proxy"] }]),
      ...(short.length < slow.length || slow.length === 0 ? [] : [{ code: "fault-too-short", message: `${short.map(({ name }) => name).join(", ")} delays calls for no longer than ${after?.text ?? ""}: no second call is due`, hint: `make the delay at least ${format("duration", (after?.max ?? 0) + 100)}`, path: ["after"] }]),
      ...adviseOnSamples(experiment, probe, "before", extraLoad === undefined ? 20 : enoughForShare(extraLoad, experiment.confidence), extraLoad === undefined ? "a verdict on hedging" : `"extraLoad: ${extraLoad.text}"`, [extraLoad === undefined ? "probe" : "extraLoad"]),
      ...adviseOnSamples(experiment, probe, "during", 20, "a verdict on hedging", ["probe"]),
    ];
  },
  judge(params, scope) {
    const { probe, proxy } = params;
    const correlation = scope.observations.rung(probe, proxy);
    const usual = measureUsual(scope.observations, probe, proxy);
    const obstacle = obstacleTo(params, scope, usual);
    if (obstacle !== undefined) return { claims: allOpen(params, obstacle), observed: {}, samples: 0, correlation };
    const slow = look(params, scope, usual);
    const unexercised = exercise(slow);
    const unseen = unexercised ?? quietGate(slow.disturbed, slow.all, "slow requests");
    if (unseen !== undefined) return { claims: allOpen(params, unseen), observed: {}, samples: slow.all, correlation, equivalentTo: unexercised?.equivalentTo ?? [] };
    return { ...decideAll(params, scope, slow, usual), correlation };
  },
};

function obstacleTo({ probe, proxy }: HedgingParams, scope: Scope, usual: ExtraLoad): Obstacle | undefined {
  const { observations, epoch } = scope;
  const edge = { observations, probe, proxy };
  const [during, before] = [phaseWindow(scope, "during"), phaseWindow(scope, "before")];
  const fromMs = during?.startMs ?? 0;
  const endMs = faultSpan(scope).endMs ?? observations.endMs;
  const baseline = measureBaseline(observations, probe, proxy);
  return phaseObstacle(scope, "during") ?? completenessGate(edge) ?? unwitnessedGate(edge, fromMs, endMs) ?? barredGate(edge, fromMs, endMs) ?? continuityGate(edge, epoch, endMs - 10) ?? correlationGate(edge)
    ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, { ...baseline, failedShare: usual.failedShare }) ?? usualObstacle(usual, probe) ?? exerciseObstacle(scope, probe) ?? (before === undefined || during === undefined ? undefined : strayGate(edge, before, during));
}

function look({ probe, proxy, after }: HedgingParams, scope: Scope, usual: ExtraLoad): Slow {
  const { observations, epoch, hypothesis } = scope;
  const mine = new Set(hypothesis.faults);
  return lookAtSlow(requestsWithCalls(observations, { probe, proxy, epoch, toMs: faultSpan(scope).endMs ?? observations.endMs }), {
    faults: mine,
    disturbances: observations.disturbances,
    toleranceMs: Math.max(slackMs, 2 * usual.tailP99Ms),
    lateMs: (after?.max ?? Number.POSITIVE_INFINITY) + slackMs,
    isAlone: !observations.faults.some((seen) => seen.epoch === epoch && seen.applied > 0 && !mine.has(seen.fault.name)),
  });
}

/** Only what is slow and good in the end tells a hedge from its likes. */
function exercise({ all, failedFast, hung }: Slow): (Obstacle & { readonly equivalentTo: readonly string[] }) | undefined {
  if (all >= 2) return undefined;
  const nextStep = "Use a fault of type latency, longer than the hedging delay.";
  if (failedFast > 0) return { reason: `${failedFast} calls failed at once and none was slow and good: a second call then may be a hedge or a retry.`, nextStep, equivalentTo: ["retries at a constant pause"] };
  if (hung > 0) return { reason: `${hung} calls were never answered and none was slow and good: a second call then may be a hedge, or a retry that leaves its first call running.`, nextStep, equivalentTo: ["a retry that leaves its first call running"] };
  return { reason: "No call was slow and good, so no second one was due.", nextStep, equivalentTo: [] };
}

function allOpen(params: HedgingParams, { reason, nextStep }: Obstacle): Judgement["claims"] {
  return hedgingClaims(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, reason, nextStep));
}

function decideAll({ after, extraLoad, cancelsLoser }: HedgingParams, { confidence }: Scope, slow: Slow, usual: ExtraLoad): Judgement {
  const { verdict, equivalentTo } = decideHedges(slow, after, (after?.max ?? 0) + 2 * slackMs);
  const aside = { held: undefined, violated: "It does not hedge, so this could not be seen.", inconclusive: "It is not known whether it hedges, so this says nothing." }[verdict.verdict];
  const nextStep = verdict.nextStep ?? "Let it hedge first.";
  const claims = [
    verdict,
    ...(after === undefined ? [] : [aside === undefined ? decideAfter(after, slow, confidence) : undecided({ claim: "after", bound: after }, aside, nextStep)]),
    ...(extraLoad === undefined ? [] : [aside === undefined ? decideExtraLoad(extraLoad, usual, confidence) : undecided({ claim: "extraLoad", bound: extraLoad }, aside, nextStep)]),
    ...(cancelsLoser === undefined ? [] : [aside === undefined ? decideLosers(slow) : undecided({ claim: "cancelsLoser", bound: { text: "true" } }, aside, nextStep)]),
  ];
  const { gapsMs, losers, all, disturbed } = slow;
  const judged = losers.cancelled + losers.ranOn;
  return {
    claims,
    observed: {
      hedgedShare: gapsMs.length / Math.max(1, all - disturbed),
      ...(gapsMs.length > 0 && { afterP50Ms: quantile(gapsMs, 0.5), afterP95Ms: quantile(gapsMs, 0.95) }),
      ...(usual.requests > 0 && { extraLoadShare: usual.extra / usual.requests }),
      ...(judged > 0 && { cancelledShare: losers.cancelled / judged }),
    },
    samples: all - disturbed,
    equivalentTo,
    evidence: claims.some(({ verdict: word }) => word === "violated") ? slow.evidence : [],
  };
}

function slowFaults(hypothesis: Hypothesis, { faults }: Pick<Experiment, "faults">, proxy: string): readonly Fault[] {
  return faults.filter((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).includes(proxy) && slowing.has(fault.type));
}
