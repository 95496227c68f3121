import { Column } from "../../evidence/column.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import { sortRows } from "../../evidence/sort-rows.ts";
import type { Sample } from "../../model/observation.ts";

/** How old a value was when it was given, at least and at most; no `hiMs`: it may have been any age. */
export interface Age {
  readonly loMs: number;
  readonly hiMs?: number;
}

/** What was newest over time: numbers that only grow, by requests whose answers each tell of some moment between their sending and their end. */
export class Primary {
  /** Ends in order, and the largest number known by then. */
  readonly #endMs: Float64Array;
  readonly #knownByEnd: Float64Array;
  /** Sendings in order, and the smallest number of those that were sent then or later. */
  readonly #sentMs: Float64Array;
  readonly #leastFrom: Float64Array;
  /** Answers that were less than one that had ended before they were asked for. */
  readonly falls: number;

  constructor(samples: Iterable<Sample>) {
    const [sent, end, value] = [new Column("f64"), new Column("f64"), new Column("f64")];
    for (const { sentMs, endMs, value: text, disturbed, failure } of samples) {
      const number = Number(text);
      if (text === undefined || text === "" || !Number.isFinite(number) || disturbed || failure !== undefined || sentMs === undefined || endMs === undefined) continue;
      sent.push(sentMs);
      end.push(endMs);
      value.push(number);
    }
    const order = (by: Column): Uint32Array => sortRows(Uint32Array.from({ length: sent.length }, (_, row) => row), (a, b) => by.get(a) - by.get(b));
    const [byEnd, bySent] = [order(end), order(sent)];
    this.#endMs = Float64Array.from(byEnd, (row) => end.get(row));
    this.#knownByEnd = Float64Array.from(byEnd, (row) => value.get(row));
    for (let i = 1; i < byEnd.length; i += 1) this.#knownByEnd[i] = Math.max(this.#knownByEnd[i - 1] ?? 0, this.#knownByEnd[i] ?? 0);
    this.#sentMs = Float64Array.from(bySent, (row) => sent.get(row));
    this.#leastFrom = Float64Array.from(bySent, (row) => value.get(row));
    this.falls = bySent.reduce((falls, row) => falls + (this.#knownBefore(sent.get(row)) > value.get(row) ? 1 : 0), 0);
    for (let i = bySent.length - 2; i >= 0; i -= 1) this.#leastFrom[i] = Math.min(this.#leastFrom[i + 1] ?? 0, this.#leastFrom[i] ?? 0);
  }

  /** How much the number grew between two moments. */
  growth(fromMs: number, toMs: number): number {
    const [first, last] = [this.#knownBefore(fromMs), this.#knownBefore(toMs)];
    return Number.isFinite(last) ? last - (Number.isFinite(first) ? first : (this.#knownByEnd[0] ?? 0)) : 0;
  }

  /** How long a value that was given between two moments had been outdated. */
  age(value: number, sentMs: number, endMs: number): Age {
    // Outdated by the end of the first answer that told of a larger one at the latest, and not before the last was asked for that did not.
    const larger = partitionPoint(this.#knownByEnd.length, (at) => (this.#knownByEnd[at] ?? 0) <= value);
    const current = partitionPoint(this.#leastFrom.length, (at) => (this.#leastFrom[at] ?? 0) <= value) - 1;
    const outdatedMs = this.#endMs[larger];
    const currentMs = this.#sentMs[current];
    return { loMs: outdatedMs === undefined ? 0 : Math.max(0, sentMs - outdatedMs), ...(currentMs === undefined ? {} : { hiMs: Math.max(0, endMs - currentMs) }) };
  }

  /** -Infinity: nothing is known by then. */
  #knownBefore(atMs: number): number {
    const ended = partitionPoint(this.#endMs.length, (at) => (this.#endMs[at] ?? 0) < atMs);
    return this.#knownByEnd[ended - 1] ?? Number.NEGATIVE_INFINITY;
  }
}
