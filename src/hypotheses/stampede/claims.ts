import type { Bound } from "../../model/bound.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { within } from "../../units/bound.ts";
import type { ConnectionsClaim } from "./params.ts";
import { compare, loadFactorToTell, peakOf } from "./peaks.ts";
import type { Arrivals, Compared, Peak, Usual } from "./peaks.ts";

interface Decided {
  readonly verdict: ClaimVerdict;
  readonly observed: Readonly<Record<string, number>>;
  readonly peak: Peak;
}

const widthsMs = [20, 100, 1000];

/** The peak of calls, over all widths: outside one is violated, inside all is held. */
export function decidePeak(bound: Bound, usual: Usual, after: Arrivals, endMs: number): Decided {
  const factor = bound.max ?? 0;
  const compared = widthsMs.map((widthMs) => compare(usual, after, widthMs, factor, widthsMs.length));
  const worst = worstOf(compared);
  const { verdict } = decide("peak", bound, worst, { usual, after, endMs, factor, widths: widthsMs.length, what: "calls" });
  return {
    verdict, peak: worst.peak,
    observed: { peakFactor: worst.peak.count / Math.max(1, worst.usual), peakCalls: worst.peak.count, usualPeakCalls: worst.usual, peakBinMs: worst.widthMs, peakAfterMs: worst.peak.startMs - endMs },
  };
}

/** New connections in a second. */
export function decideConnections({ kind, bound }: ConnectionsClaim, usual: Usual, after: Arrivals, endMs: number): Decided {
  const compared = compare(usual, after, 1000, kind === "factor" ? (bound.max ?? 0) : 1, 1);
  const observed = { connectionsPerSecond: compared.peak.count, usualConnectionsPerSecond: compared.usual };
  if (kind === "rate") return { verdict: decideRate(bound, after), observed, peak: compared.peak };
  return { ...decide("connections", bound, compared, { usual, after, endMs, factor: bound.max ?? 0, widths: 1, what: "connections" }), observed, peak: compared.peak };
}

/** What decides: the one furthest outside, else the one that stays open, else the largest factor. */
function worstOf(compared: readonly Compared[]): Compared {
  const rank = { outside: 3, disturbed: 2, open: 1, inside: 0 };
  const factorOf = ({ peak, usual }: Compared): number => peak.count / Math.max(1, usual);
  return compared.reduce((worst, one) => (rank[one.verdict] > rank[worst.verdict] || (one.verdict === worst.verdict && factorOf(one) > factorOf(worst)) ? one : worst));
}

interface Setting {
  readonly usual: Usual;
  readonly after: Arrivals;
  readonly endMs: number;
  readonly factor: number;
  readonly widths: number;
  readonly what: "calls" | "connections";
}

function decide(claim: string, bound: Bound, compared: Compared, { usual, after, endMs, factor, widths, what }: Setting): { readonly verdict: ClaimVerdict } {
  const { widthMs, peak, usual: before, verdict } = compared;
  const ratio = format("factor", peak.count / Math.max(1, before));
  const bin = format("duration", widthMs);
  const seen = `${peak.count} ${what} came within ${bin}${peak.count === 0 ? "" : `, ${format("duration", peak.startMs - endMs)} after the end of the fault`}; before it at most ${before} did`;
  const base = { claim, expected: bound.text, observed: `${peak.count} in ${bin}, usually ${before}`, n: after.atMs.length };
  if (verdict === "outside") return { verdict: { ...base, verdict: "violated", reason: `${seen}: ${ratio}, outside ${bound.text}, and more than chance makes of that once in 10,000 runs.` } };
  if (verdict === "inside") return { verdict: { ...base, verdict: "held", reason: peak.count <= factor * before ? `${seen}: ${ratio}, inside ${bound.text}.` : `${seen}, and no more than chance makes of the usual load.` } };
  if (verdict === "disturbed") return { verdict: { ...base, verdict: "inconclusive", reason: `${seen}: ${ratio}, outside ${bound.text}, but this machine was short of processors then and may have thrown them together.`, nextStep: "Run on a quieter machine, or lower the load." } };
  const times = loadFactorToTell(usual, after, compared, factor, widths);
  const looser = `claim "<= ${Math.ceil(peak.count / Math.max(1, before))}x"`;
  const nextStep = times === undefined ? `Repeat the experiment with a much higher load, or ${looser}.` : `Raise the load ${times} times, at which chance would not do it, or ${looser}.`;
  return { verdict: { ...base, verdict: "inconclusive", reason: `${seen}: ${ratio}, outside ${bound.text}, but chance may have thrown them together.`, nextStep } };
}

/** So many connections were counted, or they were not: nothing is estimated. */
function decideRate(bound: Bound, { atMs, cleanMs }: Arrivals): ClaimVerdict {
  const [all, clean] = [peakOf(atMs, 1000).count, peakOf(cleanMs, 1000).count];
  const observed = format("rate", all);
  const base = { claim: "connections", expected: bound.text, observed, n: atMs.length };
  if (within({ text: bound.text, ...(bound.max !== undefined && { max: bound.max }), ...(bound.maxOpen !== undefined && { maxOpen: bound.maxOpen }) }, all)) return { ...base, verdict: "held", reason: `At most ${all} connections were opened in a second after the fault, inside ${bound.text}.` };
  if (clean >= (bound.max ?? 0) + 2) return { ...base, verdict: "violated", reason: `${clean} connections were opened in one second after the fault, outside ${bound.text}.` };
  if (all >= (bound.max ?? 0) + 2) return { ...base, verdict: "inconclusive", reason: `${all} connections were opened in one second after the fault, outside ${bound.text}, but this machine was short of processors then and may have thrown them together.`, nextStep: "Run on a quieter machine, or lower the load." };
  return { ...base, verdict: "inconclusive", reason: `${all} connections were opened in one second after the fault, hardly outside ${bound.text}.`, nextStep: "Repeat the experiment, or loosen the bound by one." };
}
