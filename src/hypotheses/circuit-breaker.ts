import { feltFault } from "../evidence/call-outcome.ts";
import { disturbedAt } from "../evidence/disturbances.ts";
import { measureBaseline, requestsWithCalls } from "../evidence/edge-baseline.ts";
import type { EdgeBaseline } from "../evidence/edge-baseline.ts";
import { completenessGate, continuityGate, correlationGate, healthyBaselineGate, partitionGate, quietGate, reachabilityGate, unwitnessedGate } from "../evidence/gates.ts";
import type { Obstacle } from "../evidence/gates.ts";
import { areTooMany, zeroRunNeeded } from "../evidence/zero-runs.ts";
import type { HypothesisType, Judgement, Scope } from "../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../model/verdict.ts";
import { quantile } from "../math/quantile.ts";
import { format } from "../units/format.ts";
import { adviseOnBreaker } from "./circuit-breaker-advice.ts";
import { agree, decideAnswers, decideFailures, decideRests, decideTrialSize, decideUpstream } from "./circuit-breaker-claims.ts";
import type { TrialsSeen } from "./circuit-breaker-claims.ts";
import { breakerParams, explainBreaker } from "./circuit-breaker-params.ts";
import type { BreakerParams } from "./circuit-breaker-params.ts";
import { findClosing, findOpening, findTrials, markRequests, readLateCalls, sequenceSince } from "./circuit-breaker-trace.ts";
import type { Mark, Opening } from "./circuit-breaker-trace.ts";
import { tooFewFor } from "./circuit-breaker-volumes.ts";
import { decideTime, undecided } from "./decide.ts";
import { faultSpan, phaseWindow } from "./fault-span.ts";
import { exerciseObstacle, phaseObstacle } from "./preconditions.ts";

/** Fewer felt calls than this open no breaker that is worth having: Hystrix' volume, twice that of most. */
const fewestFelt = 20;

