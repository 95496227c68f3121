import type { Random } from "../../model/fault-type.ts";
import type { Pacer, Piece } from "./piece-stage.ts";

export interface Slices {
  readonly bytes: number;
  /** At least so long between one piece and the next, whatever timers do: pieces that come closer could be read as one. */
  readonly everyMs: number;
  readonly variationBytes: number;
}

/** Pieces of a size, give or take a variation that is even and keyed. */
export class Slicer implements Pacer {
  readonly #slices: Slices;
  readonly #random: Random;
  #earliestMs = 0;

  constructor(slices: Slices, random: Random) {
    this.#slices = slices;
    this.#random = random;
  }

  next(leftBytes: number, arrivedMs: number): Piece {
    const { bytes, variationBytes } = this.#slices;
    const size = variationBytes === 0 ? bytes : bytes - variationBytes + Math.floor(this.#random() * (2 * variationBytes + 1));
    return { length: Math.min(leftBytes, Math.max(1, size)), dueMs: Math.max(this.#earliestMs, arrivedMs) };
  }

  gone(nowMs: number): void {
    this.#earliestMs = nowMs + this.#slices.everyMs;
  }
}
