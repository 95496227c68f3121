import type { Scope } from "../../model/hypothesis-type.ts";
import type { ClaimVerdict, Evidence } from "../../model/verdict.ts";
import { format } from "../../units/format.ts";
import { decideByWitnesses, decideTime, undecided } from "../decide.ts";
import type { Claimed } from "../decide.ts";
import type { Obstacle } from "../preconditions.ts";
import { findRestored, findTooMany, findTooManyInTerm, overlapOf } from "./at-once.ts";
import type { Restored, TooMany } from "./at-once.ts";
import { stillMs } from "./node-watch.ts";
import type { Stretches } from "./node-watch.ts";
import { fewestOf, mostOf, wordsOf } from "./params.ts";
import type { Params } from "./params.ts";
import { commonOf, lengthOf, outsideTransitions } from "./transitions.ts";
import type { InForce } from "./transitions.ts";
import type { Watched } from "./watch.ts";

export interface Counted {
  readonly claims: readonly ClaimVerdict[];
  readonly observed: Readonly<Record<string, number>>;
  readonly evidence: readonly Evidence[];
}

/** How much of the time outside transitions enough nodes must be known to have been so. */
const knownShare = 0.8;
/** The waiting of a starved process is told for the second in which it was. */
const aroundMs = 1000;

/** How many nodes are so at a time, and how soon enough of them are again. */
export function judgeCount(params: Params, watched: Watched, scope: Scope): Counted {
  const { nodes, times, onsetMs, endMs } = watched;
  const { count, within, probes } = params;
  if (count === undefined) return { claims: [], observed: {}, evidence: [] };
  const n = nodes.reduce((sum, { judged }) => sum + judged, 0);
  const [fewest, most] = [fewestOf(count), mostOf(count)];
  const words = wordsOf(params);
  const claimed: Claimed = { claim: "count", bound: count, kind: "count", what: `the number of nodes that ${words}${params.perTerm === true ? " in one term" : " at a time"}` };
  const tooMany = most === undefined ? { answers: 0, most: 0, evidence: [], withoutTerm: 0 } : params.perTerm === true ? findTooManyInTerm(nodes, most, words) : { ...findTooMany(nodes, most, words), withoutTerm: 0 };
  const calm = outsideTransitions(times, within?.max ?? 0, onsetMs, endMs);
  const lacking = overlapOf(nodes.map(({ no }) => no), nodes.length - fewest + 1);
  const enough = overlapOf(nodes.map(({ yes }) => yes), Math.max(1, fewest));
  const isQuiet = (fromMs: number, toMs: number): boolean => [...scope.observations.disturbances, ...scope.observations.strains].every((one) => one.endMs < fromMs - aroundMs || one.startMs > toMs);
  const lapses = fewest > 0 ? lapsesIn(commonOf(lacking, calm), isQuiet) : { witnesses: 0, lengthMs: 0, longestMs: 0, noisy: 0, evidence: [] };
  const moved = times.filter((time, i) => hasMoved(watched, time, Math.min(times[i + 1]?.startMs ?? endMs, time.endMs + aroundMs)));
  const obstacle = watched.obstacle ?? (tooMany.firstMs !== undefined && tooMany.firstMs < onsetMs ? tooManyBefore(tooMany.answers) : undefined)
    ?? (tooMany.withoutTerm > 0 ? noTerms(tooMany.withoutTerm) : undefined) ?? (moved.length === 0 ? nothingMoved(probes, words) : undefined);
  const known = fewest === 0 ? 1 : lengthOf(commonOf(enough, calm)) / Math.max(1, lengthOf(calm));
  const decided = obstacle === undefined ? decideCount(claimed, { tooMany, lapses, known, n, most: tooMany.most }) : undecided(claimed, obstacle.reason, obstacle.nextStep, { n });
  const restored = fewest === 0 ? [] : moved.map((time) => ({ time, seen: findRestored(enough, lacking, time.startMs, limitOf(time, times, endMs)) }));
  const slowest = restored.reduce<Restored | undefined>((worst, { seen }) => (worst === undefined || late(seen) > late(worst) ? seen : worst), undefined);
  const claims = within === undefined || fewest === 0 ? [decided] : [decided, decideRestored(within, slowest, restored, { n, words, obstacle, isQuiet })];
  return {
    claims,
    observed: {
      nodes: nodes.length, tooManyAnswers: tooMany.answers,
      ...(most === undefined ? {} : { mostAtOnce: tooMany.most }),
      ...(fewest > 0 ? { tooFewMs: Math.round(lapses.lengthMs) } : {}),
      ...(slowest?.hi === undefined ? {} : { restoredAfterMs: slowest.hi }),
    },
    evidence: [...(tooMany.answers > 0 ? tooMany.evidence : []), ...lapses.evidence],
  };
}

interface Lapses {
  readonly witnesses: number;
  readonly lengthMs: number;
  readonly longestMs: number;
  /** Those that this machine may have brought about. */
  readonly noisy: number;
  readonly evidence: readonly Evidence[];
}