/** Stops calling a dependency that fails, tries it now and then, and calls again when it is well. */
export const circuitBreaker: HypothesisType<BreakerParams> = {
  type: "circuit-breaker",
  summary: "Stops calling what fails, answers at once meanwhile, tries now and then, and closes after the recovery",
  params: breakerParams,
  example: 'proxy: payments\nprobe: checkout\nopens: { within: 6s }\nwhileOpen: { upstream: "<= 10%", answersWithin: 100ms }\ntrials: { every: "1.5s..3s", calls: "<= 1" }\ncloses: { within: 8s }',
  probes: ({ probe }) => [probe],
  proxies: ({ proxy }) => [proxy],
  explain: explainBreaker,
  advise: adviseOnBreaker,
  judge(params, scope) {
    const seen = look(params, scope);
    if ("reason" in seen) return { claims: claimNames(params).map(({ claim, text }) => undecided({ claim, bound: { text } }, seen.reason, seen.nextStep)), observed: {}, samples: 0, correlation: scope.observations.rung(params.probe, params.proxy) };
    if (params.opens === false) return stayedClosed(seen);
    return seen.opening === undefined ? neverOpened(params, seen) : opened(params, seen, seen.opening);
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
  readonly marks: readonly Mark[];
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
  const obstacle = phaseObstacle(scope, "during") ?? completenessGate(edge) ?? unwitnessedGate(edge, phaseWindow(scope, "during")?.startMs ?? 0, epochEndMs) ?? continuityGate(edge, epoch, faultEndMs - 10)
    ?? correlationGate(edge) ?? reachabilityGate(edge, baseline) ?? healthyBaselineGate(edge, baseline) ?? partitionGate(edge) ?? exerciseObstacle(scope, probe);
  if (obstacle !== undefined) return obstacle;
  const onsetMs = span.onsetMs ?? Number.POSITIVE_INFINITY;
  const faults = new Set(scope.hypothesis.faults);
  const need = zeroRunNeeded(baseline);
  const marks = markRequests(requestsWithCalls(observations, { probe, proxy, epoch }), onsetMs);
  const opening = findOpening(marks, faultEndMs, need, baseline, onsetMs);
  const felt = marks.reduce((sum, { calls }) => sum + calls.filter((call) => feltFault(call, faults)).length, 0);
  // A request that waits for a connection and is not answered in time meets the fault as well.
  const unanswered = marks.filter(({ calls, sample }) => sample.failure !== undefined && sample.dueMs < faultEndMs && !calls.some((call) => feltFault(call, faults))).length;
  if (felt + unanswered < fewestFelt && opening === undefined) {
    return { reason: `Only ${felt} calls of ${probe} felt the fault, fewer than the ${fewestFelt} that a breaker may ask for before it opens.`, nextStep: "Raise the load, or make during longer." };
  }
  const callers = [...new Set(marks.flatMap(({ calls }) => calls.map(({ caller }) => caller)))];
  return { scope, params, faults, baseline, need, onsetMs, faultEndMs, felt, marks, callers, opening };
}

function claimNames({ opens, whileOpen, trials, closes }: BreakerParams): readonly { readonly claim: string; readonly text: string }[] {
  const named = {
    "opens.within": opens === false ? undefined : opens?.within, "opens.afterFailures": opens === false ? undefined : opens?.afterFailures,
    "whileOpen.upstream": whileOpen?.upstream, "whileOpen.answersWithin": whileOpen?.answersWithin, "trials.every": trials?.every, "trials.calls": trials?.calls, "closes.within": closes?.within,
  };
  return [...(opens === false ? [{ claim: "opens", text: "false" }] : []), ...Object.entries(named).flatMap(([claim, bound]) => (bound === undefined ? [] : [{ claim, text: bound.text }]))];
}

function under({ marks, faultEndMs }: Seen): readonly Mark[] {
  return marks.filter(({ sample }) => sample.dueMs < faultEndMs);
}

function stayedClosed(seen: Seen): Judgement {
  const { scope, params, opening, baseline, felt, marks } = seen;
  const requests = under(seen);
  const refused = requests.filter(({ label }) => label === 0).length;
  const unknown = requests.filter(({ label }) => label === undefined).length;
  const n = requests.length;
  const base = { claim: "opens", expected: "false", n, observed: opening === undefined ? `${refused} of ${n} requests made no call` : `after ${format("duration", opening.atMs - seen.onsetMs)}` };
  const few = tooFewFor(scope.hypothesis.library, { calls: felt, perSecond: perSecond(seen) });
  const verdict: ClaimVerdict =
    opening !== undefined && !opening.isPatchy ? { ...base, verdict: "violated", reason: `It opened ${format("duration", opening.atMs - seen.onsetMs)} after the onset: ${refused} of ${n} requests made no call, ${seen.need} or more of them in a row.` }
    : felt < fewestFelt || few !== undefined ? { ...base, verdict: "inconclusive", reason: few === undefined ? `Only ${felt} calls felt the fault.` : `That it stayed closed says little: ${few}.`, nextStep: "Raise the load, or make during longer." }
    : opening !== undefined || areTooMany(refused, n, { ...baseline, missShareAtMost: baseline.missShareAtMost * 1.5 }) ? { ...base, verdict: "inconclusive", reason: `${refused} of ${n} requests made no call, more than before the fault, but never ${seen.need} in a row.`, nextStep: "Raise the load: refusals closer together show whether it opened." }
    : unknown > 0.05 * n ? { ...base, verdict: "inconclusive", reason: `${unknown} of ${n} requests made no call and were not answered: they may wait for a breaker or for a connection.`, nextStep: "Make the probe's timeout longer than the service's own." }
    : { ...base, verdict: "held", reason: `It stayed closed: ${n - refused - unknown} of ${n} requests under the fault reached ${params.proxy}, ${felt} calls felt it.` };
  return { claims: [verdict], observed: opening === undefined ? {} : { openedAfterMs: opening.atMs - seen.onsetMs }, samples: n, ...common(seen), evidence: verdict.verdict === "violated" ? refusals(marks) : [], states: states(seen, [], -1, []) };
}

function neverOpened(params: BreakerParams, seen: Seen): Judgement {
  const requests = under(seen);
  const watchedMs = Math.max(0, (requests.findLast(({ label, sample }) => label === 1 || (label === undefined && sample.endMs !== undefined))?.sample.dueMs ?? seen.onsetMs) - seen.onsetMs);
  const few = tooFewFor(seen.scope.hypothesis.library, { calls: seen.felt, perSecond: perSecond(seen) });
  const called = requests.filter(({ label }) => label === 1).length;
  const reason = `It never opened: ${called} of ${requests.length} requests reached ${params.proxy} in the ${format("duration", watchedMs)} after the onset, ${seen.felt} calls felt the fault${few === undefined ? "" : ` (${few})`}.`;
  const withinMs = params.opens === undefined || params.opens === false ? undefined : params.opens.within?.max;
  const claims = claimNames(params).map(({ claim, text }): ClaimVerdict => {
    const base = { claim, expected: text, observed: "never", n: requests.length };
    if (!claim.startsWith("opens")) return { ...base, verdict: "inconclusive", observed: "not measured", reason: "It never opened, so this could not be seen.", nextStep: "Make the fault strong and long enough for the breaker to open, or see why it does not." };
    if (withinMs !== undefined && watchedMs <= withinMs) return { ...base, verdict: "inconclusive", reason: `It did not open in the ${format("duration", watchedMs)} that were watched, which is less than ${text}.`, nextStep: `Make during longer than ${format("duration", withinMs)}.` };
    return { ...base, verdict: "violated", interval: [watchedMs, null], reason };
  });
  const witnesses = requests.filter((mark) => mark.label === 1 && mark.atMs - seen.onsetMs > (withinMs ?? 0)).slice(-3);
  return { claims, observed: {}, samples: requests.length, ...common(seen), evidence: witnesses.map((mark) => tell(mark, `still made ${plural(mark.calls.length, "call")} to ${params.proxy} ${format("duration", mark.atMs - seen.onsetMs)} after the onset`)), states: states(seen, [], -1, []) };
}

function opened(params: BreakerParams, seen: Seen, opening: Opening): Judgement {
  const { scope, marks, onsetMs, faultEndMs, callers } = seen;
  const { opens, whileOpen, trials: trialsClaimed, closes } = params;
  const open = marks.filter(({ sample }) => sample.dueMs >= opening.atMs && sample.dueMs < faultEndMs);
  const sequence = sequenceSince(opening, marks, { late: false });
  const failures = decideFailures(opens === undefined || opens === false || opens.afterFailures === undefined ? { text: "" } : opens.afterFailures, opening, marks);
  const closing = closeFrom(seen, sequence);
  const trialsOf = callers.map((caller) => trialReadings(seen, opening, callers.length > 1 ? caller : undefined));
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
  const answers = open.filter(({ label, sample }) => label === 0 && !sample.disturbed).map(({ sample }) => sample.latencyMs).sort((a, b) => a - b);
  const rests = trialsOf.flatMap(([reading]) => reading?.trials.slice(1).map(({ restMs }) => restMs.hi) ?? []).sort((a, b) => a - b);
  return {
    claims,
    observed: {
      failuresBeforeOpen: failures.failures,
      openedAfterMs: opening.atMs - onsetMs,
      ...(open.length > 0 && { upstreamShareWhileOpen: open.filter(({ label }) => label === 1).length / open.length }),
      ...(answers.length > 0 && { answerP95MsWhileOpen: quantile(answers, 0.95) }),
      ...(all.length > 0 && { trialCalls: Math.max(...all.map(({ marks }) => marks.length)), attemptsPerTrial: all.reduce((sum, { calls }) => sum + calls, 0) / all.length }),
      ...(rests.length > 0 && { trialIntervalMs: quantile(rests, 0.5) }),
      ...(closing.hi !== undefined && { closedAfterMs: closing.hi }),
    },
    samples: marks.length,
    ...common(seen),
    equivalentTo: equivalents(seen, closing.hi === undefined && all.length === 0),
    evidence: claims.some(({ verdict }) => verdict === "violated") ? [
      { atMs: opening.atMs, what: `opened ${format("duration", opening.atMs - onsetMs)} after the onset, ${plural(failures.failures, "failed call")} before` },
      ...all.slice(0, 5).map((trial): Evidence => ({ atMs: trial.startMs, what: `trial of ${plural(trial.marks.length, "request")} with ${plural(trial.calls, "call")} (first: request ${trial.marks[0]?.sample.n ?? 0} of ${params.probe}) after ${format("duration", trial.restMs.hi)} of rest` })),
      ...(closing.hi === undefined ? [] : [{ atMs: faultEndMs + closing.hi, what: `closed ${format("duration", closing.hi)} after the end of the fault` }]),
    ] : [],
    states: states(seen, all.map(({ startMs, endMs }) => ({ startMs, endMs })), closing.hi ?? -1, sequence),
  };
}

/** A time stands only when the machine was quiet: on the whole, and at the moments that decide. */
function dated({ scope, marks }: Seen, verdict: ClaimVerdict, momentsMs: readonly number[]): ClaimVerdict {
  const isDisturbed = disturbedAt(scope.observations.disturbances);
  const noisy = quietGate(marks.filter(({ sample }) => sample.disturbed).length, marks.length, "requests")
    ?? (momentsMs.some(isDisturbed) ? { reason: "The moment that decides it was disturbed by this machine.", nextStep: "Run again, on a quieter machine." } : undefined);
  return noisy === undefined ? verdict : { ...verdict, verdict: "inconclusive", ...noisy };
}

function decideOpening(bound: NonNullable<Exclude<BreakerParams["opens"], false | undefined>["within"]>, opening: Opening, seen: Seen): ClaimVerdict {
  const claimed = { claim: "opens.within", bound, kind: "duration" as const, what: "the onset" };
  if (opening.isPatchy) {
    return undecided(claimed, `From ${format("duration", opening.atMs - seen.onsetMs)} on some requests made no call, but never ${seen.need} in a row: calls are thinned out, or it opens for shorter than requests are apart.`, "Raise the load, so that several requests fall into each rest of the breaker.", { n: seen.marks.length });
  }
  return decideTime(claimed, { lo: opening.afterMs - seen.onsetMs, hi: opening.atMs - seen.onsetMs, n: seen.marks.length, event: "it opened", nextStep: "Raise the load, so that the opening is dated more closely, or loosen the bound." });
}

/** The same trace read in every way that it allows: a single refusal ends a trial, or only a row of them; late calls are trials, or not. */
function trialReadings({ scope, marks, faultEndMs, faults, need, callers }: Seen, opening: Opening, caller: string | undefined): readonly TrialsSeen[] {
  const before = marks.flatMap(({ calls }) => calls.filter(({ startMs }) => startMs <= opening.refusedMs).map(({ endMs }) => endMs));
  const lastCallsEndMs = Math.max(opening.atMs, ...before);
  const isDisturbed = disturbedAt(scope.observations.disturbances);
  const slack = caller === undefined ? 1 : 5 * callers.length;
  return readLateCalls(opening, marks).flatMap((late) => {
    const sequence = sequenceSince(opening, marks, { late, ...(caller !== undefined && { caller }) });
    return (opening.isPatchy ? [1] : [need, 1]).map((separator) => ({ isShared: caller !== undefined, ...findTrials(sequence, { openedMs: opening.atMs, lastCallsEndMs, faultEndMs, faults, separator, slack, isDisturbed }) }));
  });
}

function closeFrom({ baseline, need, faultEndMs }: Seen, sequence: readonly Mark[]): { readonly lo: number; readonly hi?: number } {
  const after = sequence.filter(({ atMs }) => atMs >= faultEndMs);
  const at = findClosing(after, baseline, need);
  const lastRefusalMs = (at < 0 ? sequence : sequence.filter(({ atMs }) => atMs < (after[at]?.atMs ?? 0))).findLast(({ label }) => label === 0)?.atMs ?? faultEndMs;
  const lo = Math.max(0, lastRefusalMs - faultEndMs);
  const first = after[at];
  return first === undefined ? { lo } : { lo, hi: first.atMs - faultEndMs };
}

function states({ scope, opening, onsetMs, faultEndMs }: Seen, trials: readonly { readonly startMs: number; readonly endMs: number }[], closedAfterMs: number, sequence: readonly Mark[]): NonNullable<Judgement["states"]> {
  const startMs = phaseWindow(scope, "during")?.startMs ?? onsetMs;
  const endMs = phaseWindow(scope, "after")?.endMs ?? scope.observations.endMs;
  if (opening === undefined) return [{ state: "closed", startMs, endMs }];
  const spans = [{ state: "closed", startMs, endMs: opening.atMs }];
  const openUntil = closedAfterMs >= 0 ? faultEndMs + closedAfterMs : (sequence.at(-1)?.atMs ?? endMs);
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

/** What would look the same from outside. */
function equivalents({ scope, params }: Seen, isStuck: boolean): readonly string[] {
  const probe = scope.observations.header.plan.experiment.probes.find(({ name }) => name === params.probe);
  const hasUniqueKeys = probe !== undefined && JSON.stringify(probe.params).includes("${request.");
  return [
    ...(hasUniqueKeys ? [] : ["a negative cache: every request has the same key"]),
    ...(isStuck ? ["a cancellation shared by all calls that is never renewed", "a service that cannot connect any more"] : []),
  ];
}

function common({ scope, params }: Seen): Pick<Judgement, "correlation"> {
  return { correlation: scope.observations.rung(params.probe, params.proxy) };
}

function perSecond(seen: Seen): number {
  const requests = under(seen);
  const seconds = ((requests.at(-1)?.sample.dueMs ?? 0) - (requests[0]?.sample.dueMs ?? 0)) / 1000;
  return seconds <= 0 ? 0 : requests.reduce((sum, { calls }) => sum + calls.length, 0) / seconds;
}

function refusals(marks: readonly Mark[]): readonly Evidence[] {
  return marks.filter(({ label }) => label === 0).slice(0, 3).map((mark) => tell(mark, "was answered without a call"));
}

function tell({ sample, atMs }: Mark, what: string): Evidence {
  return { atMs, what: `request ${sample.n} of ${sample.probe} ${what}` };
}

function plural(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? "" : "s"}`;
}
