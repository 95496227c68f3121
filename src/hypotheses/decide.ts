import type { Bound } from "../model/bound.ts";
import type { ClaimVerdict } from "../model/verdict.ts";
import { clopperPearson, samplesForShare } from "../math/proportion.ts";
import { quantile, quantileInterval, samplesForQuantile } from "../math/quantile.ts";
import { within } from "../units/bound.ts";
import { format } from "../units/format.ts";
import type { QuantityKind } from "../units/quantity.ts";
import { merge, withEndless } from "./figures.ts";

/**
 * The rules by which one claim is decided: held when the whole interval at the asked confidence lies inside the bound,
 * violated when the whole 99.99 % interval lies outside it or two requests witness it, else inconclusive.
 */

/** Confidence that a violation needs, whatever the experiment asks of a held verdict. */
export const surety = 0.9999;

/** What is claimed. `what` names the number in the middle of a sentence, such as `the share of good answers`. */
export interface Claimed {
  readonly claim: string;
  readonly bound: Bound;
  readonly kind: QuantityKind;
  readonly what: string;
}

/** An interval in base units; an absent end is unknown. */
export interface Interval {
  readonly lo?: number;
  readonly hi?: number;
}

/** A claim that cannot be decided, why, and the smallest change that would decide it. */
export function undecided(claimed: Pick<Claimed, "claim" | "bound">, reason: string, nextStep?: string, seen: { readonly observed?: string; readonly n?: number; readonly interval?: Interval } = {}): ClaimVerdict {
  return {
    claim: claimed.claim,
    verdict: "inconclusive",
    expected: claimed.bound.text,
    observed: seen.observed ?? "not measured",
    ...(seen.interval === undefined ? {} : { interval: ends(seen.interval) }),
    n: seen.n ?? 0,
    reason,
    ...(nextStep === undefined ? {} : { nextStep }),
  };
}

/** Whether every value of an interval is inside the bound. */
export function isInside(bound: Bound, { lo, hi }: Interval): boolean {
  const lowerSafe = bound.min === undefined || (lo !== undefined && within(bound, Math.min(lo, bound.max ?? lo)));
  const upperSafe = bound.max === undefined || (hi !== undefined && within(bound, Math.max(hi, bound.min ?? hi)));
  return lowerSafe && upperSafe;
}

/** Whether every value of an interval is outside the bound, all on one side. */
export function isOutside(bound: Bound, { lo, hi }: Interval): boolean {
  const above = bound.max !== undefined && lo !== undefined && (lo > bound.max || (bound.maxOpen === true && lo >= bound.max));
  const below = bound.min !== undefined && hi !== undefined && (hi < bound.min || (bound.minOpen === true && hi <= bound.min));
  return above || below;
}

/** Decides by two intervals: one at the asked confidence, one at 99.99 %. */
export function decideByIntervals(
  claimed: Claimed,
  seen: { readonly observed: number; readonly n: number; readonly confidence: number; readonly asked: Interval; readonly sure: Interval; readonly nextStep: string },
): ClaimVerdict {
  const { bound, kind, what } = claimed;
  const observed = format(kind, seen.observed);
  const base = { claim: claimed.claim, expected: bound.text, observed, n: seen.n };
  if (isInside(bound, seen.asked)) {
    return { ...base, verdict: "held", interval: ends(seen.asked), reason: `${capital(what)} was ${observed} (${spell(kind, seen.asked)} at ${percent(seen.confidence)} confidence), inside ${bound.text}.` };
  }
  if (isOutside(bound, seen.sure)) {
    return { ...base, verdict: "violated", interval: ends(seen.sure), reason: `${capital(what)} was ${observed} (${spell(kind, seen.sure)} at 99.99% confidence), outside ${bound.text}.` };
  }
  const isSuspect = isOutside(bound, seen.asked);
  const told = isSuspect ? seen.sure : seen.asked;
  return {
    ...base,
    verdict: "inconclusive",
    interval: ends(told),
    reason: `${capital(what)} was ${observed}, but ${seen.n} samples only show it to be ${spell(kind, told)}${isSuspect ? " at the 99.99% confidence that a violation takes" : ""}, which does not settle ${bound.text}.`,
    nextStep: seen.nextStep,
  };
}

