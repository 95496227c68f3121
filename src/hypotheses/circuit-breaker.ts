import { feltFault } from "../evidence/call-outcome.ts";
import { disturbedAt } from "../evidence/disturbances.ts";
import { measureBaseline, requestsWithCalls } from "../evidence/edge-baseline.ts";
import type { EdgeBaseline } from "../evidence/edge-baseline.ts";
import { barredGate, completenessGate, continuityGate, correlationGate, healthyBaselineGate, partitionGate, quietGate, reachabilityGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { areTooMany, zeroRunNeeded } from "../evidence/zero-runs.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { Call, Sample } from "../model/observation.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { quantile } from "../math/quantile.ts";
import { format } from "../units/format.ts";
import { adviseOnBreaker } from "./circuit-breaker/advice.ts";
import { breakerAlikes } from "./circuit-breaker/alikes.ts";
import { agree, decideAnswers, decideFailures, decideRests, decideTrialSize, decideUpstream, measureOpenSpan } from "./circuit-breaker/claims.ts";
import type { TrialsSeen } from "./circuit-breaker/claims.ts";
import { flowOf } from "./circuit-breaker/flow.ts";
import { breakerParams, explainBreaker } from "./circuit-breaker/params.ts";
import type { BreakerParams } from "./circuit-breaker/params.ts";
import { lookUnder, markRequests } from "./circuit-breaker/marks.ts";
import type { Mark, Marks, MarkSequence, Under } from "./circuit-breaker/marks.ts";
import { endsUnderWay, findClosing, findOpening, findTrials, longestIdle, readLateCalls, sequenceSince } from "./circuit-breaker/trace.ts";
import type { Opening } from "./circuit-breaker/trace.ts";
import { tooFewFor } from "./circuit-breaker/volumes.ts";
import { decideTime, isOutside, undecided } from "./decide.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";

/** Fewer felt calls than this open no breaker that is worth having: Hystrix' volume, twice that of most. */
const fewestFelt = 20;

/** Stops calling a dependency that fails, tries it now and then, and calls again when it is well. */
export const circuitBreaker: HypothesisType<BreakerParams> = {
  type: "circuit-breaker",
  summary: "Stops calling what fails, answers at once meanwhile, tries now and then, and closes after the recovery",
  about: {
    sees: "Which requests of a probe reached the dependency while it failed: an open breaker is a run of finished requests that caused no call, its trial is what reaches it between two such runs, one request as a rule.",
    cannotTellApart: "A negative cache when every request has the same key; a service that cannot dial; a breaker stuck open and an abort signal shared by all calls.",
    needs: "A fault that fails or holds most calls, calls that carry their request (traceparent or a key), more requests than the library's minimum volume, and a fault long enough for two trials.",
  },
  params: breakerParams,
  example: 'proxy: payments\nprobe: checkout\nopens: { within: 6s }\nwhileOpen: { upstream: "<= 10%", answersWithin: 100ms }\ntrials: { every: "1.5s..3s", calls: "<= 1" }\ncloses: { within: 8s }',
  probes: ({ probe }) => [probe],
  proxies: ({ proxy }) => [proxy],
  explain: explainBreaker,
  advise: adviseOnBreaker,
  judge(params, scope) {
    const seen = look(params, scope);
    if ("reason" in seen) return { claims: claimNames(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, seen.reason, seen.nextStep)), observed: {}, samples: 0, correlation: scope.observations.rung(params.probe, params.proxy) };
    const judged = params.opens === false ? stayedClosed(seen) : seen.opening === undefined ? neverOpened(params, seen) : opened(params, seen, seen.opening);
    return { ...judged, series: flowOf(params, scope) };
  },
};

/** What the run shows of the breaker, once nothing stands in the way of judging it. */
interface Seen {
  readonly scope: Scope;
  readonly params: BreakerParams;
  readonly faults: ReadonlySet<string>;
  readonly baseline: EdgeBaseline;
  readonly need: number;
  readonly onsetMs: number;
  /** Infinity: never lifted. */
  readonly faultEndMs: number;
  readonly felt: number;
  readonly disturbed: number;
  readonly marks: Marks;
  readonly under: Under;
  readonly callers: readonly string[];
  readonly opening: Opening | undefined;
}

