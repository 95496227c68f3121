import type { Share } from "../model/data-plane.ts";

/** Numbers from 1 on that no other data plane of the run gives: of n that share it, each gives every n-th. */
export class Numbers {
  readonly #step: number;
  #last: number;

  constructor({ index, of }: Share = { index: 0, of: 1 }) {
    this.#step = of;
    this.#last = index + 1 - of;
  }

  next(): number {
    return (this.#last += this.#step);
  }
}
