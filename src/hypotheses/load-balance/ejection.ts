import { disturbedMsWithin } from "../../evidence/disturbed-time.ts";
import { findZeroRun } from "../../evidence/zero-runs.ts";
import { clopperPearson, samplesForShare } from "../../math/proportion.ts";
import type { Bound } from "../../model/bound.ts";
import type { Disturbance } from "../../model/observation.ts";
import type { ClaimVerdict } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideTime, sendMore, surety, undecided } from "../decide.ts";
import type { Turns, Usual } from "./turns.ts";

/** An edge that was ejected gets this part of its usual share at most, single calls that look whether it is well not counted. */
const leakPart = 0.1;
/** Such calls are this far apart at least, and as far as five usual ones. */
const apartMs = 500;
const usualApart = 5;
/** Fewer turns decide nothing. */
const fewest = 20;

export interface Ejection {
  /** Not before, and at the latest; ms from the start of the run. */
  readonly loMs: number;
  readonly hiMs: number;
  /** Turns from then to the end of the fault; those that went to the hurt edge; and those of them that were no single ones. */
  readonly n: number;
  readonly leaks: number;
  readonly crowded: number;
}

/** The first run of turns elsewhere that is too long for chance. */
export function findEjection(turns: Turns, usual: Usual, onsetMs: number, disturbances: readonly Disturbance[]): Ejection | undefined {
  if (!Number.isFinite(usual.runNeeded)) return undefined;
  const place = findZeroRun({ length: turns.length, at: (at) => (turns.at(at)?.isHurt === true ? 1 : 0) }, usual.runNeeded);
  const first = turns.at(place);
  if (first === undefined) return undefined;
  const hiMs = Math.max(onsetMs, first.atMs);
  const lastMs = Math.min(hiMs, turns.at(place - 1)?.atMs ?? onsetMs);
  const farMs = Math.max(apartMs, (usualApart * 1000) / Math.max(usual.perSecond, 1e-9));
  let [leaks, crowded, beforeMs, isCounted] = [0, 0, Number.NEGATIVE_INFINITY, true];
  for (let at = place; at < turns.length; at += 1) {
    const turn = turns.at(at);
    if (turn?.isHurt !== true) continue;
    leaks += 1;
    // Of two that are near each other, both are no single ones.
    const isNear = turn.atMs - beforeMs < farMs;
    if (isNear) crowded += isCounted ? 1 : 2;
    isCounted = isNear;
    beforeMs = turn.atMs;
  }
  return { loMs: Math.max(onsetMs, lastMs - disturbedMsWithin(disturbances, onsetMs, hiMs)), hiMs, n: turns.length - place, leaks, crowded };
}

interface Told {
  readonly onsetMs: number;
  readonly usual: Usual;
  /** The hurt edge in a sentence, and what a turn is. */
  readonly edge: string;
  readonly unit: string;
  readonly confidence: number;
  /** Said of an edge that was never left. */
  readonly aside: string;
}

/** Decides whether the hurt edge was left in time, and for good. */
export function decideEjection(bound: Bound, turns: Turns, ejection: Ejection | undefined, told: Told): ClaimVerdict {
  const { onsetMs, usual, edge, unit, confidence } = told;
  const claimed = { claim: "ejectsWithin", bound, kind: "duration" as const, what: "the onset" };
  const limitMs = bound.max ?? 0;
  const late = turns.count(({ atMs }) => atMs >= onsetMs + limitMs);
  const against = turns.count(({ atMs, isHurt }) => isHurt && atMs >= onsetMs + limitMs);
  const tolerable = leakPart * usual.share;
  if (ejection === undefined) return neverLeft(bound, { late, against, tolerable, n: turns.length }, told);
  const verdict = decideTime(claimed, { lo: ejection.loMs - onsetMs, hi: ejection.hiMs - onsetMs, n: turns.length, event: `calls left ${edge}`, nextStep: "Raise the load, so that calls are closer together, run on a quieter machine, or loosen the bound." });
  if (verdict.verdict === "violated" && against < 2) return undecided(claimed, `${verdict.reason.replace(/\.$/, "")}, but fewer than two ${unit} witness it.`, "Raise the load, so that calls are closer together.", { observed: verdict.observed, n: turns.length });
  if (verdict.verdict !== "held") return verdict;
  const { n, crowded } = ejection;
  if (clopperPearson(crowded, n, confidence).hi <= tolerable) return { ...verdict, reason: `${verdict.reason.replace(/\.$/, "")}; of ${n} ${unit} after that, ${ejection.leaks} went there.` };
  const share = format("share", crowded / n);
  if (clopperPearson(crowded, n, surety).lo > usual.share / 2) return { ...verdict, verdict: "violated", reason: `Calls left ${edge} after ${verdict.observed}, but came back while the fault was in force: ${crowded} of ${n} ${unit} after that (${share}; before the fault ${format("share", usual.share)}) went there.` };
  const needed = samplesForShare(1 - tolerable, confidence, crowded);
  const isMany = crowded > tolerable * n;
  return undecided(claimed, `Calls left ${edge} after ${verdict.observed}; of ${n} ${unit} after that ${crowded} (${share}) went there in a row, which does not show whether more than ${format("share", tolerable)} would.`, isMany ? "Let it stay ejected for longer than the fault lasts, so that it does not come and go." : sendMore(needed, n), { observed: verdict.observed, n });
}

function neverLeft(bound: Bound, { late, against, tolerable, n }: { readonly late: number; readonly against: number; readonly tolerable: number; readonly n: number }, { usual, edge, unit, aside }: Told): ClaimVerdict {
  const claimed = { claim: "ejectsWithin", bound };
  const limit = format("duration", bound.max ?? 0);
  const least = Math.max(fewest, Math.min(usual.runNeeded, 1e9));
  if (late < least) return undecided(claimed, `Only ${late} ${unit} were judged that came ${limit} or more after the onset, and ${usual.runNeeded === Number.POSITIVE_INFINITY ? fewest : least} are needed to tell whether calls left ${edge}.`, "Make during longer, or raise the load.", { n });
  const seen = `Of ${late} ${unit} that came ${limit} or more after the onset, ${against} (${format("share", against / late)}; before the fault ${format("share", usual.share)}) went to ${edge}`;
  if (clopperPearson(against, late, surety).lo > tolerable) return { claim: "ejectsWithin", verdict: "violated", expected: bound.text, observed: "never", n, reason: `${seen}: they never left it${aside}.` };
  return undecided(claimed, `${seen}, too few to say that they did not leave it, and never ${usual.runNeeded} in a row elsewhere, which would show that they did.`, "Make during longer, or raise the load.", { n });
}

/** When the hurt edge had half of its usual share again; ms from the start of the run. */
export function findReturn(turns: Turns, usual: Usual): number | undefined {
  const length = Math.max(fewest, Math.ceil(10 / Math.max(usual.share, 0.01)));
  // Of so many turns from here on.
  let ahead = 0;
  for (let at = 0; at < Math.min(length, turns.length); at += 1) if (turns.at(at)?.isHurt === true) ahead += 1;
  for (let at = 0; at + length <= turns.length; at += 1) {
    const turn = turns.at(at);
    if (turn?.isHurt === true && ahead >= (usual.share * length) / 2) return turn.atMs;
    if (turn?.isHurt === true) ahead -= 1;
    if (turns.at(at + length)?.isHurt === true) ahead += 1;
  }
  return undefined;
}
