import { quietGate } from "../../evidence/gates.ts";
import type { Obstacle } from "../../evidence/gates.ts";
import { hasFailed, hasSucceeded } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import { clopperPearson } from "../../math/proportion.ts";
import { quantile, samplesForQuantile } from "../../math/quantile.ts";
import type { Bound } from "../../model/bound.ts";
import type { Observations } from "../../model/observation.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { attemptsAmong } from "../attempts.ts";
import { decideByIntervals, decideByWitnesses, decideQuantile, enoughForShare, sendMore, surety, undecided } from "../decide.ts";
import type { Slow } from "./requests.ts";

/** So many requests must show it before a pattern is held to be one. */
const enough = 20;
const yes: Bound = { text: "true", max: 0 };

export interface HedgesDecided {
  readonly verdict: ClaimVerdict;
  readonly equivalentTo: readonly string[];
}

/** Whether requests are hedged: two calls at once, and the answer by the first of them that is answered. */
export function decideHedges(slow: Slow, after: Bound | undefined, waitedEnoughMs: number): HedgesDecided {
  const { gapsMs, servedByEarlier, cancelledEarlier, thrownAway, waitedForLater } = slow;
  const against = thrownAway + waitedForLater;
  const proofs = servedByEarlier + cancelledEarlier;
  const n = slow.all - slow.disturbed;
  const base = { claim: "hedges", expected: yes.text, observed: `${gapsMs.length} of ${n} slow requests had two calls at once`, n };
  const open = (reason: string, nextStep: string, equivalentTo: readonly string[] = []): HedgesDecided => ({ verdict: { ...base, verdict: "inconclusive", reason, nextStep }, equivalentTo });
  const refuted = (reason: string): HedgesDecided => ({ verdict: { ...base, verdict: "violated", reason }, equivalentTo: [] });
  if (against > 0 && servedByEarlier > 0) return open(`${against} requests threw a good answer away, and ${servedByEarlier} of the same kind were answered by it: a deadline may lie close to the delay.`, "Make the fault's delay shorter, so that no deadline of the service comes near.");
  if (against >= 2) {
    const how = thrownAway > 0 ? `${thrownAway} requests failed although their first call was answered well` : `${waitedForLater} requests waited for their later call although the first had been answered well`;
    return refuted(`It retries, and leaves its earlier call running: ${how}, of ${gapsMs.length} that had two calls at once.`);
  }
  if (against === 1) return open(`One of ${gapsMs.length} requests with two calls at once threw a good answer away; a second would settle it.`, "Repeat the experiment, or set phases.epochs to 2.");
  if (gapsMs.length === 0) return decideAbsence(slow, after, waitedEnoughMs, open, refuted);
  if (proofs >= enough) {
    return {
      verdict: { ...base, verdict: "held", reason: `${gapsMs.length} of ${n} slow requests had a second call beside the first, and ${proofs} were answered at once by the first answer that came.` },
      equivalentTo: servedByEarlier === 0 ? ["a retry that leaves its first call running until the second is answered"] : [],
    };
  }
  const leak = ["a retry that leaves its first call running"];
  const { gaveUpMs } = slow;
  if (proofs === 0 && gaveUpMs.length > 0) {
    const between = (quantile(gapsMs, 0.5) + quantile(gaveUpMs, 0.5)) / 2;
    return open(`${gaveUpMs.length} requests with two calls at once had failed before the first answer came, as those of a retry that leaves its calls running would.`, `Let the fault delay calls by some ${format("duration", between)}: longer than the pause before the second call, shorter than a request lives.`, leak);
  }
  if (proofs === 0) return open(`${gapsMs.length} of ${n} slow requests had two calls at once, but in none was the earlier call answered first, or left when the later was.`, "Slow every call alike (a fixed delay, no attempt and no rate), so that the earlier call is answered while the later runs.", leak);
  return open(`Only ${proofs} requests with two calls at once show which answer was taken, fewer than ${enough}.`, sendMore(enough, proofs), leak);
}

function decideAbsence(slow: Slow, after: Bound | undefined, waitedEnoughMs: number, open: (reason: string, nextStep: string) => HedgesDecided, refuted: (reason: string) => HedgesDecided): HedgesDecided {
  const { followedAfterMs: followed, unhedgedMs: unhedged } = slow;
  const n = slow.all - slow.disturbed;
  const late = Array.from(followed).filter((waitedMs) => waitedMs >= (after?.max ?? 0)).length;
  if (late >= 2) return refuted(`It retries and does not hedge: ${late} of ${n} slow requests made their second call only when they had left the first, after ${format("duration", quantile(followed, 0.5))}.`);
  if (followed.length > 0) return open(`${followed.length} of ${n} slow requests had left their call after ${format("duration", quantile(followed, 0.5))}, before ${after?.text ?? "a hedge"} had passed.`, "Make the service's timeout longer than its hedging delay, or claim a shorter one.");
  if (after?.max !== undefined && unhedged.length >= enough) return refuted(`No request was hedged: ${unhedged.length} of ${n} slow ones waited for ${format("duration", unhedged[0] ?? 0)} and more with a single call.`);
  const longest = format("duration", slow.longestWaitMs);
  return after?.max === undefined
    ? open(`None of ${n} slow requests had a second call in the ${longest} that they waited; it may come later, or never.`, "Make the fault's delay longer than the hedging delay, and claim after, which says when the second call is due.")
    : open(`${unhedged.length} of ${n} slow requests waited longer than ${after.text} (the longest for ${longest}), too few to say that none is hedged.`, `Make the fault's delay longer than ${format("duration", waitedEnoughMs)}, so that a second call is due.`);
}

