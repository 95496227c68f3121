/** A piece of one direction's stream: bytes, or its end, which keeps its place behind the bytes. */
export type Chunk =
  | { readonly bytes: Uint8Array; readonly atMs: number }
  | { readonly end: "fin" | "rst"; readonly atMs: number };

/** Much that leaves at once goes for so long at a stretch; then others have their turn. */
export const stretchMs = 2;

/**
 * One thing that happens to a direction's bytes on their way. It may cut chunks into pieces; it never doubles or reorders a byte, nor loses one unless that is what its fault is for.
 *
 *     socket ──▶ stage ──▶ stage ──▶ socket
 *
 * `atMs` of a chunk is when it arrived here; it is given on with the moment it was due to leave, so that
 * a late timer of one stage does not add to the next, and latencies of several stages add.
 */
export interface Stage {
  take(chunk: Chunk): void;
  /** Holds nothing now. */
  readonly idle: boolean;
  /** Its fault is over: what is held leaves when it is due (what waits for nothing else: at once), or `now`; what comes later passes behind it. */
  letGo(now: boolean): void;
  /** Another stage has taken its place: what is held goes on to that at once, as it came. */
  handOver(): void;
  /** The connection is gone: forget what is held. */
  drop(): void;
}