function look(params: BreakerParams, scope: Scope): Seen | Obstacle {
  const { probe, proxy } = params;
  const { observations, epoch } = scope;
  const edge = { observations, probe, proxy };
  const span = faultSpan(scope);
  const epochEndMs = phaseWindow(scope, "after")?.endMs ?? observations.endMs;
  const baseline = measureBaseline(observations, probe, proxy);
  const faultEndMs = span.endMs ?? Number.POSITIVE_INFINITY;
  const obstacle = phaseObstacle(scope, "during") ?? completenessGate(edge) ?? unwitnessedGate(edge, phaseWindow(scope, "during")?.startMs ?? 0, epochEndMs) ?? barredGate(edge, phaseWindow(scope, "during")?.startMs ?? 0, epochEndMs) ?? continuityGate(edge, epoch, faultEndMs - 10)
    ?? correlationGate(edge) ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, baseline) ?? partitionGate(edge) ?? exerciseObstacle(scope, probe);
  if (obstacle !== undefined) return obstacle;
  const onsetMs = span.onsetMs ?? Number.POSITIVE_INFINITY;
  const faults = new Set(scope.hypothesis.faults);
  const need = zeroRunNeeded(baseline);
  let [felt, unanswered, disturbed, callsUnder] = [0, 0, 0, 0];
  const callers = new Set<string>();
  const marks = markRequests(requestsWithCalls(observations, { probe, proxy, epoch }), onsetMs, ({ n }) => observations.callsOf({ probe, n }, proxy), ({ sample, calls }) => {
    let feltHere = 0;
    for (const call of calls) {
      callers.add(call.caller);
      if (feltFault(call, faults)) feltHere += 1;
    }
    felt += feltHere;
    // A request that waits for a connection, and is not answered in time or not before the fault is over, meets the fault as well.
    const isHeldUp = sample.failure !== undefined || hasWaited(sample, calls, faultEndMs, baseline);
    if (feltHere === 0 && isHeldUp && sample.dueMs < faultEndMs) unanswered += 1;
    if (sample.disturbed) disturbed += 1;
    if (sample.dueMs < faultEndMs) callsUnder += calls.length;
  });
  const opening = findOpening(marks, faultEndMs, need, baseline, onsetMs);
  if (felt + unanswered < fewestFelt && opening === undefined) {
    return { reason: `Only ${felt} calls of ${probe} felt the fault, fewer than the ${fewestFelt} that a breaker may ask for before it opens.`, nextStep: "Raise the load, or make during longer." };
  }
  return { scope, params, faults, baseline, need, onsetMs, faultEndMs, felt, disturbed, marks, under: lookUnder(marks, faultEndMs, callsUnder), callers: [...callers], opening };
}

/** Whether a request got no further until the fault was over, much longer than any took before. */
function hasWaited({ dueMs }: Sample, [first]: readonly Call[], faultEndMs: number, { answerP99Ms }: EdgeBaseline): boolean {
  return first !== undefined && first.startMs >= faultEndMs && faultEndMs - dueMs > 3 * answerP99Ms;
}

function claimNames({ opens, whileOpen, trials, closes }: BreakerParams): readonly { readonly claim: string; readonly text: string }[] {
  const named = {
    "opens.within": opens === false ? undefined : opens?.within, "opens.afterFailures": opens === false ? undefined : opens?.afterFailures,
    "whileOpen.upstream": whileOpen?.upstream, "whileOpen.answersWithin": whileOpen?.answersWithin, "trials.every": trials?.every, "trials.calls": trials?.calls, "closes.within": closes?.within,
  };
  return [...(opens === false ? [{ claim: "opens", text: "false" }] : []), ...Object.entries(named).flatMap(([claim, bound]) => (bound === undefined ? [] : [{ claim, text: bound.text }]))];
}

function stayedClosed(seen: Seen): Judgement {
  const { scope, params, opening, baseline, felt } = seen;
  const { n, refused, unknown, callsPerSecond } = seen.under;
  const base = { claim: "opens", expected: "false", n, observed: opening === undefined ? `${refused} of ${n} requests made no call` : `after ${format("duration", opening.atMs - seen.onsetMs)}` };
  const few = tooFewFor(scope.hypothesis.library, { calls: felt, perSecond: callsPerSecond });
  const verdict: ClaimVerdict =
    opening !== undefined && !opening.isPatchy ? { ...base, verdict: "violated", reason: `It opened ${format("duration", opening.atMs - seen.onsetMs)} after the onset: ${refused} of ${n} requests made no call, ${seen.need} or more of them in a row.` }
    : felt < fewestFelt || few !== undefined ? { ...base, verdict: "inconclusive", reason: few === undefined ? `Only ${felt} calls felt the fault.` : `That it stayed closed says little: ${few}.`, nextStep: "Raise the load, or make during longer." }
    : opening !== undefined || areTooMany(refused, n, { ...baseline, missShareAtMost: baseline.missShareAtMost * 1.5 }) ? { ...base, verdict: "inconclusive", reason: `${refused} of ${n} requests made no call, more than before the fault, but never ${seen.need} in a row.`, nextStep: "Raise the load: refusals closer together show whether it opened." }
    : unknown > 0.05 * n ? { ...base, verdict: "inconclusive", reason: `${unknown} of ${n} requests made no call and were not answered: they may wait for a breaker or for a connection.`, nextStep: "Make the probe's timeout longer than the service's own." }
    : { ...base, verdict: "held", reason: `It stayed closed: ${n - refused - unknown} of ${n} requests under the fault reached ${params.proxy}, ${felt} calls felt it.` };
  return { claims: [verdict], observed: opening === undefined ? {} : { openedAfterMs: opening.atMs - seen.onsetMs }, samples: n, ...common(seen), evidence: verdict.verdict === "violated" ? refusals(seen) : [], states: states(seen, [], -1) };
}

