import { quietGate } from "../../evidence/gates.ts";
import type { Obstacle } from "../../evidence/gates.ts";
import { clopperPearson } from "../../math/proportion.ts";
import type { Bound } from "../../model/bound.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideByIntervals, sendMore, surety, undecided } from "../decide.ts";
import type { Interval } from "../decide.ts";
import type { Spread } from "./spread.ts";

/** Fewer calls show no spread. */
const fewest = 20;
/** Edges that fail more often than this by themselves may have been left for that. */
const tolerableFailures = 0.05;

/** The busiest edge's share against an even one. */
export function skewOf({ counts, n }: Spread): number {
  return n === 0 ? 0 : (Math.max(...counts) * counts.length) / n;
}

/**
 * Bounds of the skew of whatever the calls were drawn from: that of every edge is at most `hi`, and that of one at least `lo`, each at this level
 * (Clopper–Pearson; the lower one allows for having taken the busiest of all). Calls that came by few connections tell as much as those would.
 */
export function skewInterval({ counts, n, connections, isChosenPerCall }: Pick<Spread, "counts" | "n" | "connections" | "isChosenPerCall">, level: number): Interval {
  const weight = isChosenPerCall ? 1 : Math.min(1, connections / n);
  const edges = counts.length;
  const ends = (at: number): readonly { readonly lo: number; readonly hi: number }[] => counts.map((count) => clopperPearson(count * weight, n * weight, at));
  return { lo: Math.max(1, edges * Math.max(...ends(1 - (1 - level) / edges).map(({ lo }) => lo))), hi: edges * Math.max(...ends(level).map(({ hi }) => hi)) };
}

/** Decides how evenly calls were spread in one phase; `when` names it. */
export function decideSkew(claim: string, bound: Bound, spread: Spread, { when, proxies, confidence, isFresh }: { readonly when: string; readonly proxies: readonly string[]; readonly confidence: number; readonly isFresh: boolean }): ClaimVerdict {
  const { n } = spread;
  const obstacle = quietGate(spread.disturbed, spread.disturbed + n, "calls") ?? tooFew(spread, proxies, when) ?? sick(spread, when);
  if (obstacle !== undefined) return undecided({ claim, bound }, obstacle.reason, obstacle.nextStep, { n });
  const skew = skewOf(spread);
  const verdict = decideByIntervals({ claim, bound, kind: "factor", what: `the share of the busiest edge ${when} against an even share` }, {
    observed: skew, n, confidence, asked: skewInterval(spread, confidence), sure: skewInterval(spread, surety),
    nextStep: sendMore(callsFor(bound, spread, confidence), n),
  });
  const shares = proxies.map((proxy, i) => `${proxy} ${format("share", (spread.counts[i] ?? 0) / n)}`).join(", ");
  const reason = `${verdict.reason.replace(/\.$/, "")} (${shares} of ${n} calls).`;
  // Its share is then one of the time that it was in use, and not of how calls are spread.
  if (verdict.verdict === "violated" && spread.failed > 0 && spread.leftOut !== undefined) {
    return undecided({ claim, bound }, `${verdict.reason.replace(/\.$/, "")}, but ${proxies[spread.leftOut] ?? ""} got no calls for a while, and ${spread.failed} had failed: it may have been left for good reason.`, "Let no call fail before the fault: mend the dependencies, or run on a quieter machine.", { observed: verdict.observed, n });
  }
  if (verdict.verdict !== "inconclusive" || spread.isChosenPerCall || spread.connections >= n) return { ...verdict, reason };
  return {
    ...verdict,
    reason: `The ${n} calls came by ${spread.connections} connection${spread.connections === 1 ? "" : "s"}, and each may have held its calls to one edge: so few choices do not settle ${bound.text} (${shares}).`,
    nextStep: freeConnections(isFresh, spread.pairs),
  };
}

/** How to see that edges are chosen for each call, or to have them chosen. */
export function freeConnections(isFresh: boolean, pairs: number): string {
  const apart = pairs < 20 ? " Or lower the load: where calls do not overlap, it shows whether an edge is chosen for each." : "";
  return `${isFresh ? "Let the service open a new connection to its balancer more often, or choose an edge for each call." : "Set connections: fresh in the probe's load, so that each request can be sent elsewhere; or let the service open more connections to its balancer."}${apart}`;
}

function tooFew({ n }: Spread, proxies: readonly string[], when: string): Obstacle | undefined {
  if (n >= fewest) return undefined;
  return { reason: `Only ${n} calls on ${proxies.join(", ")} were seen ${when}, too few to show how they are spread.`, nextStep: `Check that the service calls its dependency by these proxies, and make the phase longer or raise the load: at least ${fewest} calls.` };
}

function sick({ failed, n }: Spread, when: string): Obstacle | undefined {
  if (failed <= tolerableFailures * n) return undefined;
  return { reason: `Of the calls ${when}, ${format("share", failed / n)} failed: an edge that fails by itself is left for good reason.`, nextStep: "Mend the dependencies first: how calls are spread over edges that fail says nothing." };
}

/** So many calls would settle the bound, if they were spread as these; Infinity: none would. */
function callsFor({ max = 0 }: Bound, { counts, n }: Spread, confidence: number): number {
  const isShown = (calls: number): boolean => (skewInterval({ counts: counts.map((count) => (count * calls) / n), n: calls, connections: calls, isChosenPerCall: true }, confidence).hi ?? Number.POSITIVE_INFINITY) <= max;
  for (let calls = fewest; calls < 1e7; calls = Math.ceil(calls * 1.1)) if (isShown(calls)) return calls;
  return n;
}
