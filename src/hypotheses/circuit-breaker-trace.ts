import { hasFailed, hasSucceeded, metFault } from "../evidence/call-outcome.ts";
import type { EdgeBaseline, RequestCalls } from "../evidence/edge-baseline.ts";
import { areTooMany, findZeroRun } from "../evidence/zero-runs.ts";
import type { Call, Sample } from "../model/observation.ts";

/** One request on the time line of a breaker: when it asked, and whether it got through. */
export interface Mark {
  readonly sample: Sample;
  /** Start of its first call, or the due time of a request that caused none. */
  readonly atMs: number;
  /** 1: it caused a call. 0: it was answered without one. Undefined: not known, it is unfinished or the service never answered it. */
  readonly label: 0 | 1 | undefined;
  readonly calls: readonly Call[];
}

/** Requests that got through between two rows that did not. */
export interface Trial {
  readonly marks: readonly Mark[];
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
  /** Requests without a call are too many for chance, but never stand in a row long enough. */
  readonly isPatchy: boolean;
}

/** Marks of requests due since the onset, in due order. */
export function markRequests(requests: Iterable<RequestCalls>, onsetMs: number): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { sample, calls } of requests) {
    const [first] = calls;
    // A request due just before the fault was in force may be the first to meet it.
    if (sample.dueMs < onsetMs && (first === undefined || first.startMs < onsetMs)) continue;
    const isAnswered = sample.endMs !== undefined && sample.failure === undefined;
    marks.push({ sample, calls, atMs: first?.startMs ?? sample.dueMs, label: first !== undefined ? 1 : isAnswered ? 0 : undefined });
  }
  return marks;
}

/** When calls were first suppressed while the fault was in force; undefined: never. */
export function findOpening(marks: readonly Mark[], faultEndMs: number, need: number, baseline: EdgeBaseline, onsetMs: number): Opening | undefined {
  const under = marks.filter(({ sample }) => sample.dueMs < faultEndMs);
  const labels = under.map(({ label }) => label);
  const run = findZeroRun(labels, need);
  const zeros = labels.filter((label) => label === 0).length;
  const isPatchy = run < 0 && areTooMany(zeros, labels.filter((label) => label !== undefined).length, baseline);
  const first = isPatchy ? labels.findIndex((label, i) => label === 0 && labels.slice(i, i + 10).filter((one) => one === 0).length >= 3) : run;
  const mark = under[first < 0 && isPatchy ? labels.indexOf(0) : first];
  if (mark === undefined) return undefined;
  const atMs = mark.sample.dueMs;
  const lastCalled = under.slice(0, under.indexOf(mark)).findLast(({ label }) => label === 1);
  const firstRefused = under.slice(under.indexOf(mark)).filter(({ label }) => label === 0).slice(0, need);
  const refusedMs = Math.min(...firstRefused.map(({ sample }) => sample.endMs ?? Number.POSITIVE_INFINITY));
  return { afterMs: Math.min(atMs, Math.max(onsetMs, lastCalled?.atMs ?? onsetMs)), atMs, refusedMs, isPatchy };
}

/** Calls that start this little after the first refusal were under way. */
const overshootMs = 20;

/**
 * What a call after the opening of a request from before it may be: a trial (true), where retries ask the breaker each time, or the rest of
 * what was let in as a whole (false), where the breaker stands around the retries. In the latter case most requests then under way go on; few of them leave both open.
 */
export function readLateCalls(opening: Opening, marks: readonly Mark[]): readonly boolean[] {
  const underWay = marks.filter(({ sample }) => sample.dueMs < opening.atMs && (sample.endMs ?? Number.POSITIVE_INFINITY) > opening.refusedMs + overshootMs);
  const late = underWay.filter((mark) => lateCalls(opening, mark).length > 0);
  if (late.length <= 0.5 * underWay.length) return [true];
  return late.length >= 3 ? [false] : [false, true];
}

function lateCalls(opening: Opening, { calls }: Mark): readonly Call[] {
  return calls.filter(({ startMs }) => startMs > opening.refusedMs + overshootMs);
}

/**
 * What was asked since the opening, in order of asking. With `late`, a request from before the opening stands where it got through after it;
 * with `caller`, only that caller's calls count, and every refusal, whoever refused.
 */
