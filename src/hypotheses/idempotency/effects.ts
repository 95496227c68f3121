import type { Scope } from "../../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { undecided } from "../decide.ts";
import { faultSpan, phaseWindow } from "../fault-span.ts";
import { countRequests, numberOf, readingsOf, tightest } from "./count.ts";
import type { Reading } from "./count.ts";
import { expectedEffects } from "./params.ts";
import type { EffectsClaim } from "./params.ts";

/** How often the fault had work done more than once. */
export interface Exercise {
  readonly repeated: number;
  readonly overlapping: number;
}

export interface EffectsDecided {
  readonly verdict: ClaimVerdict;
  readonly equivalentTo: readonly string[];
  readonly evidence: readonly Evidence[];
  readonly observed: Readonly<Record<string, number>>;
}

/** So many requests must have been done twice before once is held. */
const enough = 20;
/** Races that are lost one time in twenty show with so many tries. */
const enoughForRaces = 90;

/** Whether what was done twice took effect once, by the answers of a probe that counts. */
export function decideEffects(claim: EffectsClaim, scope: Scope, { probe, proxy }: { readonly probe: string; readonly proxy: string }, exercise: Exercise): EffectsDecided {
  return claim.equals === "requests" ? decideCount(claim, scope, { probe, proxy }, exercise) : decideConstant(claim, claim.equals, scope, exercise);
}

function decideCount(claim: EffectsClaim, scope: Scope, { probe, proxy }: { readonly probe: string; readonly proxy: string }, exercise: Exercise): EffectsDecided {
  const { observations } = scope;
  const claimed = claimedBy(claim);
  const open = (reason: string, nextStep: string, n = 0): EffectsDecided => ({ verdict: undecided(claimed, reason, nextStep, { n }), equivalentTo: [], evidence: [], observed: {} });
  const span = faultSpan(scope);
  const [onsetMs, endMs] = [span.onsetMs ?? Number.POSITIVE_INFINITY, span.endMs ?? Number.POSITIVE_INFINITY];
  const untilMs = phaseWindow(scope, "after")?.endMs ?? Number.POSITIVE_INFINITY;
  const count = countRequests(observations, probe, proxy);
  const readings = (): Iterable<Reading> => readingsOf(observations, claim.probe, count);
  const first = tightest(readings(), (reading) => reading.endMs < onsetMs);
  const last = tightest(readings(), (reading) => reading.sentMs >= endMs && reading.sentMs < untilMs + 1000);
  if (first === undefined || last === undefined) return open(`No answer of ${claim.probe} ${first === undefined ? "before the fault" : "after the fault"} had a number at ${claim.path}.`, "Let the probe ask for JSON with a number at that place, before the fault and after it.");
  const drift = driftBefore(readings(), first);
  if (typeof drift === "object") return open(`Already before the fault ${claim.path} of ${claim.probe} grew by ${drift.grown} while ${drift.text} requests of ${probe} were made.`, `Let it lead to a number that grows by one for each request of ${probe}, and by nothing else.`);
  const grown = last.value - first.value;
  const [atLeast, atMost] = [last.atLeast - first.atMost, last.atMost - first.atLeast];
  const n = Math.max(0, atMost);
  const base = { claim: claimed.claim, expected: claimed.bound.text, observed: `${grown} for ${between(atLeast, atMost)} requests`, n };
  const observed = { effects: grown, requests: atMost, ...(atMost > 0 && { effectsPerRequest: grown / atMost }) };
  if (hasGoneBack(readings())) return open(`${claim.path} of ${claim.probe} went back meanwhile: it was counted anew.`, "Let it lead to a number that only grows, and outlives a restart.");
  const says = `${claim.path} of ${claim.probe} grew by ${grown} while ${between(atLeast, atMost)} requests of ${probe} were made`;
  const excess = grown - atMost;
  const decided = (verdict: ClaimVerdict, equivalentTo: readonly string[] = []): EffectsDecided => ({ verdict, equivalentTo, observed, evidence: verdict.verdict === "violated" ? [tell(claim, first), tell(claim, last)] : [] });
  if (excess >= 2) return decided({ ...base, verdict: "violated", reason: `${says}: ${excess} took effect more than once.` });
  const lost = (drift === "lags" ? last.settled : last.atLeast) - first.atMost - grown;
  const isQuiet = !observations.disturbances.some((one) => one.endMs >= last.sentMs - 5000 && one.startMs <= last.endMs);
  if (lost >= 2 && isQuiet) return decided({ ...base, verdict: "violated", reason: `${says}: ${lost} that were answered well took no effect.` });
  if (atLeast < atMost || grown !== atMost) return decided({ ...base, verdict: "inconclusive", reason: `${says}${atLeast < atMost ? ": how many of them took effect is not known" : ": a difference of one may be a matter of when it was asked"}.`, nextStep: failedAt(scope, probe) > 0 ? `Let the service heal what the fault does: ${failedAt(scope, probe)} requests were not answered well, and may have taken effect or not.` : `Ask ${claim.probe} more often, so that an answer falls between two requests, or end with fewer requests (load.rate: { after: … }).` });
  const few = tooFew(exercise);
  return decided(few === undefined ? { ...base, verdict: "held", reason: `${says}; the work of ${exercise.repeated} of them was asked for more than once.` } : { ...base, verdict: "inconclusive", ...few }, unseenRaces(exercise));
}

