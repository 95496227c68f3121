import { hasFailed, hasSucceeded } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import { disturbedAt } from "../../evidence/disturbances.ts";
import type { RequestCalls } from "../../evidence/edge-baseline.ts";
import type { EffectKind } from "../../model/effect.ts";
import type { Call, Disturbance, Sample } from "../../model/observation.ts";
import type { Evidence } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { attemptsAmong } from "../attempts.ts";
import { judgeLosers } from "./losers.ts";
import type { Losers } from "./losers.ts";

/** What is asked of each request, and by what measure. */
export interface Asked {
  readonly faults: ReadonlySet<string>;
  readonly disturbances: readonly Disturbance[];
  /** Between a call's end and the answer of its request, at most, when all is well. */
  readonly toleranceMs: number;
  /** A call that waits longer than this with no other made is not hedged. */
  readonly lateMs: number;
  /** Requests fail because of nothing else: no other fault was in force. */
  readonly isAlone: boolean;
}

/** What slow requests did. Disturbed ones are counted and left out. */
export interface Slow {
  readonly all: number;
  readonly disturbed: number;
  /** From the start of the first call to that of the second, where both ran at once; ascending. */
  readonly gapsMs: Float64Array;
  /** How long first calls waited beyond `lateMs` without another; ascending. */
  readonly unhedgedMs: Float64Array;
  /** The longest that a first call waited alone. */
  readonly longestWaitMs: number;
  /** The second call began only when the first had been left: how long that was waited for, ascending. */
  readonly followedAfterMs: Float64Array;
  /** Answered well as soon as an earlier call was, while a later one ran. */
  readonly servedByEarlier: number;
  /** Answered well by a later call, and the earlier one left at that moment. */
  readonly cancelledEarlier: number;
  /** Both ran on to good answers, and the request failed, or waited for the later. */
  readonly thrownAway: number;
  readonly waitedForLater: number;
  /** The request failed long before the first answer came: how old it was; ascending. */
  readonly gaveUpMs: Float64Array;
  readonly losers: Losers;
  /** Of first calls: failed at once, or kept for ever. */
  readonly failedFast: number;
  readonly hung: number;
  readonly evidence: readonly Evidence[];
}

/** Two calls that touch for no longer than this need not have been meant to run at once. */
const touchMs = 10;
const fewWitnesses = 3;
/** Slow and well: what is waited for comes in the end. */
const slowing: ReadonlySet<EffectKind | undefined> = new Set<EffectKind>(["delay", "throttle", "slice", "spread"]);

/** Looks at requests due under the fault whose first call it slowed. */
export function lookAtSlow(requests: Iterable<RequestCalls>, asked: Asked): Slow {
  const isDisturbed = disturbedAt(asked.disturbances);
  const [gaps, unhedged, followed, gaveUp] = [new Column("f64"), new Column("f64"), new Column("f64"), new Column("f64")];
  const losers = { cancelled: 0, ranOn: 0, unclear: 0, halfClosed: 0 };
  const counts = { all: 0, disturbed: 0, servedByEarlier: 0, cancelledEarlier: 0, thrownAway: 0, waitedForLater: 0, failedFast: 0, hung: 0, longestWaitMs: 0 };
  const evidence: Evidence[] = [];
  for (const { sample, calls } of requests) {
    const attempts = attemptsAmong(calls, (call) => call.faults.some(({ fault, decision }) => decision === "applied" && asked.faults.has(fault)));
    const [first, second] = attempts;
    if (first === undefined) continue;
    if (!isSlowed(first, asked.faults)) {
      if (hasFailed(first) && first.leftMs === undefined) counts.failedFast += 1;
      else counts.hung += 1;
      continue;
    }
    counts.all += 1;
    if (sample.disturbed || attempts.some(({ startMs, endMs }) => isDisturbed(startMs) || isDisturbed(endMs))) {
      counts.disturbed += 1;
      continue;
    }
    const winner = firstAnswered(attempts);
    if (second === undefined || second.startMs >= first.endMs - touchMs || leftAt(first, second, winner)) {
      const waitedMs = Math.min(first.endMs, sample.endMs ?? first.endMs) - first.startMs;
      if (second !== undefined && first.end === "client-left") followed.push(waitedMs);
      else {
        counts.longestWaitMs = Math.max(counts.longestWaitMs, waitedMs);
        if (waitedMs > asked.lateMs) unhedged.push(waitedMs);
      }
      continue;
    }
    gaps.push(second.startMs - first.startMs);
    if (winner === undefined || sample.endMs === undefined || sample.failure !== undefined) continue;
    const told = judgeAnswer(sample, attempts, winner, asked);
    if (told === "gaveUp") gaveUp.push(sample.endMs - first.startMs);
    else if (told !== undefined) counts[told] += 1;
    if (told === "thrownAway" || told === "waitedForLater") {
      if (evidence.length < fewWitnesses) evidence.push(tell(sample, attempts));
    } else if (sample.grade === "good" && sample.endMs - winner.endMs <= asked.toleranceMs && judgeLosers(attempts, winner, losers) && evidence.length < fewWitnesses) evidence.push(tell(sample, attempts));
  }
  return { ...counts, gapsMs: gaps.sorted(), unhedgedMs: unhedged.sorted(), followedAfterMs: followed.sorted(), gaveUpMs: gaveUp.sorted(), losers, evidence };
}

