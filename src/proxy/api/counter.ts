import type { Sample } from "./prometheus.ts";

/** Whoever makes up names without end is counted under them no further. */
const mostSeries = 10_000;

/** One number for each set of values of its labels; those counted last are remembered. */
export class Counter {
  readonly #names: readonly string[];
  readonly #series = new Map<string, { readonly values: readonly string[]; count: number }>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** `values` in the order of the labels' names. */
  add(values: readonly string[], count = 1): void {
    const key = values.join("\u0000");
    const found = this.#series.get(key);
    if (found !== undefined) {
      found.count += count;
      return;
    }
    const oldest = this.#series.keys().next().value;
    if (this.#series.size >= mostSeries && oldest !== undefined) this.#series.delete(oldest);
    this.#series.set(key, { values, count });
  }

  samples(): readonly Sample[] {
    return [...this.#series.values()].map(({ values, count }) => ({ labels: Object.fromEntries(this.#names.map((name, i) => [name, values[i] ?? ""])), value: count }));
  }
}
