import type { Pacer, Piece } from "./piece-stage.ts";

/** A piece takes so long: long enough for timers to be exact about it, short enough for a stream to seem even. */
const pieceMs = 10;

/** As much as one read of a socket gives. */
const largestPieceBytes = 64 * 1024;

/**
 * A wire of a given rate: each piece leaves when its last byte has been sent, and the next begins then. A late timer does not slow it
 * down, because pieces are due by the rate, not by when the last one left. Several connections may share one: they take turns piece by piece.
 */
export class Wire implements Pacer {
  readonly bytesPerSecond: number;
  readonly #bytesPerMs: number;
  readonly #pieceBytes: number;
  #freeMs: number;

  /** At rate 0 nothing ever leaves. `fromMs`: nothing is sent before. */
  constructor(bytesPerSecond: number, fromMs = 0) {
    this.bytesPerSecond = bytesPerSecond;
    this.#freeMs = fromMs;
    this.#bytesPerMs = bytesPerSecond / 1000;
    this.#pieceBytes = Math.min(largestPieceBytes, Math.max(1, Math.floor(this.#bytesPerMs * pieceMs)));
  }

  next(leftBytes: number, arrivedMs: number): Piece {
    const length = Math.min(leftBytes, this.#pieceBytes);
    this.#freeMs = Math.max(this.#freeMs, arrivedMs) + length / this.#bytesPerMs;
    return { length, dueMs: this.#freeMs };
  }
}
