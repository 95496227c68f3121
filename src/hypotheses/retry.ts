import { feltFault } from "../evidence/call-outcome.ts";
import { measureBaseline, requestsWithCalls } from "../evidence/edge-baseline.ts";
import type { EdgeBaseline } from "../evidence/edge-baseline.ts";
import { completenessGate, continuityGate, correlationGate, healthyBaselineGate, quietGate, reachabilityGate, strayGate, unwitnessedGate } from "../evidence/gates.ts";
import { zeroRunNeeded } from "../evidence/zero-runs.ts";
import { quantile } from "../math/quantile.ts";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { Bound } from "../model/bound.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { markRequests } from "./circuit-breaker-marks.ts";
import { findOpening } from "./circuit-breaker-trace.ts";
import { decideByIntervals, decideByWitnesses, decideShare, surety, undecided } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { decideFactor, decideFirst, decideJitter, decideKind, guessKind } from "./retry-backoff.ts";
import { fitGrowth, studentQuantile } from "./retry-growth.ts";
import { explainRetry, retryClaims, retryParams } from "./retry-params.ts";
import type { RetryParams } from "./retry-params.ts";
import { decideMethods, decideRetryAfter, decideStatuses } from "./retry-rules.ts";
import { attemptsOf, collectSequences, failedThroughout } from "./retry-sequences.ts";
import type { Sequence, Sequences } from "./retry-sequences.ts";

/** Requests that must have run to their end before a bound on attempts is held. */
const enough = 20;

/** Tries again when a call fails: often enough, not too often, and not all at once. */
export const retry: HypothesisType<RetryParams> = {
  type: "retry",
  summary: "Failed calls are tried again: how often, how long apart, and which",
  params: retryParams,
  example: 'proxy: payments\nprobe: checkout\nattempts: "<= 3"\nbackoff: { kind: exponential, jitter: required }',
  probes: ({ probe }) => [probe],
  proxies: ({ proxy }) => [proxy],
  explain: explainRetry,
  advise({ probe, backoff, attempts }, _hypothesis, experiment) {
    // ±50 % jitter and two pauses; full jitter needs ten times as many.
    const growth = backoff?.kind === "exponential" || backoff?.kind === "linear" || backoff?.kind === "constant" ? 18 : 0;
    const jitter = backoff?.jitter === "required" || backoff?.jitter === "forbidden" ? 30 : 0;
    const needed = Math.max(enough, growth, jitter);
    const what = growth + jitter > 0 ? '"backoff"' : attempts === undefined ? "a retry's verdict" : `"attempts: ${attempts.text}"`;
    const few = [...adviseOnSamples(experiment, probe, "before", 20, "a retry's verdict", ["probe"]), ...adviseOnSamples(experiment, probe, "during", needed, what, growth + jitter > 0 ? ["backoff"] : ["attempts"])];
    const tooFewAttempts = growth > 0 && attempts?.max !== undefined && attempts.max < 3
      ? [{ code: "too-few-attempts", message: `growth shows between pauses, and ${attempts.text} attempts leave fewer than two`, hint: "claim backoff.first instead of backoff.kind, or allow three attempts", path: ["backoff", "kind"] }]
      : [];
    return [...few, ...tooFewAttempts];
  },
  judge(params, scope) {
    const { probe, proxy } = params;
    const { observations, epoch, hypothesis } = scope;
    const edge = { observations, probe, proxy };
    const during = phaseWindow(scope, "during");
    const before = phaseWindow(scope, "before");
    const span = faultSpan(scope);
    const baseline = measureBaseline(observations, probe, proxy);
    const faultEndMs = span.endMs ?? observations.endMs;
    const obstacle = phaseObstacle(scope, "during") ?? completenessGate(edge) ?? unwitnessedGate(edge, during?.startMs ?? 0, faultEndMs) ?? continuityGate(edge, epoch, faultEndMs - 10) ?? correlationGate(edge)
      ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, baseline) ?? exerciseObstacle(scope, probe) ?? (before === undefined || during === undefined ? undefined : strayGate(edge, before, during));
    const correlation = observations.rung(probe, proxy);
    if (obstacle !== undefined) return { claims: retryClaims(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, obstacle.reason, obstacle.nextStep)), observed: {}, samples: 0, correlation };
    const onsetMs = span.onsetMs ?? faultEndMs;
    const faults = new Set(hypothesis.faults);
    const marks = markRequests(requestsWithCalls(observations, { probe, proxy, epoch }), onsetMs, ({ n }) => observations.callsOf({ probe, n }, proxy));
    const opening = findOpening(marks, faultEndMs, zeroRunNeeded(baseline), baseline, onsetMs);
    const seen = collectSequences(requestsWithCalls(observations, { probe, proxy, epoch }), faults, onsetMs, Math.min(faultEndMs, opening?.atMs ?? faultEndMs), faultEndMs);
    return { ...decideAll(params, scope, seen, baseline, opening !== undefined), correlation };
  },
};