/** Decides a share of `k` in `n`, of which `pending` more are unfinished: they may yet turn out either way. Clopper–Pearson. */
export function decideShare(claimed: Claimed, seen: { readonly k: number; readonly n: number; readonly pending?: number; readonly confidence: number }): ClaimVerdict {
  const { k, n, confidence } = seen;
  const pending = seen.pending ?? 0;
  const total = n + pending;
  if (n === 0) return undecided(claimed, `No request counts towards ${claimed.what}.`, `Send at least ${enoughForShare(claimed.bound, confidence)} requests in that phase.`);
  const { bound } = claimed;
  const interval = (level: number): Interval => ({ lo: clopperPearson(k, total, level).lo, hi: clopperPearson(k + pending, total, level).hi });
  const failures = bound.min === undefined ? k : n - k;
  const absolute = bound.min === 1 || bound.max === 0;
  if (absolute && failures >= 2) {
    const observed = format("share", k / n);
    return { claim: claimed.claim, verdict: "violated", expected: bound.text, observed, interval: ends(interval(surety)), n, reason: `${capital(claimed.what)} was ${observed}: ${failures} of ${n} requests witness that it is not ${bound.text}.` };
  }
  if (absolute && failures === 1) {
    return undecided(claimed, `${capital(claimed.what)} was ${format("share", k / n)}, not ${bound.text}, but only one of ${n} requests witnesses it.`, "Repeat the experiment, or set phases.epochs to 2: a second witness decides it.", { observed: format("share", k / n), n });
  }
  const needed = enoughForShare(bound, confidence, within(bound, k / n) ? failures : 0);
  const nextStep = absolute
    ? `No number of requests can show exactly ${format("share", bound.min ?? 0)}: claim ${bound.min === 1 ? '">= 99%"' : '"<= 1%"'} (${samplesForShare(0.99, confidence)} requests) instead.`
    : sendMore(needed, n);
  return decideByIntervals(claimed, { observed: k / n, n, confidence, asked: interval(confidence), sure: interval(surety), nextStep });
}

/** How many samples a share needs when `failures` of them are on the wrong side; Infinity for 0 % and 100 %. */
export function enoughForShare(bound: Bound, confidence: number, failures = 0): number {
  const shares = [...(bound.min === undefined ? [] : [bound.min]), ...(bound.max === undefined || bound.max >= 1 ? [] : [1 - bound.max])].filter((share) => share > 0);
  return Math.max(1, ...shares.map((share) => (share >= 1 ? Number.POSITIVE_INFINITY : samplesForShare(share, confidence, failures))));
}

/** Decides a quantile of latencies in ascending order; `pendingMs` are the ages of unfinished ones, which will be longer. Order statistics. */
export function decideQuantile(claimed: Claimed, q: number, seen: { readonly sortedMs: ArrayLike<number>; readonly pendingMs?: ArrayLike<number>; readonly confidence: number }): ClaimVerdict {
  const pendingMs = seen.pendingMs ?? [];
  const shortest = pendingMs.length === 0 ? seen.sortedMs : merge(seen.sortedMs, pendingMs);
  const longest = withEndless(seen.sortedMs, pendingMs.length);
  const n = shortest.length;
  const needed = samplesForQuantile(q, seen.confidence);
  if (n === 0) return undecided(claimed, `No request counts towards ${claimed.what}.`, `Send at least ${needed} requests in that phase.`);
  const interval = (level: number): Interval => {
    const { lo } = quantileInterval(shortest, q, level);
    const { hi } = quantileInterval(longest, q, level);
    return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined || hi === Number.POSITIVE_INFINITY ? {} : { hi }) };
  };
  return decideByIntervals(claimed, { observed: quantile(shortest, q), n, confidence: seen.confidence, asked: interval(seen.confidence), sure: interval(surety), nextStep: sendMore(needed, n) });
}

