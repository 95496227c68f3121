import { feltFault } from "../evidence/call-outcome.ts";
import { Column } from "../evidence/column.ts";
import { measureBaseline, requestsWithCalls } from "../evidence/edge-baseline.ts";
import type { EdgeBaseline } from "../evidence/edge-baseline.ts";
import { barredGate, completenessGate, continuityGate, correlationGate, healthyBaselineGate, quietGate, reachabilityGate, strayGate, unwitnessedGate } from "../evidence/gates.ts";
import { partitionPoint } from "../evidence/partition-point.ts";
import { zeroRunNeeded } from "../evidence/zero-runs.ts";
import { quantile } from "../math/quantile.ts";
import type { HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { Bound } from "../model/bound.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { markRequests } from "./circuit-breaker/marks.ts";
import { findOpening } from "./circuit-breaker/trace.ts";
import { decideByIntervals, decideByWitnesses, decideShare, surety, undecided } from "./decide.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { adviseOnRetry, enough } from "./retry/advice.ts";
import { decideFactor, decideFirst, decideJitter, decideKind, guessKind } from "./retry/backoff.ts";
import { studentQuantile } from "./retry/growth.ts";
import { explainRetry, retryClaims, retryParams } from "./retry/params.ts";
import type { RetryParams } from "./retry/params.ts";
import { PauseRows } from "./retry/pauses.ts";
import { decideMethods, decideRetryAfter, decideStatuses } from "./retry/rules.ts";
import { collectSequences, repeatWithinMs } from "./retry/sequences.ts";
import type { Sequence, SequenceList, Sequences } from "./retry/sequences.ts";
import { drawTypical } from "./retry/typical.ts";

/** Tries again when a call fails: often enough, not too often, and not all at once. */
export const retry: HypothesisType<RetryParams> = {
  type: "retry",
  summary: "Failed calls are tried again: how often, how long apart, and which",
  about: {
    sees: "All calls that one request caused on the edge: how many, what each was answered, and the pauses between the end of one and the start of the next.",
    cannotTellApart: "A retry in the service and one in its sidecar; retries at a constant pause and a hedge, where calls fail fast; a retry that leaves its first call running and a hedge, where calls hang.",
    needs: "A fault that fails calls, and calls that carry their request; for exponential growth 18 retried requests at ±50 % jitter and 181 at full jitter, for two pauses each.",
  },
  params: retryParams,
  example: 'proxy: payments\nprobe: checkout\nattempts: "<= 3"\nbackoff: { kind: exponential, jitter: required }',
  probes: ({ probe }) => [probe],
  proxies: ({ proxy }) => [proxy],
  explain: explainRetry,
  advise: adviseOnRetry,
  judge(params, scope) {
    const { probe, proxy } = params;
    const { observations, epoch, hypothesis } = scope;
    const edge = { observations, probe, proxy };
    const during = phaseWindow(scope, "during");
    const before = phaseWindow(scope, "before");
    const span = faultSpan(scope);
    const baseline = measureBaseline(observations, probe, proxy);
    const faultEndMs = span.endMs ?? observations.endMs;
    const obstacle = phaseObstacle(scope, "during") ?? completenessGate(edge) ?? unwitnessedGate(edge, during?.startMs ?? 0, faultEndMs) ?? barredGate(edge, during?.startMs ?? 0, faultEndMs) ?? continuityGate(edge, epoch, faultEndMs - 10) ?? correlationGate(edge)
      ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, baseline) ?? exerciseObstacle(scope, probe) ?? (before === undefined || during === undefined ? undefined : strayGate(edge, before, during));
    const correlation = observations.rung(probe, proxy);
    if (obstacle !== undefined) return { claims: retryClaims(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, obstacle.reason, obstacle.nextStep)), observed: {}, samples: 0, correlation };
    const onsetMs = span.onsetMs ?? faultEndMs;
    const faults = new Set(hypothesis.faults);
    const marks = markRequests(requestsWithCalls(observations, { probe, proxy, epoch, toMs: faultEndMs }), onsetMs, ({ n }) => observations.callsOf({ probe, n }, proxy));
    const opening = findOpening(marks, faultEndMs, zeroRunNeeded(baseline), baseline, onsetMs);
    const seen = collectSequences(requestsWithCalls(observations, { probe, proxy, epoch, toMs: faultEndMs }), faults, { onsetMs, untilMs: Math.min(faultEndMs, opening?.atMs ?? faultEndMs), repeatMs: repeatWithinMs(baseline) }, (n) => observations.callsOf({ probe, n }, proxy));
    const typical = drawTypical(retriedAmong(seen), seen, { ...edge, epoch });
    return { ...decideAll(params, scope, seen, baseline, opening !== undefined), correlation, ...(typical !== undefined && { typical }) };
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
    const decided = decideAttempts(attempts, seen, params.probe, hasOpened);
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
    ...(onlyMethods === undefined ? [] : [decideMethods(onlyMethods, seen, params.probe)]),
    ...(neverStatuses === undefined ? [] : [decideStatuses(neverStatuses, seen, params.probe)]),
    ...(honoursRetryAfter === undefined ? [] : [decideRetryAfter(seen, params.probe, Date.parse(observations.header.startedAt))]),
  ];
  for (const ruling of rulings) {
    claims.push(ruling.verdict);
    evidence.push(...ruling.evidence);
  }
  if (success !== undefined) {
    const judged = seen.whole.where(({ disturbed }) => !disturbed);
    claims.push(decideShare({ claim: "success", bound: success, kind: "share", what: "the share of good answers among requests that met the fault" }, { k: judged.count(({ isGood }) => isGood), n: judged.length, confidence }));
  }
  if (seen.met.count(({ calls }) => calls > 1) > 0) {
    equivalentTo.push("retries of a sidecar or client library below the service");
    if (seen.met.count(({ calls, attempts }) => calls > attempts) > 0) equivalentTo.push("repeats by the HTTP client on another connection: use a fault that answers (error) to tell them apart");
    const promptMs = Math.max(20, 2 * baseline.callP99Ms);
    const isPrompt = (sequence: Sequence): boolean => seen.callsOf(sequence).every((call) => !feltFault(call, faults) || call.endMs - call.startMs < promptMs);
    if (guessKind(rows) === "constant" && seen.met.count(isPrompt) === seen.met.length) equivalentTo.push("hedging after a fixed delay: use a slow answer to tell them apart");
  }
  return { claims, observed: observe(seen, rows, baseline, backoff?.jitter === undefined || backoff.jitter === "any" ? undefined : claims.find(({ claim }) => claim === "backoff.jitter")), samples: seen.met.length, equivalentTo, evidence };
}

