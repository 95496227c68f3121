import type { SampleRecord } from "../model/event.ts";
import { Column, rowsWhere, Texts } from "./column.ts";
import { sortRows } from "./sort-rows.ts";

const grades: readonly SampleRecord["grade"][] = ["good", "degraded", "bad", "pending", "unsent"];

/** Every request of every probe, some 35 bytes each; rows stand in the order of writing, `inDueOrder` sorts them per probe. */
export class SampleTable {
  readonly probe = new Column("u16");
  readonly n = new Column("u32");
  readonly dueMs = new Column("f64");
  readonly #sentAfterMs = new Column("f32");
  readonly #endAfterMs = new Column("f32");
  readonly #ageMs = new Column("f32");
  readonly #grade = new Column("u16");
  readonly #status = new Column("u16");
  readonly #failure = new Column("u16");
  readonly #blame = new Column("u16");
  readonly #texts = new Texts(65_000);
  /** A captured value that is a number is kept as one: each answer may have another. */
  readonly #number = new Column("f64");
  readonly #value = new Column("u16");
  readonly #values = new Texts(65_000);
  readonly #term = new Column("f64");

  add(record: SampleRecord, probe: number): void {
    this.probe.push(probe);
    this.n.push(record.n);
    this.dueMs.push(record.dueMs);
    this.#sentAfterMs.push(record.sentMs === undefined ? Number.NaN : record.sentMs - record.dueMs);
    this.#endAfterMs.push(record.endMs === undefined ? Number.NaN : record.endMs - record.dueMs);
    this.#ageMs.push(record.atMs - record.dueMs);
    this.#grade.push(grades.indexOf(record.grade));
    this.#status.push(record.status ?? 0);
    this.#failure.push(this.#texts.number(record.failure));
    this.#blame.push(this.#texts.number(record.blame));
    const number = asNumber(record.value);
    this.#number.push(number ?? Number.NaN);
    this.#value.push(number === undefined ? this.#values.number(record.value) : 0);
    this.#term.push(record.term ?? Number.NaN);
  }

  /** Absent: never sent. */
  sentMs(row: number): number | undefined {
    const after = this.#sentAfterMs.get(row);
    return Number.isNaN(after) ? undefined : this.dueMs.get(row) + after;
  }

  /** Absent: pending. */
  endMs(row: number): number | undefined {
    const after = this.#endAfterMs.get(row);
    return Number.isNaN(after) ? undefined : this.dueMs.get(row) + after;
  }

  grade(row: number): SampleRecord["grade"] {
    return grades[this.#grade.get(row)] ?? "pending";
  }

  /** 0: none. */
  status(row: number): number {
    return this.#status.get(row);
  }

  failure(row: number): string | undefined {
    return this.#texts.text(this.#failure.get(row));
  }

  blame(row: number): string | undefined {
    return this.#texts.text(this.#blame.get(row));
  }

  /** What was captured; of texts the first 65,000 different ones. */
  value(row: number): string | undefined {
    const number = this.#number.get(row);
    return Number.isNaN(number) ? this.#values.text(this.#value.get(row)) : String(number);
  }

  term(row: number): number | undefined {
    const term = this.#term.get(row);
    return Number.isNaN(term) ? undefined : term;
  }

  /** Of a pending one its age. */
  latencyMs(row: number): number {
    const end = this.#endAfterMs.get(row);
    return Number.isNaN(end) ? this.#ageMs.get(row) : end;
  }

  /** Rows of one probe by due time; requests of one burst by number. */
  inDueOrder(probe: number): Uint32Array {
    const rows = rowsWhere(this.probe.length, (row) => this.probe.get(row) === probe);
    return sortRows(rows, (a, b) => this.dueMs.get(a) - this.dueMs.get(b) || this.n.get(a) - this.n.get(b));
  }
}

/** Absent for a text that would come back otherwise. */
function asNumber(text: string | undefined): number | undefined {
  const number = Number(text);
  return text !== undefined && String(number) === text && !Number.isNaN(number) ? number : undefined;
}
