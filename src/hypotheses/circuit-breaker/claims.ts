import { hasFailed } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import type { Bound } from "../../model/bound.ts";
import type { ClaimVerdict, VerdictWord } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import type { Mark, Marks } from "./marks.ts";
import type { Opening, Trial } from "./trace.ts";
import { decideQuantile, decideShare, isInside, isOutside, undecided } from "../decide.ts";
import type { Claimed } from "../decide.ts";

/** How often the failing calls that ended before the opening lie in the bound. */
export function decideFailures(bound: Bound, opening: Opening, marks: Marks): { readonly verdict: ClaimVerdict; readonly failures: number } {
  const interval = { lo: 0, hi: 0 };
  for (const mark of marks) {
    // Its calls end after the first of them began.
    if (mark.label !== 1 || mark.atMs > opening.atMs) continue;
    for (const call of marks.callsOf(mark)) {
      if (!hasFailed(call)) continue;
      if (call.endMs <= opening.afterMs) interval.lo += 1;
      if (call.endMs <= opening.atMs) interval.hi += 1;
    }
  }
  const base = { claim: "opens.afterFailures", expected: bound.text, observed: String(interval.hi), interval: [interval.lo, interval.hi] as const, n: marks.length };
  const seen = `It opened after ${interval.lo === interval.hi ? interval.hi : `${interval.lo} to ${interval.hi}`} failed calls`;
  if (isInside(bound, interval)) return { failures: interval.hi, verdict: { ...base, verdict: "held", reason: `${seen}, inside ${bound.text}.` } };
  if (isOutside(bound, interval)) return { failures: interval.hi, verdict: { ...base, verdict: "violated", reason: `${seen}, outside ${bound.text}.` } };
  return { failures: interval.hi, verdict: { ...base, verdict: "inconclusive", reason: `${seen}, which does not settle ${bound.text}.`, nextStep: "Lower the load or make failures faster, so that fewer calls are under way when it opens." } };
}

/** Requests due from the opening to the end of the fault. */
export interface OpenSpan {
  readonly n: number;
  readonly called: number;
  /** Not known whether they were refused. */
  readonly unknown: number;
  /** Of those that caused no call: how many were disturbed. */
  readonly disturbed: number;
  /** Answers of the others, ascending; and how long those were waited for that were not answered. */
  readonly answersMs: Float64Array;
  readonly waitedMs: Float64Array;
}

export function measureOpenSpan(open: Iterable<Mark>): OpenSpan {
  let [n, called, unknown, disturbed] = [0, 0, 0, 0];
  const answersMs = new Column("f64");
  const waitedMs = new Column("f64");
  for (const mark of open) {
    n += 1;
    if (mark.label === 1) called += 1;
    else if (mark.disturbed) disturbed += 1;
    else (mark.label === 0 ? answersMs : waitedMs).push(mark.latencyMs);
    if (mark.label === undefined) unknown += 1;
  }
  return { n, called, unknown, disturbed, answersMs: answersMs.sorted(), waitedMs: waitedMs.sorted() };
}

/** Requests that reached upstream all the same. */
export function decideUpstream(bound: Bound, { n, called, unknown }: OpenSpan, confidence: number): ClaimVerdict {
  const claimed: Claimed = { claim: "whileOpen.upstream", bound, kind: "share", what: "the share of requests that reached upstream while open" };
  return decideShare(claimed, { k: called, n: n - unknown, pending: unknown, confidence });
}

/** Answers of requests that caused no call; one that was never answered counts as longer than it was waited for. */
export function decideAnswers(bound: Bound, { n, called, disturbed, answersMs, waitedMs }: OpenSpan, confidence: number): ClaimVerdict {
  const claimed: Claimed = { claim: "whileOpen.answersWithin", bound, kind: "duration", what: "the p95 of answers that caused no call" };
  const mine = n - called;
  if (disturbed > 0.05 * mine) {
    return undecided(claimed, `${disturbed} of ${mine} answers were disturbed by this machine, more than the 5% that a verdict may leave out.`, "Run on a quieter machine, or lower the load.");
  }
  return decideQuantile(claimed, 0.95, { sortedMs: answersMs, pendingMs: waitedMs, confidence });
}

export interface TrialsSeen {
  readonly trials: readonly Trial[];
  /** Since when nothing was tried any more, and until when that is known. */
  readonly restingMs: number;
  readonly lastRefusalMs?: number;
  /** The longest that it refused with no call ending meanwhile, from the opening to the last refusal, where it tried nothing. */
  readonly idleMs: number;
  /** Refusals may have been another replica's: the least that it rested is a guess on the safe side, good to refute by only. */
  readonly isShared: boolean;
}

/**
 * The rests between trials. The first is reported and never refutes alone: calls under way at the opening end after it.
 * A breaker that tries nothing for twice the longest rest allowed does refute.
 */