function neverOpened(params: BreakerParams, seen: Seen): Judgement {
  const { marks, under: { n, called, callsPerSecond } } = seen;
  let watched = n - 1;
  while (watched >= 0 && marks.label(watched) !== 1 && (marks.label(watched) === 0 || marks.at(watched)?.endMs === undefined)) watched -= 1;
  const watchedMs = Math.max(0, (marks.at(watched)?.dueMs ?? seen.onsetMs) - seen.onsetMs);
  const few = tooFewFor(seen.scope.hypothesis.library, { calls: seen.felt, perSecond: callsPerSecond });
  const reason = `It never opened: ${called} of ${n} requests reached ${params.proxy} in the ${format("duration", watchedMs)} after the onset, ${seen.felt} calls felt the fault${few === undefined ? "" : ` (${few})`}.`;
  const withinMs = params.opens === undefined || params.opens === false ? undefined : params.opens.within?.max;
  const claims = claimNames(params).map(({ claim, text }): ClaimVerdict => {
    const base = { claim, expected: text, observed: "never", n };
    if (!claim.startsWith("opens")) return { ...base, verdict: "inconclusive", observed: "not measured", reason: "It never opened, so this could not be seen.", nextStep: "Make the fault strong and long enough for the breaker to open, or see why it does not." };
    if (withinMs !== undefined && watchedMs <= withinMs) return { ...base, verdict: "inconclusive", reason: `It did not open in the ${format("duration", watchedMs)} that were watched, which is less than ${text}.`, nextStep: `Make during longer than ${format("duration", withinMs)}.` };
    return { ...base, verdict: "violated", interval: [watchedMs, null], reason };
  });
  const witnesses: Mark[] = [];
  for (let place = n - 1; place >= 0 && witnesses.length < 3; place -= 1) {
    const mark = marks.at(place);
    if (mark?.label === 1 && mark.atMs - seen.onsetMs > (withinMs ?? 0)) witnesses.unshift(mark);
  }
  return { claims, observed: {}, samples: n, ...common(seen), evidence: witnesses.map((mark) => tell(seen, mark, `still made ${plural(marks.callsOf(mark).length, "call")} to ${params.proxy} ${format("duration", mark.atMs - seen.onsetMs)} after the onset`)), states: states(seen, [], -1) };
}

