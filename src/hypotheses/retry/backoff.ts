import type { EdgeBaseline } from "../../evidence/edge-baseline.ts";
import { clopperPearson } from "../../math/proportion.ts";
import { quantile, quantileInterval } from "../../math/quantile.ts";
import type { Bound } from "../../model/bound.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideByIntervals, decideQuantile, surety, undecided } from "../decide.ts";
import type { BackoffKind } from "./params.ts";
import type { PauseRows } from "./pauses.ts";

/** What the pauses look like: rows of pauses per request, and what can be told of them. */
export interface Pauses {
  readonly rows: PauseRows;
  readonly baseline: EdgeBaseline;
  readonly confidence: number;
}

/** Scheduling alone takes 1–25 ms: a median below this is no pause, above the other it is one. */
const noPauseMs = 15;
const pauseMs = 30;
/** Growth below this (×1.2) is none worth the name; a claim of growth is refuted below ×1.41, half way to doubling on a logarithmic scale. */
const material = Math.log(1.2);
const halfWay = Math.log(2) / 2;
/** Half way between a geometric row and 1, 2, 3. */
const bendHalfWay = Math.log(3 / 4) / 2;

/** Most likely kind, for reports: what the fit is nearest to. */
export function guessKind(rows: PauseRows): BackoffKind | undefined {
  const all = rows.sortedMs();
  if (all.length === 0) return undefined;
  if (quantile(all, 0.5) <= noPauseMs) return "none";
  const growth = rows.growth;
  if (growth === undefined) return undefined;
  if (growth.slope < halfWay) return "constant";
  const bend = rows.bend?.interval(0.99);
  return bend !== undefined && bend.hi < bendHalfWay ? "linear" : "exponential";
}

export function decideKind(kind: BackoffKind, { rows, confidence }: Pauses): { readonly verdict: ClaimVerdict; readonly equivalentTo: readonly string[] } {
  const all = rows.sortedMs();
  const growth = rows.growth;
  const medianMs = quantile(all, 0.5);
  const asked = quantileInterval(all, 0.5, confidence);
  const sure = quantileInterval(all, 0.5, surety);
  const says = (verdict: ClaimVerdict["verdict"], reason: string, nextStep?: string, equivalentTo: readonly string[] = []): { readonly verdict: ClaimVerdict; readonly equivalentTo: readonly string[] } => ({
    verdict: { claim: "backoff.kind", verdict, expected: kind, observed: guessKind(rows) ?? "not known", n: growth?.sequences ?? rows.length, reason, ...(nextStep !== undefined && { nextStep }) },
    equivalentTo,
  });
  const pause = `the median pause was ${format("duration", medianMs)}`;
  if (kind === "none") {
    if (asked.hi !== undefined && asked.hi <= noPauseMs) return says("held", `There is no pause between attempts: ${pause} over ${all.length}, which is scheduling.`);
    if (sure.lo !== undefined && sure.lo > pauseMs) return says("violated", `There is a pause between attempts: ${pause} over ${all.length}.`);
    return says("inconclusive", `It is too near to what scheduling takes by itself: ${pause} over ${all.length}.`, "Raise the number of requests that meet the fault, or run on a quieter machine.");
  }
  if (sure.hi !== undefined && sure.hi <= noPauseMs) return says("violated", `There is no pause between attempts: ${pause} over ${all.length}, which is scheduling.`);
  if (asked.lo === undefined || asked.lo <= noPauseMs) return says("inconclusive", `It is too near to what scheduling takes by itself: ${pause} over ${all.length}.`, "Raise the number of requests that meet the fault, or make the pauses longer than 30ms.");
  if (growth === undefined) return says("inconclusive", `No two requests made three attempts, so growth could not be seen.`, "Let every call fail (rate: 100%), and give retries the time to run to their end.");
  const wide = growth.interval(surety);
  const narrow = growth.interval(confidence);
  const grows = growth.interval(0.9995).lo > 0;
  const few = growth.sequences < growth.needed;
  const factors = `each pause was ${format("factor", Math.exp(growth.slope))} the one before (${format("factor", Math.exp(narrow.lo))} to ${format("factor", Math.exp(narrow.hi))}) over ${growth.sequences} requests`;
  const more = `Needs about ${Math.max(growth.needed, growth.sequences + 1)} requests with this many attempts and this much jitter, there were ${growth.sequences}: make during longer, or raise the load.`;
  if (kind === "constant") {
    if (!few && narrow.hi < halfWay && narrow.lo > -halfWay && !(grows && narrow.lo > material)) return says("held", `Pauses do not grow: ${factors}.`);
    if (wide.lo > material || wide.hi < -material) return says("violated", `Pauses are not constant: ${factors}.`);
    return says("inconclusive", `Whether pauses grow is not settled: ${factors}.`, more);
  }
  if (!grows && wide.hi < halfWay) return says("violated", `Pauses do not grow: ${factors}.`);
  if (!grows || few || narrow.lo <= material) return says("inconclusive", `Whether pauses grow is not settled: ${factors}.`, more);
  const bend = rows.bend;
  if (bend === undefined) return says("held", `Pauses grow: ${factors}.`, undefined, [kind === "linear" ? "exponential backoff: two pauses cannot tell them apart" : "linear backoff: two pauses cannot tell them apart"]);
  if (kind === "linear") {
    if (bend.interval(confidence).hi < bendHalfWay) return says("held", `Pauses grow by equal steps: ${factors}.`, undefined, ["exponential backoff with a cap"]);
    if (bend.interval(surety).lo > bendHalfWay) return says("violated", `Pauses grow by a factor, not by equal steps: ${factors}.`);
    return says("inconclusive", `Pauses grow, but by steps or by a factor is not settled: ${factors}.`, more);
  }
  if (bend.interval(surety).hi < bendHalfWay) return says("inconclusive", `Pauses grow by ever smaller factors: ${factors}.`, "Linear backoff and exponential backoff with a cap look the same here: claim kind: linear, or let the cap come later.", ["linear backoff", "exponential backoff with a cap"]);
  return says("held", `Pauses grow: ${factors}.`);
}