function decideAll(params: RetryParams, scope: Scope, seen: Sequences, baseline: EdgeBaseline, hasOpened: boolean): ReturnType<typeof retry.judge> {
  const { attempts, backoff, amplification, onlyMethods, neverStatuses, honoursRetryAfter, success } = params;
  const { confidence, observations, hypothesis } = scope;
  const claims: ClaimVerdict[] = [];
  const evidence: Evidence[] = [];
  const equivalentTo: string[] = [];
  const faults = new Set(hypothesis.faults);
  if (attempts !== undefined) {
    const decided = decideAttempts(attempts, seen, hasOpened);
    claims.push(decided.verdict);
    evidence.push(...decided.evidence);
  }
  const rows = pauseRows(seen);
  const pauses = { rows, baseline, confidence };
  if (backoff !== undefined) {
    const obstacle = pauseObstacle(seen, rows, hasOpened);
    const add = (claim: string, text: string, decide: () => ClaimVerdict): void => { claims.push(obstacle === undefined ? decide() : undecided({ claim, bound: { text } }, obstacle.reason, obstacle.nextStep, { n: rows.length })); };
    const { kind, first, factor, jitter } = backoff;
    if (kind !== undefined) {
      add("backoff.kind", kind, () => {
        const decided = decideKind(kind, pauses);
        equivalentTo.push(...decided.equivalentTo);
        return decided.verdict;
      });
    }
    if (first !== undefined) add("backoff.first", first.text, () => decideFirst(first, pauses));
    if (factor !== undefined) add("backoff.factor", factor.text, () => decideFactor(factor, pauses));
    if (jitter === "required" || jitter === "forbidden") add("backoff.jitter", jitter, () => decideJitter(jitter, pauses));
  }
  if (amplification !== undefined) claims.push(decideAmplification(amplification, seen, params.proxy, baseline, confidence));
  const rulings = [
    ...(onlyMethods === undefined ? [] : [decideMethods(onlyMethods, seen.met)]),
    ...(neverStatuses === undefined ? [] : [decideStatuses(neverStatuses, seen.met)]),
    ...(honoursRetryAfter === undefined ? [] : [decideRetryAfter(seen.met, Date.parse(observations.header.startedAt))]),
  ];
  for (const ruling of rulings) {
    claims.push(ruling.verdict);
    evidence.push(...ruling.evidence);
  }
  if (success !== undefined) {
    const judged = seen.whole.filter(({ sample }) => !sample.disturbed);
    claims.push(decideShare({ claim: "success", bound: success, kind: "share", what: "the share of good answers among requests that met the fault" }, { k: judged.filter(({ sample }) => sample.grade === "good").length, n: judged.length, confidence }));
  }
  if (seen.met.some((sequence) => attemptsOf(sequence) > 1)) {
    equivalentTo.push("retries of a sidecar or client library below the service");
    const isPrompt = seen.met.every(({ calls }) => calls.every((call) => !feltFault(call, faults) || call.endMs - call.startMs < Math.max(20, 2 * baseline.callP99Ms)));
    if (isPrompt && guessKind(rows) === "constant") equivalentTo.push("hedging after a fixed delay: use a slow answer to tell them apart");
  }
  return { claims, observed: observe(seen, rows, baseline, backoff?.jitter === undefined || backoff.jitter === "any" ? undefined : claims.find(({ claim }) => claim === "backoff.jitter")), samples: seen.met.length, equivalentTo, evidence };
}

