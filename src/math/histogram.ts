/** Neighbouring buckets differ by 1 %: a quantile is off by at most half of that. */
const growth = Math.log(1.01);

/**
 * Counts of values (such as ms) in logarithmic buckets: quantiles to 0.5 % from any number of values in bounded memory.
 * Zero and Infinity (still unfinished) have buckets of their own.
 */
export class Histogram {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** Values below 0 count as 0. */
  add(raw: number): void {
    const value = Math.max(0, raw);
    this.#put(Math.round(Math.log(value) / growth), 1);
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** The value that the share q (0..1) does not exceed, by nearest rank; NaN when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    const rank = Math.ceil(q * this.#count - 1e-9);
    if (rank <= 1) return this.#min;
    let seen = 0;
    for (const bucket of [...this.#buckets.keys()].sort((a, b) => a - b)) {
      seen += this.#buckets.get(bucket) ?? 0;
      if (seen >= rank && rank < this.#count) return Math.min(this.#max, Math.max(this.#min, Math.exp(bucket * growth)));
    }
    return this.#max;
  }

  merge(other: Histogram): void {
    for (const [bucket, count] of other.#buckets) this.#put(bucket, count);
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  #put(bucket: number, count: number): void {
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
    this.#count += count;
  }
}
