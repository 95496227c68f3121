import { RecentMap } from "./recent-map.ts";
import { Tally } from "./tally.ts";

/**
 * Which calls are the first after a silence, per counter, such as a breaker's trial call: none that matches came for so long before it.
 * Calls outside of the window break a silence too: those that let a breaker open may come before it. What came before it is made is
 * not known here, so that no silence begins earlier.
 */
export class Silence {
  readonly #leastMs: number;
  /** When the last call came, ms since the faults were put in force. */
  readonly #lastMs = new RecentMap<number>();
  readonly #numbers = new Tally();
  readonly #madeMs: number;

  /** `madeMs`: since the faults were put in force. */
  constructor(leastMs: number, madeMs = 0) {
    this.#leastMs = leastMs;
    this.#madeMs = madeMs;
  }

  /** Notes a call, to be asked for each that matches; whether it ends a silence. */
  isEndedAt(counter: string | number, sinceMs: number): boolean {
    const lastMs = this.#lastMs.get(counter) ?? this.#madeMs;
    this.#lastMs.set(counter, sinceMs);
    return sinceMs - lastMs >= this.#leastMs;
  }

  /** Number of an eligible call that ends a silence, among those, from 1: what `after`, `every` and `first` then count. */
  next(counter: string | number): number {
    return this.#numbers.next(counter);
  }
}