export function sequenceSince(opening: Opening, marks: readonly Mark[], options: { readonly late: boolean; readonly caller?: string }): readonly Mark[] {
  const { late, caller } = options;
  return marks
    .flatMap((mark): readonly Mark[] => {
      const isSince = mark.sample.dueMs >= opening.atMs;
      const calls = (isSince ? mark.calls : late ? lateCalls(opening, mark) : []).filter((call) => caller === undefined || call.caller === caller);
      const [first] = calls;
      if (first !== undefined) return [{ ...mark, calls, atMs: first.startMs, label: 1 }];
      // A refusal that a stall delayed would stand before calls that came before it.
      return isSince && mark.label !== 1 && !mark.sample.disturbed ? [mark] : [];
    })
    .sort((a, b) => a.atMs - b.atMs);
}

/** A trial ends for the breaker at the earlier of its last call's end and its request's answer. */
function endOf({ calls, sample }: Mark): number {
  return Math.min(Math.max(...calls.map(({ endMs }) => endMs)), sample.endMs ?? Number.POSITIVE_INFINITY);
}

/** The failed trials between the opening and the end of the fault. `separator`: so many refusals in a row end a trial; `slack`: refusals that may have been another replica's. */
export function findTrials(sequence: readonly Mark[], options: { readonly openedMs: number; readonly lastCallsEndMs: number; readonly faultEndMs: number; readonly faults: ReadonlySet<string>; readonly separator: number; readonly slack: number; readonly isDisturbed: (atMs: number) => boolean }): { readonly trials: readonly Trial[]; readonly restingMs: number; readonly lastRefusalMs?: number } {
  const { faultEndMs, faults, separator, slack, isDisturbed } = options;
  const known = sequence.filter(({ label, atMs }) => label !== undefined && atMs < faultEndMs);
  const trials: Trial[] = [];
  let group: Mark[] = [];
  let zeros: number[] = [];
  let before: number[] = [];
  // A breaker may open again at the first failure of a trial, or at the last.
  let earliestMs = options.openedMs;
  let restFromMs = Math.max(options.openedMs, Math.min(options.lastCallsEndMs, known.find(({ label }) => label === 1)?.atMs ?? options.lastCallsEndMs));
  const close = (): void => {
    const [first] = group;
    if (first === undefined) return;
    const ends = group.map(endOf);
    const endMs = Math.max(...ends);
    const refusal = before[Math.max(0, before.length - slack)] ?? restFromMs;
    const hi = Math.max(0, first.atMs - earliestMs);
    const restMs = { lo: Math.min(hi, Math.max(0, refusal - restFromMs)), hi };
    const calls = group.reduce((sum, mark) => sum + mark.calls.length, 0);
    trials.push({ marks: group, startMs: first.atMs, endMs, calls, restMs, isDisturbed: isDisturbed(first.atMs) || isDisturbed(restFromMs) });
    restFromMs = endMs;
    earliestMs = Math.min(...ends);
    group = [];
  };
  for (const mark of known) {
    if (mark.label === 0) zeros.push(mark.atMs);
    else {
      if (group.length > 0 && zeros.length >= separator) close();
      if (group.length === 0) before = zeros;
      zeros = [];
      group.push(mark);
    }
  }
  if (group.length > 0 && zeros.length >= separator) close();
  const healed = ({ marks }: Trial): boolean => marks.some(({ calls }) => calls.some((call) => hasSucceeded(call) && !metFault(call, faults) && call.endMs < faultEndMs));
  const lastRefusalMs = zeros.at(-1);
  return { trials: trials.filter((trial) => !healed(trial)), restingMs: restFromMs, ...(lastRefusalMs !== undefined && group.length === 0 && { lastRefusalMs }) };
}

/** So many requests in a row must get through, and be served, before the breaker counts as closed. */
const lasting = 10;

/** From which request on calls go through again for good: its place in the sequence. -1: not seen. */
export function findClosing(sequence: readonly Mark[], baseline: EdgeBaseline, need: number): number {
  const known = sequence.filter(({ label }) => label !== undefined);
  const labels = known.map(({ label }) => label);
  const spare = baseline.missShare < 0.02 ? 0 : Math.ceil(lasting * baseline.missShareAtMost) + 1;
  for (let i = 0; i + lasting <= known.length; i += 1) {
    if (labels[i] !== 1 || !isServed(known[i])) continue;
    const next = known.slice(i, i + lasting);
    const refused = next.filter(({ label }) => label === 0).length;
    const failed = next.filter((mark) => mark.label === 1 && !isServed(mark)).length;
    if (refused <= spare && failed <= 1 && findZeroRun(labels, need, i) < 0) return sequence.findIndex((mark) => mark === known[i]);
  }
  return -1;
}

function isServed(mark: Mark | undefined): boolean {
  const last = mark?.calls.at(-1);
  return last !== undefined && !hasFailed(last) && last.end !== "open";
}
