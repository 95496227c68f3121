import { Column } from "../../evidence/column.ts";
import { fitBend, fitGrowth } from "./growth.ts";
import type { SequenceList } from "./sequences.ts";

/** The pauses of some requests, a row for each; rows are made as they are asked for, and what takes all of them is found once. */
export class PauseRows implements Iterable<readonly number[]> {
  readonly #sequences: SequenceList;
  readonly #sorted = new Map<number | undefined, Float64Array>();
  #growth: { readonly found: ReturnType<typeof fitGrowth> } | undefined;
  #bend: { readonly found: ReturnType<typeof fitBend> } | undefined;

  constructor(sequences: SequenceList) {
    this.#sequences = sequences;
  }

  get length(): number {
    return this.#sequences.length;
  }

  get growth(): ReturnType<typeof fitGrowth> {
    this.#growth ??= { found: fitGrowth(this) };
    return this.#growth.found;
  }

  get bend(): ReturnType<typeof fitBend> {
    this.#bend ??= { found: fitBend(this) };
    return this.#bend.found;
  }

  /** All pauses in ascending order, or those at place k of their rows alone. */
  sortedMs(k?: number): Float64Array {
    const known = this.#sorted.get(k);
    if (known !== undefined) return known;
    const all = new Column("f64");
    for (const row of this) {
      if (k === undefined) for (const ms of row) all.push(ms);
      else if (row[k] !== undefined) all.push(row[k]);
    }
    const sorted = all.sorted();
    this.#sorted.set(k, sorted);
    return sorted;
  }

  *[Symbol.iterator](): Iterator<readonly number[]> {
    for (const { pausesMs } of this.#sequences) yield pausesMs;
  }
}
