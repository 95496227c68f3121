import type { EffectKind } from "../model/effect.ts";
import type { ExchangeEnd, FaultRecord } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";
import { binomialCdf, clopperPearson } from "../math/proportion.ts";
import type { RemoteOpening } from "./remote-actions.ts";

/** What the witness saw of a call; it stands before the proxy that acted on it. */
export interface SeenCall {
  readonly startMs: number;
  readonly endMs: number;
  readonly leftMs?: number;
  readonly end: ExchangeEnd;
  readonly passedOn: boolean;
}

/** What shows that a toxic acted. */
interface Signature {
  readonly effect: EffectKind;
  /** It keeps calls waiting, for so long at least, and at most; Infinity: none is ever answered under it. */
  readonly leastMs?: number;
  readonly mostMs?: number;
  /** It ends connections. */
  readonly cuts: boolean;
}

export interface RemoteEdge {
  readonly openings: readonly RemoteOpening[];
  readonly faults: readonly Fault[];
  /** All calls on the edge, again and again. */
  calls(): Iterable<SeenCall>;
  readonly beforeEndMs: number;
  /** 99 % of the calls before the fault took at most this long. */
  readonly baselineP99Ms: number;
  /** For how long of a stretch of time this machine was disturbed; `strained`: or only crowded. */
  disturbedMs(fromMs: number, toMs: number): number;
  strainedMs(fromMs: number, toMs: number): number;
}

/** Timers of another process fire this early at most. */
const hairMs = 1;
/** Felt is what lasts so many times as long as almost all calls did before, as with faults of our own. */
const fold = 3;
/** Fewer calls before the fault do not say how they usually go. */
const fewestBefore = 20;
/** Chance at which calls that look hit are taken for hit. */
const alpha = 1e-6;
/** A share of calls larger than this that a fault on every connection left alone shows that it is not in their way. */
const tolerableContradictions = 0.05;

const none: readonly FaultRecord[] = [];

/**
 * What faults on a remote proxy meant for the calls on its edge. Who acted tells nothing, so it is read from what the witness before it saw: a call
 * met the fault when it was kept waiting, or cut off, in the way of the toxic while it was there. Calls that look so count only where, all together, they
 * are too many for what happened before anyhow. Where they are not, or where calls pass that could not have, nobody is said to have felt anything.
 * A fault on all connections was applied to every call that began and ended under it, felt or not; of one on a share of them only to those that show it.
 */
export function remoteFaultsOn(edge: RemoteEdge): (call: SeenCall) => readonly FaultRecord[] {
  const openings = edge.openings.flatMap((opening) => {
    const fault = edge.faults.find(({ name }) => name === opening.fault);
    const signature = fault === undefined ? undefined : signatureOf(fault);
    return fault === undefined || signature === undefined ? [] : [{ opening, fault, signature }];
  });
  if (openings.length === 0) return () => none;
  const proven = new Map<string, boolean>();
  for (const { opening, fault, signature } of openings) {
    const key = keyOf(opening);
    if (!proven.has(key)) proven.set(key, isProven(edge, openings.filter((one) => keyOf(one.opening) === key).map((one) => one.opening), fault, signature));
  }
  return (call) => openings.flatMap(({ opening, fault, signature }): readonly FaultRecord[] => {
    if (!isUnder(call, opening)) return none;
    const shown = proven.get(keyOf(opening)) === true ? readCall(call, opening, signature, edge) : undefined;
    if (shown !== undefined) return [{ fault: fault.name, decision: "applied", ...shown }];
    // That a reset spared a call is no wonder: some servers reset new connections only.
    const isInside = call.startMs >= opening.putMs && call.endMs <= (opening.liftAskedMs ?? Number.POSITIVE_INFINITY);
    return [{ fault: fault.name, decision: isInside && fault.selection.rateShare >= 1 && !wasSpared(call, signature) ? "applied" : "rate" }];
  });
}

function keyOf({ fault, epoch }: RemoteOpening): string {
  return `${epoch} ${fault}`;
}

