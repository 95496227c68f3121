/** Between two ticks of a thread's watch on its loop, ms. */
export const tickMs = 10;

/** When the last two were. */
let lastMs = Number.NaN;
let beforeMs = Number.NaN;

/** The watch on this thread's loop has ticked. */
export function ticked(atMs: number): void {
  beforeMs = lastMs;
  lastMs = atMs;
}

/** There is no watch any more. */
export function unwatched(): void {
  lastMs = Number.NaN;
  beforeMs = Number.NaN;
}

/**
 * What comes to light at `nowMs` had not come by this moment. It is `nowMs` itself, but for what may have come while the loop was held up: it has looked
 * for what comes between its last two ticks, and not for sure since. Without a watch nothing is known of that.
 */
export function listenedUntil(nowMs: number): number {
  return nowMs - lastMs > 2 * tickMs || lastMs - beforeMs > 2 * tickMs ? beforeMs : nowMs;
}