export function decideRests(bound: Bound, { trials, restingMs, lastRefusalMs, idleMs, isShared }: TrialsSeen): ClaimVerdict {
  const claimed: Claimed = { claim: "trials.every", bound, kind: "duration", what: "the rest between trials" };
  const maxMs = bound.max ?? Number.POSITIVE_INFINITY;
  const waitedMs = Math.max(0, (lastRefusalMs ?? restingMs) - restingMs);
  const rests = trials.slice(1).filter(({ isDisturbed }) => !isDisturbed).map(({ restMs }) => restMs);
  const shown = isShared ? rests.map(({ hi }) => ({ lo: hi, hi })) : rests;
  const first = trials[0]?.restMs;
  const outside = rests.filter((rest) => isOutside(bound, rest));
  const all = rests.length === 0 ? undefined : { lo: Math.min(...shown.map(({ lo }) => lo)), hi: Math.max(...shown.map(({ hi }) => hi)) };
  const base = { claim: claimed.claim, expected: bound.text, n: rests.length };
  const middle = all === undefined ? "no two trials" : spellRests(rests.map(({ hi }) => hi));
  if (trials.length === 0) {
    const stillMs = Math.max(waitedMs, idleMs);
    if (stillMs > 2 * maxMs) return { ...base, verdict: "violated", observed: `none in ${format("duration", stillMs)}`, interval: [stillMs, null], reason: `It tried nothing in the ${format("duration", stillMs)} that it was open, outside ${bound.text}.` };
    return undecided(claimed, `It tried nothing in the ${format("duration", stillMs)} that it was open.`, `Make during long enough for the opening and two and a half rests${Number.isFinite(maxMs) ? ` (${format("duration", 2.5 * maxMs)} after the opening)` : ""}.`, { n: 0 });
  }
  const witnesses = outside.length + (first !== undefined && isOutside(bound, first) ? 1 : 0) + (waitedMs > maxMs ? 1 : 0);
  const interval = all === undefined ? undefined : ([all.lo, all.hi] as const);
  if (witnesses >= 2 && (outside.length > 0 || waitedMs > maxMs)) {
    return { ...base, verdict: "violated", observed: middle, ...(interval !== undefined && { interval }), reason: `Trials came ${middle} apart, outside ${bound.text} in ${witnesses} cases${waitedMs > maxMs ? `, and none came in the last ${format("duration", waitedMs)}` : ""}.` };
  }
  if (all === undefined) return undecided(claimed, "Only one trial was seen, and the rest before the first counts from calls that were still under way.", `Make during longer, so that a second trial fits${Number.isFinite(maxMs) ? ` (${format("duration", maxMs)} more)` : ""}.`, { observed: first === undefined ? middle : `${format("duration", first.hi)} before the first`, n: 0 });
  if (isInside(bound, all) && waitedMs <= maxMs) return { ...base, verdict: "held", observed: middle, interval: [all.lo, all.hi], reason: `${trials.length} trials came ${middle} apart, inside ${bound.text}.` };
  return { ...base, verdict: "inconclusive", observed: middle, interval: [all.lo, all.hi], reason: `Trials came ${middle} apart (${format("duration", all.lo)} to ${format("duration", all.hi)} with the load's spacing), which does not settle ${bound.text}.`, nextStep: "Make during longer for more trials, raise the load so that they are dated more closely, or loosen the bound." };
}

/** Requests per trial. */
export function decideTrialSize(bound: Bound, { trials }: TrialsSeen): ClaimVerdict {
  const claimed: Claimed = { claim: "trials.calls", bound, kind: "count", what: "requests in a trial" };
  const sizes = trials.filter(({ isDisturbed }) => !isDisturbed).map(({ requests }) => requests);
  if (sizes.length === 0) return undecided(claimed, "No trial was seen while the fault was in force.", "Make during long enough for the opening and two and a half rests.", { n: 0 });
  const most = Math.max(...sizes);
  const excess = sizes.reduce((sum, size) => sum + Math.max(0, size - (bound.max ?? Number.POSITIVE_INFINITY), (bound.min ?? 0) - size), 0);
  const base = { claim: claimed.claim, expected: bound.text, observed: String(most), n: sizes.length, interval: [Math.min(...sizes), most] as const };
  const seen = `${sizes.length} trial${sizes.length === 1 ? "" : "s"} of ${Math.min(...sizes) === most ? most : `${Math.min(...sizes)} to ${most}`} request${most === 1 ? "" : "s"}`;
  if (excess >= 2) return { ...base, verdict: "violated", reason: `${seen}: ${excess} requests outside ${bound.text}.` };
  if (excess === 1) return { ...base, verdict: "inconclusive", reason: `${seen}: one request is outside ${bound.text}, which may be chance.`, nextStep: "Make during longer for more trials: a second such request decides it." };
  if (sizes.length < 2) return { ...base, verdict: "inconclusive", reason: `${seen}, inside ${bound.text}, but one trial is too few.`, nextStep: "Make during longer, so that a second trial fits." };
  return { ...base, verdict: "held", reason: `${seen}, inside ${bound.text}.` };
}

function spellRests(rests: readonly number[]): string {
  const [low, high] = [format("duration", Math.min(...rests)), format("duration", Math.max(...rests))];
  return low === high ? low : `${low} to ${high}`;
}

/** One claim as several callers, or several readings of the same trace, give it: what all say, else inconclusive. */
export function agree(verdicts: readonly ClaimVerdict[], who: string, nextStep: string): ClaimVerdict {
  const [first] = verdicts;
  if (first === undefined) throw new Error("a claim needs a verdict");
  const words: ReadonlySet<VerdictWord> = new Set(verdicts.map(({ verdict }) => verdict));
  const n = verdicts.reduce((sum, verdict) => sum + verdict.n, 0);
  if (words.size === 1) return verdicts.length === 1 ? first : { ...first, n };
  return { ...(verdicts.find(({ verdict }) => verdict === "inconclusive") ?? first), n, verdict: "inconclusive", reason: `${who} do not agree: ${verdicts.map(({ verdict, observed }) => `${verdict} (${observed})`).join(", ")}.`, nextStep };
}
