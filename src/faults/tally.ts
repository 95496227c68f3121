import { RecentMap } from "./recent-map.ts";

/** Counts per key in bounded memory; a key that is forgotten starts again at 1. */
export class Tally {
  readonly #counts: RecentMap<number>;

  constructor(keys?: number) {
    this.#counts = new RecentMap(keys);
  }

  /** Counts one more of the key; the first is 1. */
  next(key: string | number): number {
    const count = this.get(key) + 1;
    this.set(key, count);
    return count;
  }

  /** What was last counted or set, 0 when nothing was. */
  get(key: string | number): number {
    return this.#counts.get(key) ?? 0;
  }

  set(key: string | number, count: number): void {
    this.#counts.set(key, count);
  }
}