/** Each time in which too few were so, on a quiet machine, is a witness; one that lasts is two. */
function lapsesIn(lacking: Stretches, isQuiet: (fromMs: number, toMs: number) => boolean): Lapses {
  let [witnesses, lengthMs, longestMs, noisy] = [0, 0, 0, 0];
  const evidence: Evidence[] = [];
  for (let row = 0; row < lacking.length; row += 1) {
    const [fromMs, toMs] = [lacking.fromMs.get(row), lacking.toMs.get(row)];
    if (!isQuiet(fromMs, toMs)) {
      noisy += 1;
      continue;
    }
    witnesses += toMs - fromMs >= stillMs ? 2 : 1;
    lengthMs += toMs - fromMs;
    longestMs = Math.max(longestMs, toMs - fromMs);
    if (evidence.length < 3) evidence.push({ atMs: fromMs, what: `too few nodes for ${format("duration", toMs - fromMs)}` });
  }
  return { witnesses, lengthMs, longestMs, noisy, evidence };
}

function decideCount(claimed: Claimed, seen: { readonly tooMany: TooMany; readonly lapses: Lapses; readonly known: number; readonly n: number; readonly most: number }): ClaimVerdict {
  const { tooMany, lapses, known, n } = seen;
  const isMany = tooMany.answers >= 2 || lapses.witnesses < 2;
  const verdict = decideByWitnesses(claimed, { observed: isMany ? seen.most : 0, witnesses: isMany ? Math.max(tooMany.answers, lapses.witnesses) : lapses.witnesses, n, enough: 0 });
  const [first] = isMany ? tooMany.evidence : lapses.evidence;
  if (verdict.verdict === "violated") {
    const observed = isMany ? `${seen.most} at once` : `too few for ${format("duration", lapses.longestMs)}`;
    return { ...verdict, observed, reason: isMany ? `${tooMany.answers} answers witness ${claimed.what.replace("the number of nodes", "more nodes")} than ${claimed.bound.text} allows: ${first?.what ?? ""}.` : `Fewer nodes than ${claimed.bound.text} asks for, outside the time given to get over the fault: for ${format("duration", lapses.longestMs)} at the longest.` };
  }
  if (verdict.verdict === "inconclusive") return { ...verdict, observed: "once", reason: `${claimed.what.charAt(0).toUpperCase()}${claimed.what.slice(1)} was outside ${claimed.bound.text} once, and a single witness may be a hand-over and back: ${(tooMany.evidence[0] ?? lapses.evidence[0])?.what ?? ""}.` };
  if (lapses.noisy > 0) return undecided(claimed, `There were too few nodes ${lapses.noisy === 1 ? "once" : `${lapses.noisy} times`}, while this machine was busy: that may have been the cause.`, "Run on a quieter machine, or lower the load.", { n });
  if (known < knownShare) return undecided(claimed, `Only for ${format("share", known)} of the time is it known that enough nodes were so.`, "Ask each node more often (at least 4/s), or run on a quieter machine.", { n });
  return { ...verdict, observed: claimed.bound.text, reason: `No answer of ${n} was given outside ${claimed.bound.text}.` };
}

function decideRestored(
  within: NonNullable<Params["within"]>, slowest: Restored | undefined, all: readonly { readonly time: InForce; readonly seen: Restored }[],
  { n, words, obstacle, isQuiet }: { readonly n: number; readonly words: string; readonly obstacle: Obstacle | undefined; readonly isQuiet: (fromMs: number, toMs: number) => boolean },
): ClaimVerdict {
  const claimed: Claimed = { claim: "within", bound: within, kind: "duration", what: "the onset" };
  if (obstacle !== undefined || slowest === undefined) return undecided(claimed, obstacle?.reason ?? "Nothing was lost.", obstacle?.nextStep ?? "Let the fault hit a node that is counted.", { n });
  const verdict = decideTime(claimed, { ...slowest, n, event: `enough nodes again ${words}`, nextStep: "Ask each node more often, make the fault longer than the bound, or loosen the bound." });
  const ofSlowest = all.find(({ seen }) => seen === slowest);
  if (verdict.verdict !== "violated" || ofSlowest === undefined || isQuiet(ofSlowest.time.startMs, ofSlowest.time.startMs + slowest.lo)) return verdict;
  return undecided(claimed, `${verdict.reason} But this machine was busy meanwhile.`, "Run on a quieter machine, or lower the load.", { n, observed: verdict.observed });
}

function late({ lo, hi = Number.POSITIVE_INFINITY }: Restored): number {
  return hi === Number.POSITIVE_INFINITY ? 1e12 + lo : hi;
}

/** Until the fault ends, or the next begins. */
function limitOf({ startMs, endMs }: InForce, times: readonly InForce[], lastMs: number): number {
  const next = times.find((time) => time.startMs > startMs)?.startMs ?? lastMs;
  return Math.min(endMs, next, lastMs);
}

/** Whether some node ceased, or began, to be so after the onset. */
function hasMoved({ nodes }: Watched, { startMs }: InForce, untilMs: number): boolean {
  return nodes.some((node) => {
    const was = node.saidBefore(startMs);
    return was !== undefined && node.saysOtherwise(was, startMs, untilMs);
  });
}

function nothingMoved(probes: readonly string[], words: string): Obstacle {
  return { reason: `The same nodes of ${probes.join(", ")} ${words} after the onset as before, so the fault put nothing to the test.`, nextStep: "Let the fault hit a node that is counted, such as the leader." };
}

function tooManyBefore(answers: number): Obstacle {
  return { reason: `There were too many at once already before the fault (${answers} answers in all witness it): it is no consequence of the fault (baseline).`, nextStep: "Mend that first, or give the system time to settle (phases.warmup)." };
}

function noTerms(answers: number): Obstacle {
  return { reason: `${answers} answers that are counted had no term, so they cannot be told apart by it.`, nextStep: "Let the probes capture it: { path: /role, term: /term }." };
}