/** More calls than allowed refute in any request; fewer only in one that failed to its end and was not cut short. */
function decideAttempts(bound: Bound, { met, whole, callsOf }: Sequences, probe: string, hasOpened: boolean): { readonly verdict: ClaimVerdict; readonly evidence: readonly Evidence[] } {
  const claimed = { claim: "attempts", bound, kind: "count" as const, what: "the number of calls per request" };
  const isOver = (n: number): boolean => bound.max !== undefined && n > bound.max - (bound.maxOpen === true ? 1 : 0);
  const isUnder = (n: number): boolean => !within(bound, n) && !isOver(n);
  const over = met.where(({ attempts }) => isOver(attempts));
  const under = whole.where(({ hasFailedThroughout, calls }) => hasFailedThroughout && isUnder(calls));
  const witnesses = over.length + under.length;
  const doubtful = met.count(({ calls, attempts }) => isOver(calls) && !isOver(attempts)) + whole.count(({ hasFailedThroughout, calls, attempts }) => hasFailedThroughout && isUnder(attempts) && !isUnder(calls) && !isOver(calls));
  const judged = bound.min === undefined ? whole : whole.where(({ hasFailedThroughout }) => hasFailedThroughout);
  const most = (judged.length === 0 ? met : judged).mostAttempts();
  const worst = over.length > 0 ? over.mostAttempts() : (under.at(0)?.calls ?? most);
  const evidence = [...over.firstOf(3), ...under.firstOf(3)].slice(0, 3).map((sequence): Evidence => {
    const calls = callsOf(sequence);
    return { atMs: calls.at(-1)?.startMs ?? sequence.dueMs, what: `request ${sequence.n} of ${probe} made ${calls.length} call${calls.length === 1 ? "" : "s"}, at ${calls.slice(0, 8).map(({ startMs }) => `${Math.round(startMs)}ms`).join(", ")}${calls.length > 8 ? ", …" : ""}` };
  });
  if (witnesses === 0 && doubtful > 0) {
    return { evidence: [], verdict: undecided(claimed, `${doubtful} requests made calls of which the HTTP client may have repeated some by itself on another connection, and whether these count decides ${bound.text}.`, "Use a fault that answers (error) instead of one that cuts reused connections (drop, reset).", { observed: String(most), n: judged.length }) };
  }
  const verdict = decideByWitnesses(claimed, { observed: witnesses > 0 ? worst : most, witnesses, n: witnesses > 0 ? met.length : judged.length, enough });
  if (verdict.verdict !== "inconclusive" || witnesses > 0) return { verdict, evidence };
  return { evidence, verdict: { ...verdict, reason: `Only ${judged.length} of ${met.length} requests that met the fault ran to their end${hasOpened ? " before the breaker opened" : ""}, fewer than the ${enough} that a bound on attempts is judged by.`, nextStep: hasOpened ? "Raise the load, or let the breaker be slower or off while retries are judged." : "Make during longer, or raise the load or the fault's rate." } };
}