/** When the second call is made, of requests that waited long enough for one; those that had none count as later. */
export function decideAfter(bound: Bound, { gapsMs, unhedgedMs }: Slow, confidence: number): ClaimVerdict {
  const verdict = decideQuantile({ claim: "after", bound, kind: "duration", what: "the median time from the start of a slow call to the start of the second" }, 0.5, { sortedMs: gapsMs, pendingMs: unhedgedMs, confidence });
  const needed = samplesForQuantile(0.5, surety);
  return verdict.verdict === "inconclusive" && verdict.n < needed ? { ...verdict, nextStep: sendMore(needed, verdict.n) } : verdict;
}

export function decideLosers({ losers: { cancelled, ranOn, unclear, halfClosed } }: Slow): ClaimVerdict {
  const claimed = { claim: "cancelsLoser", bound: yes, kind: "count" as const, what: "the number of calls left running when they were not needed any more" };
  const n = cancelled + ranOn;
  if (n === 0) {
    return halfClosed > 0
      ? undecided(claimed, `The callers of ${halfClosed} calls close their sending half with each request and read on: their leaving cannot be seen.`, "Let the caller keep its half of the connection open until it has the answer.")
      : undecided(claimed, unclear > 0 ? `All ${unclear} calls that lost were over by themselves just after the other.` : "No call was seen to lose against another.", "Make the fault's delay at least 100ms longer than the hedging delay, so that losers would run on.");
  }
  const verdict = decideByWitnesses(claimed, { observed: ranOn, witnesses: ranOn, n, enough });
  if (verdict.verdict === "inconclusive") return verdict;
  return verdict.verdict === "held"
    ? { ...verdict, observed: "true", reason: `All ${n} calls that were not needed any more were left at once.` }
    : { ...verdict, observed: `${ranOn} of ${n} ran on`, reason: `${ranOn} of ${n} calls that were not needed any more were left running when the other had been answered.` };
}

/** Extra calls before the fault. */
export interface ExtraLoad {
  readonly requests: number;
  readonly disturbed: number;
  /** Requests with more than one call of a kind. */
  readonly withExtra: number;
  readonly extra: number;
  readonly mostExtra: number;
  /** From the last call's end to the answer, in 99 % of cases at most. */
  readonly tailP99Ms: number;
  readonly goodShare: number;
  /** Of calls, but for those that were left because another of the same request was answered. */
  readonly failedShare: number;
}

/** What requests did before the fault, when nothing was slow. */
export function measureUsual(observations: Observations, probe: string, proxy: string): ExtraLoad {
  const counts = { requests: 0, disturbed: 0, withExtra: 0, extra: 0, mostExtra: 0 };
  let [good, judged, failed] = [0, 0, 0];
  const tails = new Column("f64");
  for (const sample of observations.samples({ probe, phase: "before" })) {
    if (sample.endMs === undefined) continue;
    if (sample.disturbed) {
      counts.disturbed += 1;
      continue;
    }
    const calls = observations.callsOf(sample, proxy);
    const extra = Math.max(0, attemptsAmong(calls).length - 1);
    counts.requests += 1;
    counts.extra += extra;
    counts.mostExtra = Math.max(counts.mostExtra, extra);
    if (extra > 0) counts.withExtra += 1;
    if (sample.grade === "good") good += 1;
    let answeredMs = Number.NEGATIVE_INFINITY;
    for (const { end, endMs } of calls) if (end === "complete") answeredMs = Math.max(answeredMs, endMs);
    for (const call of calls) {
      if (call.end === "client-left" && calls.some((other) => other !== call && hasSucceeded(other) && call.startMs < other.endMs && call.endMs >= other.endMs - 1)) continue;
      judged += 1;
      if (hasFailed(call)) failed += 1;
    }
    if (answeredMs > Number.NEGATIVE_INFINITY) tails.push(Math.max(0, sample.endMs - answeredMs));
  }
  return { ...counts, tailP99Ms: tails.length === 0 ? 0 : quantile(tails.sorted(), 0.99), goodShare: counts.requests === 0 ? 0 : good / counts.requests, failedShare: judged === 0 ? 0 : failed / judged };
}

/** The inbound side must be well before the fault, or failures say nothing. */
export function usualObstacle({ requests, goodShare }: ExtraLoad, probe: string): Obstacle | undefined {
  return goodShare >= 0.95 ? undefined : { reason: `Only ${format("share", goodShare)} of ${requests} requests of ${probe} were good before the fault.`, nextStep: "Mend the service first: what fails anyhow cannot be told from what the fault did." };
}

export function decideExtraLoad(bound: Bound, { requests, disturbed, withExtra, extra, mostExtra }: ExtraLoad, confidence: number): ClaimVerdict {
  const claimed = { claim: "extraLoad", bound, kind: "share" as const, what: "the share of extra calls before the fault" };
  const noise = quietGate(disturbed, requests + disturbed, "requests before the fault");
  if (noise !== undefined) return undecided(claimed, noise.reason, noise.nextStep, { n: requests });
  // No request is known to make more extra calls than the one that made most.
  const interval = (level: number): { lo: number; hi: number } => {
    const { lo, hi } = clopperPearson(withExtra, requests, level);
    return { lo, hi: hi * Math.max(1, mostExtra) };
  };
  return decideByIntervals(claimed, { observed: extra / Math.max(1, requests), n: requests, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(enoughForShare(bound, confidence, withExtra), requests) });
}
