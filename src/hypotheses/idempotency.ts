import { requestsWithCalls } from "../evidence/edge-baseline.ts";
import { barredGate, completenessGate, correlationGate, strayGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Bound } from "../model/bound.ts";
import type { Experiment, Fault, Hypothesis } from "../model/experiment.ts";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { duration } from "../units/fields.ts";
import { decideByWitnesses, undecided } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { edgesOf, faultSpan, phaseWindow } from "./fault-span.ts";
import { decideEffects } from "./idempotency/effects.ts";
import type { Exercise } from "./idempotency/effects.ts";
import { expectedEffects, explainIdempotency, idempotencyParams } from "./idempotency/params.ts";
import type { IdempotencyParams } from "./idempotency/params.ts";
import { lookAtRepeats } from "./idempotency/repeats.ts";
import type { Repeats } from "./idempotency/repeats.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import type { Obstacle } from "./preconditions.ts";

/** So many requests must have had the chance before a claim about each is held. */
const enough = 20;
/** Faults by which work is done and its answer lost, or done twice. */
const losing: ReadonlySet<string> = new Set(["duplicate", "hang", "latency", "reset", "truncate", "corrupt", "malformed", "slow-body"]);

/** What is asked for twice is done once. */
export const idempotency: HypothesisType<IdempotencyParams> = {
  type: "idempotency",
  summary: "What is asked for twice, because an answer was lost, is done once",
  about: {
    sees: "Attempts of one request that reached upstream, the Idempotency-Key that each carried, and the number of effects that another probe was told, beside the number of requests.",
    cannotTellApart: "A dependency that recognizes a repeat only when the first is done, where repeats never overlap; repeats by the service, by its HTTP client and by a sidecar below it.",
    needs: "A fault that loses answers of work that is done (error with reachUpstream) where the service retries, or that sends calls twice (duplicate); for `effects` a probe that is told how many there were, by a number that grows by one for each request.",
  },
  params: idempotencyParams,
  example: "proxy: payments\nprobe: checkout\neffects: { probe: ledger, path: /charges, equals: requests }\nduplicates: \"<= 2\"\nkeyHeader: Idempotency-Key",
  probes: ({ probe, effects }) => [probe, ...(effects === undefined ? [] : [effects.probe])],
  proxies: ({ proxy }) => [proxy],
  captures: ({ effects }) => (effects === undefined ? [] : [{ probe: effects.probe, path: effects.path }]),
  explain: explainIdempotency,
  advise({ probe, proxy }, hypothesis, experiment) {
    const mine = faultsOf(hypothesis, experiment, proxy);
    return [
      ...(mine.length === 0 || mine.some(losesWork) ? [] : [{ code: "no-work-lost", message: `no fault on ${proxy} loses the answer of work that is done: nothing would be asked for twice`, hint: "{ type: error, status: 503, reachUpstream: true, attempt: 1 }, or { type: duplicate }", path: ["proxy"] }]),
      ...adviseOnSamples(experiment, probe, "during", enough, "a verdict on idempotency", ["probe"]),
    ];
  },
  judge(params, scope) {
    const { probe, proxy, effects, duplicates, keyHeader } = params;
    const { observations, hypothesis, epoch } = scope;
    const rung = observations.rung(probe, proxy);
    const faultEndMs = faultSpan(scope).endMs ?? observations.endMs;
    const seen = lookAtRepeats(requestsWithCalls(observations, { probe, proxy, epoch, toMs: faultEndMs }), new Set(hypothesis.faults), duplicates?.max ?? Number.POSITIVE_INFINITY);
    const obstacle = phaseObstacle(scope, "during") ?? completenessGate({ observations }) ?? exerciseObstacle(scope, probe);
    const blind = obstacle ?? callsObstacle(params, scope, faultEndMs);
    const claims: ClaimVerdict[] = [];
    const evidence: Evidence[] = [];
    const equivalentTo: string[] = [];
    const isUnique = JSON.stringify(observations.header.plan.experiment.probes.find(({ name }) => name === probe)?.params ?? {}).includes("${request.");
    if (keyHeader !== undefined) {
      claims.push(blind === undefined ? decideKeys(seen, isUnique) : undecided({ claim: "keyHeader", bound: keysBound }, blind.reason, blind.nextStep));
      if (claims.at(-1)?.verdict === "violated") evidence.push(...seen.keyEvidence);
    }
    if (duplicates !== undefined) {
      claims.push(blind === undefined ? decideDuplicates(duplicates, seen) : undecided({ claim: "duplicates", bound: duplicates }, blind.reason, blind.nextStep));
      if (seen.most > 0) equivalentTo.push("repeats by the HTTP client or a sidecar below the service");
      if (claims.at(-1)?.verdict === "violated") evidence.push(...seen.duplicateEvidence);
    }
    let observed: Readonly<Record<string, number>> = {};
    if (effects !== undefined) {
      const decided = obstacle === undefined ? decideEffects(effects, scope, params, exerciseOf(scope, proxy, seen)) : undefined;
      claims.push(decided?.verdict ?? undecided({ claim: "effects", bound: { text: expectedEffects(effects) } }, obstacle?.reason ?? "", obstacle?.nextStep));
      equivalentTo.push(...(decided?.equivalentTo ?? []));
      evidence.push(...(decided?.evidence ?? []));
      observed = decided?.observed ?? {};
    }
    return {
      claims,
      observed: { ...observed, ...(blind === undefined && { lostAnswers: seen.lost, retriedRequests: seen.retried, duplicatesMax: seen.most, keysMissing: seen.keyless, keysChanged: seen.changed }) },
      samples: seen.met,
      correlation: rung,
      equivalentTo,
      evidence,
    };
  },
};

