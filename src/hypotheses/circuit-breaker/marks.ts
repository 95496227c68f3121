import { Column } from "../../evidence/column.ts";
import type { RequestCalls } from "../../evidence/edge-baseline.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import { sortRows } from "../../evidence/sort-rows.ts";
import type { Call } from "../../model/observation.ts";

/** One request on the time line of a breaker: when it asked, and whether it got through. */
export interface Mark {
  readonly n: number;
  readonly dueMs: number;
  /** Undefined: it is unfinished. */
  readonly endMs: number | undefined;
  readonly latencyMs: number;
  readonly disturbed: boolean;
  /** Start of its first call, or the due time of a request that caused none. */
  readonly atMs: number;
  /** 1: it caused a call. 0: it was answered without one. Undefined: not known, it is unfinished or the service never answered it. */
  readonly label: 0 | 1 | undefined;
}

const labels: readonly Mark["label"][] = [undefined, 1, 0];

/** Marks in due order; as numbers, since there may be a million. Calls are looked up when asked for. */
export class Marks implements Iterable<Mark> {
  readonly callsOf: (mark: Pick<Mark, "n" | "dueMs">) => readonly Call[];
  readonly #n = new Column("u32");
  readonly #dueMs = new Column("f64");
  readonly #latencyMs = new Column("f32");
  readonly #atMs = new Column("f64");
  /** Bit 0: finished; bit 1: disturbed; bits 2 and 3: place of the label. */
  readonly #flags = new Column("u16");

  constructor(callsOf: Marks["callsOf"]) {
    this.callsOf = callsOf;
  }

  get length(): number {
    return this.#n.length;
  }

  push({ n, dueMs, endMs, latencyMs, disturbed, atMs, label }: Mark): void {
    this.#n.push(n);
    this.#dueMs.push(dueMs);
    this.#latencyMs.push(latencyMs);
    this.#atMs.push(atMs);
    this.#flags.push((endMs === undefined ? 0 : 1) | (disturbed ? 2 : 0) | (labels.indexOf(label) << 2));
  }

  at(place: number): Mark | undefined {
    if (place < 0 || place >= this.length) return undefined;
    const dueMs = this.#dueMs.get(place);
    const latencyMs = this.#latencyMs.get(place);
    const flags = this.#flags.get(place);
    return { n: this.#n.get(place), dueMs, endMs: (flags & 1) === 0 ? undefined : dueMs + latencyMs, latencyMs, disturbed: (flags & 2) !== 0, atMs: this.#atMs.get(place), label: this.label(place) };
  }

  label(place: number): Mark["label"] {
    return labels[this.#flags.get(place) >> 2];
  }

  atMs(place: number): number {
    return this.#atMs.get(place);
  }

  /** How many come before this due time. */
  countDueBefore(ms: number): number {
    return partitionPoint(this.length, (place) => this.#dueMs.get(place) < ms);
  }

  /** Those from one place to before another. */
  *between(from: number, to: number): Iterable<Mark> {
    for (let place = from; place < to; place += 1) {
      const mark = this.at(place);
      if (mark !== undefined) yield mark;
    }
  }

  [Symbol.iterator](): Iterator<Mark> {
    return this.between(0, this.length)[Symbol.iterator]();
  }
}

/** Some marks in order of asking. A mark may stand later than its first call: where a later call of it belongs. */
export class MarkSequence {
  readonly callsOf: Marks["callsOf"];
  readonly #marks: Marks;
  readonly #places: Uint32Array;
  readonly #laterMs: ReadonlyMap<number, number>;

  constructor(marks: Marks, { places, laterMs, callsOf }: { readonly places: Uint32Array; readonly laterMs: ReadonlyMap<number, number>; readonly callsOf: Marks["callsOf"] }) {
    this.callsOf = callsOf;
    this.#marks = marks;
    this.#laterMs = laterMs;
    this.#places = sortRows(places, (a, b) => this.#atMs(a) - this.#atMs(b));
  }

  get length(): number {
    return this.#places.length;
  }

  at(place: number): Mark | undefined {
    const row = this.#places[place] ?? -1;
    const mark = this.#marks.at(row);
    return mark === undefined || !this.#laterMs.has(row) ? mark : { ...mark, atMs: this.#atMs(row) };
  }

  label(place: number): Mark["label"] {
    return this.#marks.label(this.#places[place] ?? -1);
  }

  /** How many asked before this time. */
  countAskedBefore(ms: number): number {
    return partitionPoint(this.length, (place) => this.#atMs(this.#places[place] ?? -1) < ms);
  }

  /** The first of them, up to a place. */
  *until(to: number): Iterable<Mark> {
    for (let place = 0; place < to; place += 1) {
      const mark = this.at(place);
      if (mark !== undefined) yield mark;
    }
  }

  #atMs(row: number): number {
    return this.#laterMs.get(row) ?? this.#marks.atMs(row);
  }
}

/** Marks of requests due since the onset, in due order. `visit` sees each of them with its calls. */
export function markRequests(requests: Iterable<RequestCalls>, onsetMs: number, callsOf: Marks["callsOf"], visit?: (request: RequestCalls) => void): Marks {
  const marks = new Marks(callsOf);
  for (const request of requests) {
    const { sample, calls } = request;
    const [first] = calls;
    // A request due just before the fault was in force may be the first to meet it.
    if (sample.dueMs < onsetMs && (first === undefined || first.startMs < onsetMs)) continue;
    const isAnswered = sample.endMs !== undefined && sample.failure === undefined;
    const { n, dueMs, endMs, latencyMs, disturbed } = sample;
    marks.push({ n, dueMs, endMs, latencyMs, disturbed, atMs: first?.startMs ?? dueMs, label: first !== undefined ? 1 : isAnswered ? 0 : undefined });
    visit?.(request);
  }
  return marks;
}

/** Requests due before the end of the fault. */
export interface Under {
  readonly n: number;
  readonly called: number;
  readonly refused: number;
  readonly unknown: number;
  readonly callsPerSecond: number;
}

/** `calls`: how many they caused. */
export function lookUnder(marks: Marks, faultEndMs: number, calls: number): Under {
  const n = marks.countDueBefore(faultEndMs);
  const counts = { called: 0, refused: 0, unknown: 0 };
  for (let place = 0; place < n; place += 1) counts[({ 1: "called", 0: "refused", none: "unknown" } as const)[marks.label(place) ?? "none"]] += 1;
  const seconds = ((marks.at(n - 1)?.dueMs ?? 0) - (n === 0 ? 0 : (marks.at(0)?.dueMs ?? 0))) / 1000;
  return { n, ...counts, callsPerSecond: seconds <= 0 ? 0 : calls / seconds };
}