function opened(params: BreakerParams, seen: Seen, opening: Opening): Judgement {
  const { scope, marks, onsetMs, faultEndMs, callers } = seen;
  const { opens, whileOpen, trials: trialsClaimed, closes } = params;
  const open = measureOpenSpan(marks.between(marks.countDueBefore(opening.atMs), marks.countDueBefore(faultEndMs)));
  const sequence = sequenceSince(opening, marks, { late: false });
  const failures = decideFailures(opens === undefined || opens === false || opens.afterFailures === undefined ? { text: "" } : opens.afterFailures, opening, marks);
  const closing = closeFrom(seen, sequence);
  const trialsOf = callers.map((caller) => trialReadings(seen, opening, sequence, callers.length > 1 ? caller : undefined));
  const all = trialsOf.flatMap(([reading]) => reading?.trials ?? []);
  const claims: ClaimVerdict[] = [];
  if (opens !== undefined && opens !== false) {
    if (opens.within !== undefined) claims.push(dated(seen, decideOpening(opens.within, opening, seen), [opening.afterMs, opening.atMs]));
    if (opens.afterFailures !== undefined) claims.push(failures.verdict);
  }
  if (whileOpen?.upstream !== undefined) claims.push(decideUpstream(whileOpen.upstream, open, scope.confidence));
  if (whileOpen?.answersWithin !== undefined) claims.push(decideAnswers(whileOpen.answersWithin, open, scope.confidence));
  const perCaller = (decide: (reading: TrialsSeen) => ClaimVerdict): ClaimVerdict => agree(
    trialsOf.map((readings) => agree(readings.map(decide), "The ways to tell one trial from the next", "Raise the load, so that refusals between trials stand in a row.")),
    "The replicas", "Look at the replica that differs, or run one.");
  if (trialsClaimed?.every !== undefined) claims.push(dated(seen, perCaller((reading) => decideRests(trialsClaimed.every ?? { text: "" }, reading)), []));
  if (trialsClaimed?.calls !== undefined) claims.push(perCaller((reading) => decideTrialSize(trialsClaimed.calls ?? { text: "" }, reading)));
  if (closes !== undefined) {
    const claimed = { claim: "closes.within", bound: closes.within, kind: "duration" as const, what: "the end of the fault" };
    const obstacle = phaseObstacle(scope, "after");
    const nextStep = closing.hi === undefined ? "Make after longer than the bound." : "Raise the load, so that requests are closer together, or loosen the bound.";
    claims.push(obstacle === undefined ? dated(seen, decideTime(claimed, { ...closing, n: sequence.length, event: "calls went through again for good", nextStep }), closing.hi === undefined ? [] : [faultEndMs + closing.lo, faultEndMs + closing.hi]) : undecided(claimed, obstacle.reason, obstacle.nextStep));
  }
  const rests = trialsOf.flatMap(([reading]) => reading?.trials.slice(1).map(({ restMs }) => restMs.hi) ?? []).sort((a, b) => a - b);
  return {
    claims,
    observed: {
      failuresBeforeOpen: failures.failures,
      openedAfterMs: opening.atMs - onsetMs,
      ...(open.n > 0 && { upstreamShareWhileOpen: open.called / open.n }),
      ...(open.answersMs.length > 0 && { answerP95MsWhileOpen: quantile(open.answersMs, 0.95) }),
      ...(all.length > 0 && { trialCalls: Math.max(...all.map(({ requests }) => requests)), attemptsPerTrial: all.reduce((sum, { calls }) => sum + calls, 0) / all.length }),
      ...(rests.length > 0 && { trialIntervalMs: quantile(rests, 0.5) }),
      ...(closing.hi !== undefined && { closedAfterMs: closing.hi }),
    },
    samples: marks.length,
    ...common(seen),
    equivalentTo: breakerAlikes(scope.observations, params, marks, closing.hi === undefined && all.length === 0),
    evidence: claims.some(({ verdict }) => verdict === "violated") ? [
      { atMs: opening.atMs, what: `opened ${format("duration", opening.atMs - onsetMs)} after the onset, ${plural(failures.failures, "failed call")} before` },
      ...all.slice(0, 5).map((trial): Evidence => ({ atMs: trial.startMs, what: `trial of ${plural(trial.requests, "request")} with ${plural(trial.calls, "call")} (first: request ${trial.firstN} of ${params.probe}) after ${format("duration", trial.restMs.hi)} of rest` })),
      ...(closing.hi === undefined ? [] : [{ atMs: faultEndMs + closing.hi, what: `closed ${format("duration", closing.hi)} after the end of the fault` }]),
    ] : [],
    states: states(seen, all, closing.hi ?? -1, sequence.at(sequence.length - 1)?.atMs),
  };
}

/** A time stands only when the machine was quiet: on the whole, and at the moments that decide. */
function dated({ scope, marks, disturbed }: Seen, verdict: ClaimVerdict, momentsMs: readonly number[]): ClaimVerdict {
  const isDisturbed = disturbedAt(scope.observations.disturbances);
  const noisy = quietGate(disturbed, marks.length, "requests")
    ?? (momentsMs.some(isDisturbed) ? { reason: "The moment that decides it was disturbed by this machine.", nextStep: "Run again, on a quieter machine." } : undefined);
  return noisy === undefined ? verdict : { ...verdict, verdict: "inconclusive", ...noisy };
}

function decideOpening(bound: NonNullable<Exclude<BreakerParams["opens"], false | undefined>["within"]>, opening: Opening, seen: Seen): ClaimVerdict {
  const claimed = { claim: "opens.within", bound, kind: "duration" as const, what: "the onset" };
  if (opening.isPatchy) {
    const closedMs = surelyClosedMs(seen);
    if (isOutside(bound, { lo: closedMs })) return decideTime(claimed, { lo: closedMs, n: seen.marks.length, event: "it opened", nextStep: "" });
    return undecided(claimed, `From ${format("duration", opening.atMs - seen.onsetMs)} on some requests made no call, and others between them did: calls are thinned out, or it opens for shorter than requests are apart.`, "Raise the load, so that several requests fall into each rest of the breaker.", { n: seen.marks.length });
  }
  return decideTime(claimed, { lo: opening.afterMs - seen.onsetMs, hi: opening.atMs - seen.onsetMs, n: seen.marks.length, event: "it opened", nextStep: "Raise the load, so that the opening is dated more closely, or loosen the bound." });
}