export function decideFirst(bound: Bound, { rows, confidence }: Pauses): ClaimVerdict {
  const sortedMs = rows.sortedMs(0);
  return decideQuantile({ claim: "backoff.first", bound, kind: "duration", what: "the median of the first pause" }, 0.5, { sortedMs, confidence });
}

export function decideFactor(bound: Bound, { rows, confidence }: Pauses): ClaimVerdict {
  const claimed = { claim: "backoff.factor", bound, kind: "factor" as const, what: "the factor from pause to pause" };
  const growth = rows.growth;
  if (growth === undefined) return undecided(claimed, "No two requests made three attempts, so growth could not be seen.", "Let every call fail (rate: 100%), and give retries the time to run to their end.");
  const factors = (level: number): { lo: number; hi: number } => ({ lo: Math.exp(growth.interval(level).lo), hi: Math.exp(growth.interval(level).hi) });
  return decideByIntervals(claimed, { observed: Math.exp(growth.slope), n: growth.sequences, confidence, asked: factors(confidence), sure: factors(surety), nextStep: `More requests narrow it: make during longer, or raise the load; or loosen the bound.` });
}

/** More than this share of the pauses must lie off their median for jitter, less for none. */
const offShare = 0.3;

/** Whether pauses differ from request to request by more than scheduling: judged where they are longest, as a share of pauses off the median, which no outlier sways. */
export function decideJitter(asked: "required" | "forbidden", { rows, baseline, confidence }: Pauses): ClaimVerdict {
  const places = [0, 1, 2, 3].map((k) => rows.sortedMs(k)).filter(({ length }) => length >= 10);
  const pauses = places.reduce<Float64Array | undefined>((best, one) => (best === undefined || quantile(one, 0.5) > quantile(best, 0.5) ? one : best), undefined);
  const claimed = { claim: "backoff.jitter", bound: { text: asked } };
  if (pauses === undefined) return undecided(claimed, `Fewer than 10 pauses were seen.`, "Let more requests meet the fault: make during longer, or raise the load or the fault's rate.", { n: rows.sortedMs().length });
  const medianMs = quantile(pauses, 0.5);
  const noiseMs = baseline.answerSpreadMs;
  const looseMs = Math.max(6, 0.06 * medianMs, 2 * noiseMs);
  const strictMs = Math.max(15, 0.08 * medianMs, 3 * noiseMs);
  const off = (reachMs: number): number => pauses.filter((ms) => Math.abs(ms - medianMs) > reachMs).length;
  const share = format("share", off(strictMs) / pauses.length);
  const observed = `${share} differ`;
  const seen = `${share} of ${pauses.length} pauses more than ${format("duration", strictMs)} off the median ${format("duration", medianMs)}`;
  const base = { claim: claimed.claim, expected: asked, observed, n: pauses.length };
  const isJittered = clopperPearson(off(strictMs), pauses.length, asked === "required" ? confidence : surety).lo > offShare;
  const isExact = looseMs <= 0.15 * medianMs && clopperPearson(off(looseMs), pauses.length, asked === "required" ? surety : confidence).hi < offShare;
  if (isJittered) return { ...base, verdict: asked === "required" ? "held" : "violated", reason: `Pauses differ from request to request: ${seen}.` };
  if (isExact) return { ...base, verdict: asked === "required" ? "violated" : "held", reason: `Pauses are the same for every request: ${seen}.` };
  const isTooShort = looseMs > 0.15 * medianMs;
  return {
    ...base, verdict: "inconclusive",
    reason: isTooShort ? `Pauses of ${format("duration", medianMs)} are too short to tell jitter from scheduling: ${seen}.` : `Whether pauses differ from request to request is not settled: ${seen}.`,
    nextStep: isTooShort ? "Run on a quieter machine, or let more attempts fail, so that later pauses are longer." : "Let more requests meet the fault (about 30): make during longer, or raise the load or the fault's rate.",
  };
}