/** Absent: nothing that could be seen. */
function signatureOf({ type, params }: Fault): Signature | undefined {
  switch (type) {
    case "latency": {
      const [delayMs, jitterMs] = [numberOf(params["delayMs"]), numberOf(params["jitterMs"])];
      return { effect: "delay-bytes", leastMs: Math.max(0, delayMs - jitterMs), mostMs: delayMs + jitterMs, cuts: false };
    }
    case "bandwidth": return { effect: "throttle", leastMs: 0, cuts: false };
    case "slicer": return { effect: "slice", leastMs: 0, cuts: false };
    case "slow-close": return { effect: "hold-end", leastMs: 0, cuts: false };
    case "blackhole": return { effect: "silence", leastMs: Number.POSITIVE_INFINITY, cuts: params["closeAfter"] !== undefined };
    case "reset": return { effect: "reset", cuts: true };
    case "limit-data": return { effect: "limit", cuts: true };
    default: return undefined;
  }
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** Whether it was under way while the toxics were there. */
export function isUnder({ startMs, endMs }: Pick<SeenCall, "startMs" | "endMs">, { putMs, liftAskedMs = Number.POSITIVE_INFINITY }: RemoteOpening): boolean {
  return endMs >= putMs && startMs < liftAskedMs;
}

/** What a toxic did to a call, where the call shows it. */
function readCall(call: SeenCall, opening: RemoteOpening, signature: Signature, edge: RemoteEdge): Pick<FaultRecord, "effect" | "actedMs" | "releasedMs"> | undefined {
  const { askedMs, liftAskedMs = Number.POSITIVE_INFINITY, goneMs = Number.POSITIVE_INFINITY } = opening;
  const { effect, leastMs, cuts } = signature;
  const { startMs, endMs, end } = call;
  const isCut = cuts && wasCut(call) && endMs >= askedMs && endMs <= goneMs && edge.disturbedMs(endMs - hairMs, endMs + hairMs) === 0;
  if (leastMs === undefined) return isCut ? { effect, actedMs: endMs } : undefined;
  const [actedMs, untilMs] = [Math.max(startMs, askedMs), Math.min(endMs, goneMs)];
  // A delay of known length is told from a crowded machine; what has none is not.
  const ownMs = leastMs === 0 ? edge.strainedMs(actedMs, untilMs) : edge.disturbedMs(actedMs, untilMs);
  const heldMs = untilMs - actedMs;
  if (wasLeft(call) && leastMs > 0 && endMs < liftAskedMs) return isStillHeld(heldMs, signature) && heldMs > ownMs ? { effect, actedMs } : undefined;
  const isHeld = endMs >= liftAskedMs ? end !== "tunnel" : end === "complete" ? heldMs >= leastMs - hairMs : wasLeft(call) || isCut;
  return isHeld && heldMs - ownMs >= fold * edge.baselineP99Ms ? { effect, actedMs, ...(call.leftMs === undefined && { releasedMs: untilMs }) } : undefined;
}

/** Its caller waited no more, or still did when the run ended. */
function wasLeft({ end }: SeenCall): boolean {
  return end === "client-left" || end === "open";
}

/** Whether a fault has hold of a call so long after it began. */
function isStillHeld(heldMs: number, { mostMs = Number.POSITIVE_INFINITY }: Signature): boolean {
  return heldMs <= mostMs + hairMs;
}

/** Whether a call was over sooner than one that met the fault could be; one that a reset did not end is spared as well. */
function wasSpared({ startMs, endMs, end }: SeenCall, { leastMs = Number.POSITIVE_INFINITY }: Signature): boolean {
  return end === "complete" && endMs - startMs < leastMs - hairMs;
}

function wasCut({ end }: SeenCall): boolean {
  return end === "upstream-lost" || end === "upstream-unreachable";
}

/** Whether calls show the fault more often than can be chance, and none of it where it must show. */
function isProven(edge: RemoteEdge, openings: readonly RemoteOpening[], { selection }: Fault, signature: Signature): boolean {
  const { beforeEndMs, baselineP99Ms } = edge;
  const usual = { n: 0, alike: 0 };
  const under = { n: 0, shown: 0, whole: 0, spared: 0 };
  for (const call of edge.calls()) {
    if (call.startMs < beforeEndMs && call.endMs < (openings[0]?.askedMs ?? Number.POSITIVE_INFINITY)) {
      usual.n += 1;
      if (isAlike(call, signature, baselineP99Ms)) usual.alike += 1;
      continue;
    }
    const opening = openings.find((one) => isUnder(call, one));
    if (opening === undefined) continue;
    under.n += 1;
    if (readCall(call, opening, signature, edge) !== undefined) under.shown += 1;
    if (call.startMs < opening.putMs || call.endMs > (opening.liftAskedMs ?? Number.POSITIVE_INFINITY) || call.end !== "complete" || !call.passedOn) continue;
    under.whole += 1;
    if (selection.rateShare >= 1 && signature.leastMs !== undefined && wasSpared(call, signature)) under.spared += 1;
  }
  if (usual.n < fewestBefore || under.shown < 2 || under.spared > tolerableContradictions * Math.max(under.whole, under.n)) return false;
  const usualShare = Math.max(0.01, clopperPearson(usual.alike, usual.n, 0.99).hi);
  return 1 - binomialCdf(under.shown - 1, under.n, usualShare) < alpha;
}

/** Whether a call from before the fault would pass for one that met it. */
function isAlike(call: SeenCall, signature: Signature, baselineP99Ms: number): boolean {
  const { leastMs, cuts } = signature;
  if (cuts && wasCut(call)) return true;
  if (leastMs === undefined) return false;
  const lastedMs = call.endMs - call.startMs;
  if (wasLeft(call)) return leastMs > 0 ? isStillHeld(lastedMs, signature) : lastedMs >= fold * baselineP99Ms;
  return lastedMs >= Math.max(fold * baselineP99Ms, leastMs - hairMs);
}
