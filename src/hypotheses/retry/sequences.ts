import { hasFailed, metFault } from "../../evidence/call-outcome.ts";
import { Column, rowsWhere } from "../../evidence/column.ts";
import type { Rows } from "../../evidence/column.ts";
import type { EdgeBaseline, RequestCalls } from "../../evidence/edge-baseline.ts";
import { partitionPoint } from "../../evidence/partition-point.ts";
import type { Call, Sample } from "../../model/observation.ts";

/** The attempts of one request at one thing: calls with the same method and path, in start order. */
export interface Sequence {
  readonly n: number;
  readonly dueMs: number;
  readonly disturbed: boolean;
  readonly isGood: boolean;
  readonly calls: number;
  /** At least so many attempts: without calls that the HTTP client below the retries may have repeated by itself on another connection when a reused one was gone. */
  readonly attempts: number;
  /** Repeats that came too soon for any program. */
  readonly transportRetries: number;
  /** When the request was over: its answer, or the end of its last call. Infinity: not seen. */
  readonly overMs: number;
  /** Every attempt failed: nothing but the client's own limit ended it. */
  readonly hasFailedThroughout: boolean;
  /** An answer asked for a wait by Retry-After. */
  readonly asksToWait: boolean;
  /** From the end of one attempt to the start of the next, ms; negative where they overlap. */
  readonly pausesMs: readonly number[];
}

export interface Sequences {
  /** Requests due under the fault that met it. */
  readonly met: SequenceList;
  /** Of those, the ones that ran to their end. */
  readonly whole: SequenceList;
  /** How many calls each request due under the fault made that had the time to run to its end, whether it met the fault or not. */
  readonly inTime: Rows<number>;
  /** Whether a call may be the HTTP client's own repeat of the one before. While the machine is disturbed it may take any time. */
  readonly mayBeRepeat: (sequence: Sequence, call: Call, next: Call) => boolean;
  /** The attempts, looked up when asked for. */
  readonly callsOf: (sequence: Sequence) => readonly Call[];
}

/** A repeat quicker than any program: the connection was found dead, and the client took another. */
const surelyRepeatMs = 5;
/** On a busy machine that takes as long as some pauses do: this, or twice what the slowest of a hundred answers took beyond the usual. */
const perhapsRepeatMs = 50;

/** Some of the sequences, in due order; rows are made when asked for. */
export class SequenceList implements Rows<Sequence>, Iterable<Sequence> {
  readonly #table: SequenceTable;
  readonly #places: Uint32Array;

  constructor(table: SequenceTable, places: Uint32Array) {
    this.#table = table;
    this.#places = places;
  }

  get length(): number {
    return this.#places.length;
  }

  at(place: number): Sequence | undefined {
    const row = this.#places[place];
    return row === undefined ? undefined : this.#table.row(row);
  }