/** For how long after the onset every request made its call, whatever came then: it had not opened by that time. */
function surelyClosedMs({ marks, onsetMs, need }: Seen): number {
  let place = 0;
  while (place < marks.length && marks.label(place) === 1) place += 1;
  return place < need ? 0 : Math.max(0, (marks.at(place - 1)?.atMs ?? onsetMs) - onsetMs);
}

/** The same trace read in every way that it allows: a single refusal ends a trial, or only a row of them; late calls are trials, or not. */
function trialReadings({ scope, marks, faultEndMs, faults, need, callers }: Seen, opening: Opening, whole: MarkSequence, caller: string | undefined): readonly TrialsSeen[] {
  const endsMs = endsUnderWay(marks, opening);
  const lastCallsEndMs = endsMs.at(-1) ?? opening.atMs;
  const isDisturbed = disturbedAt(scope.observations.disturbances);
  const slack = caller === undefined ? 1 : 5 * callers.length;
  return readLateCalls(opening, marks).flatMap((late) => {
    const sequence = caller === undefined && !late ? whole : sequenceSince(opening, marks, { late, ...(caller !== undefined && { caller }) });
    return (opening.isPatchy ? [1] : [need, 1]).map((separator) => {
      const found = findTrials(sequence, { openedMs: opening.atMs, lastCallsEndMs, faultEndMs, faults, separator, slack, isDisturbed });
      return { isShared: caller !== undefined, ...found, idleMs: longestIdle(opening.refusedMs, endsMs, found.lastRefusalMs ?? opening.refusedMs) };
    });
  });
}

function closeFrom({ baseline, need, faultEndMs }: Seen, sequence: MarkSequence): { readonly lo: number; readonly hi?: number } {
  const first = sequence.at(findClosing(sequence, sequence.countAskedBefore(faultEndMs), baseline, need));
  let refused = (first === undefined ? sequence.length : sequence.countAskedBefore(first.atMs)) - 1;
  while (refused >= 0 && sequence.label(refused) !== 0) refused -= 1;
  const lo = Math.max(0, (sequence.at(refused)?.atMs ?? faultEndMs) - faultEndMs);
  return first === undefined ? { lo } : { lo, hi: first.atMs - faultEndMs };
}

function states({ scope, opening, onsetMs, faultEndMs }: Seen, trials: readonly { readonly startMs: number; readonly endMs: number }[], closedAfterMs: number, lastAskedMs?: number): NonNullable<Judgement["states"]> {
  const startMs = phaseWindow(scope, "during")?.startMs ?? onsetMs;
  const endMs = phaseWindow(scope, "after")?.endMs ?? scope.observations.endMs;
  if (opening === undefined) return [{ state: "closed", startMs, endMs }];
  const spans = [{ state: "closed", startMs, endMs: opening.atMs }];
  const openUntil = closedAfterMs >= 0 ? faultEndMs + closedAfterMs : (lastAskedMs ?? endMs);
  let atMs = opening.atMs;
  for (const trial of [...trials].sort((a, b) => a.startMs - b.startMs)) {
    if (trial.startMs > atMs) spans.push({ state: "open", startMs: atMs, endMs: trial.startMs });
    spans.push({ state: "half-open", startMs: Math.max(atMs, trial.startMs), endMs: Math.max(atMs, trial.endMs) });
    atMs = Math.max(atMs, trial.endMs);
  }
  if (openUntil > atMs) spans.push({ state: "open", startMs: atMs, endMs: openUntil });
  if (closedAfterMs >= 0) spans.push({ state: "closed", startMs: openUntil, endMs });
  return spans;
}

function common({ scope, params }: Seen): Pick<Judgement, "correlation"> {
  return { correlation: scope.observations.rung(params.probe, params.proxy) };
}

function refusals(seen: Seen): readonly Evidence[] {
  const found: Evidence[] = [];
  for (const mark of seen.marks) {
    if (mark.label === 0) found.push(tell(seen, mark, "was answered without a call"));
    if (found.length === 3) break;
  }
  return found;
}

function tell({ params }: Seen, { n, atMs }: Mark, what: string): Evidence {
  return { atMs, what: `request ${n} of ${params.probe} ${what}` };
}

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
