import { Column } from "../../evidence/column.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import type { Sample } from "../../model/observation.ts";

/** Nothing is handed over and back again in less: what a node says in two answers this close together, it would have said all the time between. */
export const stillMs = 500;
/** A node that has not answered for so long is taken for one that does not say so. */
const silentMs = 1000;

const said = { nothing: 0, yes: 1, no: 2 } as const;

/** Stretches of time, in order and apart from each other. */
export class Stretches {
  readonly fromMs = new Column("f64");
  readonly toMs = new Column("f64");

  get length(): number {
    return this.fromMs.length;
  }

  add(fromMs: number, toMs: number): void {
    if (toMs > fromMs) {
      this.fromMs.push(fromMs);
      this.toMs.push(toMs);
    }
  }

  /** Whether one of them covers the whole of [fromMs, toMs]. */
  covers(fromMs: number, toMs: number): boolean {
    const begun = partitionPoint(this.length, (at) => this.fromMs.get(at) <= fromMs);
    return begun > 0 && this.toMs.get(begun - 1) >= toMs;
  }
}

/**
 * What one node said over time. An answer tells what was so at some moment between its sending and its end, and no more:
 * two in a row that say the same tell what was so from the end of the first to the sending of the second.
 */
export class NodeWatch {
  readonly probe: string;
  /** Surely so, surely not so. */
  readonly yes = new Stretches();
  readonly no = new Stretches();
  /** Answers that were judged by, and those that were not. */
  judged = 0;
  /** Without an answer at all, in quiet times. */
  silent = 0;
  longestGapMs = 0;
  readonly #sentMs = new Column("f64");
  readonly #endMs = new Column("f64");
  readonly #said = new Column("u16");
  readonly #n = new Column("u32");
  readonly #term = new Column("f64");
  #last: { readonly what: number; readonly fromMs: number; row: number } | undefined;

  constructor(probe: string) {
    this.probe = probe;
  }

  /** Samples come in due order. */
  add(sample: Sample, isYes: boolean): void {
    const { sentMs, endMs, disturbed, term = Number.NaN } = sample;
    if (sentMs === undefined) return;
    if (disturbed) return this.#close();
    const ageMs = sample.latencyMs - (sentMs - sample.dueMs);
    // One that is still young when the run ends says nothing yet.
    if (endMs === undefined && ageMs < silentMs) return;
    const what = isYes ? said.yes : said.no;
    const row = this.#sentMs.length;
    this.#sentMs.push(sentMs);
    this.#endMs.push(isYes ? (endMs ?? sentMs + silentMs) : Math.min(endMs ?? Number.POSITIVE_INFINITY, sentMs + silentMs));
    this.#said.push(what);
    this.#n.push(sample.n);
    this.#term.push(term);
    this.judged += 1;
    const last = this.#last;
    if (row > 0) this.longestGapMs = Math.max(this.longestGapMs, this.endMs(row) - this.sentMs(row - 1));
    if (last !== undefined && last.what === what && this.#isClose(last.row, row, isYes)) {
      last.row = row;
      return;
    }
    this.#close();
    this.#last = { what, fromMs: this.endMs(row), row };
  }

  /** To be called when all samples have been added. */
  finish(): void {
    this.#close();
  }

  get rows(): number {
    return this.#sentMs.length;
  }

  sentMs(row: number): number {
    return this.#sentMs.get(row);
  }

  endMs(row: number): number {
    return this.#endMs.get(row);
  }

  isYes(row: number): boolean {
    return this.#said.get(row) === said.yes;
  }

  n(row: number): number {
    return this.#n.get(row);
  }

  /** NaN: none. */
  term(row: number): number {
    return this.#term.get(row);
  }

  /** What its last answer before a moment said; undefined without one. */
  saidBefore(atMs: number): boolean | undefined {
    let row = partitionPoint(this.rows, (at) => this.sentMs(at) < atMs) - 1;
    while (row >= 0 && this.endMs(row) > atMs) row -= 1;
    return row < 0 ? undefined : this.isYes(row);
  }

  /** Whether an answer to a request sent in [fromMs, toMs) said otherwise. */
  saysOtherwise(than: boolean, fromMs: number, toMs: number): boolean {
    for (let row = partitionPoint(this.rows, (at) => this.sentMs(at) < fromMs); row < this.rows && this.sentMs(row) < toMs; row += 1) if (this.isYes(row) !== than) return true;
    return false;
  }

  /** A term in which a node led before it led in another is over for it: the same term twice is one reign. */
  #isClose(before: number, row: number, isYes: boolean): boolean {
    return isYes ? this.endMs(row) - this.sentMs(before) <= stillMs || this.term(before) === this.term(row) : this.sentMs(row) - this.endMs(before) <= stillMs;
  }

  #close(): void {
    const last = this.#last;
    this.#last = undefined;
    if (last !== undefined) (last.what === said.yes ? this.yes : this.no).add(last.fromMs, this.sentMs(last.row));
  }
}
