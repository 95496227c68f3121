const defaultKeys = 65_536;

/**
 * Counts per key in bounded memory: at least the last half of `keys` different keys are remembered, those not seen for longest are
 * forgotten and start again at 1. Two generations, because evicting one by one costs more than the counting.
 */
export class Tally {
  readonly #half: number;
  #young = new Map<string | number, number>();
  #old = new Map<string | number, number>();

  constructor(keys: number = defaultKeys) {
    this.#half = Math.ceil(keys / 2);
  }

  /** Counts one more of the key; the first is 1. */
  next(key: string | number): number {
    const count = this.get(key) + 1;
    this.set(key, count);
    return count;
  }

  /** What was last counted or set, 0 when nothing was. */
  get(key: string | number): number {
    return this.#young.get(key) ?? this.#old.get(key) ?? 0;
  }

  set(key: string | number, count: number): void {
    this.#young.set(key, count);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
