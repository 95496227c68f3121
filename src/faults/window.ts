import type { Fault } from "../model/experiment.ts";
import type { Selection } from "../model/selection.ts";

/** Times of a window are ms since the fault was put in force (the start of `during`, or of its epoch). */
type Window = Pick<Selection, "fromMs" | "forMs" | "flap">;

/**
 * A nanosecond: an edge is computed as a sum and a timer's clock is compared by a difference, and the last digits of the two may disagree.
 * Without it a timer that fires at an edge could find the window unchanged.
 */
const slackMs = 1e-6;

/** Whether the window is open. */
export function isOpenAt(window: Window, sinceMs: number): boolean {
  const inside = sinceMs + slackMs - window.fromMs;
  if (inside < 0 || (window.forMs !== undefined && inside >= window.forMs)) return false;
  return window.flap === undefined || inside % (window.flap.onMs + window.flap.offMs) < window.flap.onMs;
}

/** Number of the opening of the window that `sinceMs` lies in or after: 1 without `flap`, 0 before the first. */
export function openingAt(window: Window, sinceMs: number): number {
  const inside = sinceMs + slackMs - window.fromMs;
  if (inside < 0) return 0;
  return window.flap === undefined ? 1 : 1 + Math.floor(inside / (window.flap.onMs + window.flap.offMs));
}

/** When the window next opens or closes, ms since it was put in force; absent when it stays as it is. */
export function nextEdgeAt(window: Window, sinceMs: number): number | undefined {
  const { fromMs, forMs, flap } = window;
  const inside = sinceMs + slackMs - fromMs;
  if (inside < 0) return fromMs;
  const endMs = forMs ?? Number.POSITIVE_INFINITY;
  if (inside >= endMs) return undefined;
  const edge = flap === undefined ? endMs : Math.min(endMs, nextFlapAt(flap, inside));
  return edge === Number.POSITIVE_INFINITY ? undefined : fromMs + edge;
}

function nextFlapAt({ onMs, offMs }: { readonly onMs: number; readonly offMs: number }, inside: number): number {
  const cycleStart = Math.floor(inside / (onMs + offMs)) * (onMs + offMs);
  return inside < cycleStart + onMs ? cycleStart + onMs : cycleStart + onMs + offMs;
}

/** When the fault is in force: intervals in ms from the start of `during`, in order. One by one, because a flap may make very many. */
export function* windowsOf(fault: Fault, duringMs: number): Generator<{ readonly startMs: number; readonly endMs: number }> {
  const window = fault.selection;
  let nowMs = 0;
  while (nowMs < duringMs) {
    const edgeMs = Math.min(duringMs, nextEdgeAt(window, nowMs) ?? duringMs);
    if (isOpenAt(window, nowMs)) yield { startMs: nowMs, endMs: edgeMs };
    nowMs = edgeMs;
  }
}