const keysBound: Bound = { text: "the same in all attempts", max: 0 };

/** What stands in the way of knowing which calls belong to one request. */
function callsObstacle({ probe, proxy }: IdempotencyParams, scope: Scope, faultEndMs: number): Obstacle | undefined {
  const { observations } = scope;
  const edge = { observations, probe, proxy };
  const [before, during] = [phaseWindow(scope, "before"), phaseWindow(scope, "during")];
  const fromMs = during?.startMs ?? 0;
  return unwitnessedGate(edge, fromMs, faultEndMs) ?? barredGate(edge, fromMs, faultEndMs) ?? correlationGate(edge) ?? (before === undefined || during === undefined ? undefined : strayGate(edge, before, during));
}

function decideKeys({ retried, keyless, changed, shared, isFull }: Repeats, isUnique: boolean): ClaimVerdict {
  const claimed = { claim: "keyHeader", bound: keysBound, kind: "count" as const, what: "the number of requests with a wrong key" };
  if (isFull && keyless > 0) return undecided(claimed, "More different keys came than are kept, so that a missing one may have been forgotten.", "Make the run shorter, or the load lower.", { n: retried });
  if (!isUnique && shared > 0) return undecided(claimed, `${shared} requests carried the key of another, and all requests of the probe are alike: they may be meant to be one.`, "Put ${request.id} into what the probe sends, so that each request is its own.", { n: retried });
  const wrong = keyless + changed + shared;
  if (wrong === 0 && retried < enough) return undecided(claimed, `Only ${retried} requests were tried more than once, fewer than the ${enough} that keys are judged by.`, "Let the fault fail first calls only (attempt: 1) where the service retries, and make during longer or the load higher.", { n: retried });
  const verdict = decideByWitnesses(claimed, { observed: wrong, witnesses: wrong, n: Math.max(retried, wrong), enough });
  const parts = [keyless > 0 && `${keyless} made an attempt without a key`, changed > 0 && `${changed} changed their key from attempt to attempt`, shared > 0 && `${shared} carried the key of another request`].filter(Boolean).join(", ");
  if (verdict.verdict === "held") return { ...verdict, observed: "the same", reason: `All ${retried} requests that were tried more than once carried one key in all their attempts, and none that of another.` };
  return { ...verdict, observed: parts, reason: verdict.verdict === "violated" ? `Of ${Math.max(retried, wrong)} requests ${parts}.` : `One request of ${retried}: ${parts}; a second would settle it.` };
}

function decideDuplicates(bound: Bound, { lost, most, beyond }: Repeats): ClaimVerdict {
  const claimed = { claim: "duplicates", bound, kind: "count" as const, what: "the number of calls of one request that reached upstream beyond the first" };
  if (beyond === 0 && lost < enough) return undecided(claimed, `Only ${lost} requests lost the answer of work that was done, fewer than the ${enough} that repeats are judged by.`, "Let upstream do the work and lose its answer: { type: error, status: 503, reachUpstream: true }.", { n: lost });
  return decideByWitnesses(claimed, { observed: most, witnesses: beyond, n: Math.max(lost, beyond), enough });
}

/** Work that was asked for more than once: by the caller's attempts, or by copies that a fault sent. */
function exerciseOf({ observations, hypothesis }: Scope, proxy: string, { repeated, overlapping }: Repeats): Exercise {
  const copying = new Map(observations.header.plan.experiment.faults.filter(({ name, type }) => type === "duplicate" && hypothesis.faults.includes(name)).map((fault) => [fault.name, delayOf(fault)]));
  if (copying.size === 0) return { repeated, overlapping };
  let [copied, beside] = [0, 0];
  for (const { faults, startMs, endMs } of observations.calls({ proxy })) {
    const copy = faults.find(({ fault, decision, actedMs }) => decision === "applied" && copying.has(fault) && actedMs !== undefined);
    if (copy === undefined) continue;
    copied += 1;
    if ((copying.get(copy.fault) ?? 0) < endMs - (copy.actedMs ?? startMs)) beside += 1;
  }
  return { repeated: repeated + copied, overlapping: overlapping + beside };
}

function delayOf({ params }: Fault): number {
  const parsed = duration().safeParse(params["delay"]);
  return parsed.success ? parsed.data : typeof params["delay"] === "number" ? params["delay"] : 0;
}

function faultsOf(hypothesis: Hypothesis, { faults }: Pick<Experiment, "faults">, proxy: string): readonly Fault[] {
  return faults.filter((fault) => hypothesis.faults.includes(fault.name) && edgesOf(fault).includes(proxy));
}

function losesWork({ type, params }: Fault): boolean {
  return losing.has(type) || (type === "error" && params["reachUpstream"] === true);
}
