const defaultKeys = 65_536;

/**
 * A map in bounded memory: at least the last half of `keys` different keys are remembered, those not set for longest are forgotten.
 * Two generations, because evicting one by one costs more than the keeping.
 */
export class RecentMap<V> {
  readonly #half: number;
  #young = new Map<string | number, V>();
  #old = new Map<string | number, V>();

  constructor(keys: number = defaultKeys) {
    this.#half = Math.ceil(keys / 2);
  }

  get(key: string | number): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  set(key: string | number, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