/**
 * Decides when something happened by the two samples around it: `lo` the last before, `hi` the first after; `hi` absent: not seen.
 * `event` is a clause such as `ready turned unhealthy`; `claimed.what` names the moment that times count from.
 */
export function decideTime(claimed: Claimed, seen: { readonly lo: number; readonly hi?: number; readonly n: number; readonly event: string; readonly nextStep: string }): ClaimVerdict {
  const { bound } = claimed;
  const interval: Interval = seen.hi === undefined ? { lo: seen.lo } : { lo: seen.lo, hi: seen.hi };
  const observed = seen.hi === undefined ? `not within ${format("duration", seen.lo)}` : format("duration", seen.hi);
  const base = { claim: claimed.claim, expected: bound.text, observed, interval: ends(interval), n: seen.n };
  const [from, to] = [format("duration", seen.lo), format("duration", seen.hi ?? seen.lo)];
  const when = seen.hi === undefined ? `: not seen in the ${from} after ${claimed.what}` : from === to ? ` ${to} after ${claimed.what}` : ` between ${from} and ${to} after ${claimed.what}`;
  if (isInside(bound, interval)) return { ...base, verdict: "held", reason: `${capital(seen.event)}${when}, inside ${bound.text}.` };
  if (isOutside(bound, interval)) return { ...base, verdict: "violated", reason: `${capital(seen.event)}${when}, outside ${bound.text}.` };
  return { ...base, verdict: "inconclusive", reason: `${capital(seen.event)}${when}, which does not settle ${bound.text}.`, nextStep: seen.nextStep };
}

/** Decides a claim that single requests refute: two of them make it violated, one leaves it open, none of enough makes it held. */
export function decideByWitnesses(claimed: Claimed, seen: { readonly observed: number; readonly witnesses: number; readonly n: number; readonly enough: number }): ClaimVerdict {
  const { bound, kind, what } = claimed;
  const observed = format(kind, seen.observed);
  const base = { claim: claimed.claim, expected: bound.text, observed, n: seen.n };
  if (seen.witnesses >= 2) return { ...base, verdict: "violated", reason: `${capital(what)} was ${observed}, outside ${bound.text}: ${seen.witnesses} of ${seen.n} witness it.` };
  if (seen.witnesses === 1) return { ...base, verdict: "inconclusive", reason: `${capital(what)} was ${observed}, outside ${bound.text}, but only one of ${seen.n} witnesses it.`, nextStep: "Repeat the experiment, or set phases.epochs to 2: a second witness decides it." };
  if (seen.n < seen.enough) return { ...base, verdict: "inconclusive", reason: `${capital(what)} was ${observed}, but ${seen.n} samples are too few to say so.`, nextStep: sendMore(seen.enough, seen.n) };
  return { ...base, verdict: "held", reason: `${capital(what)} was ${observed} over ${seen.n} samples, inside ${bound.text}.` };
}

/** How to get from the samples there were to those that are needed. */
export function sendMore(needed: number, have: number): string {
  if (!Number.isFinite(needed)) return "No number of requests can show it: loosen the bound.";
  if (needed <= have) return "The observed figure is too close to the bound: send several times as many requests (a longer phase or more load), or loosen the bound.";
  return `Needs at least ${needed} samples, there were ${have}: make the phase ${factor(needed / Math.max(1, have))} times as long, or raise the load as much.`;
}

function factor(value: number): string {
  return String(Math.ceil(value * 10) / 10);
}

function ends({ lo, hi }: Interval): readonly [number | null, number | null] {
  return [lo ?? null, hi ?? null];
}

function spell(kind: QuantityKind, { lo, hi }: Interval): string {
  if (lo === undefined && hi === undefined) return "anything";
  if (lo === undefined) return `at most ${format(kind, hi ?? 0)}`;
  if (hi === undefined) return `at least ${format(kind, lo)}`;
  return `${format(kind, lo)} to ${format(kind, hi)}`;
}

function percent(confidence: number): string {
  return format("share", confidence);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