function isSlowed({ faults }: Call, names: ReadonlySet<string>): boolean {
  return faults.some(({ fault, decision, effect, actedMs }) => decision === "applied" && names.has(fault) && slowing.has(effect) && actedMs !== undefined);
}

/** The first of them to bring the dependency's own answer. */
function firstAnswered(attempts: readonly Call[]): Call | undefined {
  return attempts.filter(hasSucceeded).reduce<Call | undefined>((first, call) => (first === undefined || call.endMs < first.endMs ? call : first), undefined);
}

/** The first was left as the second began, and not because the second was answered: in what order two sockets are heard of says little. */
function leftAt(first: Call, second: Call, winner: Call | undefined): boolean {
  if (first.end !== "client-left" || first.endMs > second.startMs + touchMs) return false;
  return winner !== second || winner.endMs > first.endMs;
}

/** Whether a request was answered by whichever call came first; undefined where that does not show. */
function judgeAnswer({ grade, endMs = 0 }: Sample, attempts: readonly Call[], winner: Call, { toleranceMs, isAlone }: Asked): "servedByEarlier" | "cancelledEarlier" | "thrownAway" | "waitedForLater" | "gaveUp" | undefined {
  const rivals = attempts.filter((call) => call !== winner && call.startMs + touchMs < winner.endMs && call.endMs >= winner.endMs - 1);
  const isPrompt = grade === "good" && endMs - winner.endMs <= toleranceMs;
  if (!rivals.some(({ startMs }) => startMs > winner.startMs)) {
    const isLetGo = rivals.some((call) => call.end === "client-left" && call.endMs - winner.endMs <= toleranceMs) && winner.endMs - winner.startMs > touchMs;
    return isPrompt && isLetGo ? "cancelledEarlier" : undefined;
  }
  const next = firstAnswered(attempts.filter((call) => call !== winner));
  // Where another was answered in time too, either may have been taken.
  if (isPrompt) return next !== undefined && next.endMs <= endMs ? undefined : "servedByEarlier";
  if (grade === "good") return next !== undefined && next.endMs - winner.endMs > toleranceMs && endMs >= next.endMs - 1 ? "waitedForLater" : undefined;
  if (!isAlone) return undefined;
  // A deadline that runs out long before the first answer is no word against a hedge.
  const paceMs = (attempts[1]?.startMs ?? 0) - (attempts[0]?.startMs ?? 0);
  return endMs < winner.endMs - paceMs ? "gaveUp" : "thrownAway";
}

function tell({ probe, n, grade, status, endMs = 0 }: Sample, attempts: readonly Call[]): Evidence {
  const [first] = attempts;
  const fromMs = first?.startMs ?? 0;
  const since = (atMs: number): string => format("duration", atMs - fromMs);
  const calls = attempts.slice(0, 4).map((call) => `${since(call.startMs)} to ${since(call.endMs)} (${call.end === "client-left" ? "left" : call.end === "complete" ? `answered ${call.status ?? ""}`.trim() : call.end})`);
  return { atMs: fromMs, what: `request ${n} of ${probe}: calls from ${calls.join(", ")}; answered ${status === undefined ? grade : `${status}, ${grade},`} after ${since(endMs)}` };
}