/** Rows of pauses. */
function pauseRows(seen: Sequences): PauseRows {
  return new PauseRows(retriedAmong(seen));
}

/** Undisturbed requests with pauses. A wait that Retry-After asked for is no backoff. */
function retriedAmong(seen: Sequences): SequenceList {
  return withPauses(seen).where(({ disturbed, pausesMs, asksToWait }) => !disturbed && pausesMs.length > 0 && !asksToWait);
}

/** Requests whose pauses are judged: whole ones; where none ends, those that had half the time of the fault. */
function withPauses({ met, whole }: Sequences): SequenceList {
  const endless = met.count(({ overMs }) => overMs === Number.POSITIVE_INFINITY);
  return whole.length >= 5 && endless < whole.length ? whole : met.firstOf(Math.floor(met.length / 2));
}

function pauseObstacle(seen: Sequences, rows: PauseRows, hasOpened: boolean): { readonly reason: string; readonly nextStep: string } | undefined {
  const { met, whole } = seen;
  const judged = withPauses(seen);
  const noise = quietGate(judged.count(({ disturbed }) => disturbed), judged.length, "requests with retries");
  if (noise !== undefined) return noise;
  const asked = met.count(({ asksToWait }) => asksToWait);
  if (rows.length === 0 && asked > 0) return { reason: `All ${asked} answers that were retried asked for a wait by Retry-After.`, nextStep: "Leave retryAfter out of the fault to see the backoff itself." };
  if (rows.length === 0) {
    const many = whole.length >= enough;
    return { reason: many ? `None of ${whole.length} requests that met the fault and ran to their end was retried, so there is no pause to judge.` : `No request that ran to its end${hasOpened ? " before the breaker opened" : ""} was retried.`, nextStep: many ? "Let the service retry what this fault does, or use a fault that it retries." : "Make during longer, or raise the load or the fault's rate." };
  }
  const all = rows.sortedMs();
  const overlapping = partitionPoint(all.length, (at) => (all[at] ?? 0) < -1);
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
  const n = inTime.length;
  let [calls, most, squares] = [0, 0, 0];
  for (let place = 0; place < n; place += 1) {
    calls += inTime.at(place) ?? 0;
    most = Math.max(most, inTime.at(place) ?? 0);
  }
  const mean = calls / Math.max(1, n);
  for (let place = 0; place < n; place += 1) squares += ((inTime.at(place) ?? 0) - mean) ** 2;
  const variance = squares / Math.max(1, n - 1);
  return { factor: mean / baseline.callsPerRequest, n, most, error: Math.sqrt(variance / Math.max(1, n)) / baseline.callsPerRequest };
}

function observe(seen: Sequences, rows: PauseRows, baseline: EdgeBaseline, jitter: ClaimVerdict | undefined): ReturnType<typeof retry.judge>["observed"] {
  const counts = new Column("u32");
  for (const { attempts } of seen.whole.length > 0 ? seen.whole : seen.met) counts.push(attempts);
  const kind = guessKind(rows);
  const growth = rows.growth;
  const medians = [0, 1, 2, 3].flatMap((k) => {
    const pauses = rows.sortedMs(k);
    return pauses.length === 0 ? [] : [Math.round(quantile(pauses, 0.5) * 10) / 10];
  });
  const amplification = measureAmplification(seen, baseline);
  let transport = 0;
  for (const { transportRetries } of seen.met) transport += transportRetries;
  return {
    ...(counts.length > 0 && { attemptsP50: quantile(counts.sorted(), 0.5), attemptsMax: seen.met.mostAttempts() }),
    ...(medians.length > 0 && { gapsMs: medians }),
    ...(kind !== undefined && { backoffKind: kind }),
    ...(growth !== undefined && kind !== "none" && { factor: Math.exp(growth.slope) }),
    ...(jitter !== undefined && jitter.verdict !== "inconclusive" && { jitter: (jitter.verdict === "held") === (jitter.expected === "required") }),
    ...(amplification.n > 0 && { amplification: amplification.factor }),
    ...(transport > 0 && { transportRetries: transport }),
  };
}
