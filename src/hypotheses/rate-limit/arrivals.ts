import type { Allowance } from "./allowance.ts";

/** Rows of moments against what is allowed: the most that lay together, and those beyond it. */
export interface Arrivals {
  /** Most in one stretch of the window's length; of a bucket, the fullest it ever was. */
  readonly most: number;
  /** Moments that no such limit would have let in. */
  readonly excess: number;
  /** The first few stretches that held too many. */
  readonly stretches: readonly { readonly startMs: number; readonly endMs: number; readonly count: number }[];
}

const told = 3;

/**
 * Measures moments (ascending, ms) against at most `count` in any stretch of `lengthMs`: each stretch that holds too many counts once,
 * and the next begins behind it. A length that is not above 0 leaves nothing together.
 */
function measureWindow(times: Float64Array, count: number, lengthMs: number): Arrivals {
  const stretches: { startMs: number; endMs: number; count: number }[] = [];
  let [most, excess] = [0, 0];
  for (let from = 0, fresh = 0, to = 0; to < times.length; to += 1) {
    const atMs = times[to] ?? 0;
    while (from < to && atMs - (times[from] ?? 0) > lengthMs) from += 1;
    most = Math.max(most, to - from + 1);
    fresh = Math.max(fresh, from);
    // A stretch that overflowed is taken as long as it lasts, so that all that is too much in it counts.
    const open = stretches.at(-1);
    if (open !== undefined && atMs - open.startMs <= lengthMs) {
      open.endMs = atMs;
      open.count += 1;
      excess += 1;
      fresh = to + 1;
    } else if (to - fresh + 1 > count) {
      stretches.push({ startMs: times[fresh] ?? 0, endMs: atMs, count: to - fresh + 1 });
      excess += to - fresh + 1 - count;
      fresh = to + 1;
    }
  }
  return { most, excess, stretches: stretches.slice(0, told) };
}

/** Measures moments against a bucket of `burst` that refills at the rate; what it would not have let in counts, and takes nothing from it. `slackMs`: how far clocks may differ. */
function measureBucket(times: Float64Array, burst: number, perMs: number, slackMs: number): Arrivals {
  const room = burst + perMs * slackMs;
  const stretches: { startMs: number; endMs: number; count: number }[] = [];
  let [level, heap, most, excess, lastMs, fullSinceMs, since] = [0, 0, 0, 0, times[0] ?? 0, times[0] ?? 0, 0];
  for (const atMs of times) {
    const leaked = perMs * (atMs - lastMs);
    lastMs = atMs;
    level -= leaked;
    if (level <= 0) [level, fullSinceMs, since] = [0, atMs, 0];
    level += 1;
    since += 1;
    // As full as it would be if it took them all.
    heap = Math.max(0, heap - leaked) + 1;
    most = Math.max(most, heap);
    if (level <= room) continue;
    level -= 1;
    excess += 1;
    const open = stretches.at(-1);
    if (open?.startMs === fullSinceMs) Object.assign(open, { endMs: atMs, count: since });
    else stretches.push({ startMs: fullSinceMs, endMs: atMs, count: since });
  }
  return { most: Math.ceil(most - 1e-9), excess, stretches: stretches.slice(0, told) };
}

/** How far the clocks of a limiter and of what measures it may differ over a window: counters in slots, milliseconds in whole numbers. */
function toleranceMs({ windowMs }: Pick<Allowance, "windowMs">): number {
  return Math.max(5, 0.02 * windowMs);
}

/** Measures moments against what is allowed, `aside` ms of uncertainty beside the tolerance of clocks granted. */
export function measureArrivals(times: Float64Array, allowed: Allowance, burst: number | undefined, asideMs = 0): Arrivals {
  const slackMs = toleranceMs(allowed) + asideMs;
  return burst === undefined ? measureWindow(times, allowed.count, allowed.windowMs - slackMs) : measureBucket(times, burst, allowed.count / allowed.windowMs, slackMs);
}

/** Phases of a fixed window that are tried; of these all but one must betray it. */
const phases = 10;

/**
 * Whether a load would betray a limiter that counts afresh at fixed moments, or from the first request on after a count has run out:
 * it must let more in, somewhere from `fromMs` on, than is allowed. `offered` are the moments of all requests, ascending.
 */
export function betraysFixedWindow(offered: Float64Array, fromMs: number, allowed: Allowance, burst: number | undefined): boolean {
  const isBetrayed = (begin: (atMs: number) => number): boolean => measureArrivals(letInBy(offered, fromMs, allowed, begin), allowed, burst).excess >= 2;
  if (!isBetrayed((atMs) => atMs)) return false;
  let hidden = 0;
  for (let phase = 0; phase < phases && hidden <= 1; phase += 1) {
    const offsetMs = (phase / phases) * allowed.windowMs;
    if (!isBetrayed((atMs) => Math.floor((atMs + offsetMs) / allowed.windowMs) * allowed.windowMs - offsetMs)) hidden += 1;
  }
  return hidden <= 1;
}

/** A bucket as full as its rate lets twice as many into some stretches of a window's length, just as a fixed window does: it hardly matters which of them it is. */
export function isNearlyWindow({ count }: Allowance, burst: number | undefined): boolean {
  return burst !== undefined && burst >= count;
}

/** What a limiter lets in whose count begins, for a request that no count is open for, at the moment that `begin` says. */
function letInBy(offered: Float64Array, fromMs: number, { count, windowMs }: Allowance, begin: (atMs: number) => number): Float64Array {
  const letIn = new Float64Array(offered.length);
  let [openedMs, taken, all] = [Number.NEGATIVE_INFINITY, 0, 0];
  for (const atMs of offered) {
    if (atMs >= openedMs + windowMs) [openedMs, taken] = [begin(atMs), 0];
    if (taken >= count) continue;
    taken += 1;
    if (atMs >= fromMs) letIn[all++] = atMs;
  }
  return letIn.subarray(0, all);
}