  firstOf(count: number): SequenceList {
    return new SequenceList(this.#table, this.#places.subarray(0, count));
  }

  where(isWanted: (sequence: Sequence) => boolean): SequenceList {
    return new SequenceList(this.#table, this.#places.filter((row) => isWanted(this.#table.row(row))));
  }

  count(isWanted: (sequence: Sequence) => boolean): number {
    let all = 0;
    for (const sequence of this) if (isWanted(sequence)) all += 1;
    return all;
  }

  /** The most attempts that one of them made; 0 without any. */
  mostAttempts(): number {
    let most = 0;
    for (const { attempts } of this) most = Math.max(most, attempts);
    return most;
  }

  *[Symbol.iterator](): Iterator<Sequence> {
    for (const row of this.#places) yield this.#table.row(row);
  }
}

/** Sequences as numbers, since there may be a million. */
class SequenceTable {
  readonly #n = new Column("u32");
  readonly #dueMs = new Column("f64");
  readonly #overMs = new Column("f64");
  readonly #calls = new Column("u32");
  readonly #transportRetries = new Column("u32");
  readonly #doubtful = new Column("u32");
  /** Bits: disturbed, good, failed throughout, asks to wait. */
  readonly #flags = new Column("u16");
  /** Where the pauses of the row end; they begin where those of the row before end. */
  readonly #pausesEnd = new Column("u32");
  readonly #pausesMs = new Column("f64");

  get length(): number {
    return this.#n.length;
  }

  add({ n, dueMs, endMs, disturbed, grade }: Sample, calls: readonly Call[], repeatMs: number): number {
    let [transportRetries, doubtful] = [0, 0];
    for (const [i, next] of calls.entries()) {
      const call = calls[i - 1];
      if (call === undefined) continue;
      const pauseMs = next.startMs - call.endMs;
      if (mayBeTransportRetry(call, next, disturbed ? Number.POSITIVE_INFINITY : repeatMs)) doubtful += 1;
      if (mayBeTransportRetry(call, next, surelyRepeatMs)) transportRetries += 1;
      else this.#pausesMs.push(pauseMs);
    }
    const isOver = endMs !== undefined && calls.every(({ end }) => end !== "open");
    const overMs = isOver ? Math.max(endMs, ...calls.map((call) => call.endMs)) : Number.POSITIVE_INFINITY;
    this.#n.push(n);
    this.#dueMs.push(dueMs);
    this.#overMs.push(overMs);
    this.#calls.push(calls.length);
    this.#transportRetries.push(transportRetries);
    this.#doubtful.push(doubtful);
    this.#flags.push((disturbed ? 1 : 0) | (grade === "good" ? 2 : 0) | (calls.every(hasFailed) ? 4 : 0) | (calls.some(({ retryAfter }) => retryAfter !== undefined) ? 8 : 0));
    this.#pausesEnd.push(this.#pausesMs.length);
    return overMs;
  }

  row(row: number): Sequence {
    const flags = this.#flags.get(row);
    const calls = this.#calls.get(row);
    const from = row === 0 ? 0 : this.#pausesEnd.get(row - 1);
    const pausesMs: number[] = [];
    for (let at = from; at < this.#pausesEnd.get(row); at += 1) pausesMs.push(this.#pausesMs.get(at));
    return {
      n: this.#n.get(row), dueMs: this.#dueMs.get(row), disturbed: (flags & 1) !== 0, isGood: (flags & 2) !== 0, calls, attempts: calls - this.#doubtful.get(row), transportRetries: this.#transportRetries.get(row),
      overMs: this.#overMs.get(row), hasFailedThroughout: (flags & 4) !== 0, asksToWait: (flags & 8) !== 0, pausesMs,
    };
  }
}

/**
 * Collects attempts of requests due under the fault. Whole are requests due at least one span before `untilMs` (the end of the fault, or an opening of a breaker),
 * the span being the longest that a request took which was over by then.
 */
export function collectSequences(requests: Iterable<RequestCalls>, faults: ReadonlySet<string>, { onsetMs, untilMs, repeatMs }: { readonly onsetMs: number; readonly untilMs: number; readonly repeatMs: number }, callsOf: (n: number) => readonly Call[]): Sequences {
  const attemptsAmong = (calls: readonly Call[]): readonly Call[] => {
    const first = calls.find((call) => metFault(call, faults));
    return first === undefined ? [] : calls.filter(({ method, path }) => method === first.method && path === first.path);
  };
  const table = new SequenceTable();
  const [finishedDueMs, finishedCalls] = [new Column("f64"), new Column("u32")];
  let spanMs = 0;
  for (const { sample, calls } of requests) {
    const { dueMs } = sample;
    const attempts = attemptsAmong(calls);
    if (attempts.length > 0) {
      const overMs = table.add(sample, attempts, repeatMs);
      if (overMs <= untilMs) spanMs = Math.max(spanMs, overMs - dueMs);
    }
    if (dueMs >= onsetMs && sample.endMs !== undefined) {
      finishedDueMs.push(dueMs);
      finishedCalls.push(calls.length);
    }
  }
  const met = new SequenceList(table, rowsWhere(table.length, () => true));
  return {
    met,
    whole: met.where(({ dueMs, overMs }) => dueMs + spanMs <= untilMs && overMs <= untilMs),
    inTime: { length: partitionPoint(finishedDueMs.length, (at) => finishedDueMs.get(at) + spanMs <= untilMs), at: (place) => finishedCalls.get(place) },
    mayBeRepeat: ({ disturbed }, call, next) => mayBeTransportRetry(call, next, disturbed ? Number.POSITIVE_INFINITY : repeatMs),
    callsOf: ({ n }) => attemptsAmong(callsOf(n)),
  };
}

/** How long the HTTP client's own repeat may take here, ms. */
export function repeatWithinMs({ answerP50Ms, answerP99Ms }: Pick<EdgeBaseline, "answerP50Ms" | "answerP99Ms">): number {
  return Math.max(perhapsRepeatMs, 2 * (answerP99Ms - answerP50Ms));
}

/** Whether a call may be the HTTP client's own repeat of one that a reused connection lost (RST or FIN without an answer), and no retry. It may take the next idle connection, and lose that too, before it dials. */
function mayBeTransportRetry(call: Call, next: Call, withinMs: number): boolean {
  const wasCut = call.end === "dropped" || call.end === "reset" || call.end === "upstream-lost";
  const pauseMs = next.startMs - call.endMs;
  return wasCut && call.nth > 1 && next.conn !== call.conn && pauseMs >= 0 && pauseMs < withinMs;
}
