import { hasFailed, hasSucceeded, metFault } from "../../evidence/call-outcome.ts";
import { rowsWhere } from "../../evidence/column.ts";
import type { Rows } from "../../evidence/column.ts";
import type { EdgeBaseline } from "../../evidence/edge-baseline.ts";
import { areTooMany, findZeroRun } from "../../evidence/zero-runs.ts";
import type { Call } from "../../model/observation.ts";
import { MarkSequence } from "./marks.ts";
import type { Mark, Marks } from "./marks.ts";

/** Requests that got through between two rows that did not. */
export interface Trial {
  readonly requests: number;
  /** Number of its first request. */
  readonly firstN: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly calls: number;
  /** Least and most that the breaker can have rested before: from the end of the trial before to the last refusal, and to this one's start. The first rest begins between the opening and the end of the calls then under way. */
  readonly restMs: { readonly lo: number; readonly hi: number };
  /** Its start or the end before it was dated while the machine was disturbed. */
  readonly isDisturbed: boolean;
}

export interface Opening {
  /** Start of the last call before it, and the due time of the first request without a call. */
  readonly afterMs: number;
  readonly atMs: number;
  /** By when one of the first of them had its answer: it was open by then, and may not have been before. */
  readonly refusedMs: number;
  /** Requests without a call are too many for chance, long before they first stand in a row long enough, if ever they do. */
  readonly isPatchy: boolean;
}

/** When calls were first suppressed while the fault was in force; undefined: never. */
export function findOpening(marks: Marks, faultEndMs: number, need: number, baseline: EdgeBaseline, onsetMs: number): Opening | undefined {
  const under: Rows<Mark["label"]> = { length: marks.countDueBefore(faultEndMs), at: (place) => marks.label(place) };
  const run = findZeroRun(under, need);
  // A row in a patch is there by chance: calls had been held back since long before it.
  const upTo = run < 0 ? under.length : run;
  const [zeros, ones] = [count(under, 0, 0, upTo), count(under, 1, 0, upTo)];
  const isPatchy = (run < 0 || zeros >= 2 * need) && areTooMany(zeros, zeros + ones, baseline);
  const place = isPatchy ? firstPatch(under) : run;
  const mark = place < 0 ? undefined : marks.at(place);
  if (mark === undefined) return undefined;
  const atMs = mark.dueMs;
  let called = place - 1;
  while (called >= 0 && under.at(called) !== 1) called -= 1;
  let refusedMs = Number.POSITIVE_INFINITY;
  for (let at = place, refused = 0; at < under.length && refused < need; at += 1) {
    if (under.at(at) !== 0) continue;
    refused += 1;
    refusedMs = Math.min(refusedMs, marks.at(at)?.endMs ?? Number.POSITIVE_INFINITY);
  }
  return { afterMs: Math.min(atMs, Math.max(onsetMs, marks.at(called)?.atMs ?? onsetMs)), atMs, refusedMs, isPatchy };
}

function count(labels: Rows<Mark["label"]>, label: 0 | 1, from = 0, to = labels.length): number {
  let all = 0;
  for (let place = from; place < Math.min(to, labels.length); place += 1) if (labels.at(place) === label) all += 1;
  return all;
}

/** The first refusal with two more among the next nine requests; where there is none, the first. */
function firstPatch(labels: Rows<Mark["label"]>): number {
  let first = -1;
  for (let place = 0; place < labels.length; place += 1) {
    if (labels.at(place) !== 0) continue;
    if (first < 0) first = place;
    if (count(labels, 0, place, place + 10) >= 3) return place;
  }
  return first;
}

/** Calls that start this little after the first refusal were under way. */
const overshootMs = 20;

/**
 * What a call after the opening of a request from before it may be: a trial (true), where retries ask the breaker each time, or the rest of
 * what was let in as a whole (false), where the breaker stands around the retries. In the latter case most requests then under way go on; few of them leave both open.
 */
export function readLateCalls(opening: Opening, marks: Marks): readonly boolean[] {
  let [underWay, late] = [0, 0];
  for (const mark of marks.between(0, marks.countDueBefore(opening.atMs))) {
    if ((mark.endMs ?? Number.POSITIVE_INFINITY) <= opening.refusedMs + overshootMs) continue;
    underWay += 1;
    if (lateCalls(opening, marks.callsOf(mark)).length > 0) late += 1;
  }
  if (late <= 0.5 * underWay) return [true];
  return late >= 3 ? [false] : [false, true];
}

