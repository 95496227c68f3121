/** Records that may wait between two threads: what 20,000 exchanges a second leave in 0.8 s, some 10 MB. */
export const mostWaiting = 16_384;

/** The count of records taken, in memory that both threads share; it wraps, and only differences are read. */
export type TakenCount = Int32Array<SharedArrayBuffer>;

export function createTakenCount(): TakenCount {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

/** By the taking side, when it has dealt with them. */
export function tookRecords(taken: TakenCount, count: number): void {
  Atomics.add(taken, 0, count);
  Atomics.notify(taken, 0);
}

/**
 * By the sending side, before it sends: while too many wait, this thread stands still.
 * So memory is bounded and no record is lost; callers wait meanwhile, and the stall is recorded as any other.
 */
export function roomForRecords(taken: TakenCount): (count: number) => void {
  let sent = 0;
  return (count) => {
    sent = (sent + count) | 0;
    for (let seen = Atomics.load(taken, 0); ((sent - seen) | 0) > mostWaiting; seen = Atomics.load(taken, 0)) Atomics.wait(taken, 0, seen);
  };
}