function decideConstant(claim: EffectsClaim, equals: number, scope: Scope, exercise: Exercise): EffectsDecided {
  const { observations, epoch } = scope;
  const onsetMs = faultSpan(scope).onsetMs ?? Number.POSITIVE_INFINITY;
  let [n, wrong, example] = [0, 0, equals];
  const evidence: Evidence[] = [];
  for (const phase of ["during", "after"] as const) {
    for (const sample of observations.samples({ probe: claim.probe, epoch, phase })) {
      const value = numberOf(sample);
      if (value === undefined || sample.dueMs < onsetMs) continue;
      n += 1;
      if (value === equals) continue;
      wrong += 1;
      example = value;
      if (evidence.length < 3) evidence.push({ atMs: sample.endMs ?? sample.dueMs, what: `answer ${sample.n} of ${claim.probe} had ${value} at ${claim.path}` });
    }
  }
  const base = { claim: claimedBy(claim).claim, expected: String(equals), observed: wrong === 0 ? String(equals) : `${example}, in ${wrong} of ${n} answers`, n };
  const decided = (verdict: ClaimVerdict): EffectsDecided => ({ verdict, equivalentTo: verdict.verdict === "held" ? unseenRaces(exercise) : [], evidence: verdict.verdict === "violated" ? evidence : [], observed: { readings: n, otherReadings: wrong } });
  if (wrong >= 2) return decided({ ...base, verdict: "violated", reason: `${wrong} of ${n} answers of ${claim.probe} had another number than ${equals} at ${claim.path}, such as ${example}.` });
  if (wrong === 1) return decided({ ...base, verdict: "inconclusive", reason: `One of ${n} answers of ${claim.probe} had ${example} at ${claim.path}; a second would settle it.`, nextStep: "Repeat the experiment, or set phases.epochs to 2." });
  if (n < enough) return decided({ ...base, verdict: "inconclusive", reason: `Only ${n} answers of ${claim.probe} had a number at ${claim.path}, fewer than ${enough}.`, nextStep: `Ask ${claim.probe} more often: at least ${enough} times in during and after.` });
  const few = tooFew(exercise);
  return decided(few === undefined ? { ...base, verdict: "held", reason: `All ${n} answers of ${claim.probe} had ${equals} at ${claim.path}, while the work of ${exercise.repeated} requests was asked for more than once.` } : { ...base, verdict: "inconclusive", ...few });
}

function claimedBy(claim: EffectsClaim): { readonly claim: string; readonly bound: { readonly text: string } } {
  return { claim: "effects", bound: { text: expectedEffects(claim) } };
}

/** What grows by itself, or not at all, counts no requests; what lags was right 2 s ago. Undefined: it is right. */
function driftBefore(readings: Iterable<Reading>, last: Reading): { readonly grown: number; readonly text: string } | "lags" | undefined {
  const first = tightest(readings, (reading) => reading.endMs < last.sentMs - 500);
  if (first === undefined) return undefined;
  const grown = last.value - first.value;
  const [atLeast, atMost] = [last.atLeast - first.atMost, last.atMost - first.atLeast];
  if (grown > atMost || grown < last.settled - first.atMost) return { grown, text: between(atLeast, atMost) };
  return grown < atLeast ? "lags" : undefined;
}

function hasGoneBack(readings: Iterable<Reading>): boolean {
  let highest = Number.NEGATIVE_INFINITY;
  for (const { value } of readings) {
    if (value < highest) return true;
    highest = value;
  }
  return false;
}

function tooFew({ repeated }: Exercise): { readonly reason: string; readonly nextStep: string } | undefined {
  if (repeated >= enough) return undefined;
  return { reason: `The work of only ${repeated} requests was asked for more than once, too few to say that it is done once.`, nextStep: "Lose answers of work that is done ({ type: error, status: 503, reachUpstream: true, attempt: 1 }) where the service retries, or send calls twice ({ type: duplicate })." };
}

function unseenRaces({ overlapping }: Exercise): readonly string[] {
  if (overlapping === 0) return ["a dependency that recognizes a repeat only when the first is done"];
  return overlapping < enoughForRaces ? [`a race that is lost in fewer than one of ${overlapping} cases`] : [];
}

function failedAt({ observations }: Scope, probe: string): number {
  let failed = 0;
  for (const { grade } of observations.samples({ probe })) if (grade === "bad" || grade === "degraded" || grade === "pending") failed += 1;
  return failed;
}

function between(atLeast: number, atMost: number): string {
  return atLeast >= atMost ? String(atMost) : `${Math.max(0, atLeast)} to ${atMost}`;
}

function tell({ probe, path }: EffectsClaim, { endMs, value, atLeast, atMost }: Reading): Evidence {
  return { atMs: endMs, what: `${probe} answered ${value} at ${path}, when ${between(atLeast, atMost)} requests had been made` };
}