function lateCalls(opening: Opening, calls: readonly Call[]): readonly Call[] {
  return calls.filter(({ startMs }) => startMs > opening.refusedMs + overshootMs);
}

/**
 * What was asked since the opening, in order of asking. With `late`, a request from before the opening stands where it got through after it;
 * with `caller`, only that caller's calls count, and every refusal, whoever refused.
 */
export function sequenceSince(opening: Opening, marks: Marks, options: { readonly late: boolean; readonly caller?: string }): MarkSequence {
  const { late, caller } = options;
  const callsOf: Marks["callsOf"] = (mark) => {
    const calls = marks.callsOf(mark);
    const since = mark.dueMs >= opening.atMs ? calls : late ? lateCalls(opening, calls) : [];
    return caller === undefined ? since : since.filter((call) => call.caller === caller);
  };
  const since = marks.countDueBefore(opening.atMs);
  const laterMs = new Map<number, number>();
  const places = rowsWhere(marks.length, (place) => {
    const isSince = place >= since;
    const mark = isSince || late ? marks.at(place) : undefined;
    // A refusal that a stall delayed would stand before calls that came before it.
    if (mark?.label !== 1) return mark !== undefined && isSince && !mark.disturbed;
    const atMs = isSince && caller === undefined ? mark.atMs : callsOf(mark)[0]?.startMs;
    if (atMs !== undefined && atMs !== mark.atMs) laterMs.set(place, atMs);
    return atMs !== undefined;
  });
  return new MarkSequence(marks, { places, laterMs, callsOf });
}

/** When the calls were over that began before it is known to have been open, ascending; those over before the opening are left out. */
export function endsUnderWay(marks: Marks, { atMs, refusedMs }: Opening): readonly number[] {
  const endsMs: number[] = [];
  for (const mark of marks) {
    if (mark.label !== 1 || mark.atMs > refusedMs) continue;
    for (const call of marks.callsOf(mark)) if (call.startMs <= refusedMs && call.endMs > atMs) endsMs.push(call.endMs);
  }
  return endsMs.sort((a, b) => a - b);
}

/** The longest time, while refusals came, in which no call under way ended: nothing that happened then can have put off a trial. */
export function longestIdle(fromMs: number, endsMs: readonly number[], toMs: number): number {
  const momentsMs = [...endsMs.filter((endMs) => endMs > fromMs && endMs < toMs), toMs];
  return momentsMs.reduce(({ longestMs, sinceMs }, atMs) => ({ longestMs: Math.max(longestMs, atMs - sinceMs), sinceMs: atMs }), { longestMs: 0, sinceMs: fromMs }).longestMs;
}

/** A trial ends for the breaker at the earlier of its last call's end and its request's answer. */
function endOf({ endMs = Number.POSITIVE_INFINITY }: Mark, calls: readonly Call[]): number {
  return Math.min(Math.max(...calls.map((call) => call.endMs)), endMs);
}

/** A trial in the making. */
interface Group {
  readonly first: Mark;
  /** The last refusals before it, as many as may have been another replica's. */
  readonly refusalsMs: readonly number[];
  requests: number;
  calls: number;
  firstEndMs: number;
  lastEndMs: number;
  /** A call of it was served: it was no failed trial. */
  isHealed: boolean;
}