/** More calls than allowed refute in any request; fewer only in one that failed to its end and was not cut short. */
function decideAttempts(bound: Bound, { met, whole }: Sequences, hasOpened: boolean): { readonly verdict: ClaimVerdict; readonly evidence: readonly Evidence[] } {
  const claimed = { claim: "attempts", bound, kind: "count" as const, what: "the number of calls per request" };
  const isOver = (n: number): boolean => bound.max !== undefined && n > bound.max - (bound.maxOpen === true ? 1 : 0);
  const isUnder = (n: number): boolean => !within(bound, n) && !isOver(n);
  const witnesses = [...met.filter((sequence) => isOver(attemptsOf(sequence))), ...whole.filter((sequence) => failedThroughout(sequence) && isUnder(attemptsOf(sequence)))];
  const doubtful = met.filter((sequence) => isOver(sequence.calls.length) && !isOver(attemptsOf(sequence)));
  const judged = bound.min === undefined ? whole : whole.filter(failedThroughout);
  const most = Math.max(0, ...(judged.length === 0 ? met : judged).map(attemptsOf));
  const worst = witnesses.reduce((extreme, sequence) => (isOver(attemptsOf(sequence)) ? Math.max(extreme, attemptsOf(sequence)) : extreme), witnesses[0] === undefined ? most : attemptsOf(witnesses[0]));
  const evidence = witnesses.slice(0, 3).map(({ sample, calls }): Evidence => ({ atMs: calls.at(-1)?.startMs ?? sample.dueMs, what: `request ${sample.n} of ${sample.probe} made ${calls.length} call${calls.length === 1 ? "" : "s"}, at ${calls.slice(0, 8).map(({ startMs }) => `${Math.round(startMs)}ms`).join(", ")}${calls.length > 8 ? ", …" : ""}` }));
  if (witnesses.length === 0 && doubtful.length > 0) {
    return { evidence: [], verdict: undecided(claimed, `${doubtful.length} requests made more calls than ${bound.text}, but the HTTP client may have repeated some by itself on a fresh connection.`, "Use a fault that answers (error) instead of one that cuts reused connections (drop, reset).", { observed: String(most), n: judged.length }) };
  }
  const verdict = decideByWitnesses(claimed, { observed: witnesses.length > 0 ? worst : most, witnesses: witnesses.length, n: witnesses.length > 0 ? met.length : judged.length, enough });
  if (verdict.verdict !== "inconclusive" || witnesses.length > 0) return { verdict, evidence };
  return { evidence, verdict: { ...verdict, reason: `Only ${judged.length} of ${met.length} requests that met the fault ran to their end${hasOpened ? " before the breaker opened" : ""}, fewer than the ${enough} that a bound on attempts is judged by.`, nextStep: hasOpened ? "Raise the load, or let the breaker be slower or off while retries are judged." : "Make during longer, or raise the load or the fault's rate." } };
}

/** Rows of pauses, of undisturbed requests. A wait that Retry-After asked for is no backoff. */
function pauseRows(seen: Sequences): readonly (readonly number[])[] {
  return withPauses(seen).filter(({ sample }) => !sample.disturbed).filter(({ calls, pausesMs }) => pausesMs.length > 0 && calls.every(({ retryAfter }) => retryAfter === undefined)).map(({ pausesMs }) => pausesMs);
}

/** Requests whose pauses are judged: whole ones; where none ends, those that had half the time of the fault. */
function withPauses({ met, whole }: Sequences): readonly Sequence[] {
  const endless = met.filter(({ overMs }) => overMs === Number.POSITIVE_INFINITY);
  return whole.length >= 5 && endless.length < whole.length ? whole : met.slice(0, Math.floor(met.length / 2));
}