/** The failed trials between the opening and the end of the fault. `separator`: so many refusals in a row end a trial; `slack`: refusals that may have been another replica's. */
export function findTrials(sequence: MarkSequence, options: { readonly openedMs: number; readonly lastCallsEndMs: number; readonly faultEndMs: number; readonly faults: ReadonlySet<string>; readonly separator: number; readonly slack: number; readonly isDisturbed: (atMs: number) => boolean }): { readonly trials: readonly Trial[]; readonly restingMs: number; readonly lastRefusalMs?: number } {
  const { faultEndMs, faults, separator, slack, isDisturbed } = options;
  const until = sequence.countAskedBefore(faultEndMs);
  const trials: Trial[] = [];
  let group: Group | undefined;
  let [zeros, refusalsMs]: [number, number[]] = [0, []];
  let firstCalled = 0;
  while (firstCalled < until && sequence.label(firstCalled) !== 1) firstCalled += 1;
  const firstCalledMs = firstCalled < until ? sequence.at(firstCalled)?.atMs : undefined;
  // A breaker may open again at the first failure of a trial, or at the last.
  let earliestMs = options.openedMs;
  let restFromMs = Math.max(options.openedMs, Math.min(options.lastCallsEndMs, firstCalledMs ?? options.lastCallsEndMs));
  const close = ({ first, requests, calls, firstEndMs, lastEndMs, isHealed, refusalsMs: before }: Group): void => {
    const hi = Math.max(0, first.atMs - earliestMs);
    const restMs = { lo: Math.min(hi, Math.max(0, (before[0] ?? restFromMs) - restFromMs)), hi };
    if (!isHealed) trials.push({ requests, firstN: first.n, startMs: first.atMs, endMs: lastEndMs, calls, restMs, isDisturbed: isDisturbed(first.atMs) || isDisturbed(restFromMs) });
    restFromMs = lastEndMs;
    earliestMs = firstEndMs;
    group = undefined;
  };
  for (const mark of sequence.until(until)) {
    if (mark.label === undefined) continue;
    if (mark.label === 0) {
      zeros += 1;
      refusalsMs.push(mark.atMs);
      if (refusalsMs.length > slack) refusalsMs.shift();
      continue;
    }
    if (group !== undefined && zeros >= separator) close(group);
    group ??= { first: mark, refusalsMs, requests: 0, calls: 0, firstEndMs: Number.POSITIVE_INFINITY, lastEndMs: Number.NEGATIVE_INFINITY, isHealed: false };
    [zeros, refusalsMs] = [0, []];
    const calls = sequence.callsOf(mark);
    const endMs = endOf(mark, calls);
    group.requests += 1;
    group.calls += calls.length;
    group.firstEndMs = Math.min(group.firstEndMs, endMs);
    group.lastEndMs = Math.max(group.lastEndMs, endMs);
    group.isHealed ||= calls.some((call) => hasSucceeded(call) && !metFault(call, faults) && call.endMs < faultEndMs);
  }
  if (group !== undefined && zeros >= separator) close(group);
  const lastRefusalMs = refusalsMs.at(-1);
  return { trials, restingMs: restFromMs, ...(lastRefusalMs !== undefined && group === undefined && { lastRefusalMs }) };
}

/** So many requests in a row must get through, and be served, before the breaker counts as closed. */
const lasting = 10;

/** From which request on calls go through again for good: its place in the sequence, at `from` or later. -1: not seen. */
export function findClosing(sequence: MarkSequence, from: number, baseline: EdgeBaseline, need: number): number {
  const known = rowsWhere(sequence.length, (place) => place >= from && sequence.label(place) !== undefined);
  const labelAt = (at: number): Mark["label"] => sequence.label(known[at] ?? -1);
  const spare = baseline.missShare < 0.02 ? 0 : Math.ceil(lasting * baseline.missShareAtMost) + 1;
  // Not before the last row of refusals.
  let first = known.length;
  for (let zeros = 0; first > 0 && zeros < need; first -= 1) zeros = labelAt(first - 1) === 0 ? zeros + 1 : 0;
  for (let at = first; at + lasting <= known.length; at += 1) {
    if (labelAt(at) !== 1 || !isServed(sequence, known[at])) continue;
    const next = [...known.subarray(at, at + lasting)];
    const refused = next.filter((place) => sequence.label(place) === 0).length;
    const failed = next.filter((place) => sequence.label(place) === 1 && !isServed(sequence, place)).length;
    if (refused <= spare && failed <= 1) return known[at] ?? -1;
  }
  return -1;
}

function isServed(sequence: MarkSequence, place: number | undefined): boolean {
  const mark = place === undefined ? undefined : sequence.at(place);
  const last = mark === undefined ? undefined : sequence.callsOf(mark).at(-1);
  return last !== undefined && !hasFailed(last) && last.end !== "open";
}