function pauseObstacle(seen: Sequences, rows: readonly (readonly number[])[], hasOpened: boolean): { readonly reason: string; readonly nextStep: string } | undefined {
  const { met, whole } = seen;
  const judged = withPauses(seen);
  const noise = quietGate(judged.filter(({ sample }) => sample.disturbed).length, judged.length, "requests with retries");
  if (noise !== undefined) return noise;
  const asked = met.filter(({ calls }) => calls.some(({ retryAfter }) => retryAfter !== undefined)).length;
  if (rows.length === 0 && asked > 0) return { reason: `All ${asked} answers that were retried asked for a wait by Retry-After.`, nextStep: "Leave retryAfter out of the fault to see the backoff itself." };
  if (rows.length === 0) {
    const many = whole.length >= enough;
    return { reason: many ? `None of ${whole.length} requests that met the fault and ran to their end was retried, so there is no pause to judge.` : `No request that ran to its end${hasOpened ? " before the breaker opened" : ""} was retried.`, nextStep: many ? "Let the service retry what this fault does, or use a fault that it retries." : "Make during longer, or raise the load or the fault's rate." };
  }
  const all = rows.flat();
  const overlapping = all.filter((ms) => ms < -1).length;
  if (overlapping > 0.2 * all.length) return { reason: `${overlapping} of ${all.length} attempts began before the one before had ended: that is hedging, or a timeout that leaves its call running.`, nextStep: "Use a fault that answers at once (error), so that every attempt ends before the next." };
  return undefined;
}

function decideAmplification(bound: Bound, seen: Sequences, proxy: string, baseline: EdgeBaseline, confidence: number): ClaimVerdict {
  const claimed = { claim: "amplification", bound, kind: "factor" as const, what: "calls per request against before the fault" };
  const { factor, n, most, error } = measureAmplification(seen, baseline);
  if (n < enough) return undecided(claimed, `Only ${n} requests under the fault had the time to run to their end.`, `Make during longer, or raise the load: at least ${enough}.`, { n });
  // Beside the spread that was seen, one request in so many may make one call more than any that was seen.
  const interval = (level: number): { lo: number; hi: number } => {
    const reach = studentQuantile(level, n - 1) * error;
    const unseen = ((most + 1) * (1 - (1 - level) ** (1 / n))) / baseline.callsPerRequest;
    return { lo: Math.max(0, factor - reach - unseen), hi: factor + reach + unseen };
  };
  return decideByIntervals({ ...claimed, what: `calls per request on ${proxy} against before the fault` }, { observed: factor, n, confidence, asked: interval(confidence), sure: interval(surety), nextStep: "More requests narrow it: make during longer, or raise the load; or loosen the bound." });
}

function measureAmplification({ inTime }: Sequences, baseline: EdgeBaseline): { readonly factor: number; readonly n: number; readonly most: number; readonly error: number } {
  const counts = inTime.map(({ calls }) => calls.length);
  const n = counts.length;
  const mean = counts.reduce((sum, count) => sum + count, 0) / Math.max(1, n);
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / Math.max(1, n - 1);
  return { factor: mean / baseline.callsPerRequest, n, most: Math.max(0, ...counts), error: Math.sqrt(variance / Math.max(1, n)) / baseline.callsPerRequest };
}

function observe(seen: Sequences, rows: readonly (readonly number[])[], baseline: EdgeBaseline, jitter: ClaimVerdict | undefined): ReturnType<typeof retry.judge>["observed"] {
  const counts = (seen.whole.length > 0 ? seen.whole : seen.met).map(attemptsOf).sort((a, b) => a - b);
  const kind = guessKind(rows);
  const growth = fitGrowth(rows);
  const medians = [0, 1, 2, 3].flatMap((k) => {
    const pauses = rows.flatMap((row) => (row[k] === undefined ? [] : [row[k]])).sort((a, b) => a - b);
    return pauses.length === 0 ? [] : [Math.round(quantile(pauses, 0.5) * 10) / 10];
  });
  const amplification = measureAmplification(seen, baseline);
  const transport = seen.met.reduce((sum, { transportRetries }: Sequence) => sum + transportRetries, 0);
  return {
    ...(counts.length > 0 && { attemptsP50: quantile(counts, 0.5), attemptsMax: Math.max(...seen.met.map(attemptsOf)) }),
    ...(medians.length > 0 && { gapsMs: medians }),
    ...(kind !== undefined && { backoffKind: kind }),
    ...(growth !== undefined && kind !== "none" && { factor: Math.exp(growth.slope) }),
    ...(jitter !== undefined && jitter.verdict !== "inconclusive" && { jitter: (jitter.verdict === "held") === (jitter.expected === "required") }),
    ...(amplification.n > 0 && { amplification: amplification.factor }),
    ...(transport > 0 && { transportRetries: transport }),
  };
}
