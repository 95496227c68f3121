import { hasFailed, hasSucceeded } from "../../evidence/call-outcome.ts";
import { Column } from "../../evidence/column.ts";
import { isHold } from "../../evidence/felt.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Call, Sample } from "../../model/observation.ts";

/**
 * Who gave a request its good answer. `alone`: it was good without a call on either edge; `nobody`: it was not good, or good after failed calls only.
 * Three say nothing of a failover: `untouched`, served by the active edge while a fault was in force that let its calls be, `open`, not yet finished,
 * and `released`, held until the fault was lifted, whose reset alone moved them to the standby.
 */
export type Server = "to" | "from" | "alone" | "nobody" | "untouched" | "open" | "released";
const servers: readonly Server[] = ["to", "from", "alone", "nobody", "untouched", "open", "released"];

/** A request, by who served it. */
export interface Served {
  readonly n: number;
  readonly dueMs: number;
  /** NaN while it is open. */
  readonly endMs: number;
  readonly by: Server;
  /** A call on the active edge had failed before the standby's answer. */
  readonly afterFailure: boolean;
  /** When its last call on the active edge began; NaN: it made none. */
  readonly lastFromMs: number;
  readonly hasCalledTo: boolean;
}

/** Whether a request says by whom it was served when it needed one. */
export function isDecided({ by }: Served): boolean {
  return by !== "open" && by !== "untouched" && by !== "released";
}

/** Requests in due order as numbers, since there may be a million. */
export class ServedRows {
  /** Left out: disturbed by the machine, or never sent. */
  disturbed = 0;
  readonly #n = new Column("u32");
  readonly #due = new Column("f64");
  readonly #end = new Column("f64");
  readonly #lastFrom = new Column("f64");
  /** The server's place, and from bit 3: after a failure, has called the standby. */
  readonly #flags = new Column("u16");

  get length(): number {
    return this.#due.length;
  }

  push({ n, dueMs, endMs, by, afterFailure, lastFromMs, hasCalledTo }: Served): void {
    this.#n.push(n);
    this.#due.push(dueMs);
    this.#end.push(endMs);
    this.#lastFrom.push(lastFromMs);
    this.#flags.push(servers.indexOf(by) | (afterFailure ? 8 : 0) | (hasCalledTo ? 16 : 0));
  }

  at(place: number): Served | undefined {
    if (place < 0 || place >= this.length) return undefined;
    const flags = this.#flags.get(place);
    return { n: this.#n.get(place), dueMs: this.#due.get(place), endMs: this.#end.get(place), lastFromMs: this.#lastFrom.get(place), by: servers[flags & 7] ?? "open", afterFailure: (flags & 8) > 0, hasCalledTo: (flags & 16) > 0 };
  }

  *[Symbol.iterator](): Iterator<Served> {
    for (let place = 0; place < this.length; place += 1) {
      const row = this.at(place);
      if (row !== undefined) yield row;
    }
  }

  count(isWanted: (row: Served) => boolean): number {
    let found = 0;
    for (const row of this) if (isWanted(row)) found += 1;
    return found;
  }
}

/** An answer is passed on in less; the clock is one. */
const passingOnMs = 5;

/** Samples with their calls on both edges, in due order, as rows. `liftedMs`, of those under a fault: when it was lifted; those that it let be need no failover. */
export function readServed({ observations }: Pick<Scope, "observations">, samples: Iterable<Sample>, { from, to }: { readonly from: string; readonly to: string }, liftedMs?: number): ServedRows {
  const rows = new ServedRows();
  for (const sample of samples) {
    if (sample.disturbed || sample.grade === "unsent") {
      rows.disturbed += 1;
      continue;
    }
    const fromCalls = observations.callsOf(sample, from);
    const toCalls = observations.callsOf(sample, to);
    const good = goodAnswer(toCalls, sample);
    const by = serverOf(sample, fromCalls, toCalls);
    rows.push({
      n: sample.n,
      dueMs: sample.dueMs,
      endMs: sample.endMs ?? Number.NaN,
      by: liftedMs === undefined ? by : by === "from" && !fromCalls.some(({ felt }) => felt) ? "untouched" : by === "to" && good !== undefined && fromCalls.some((call) => call.startMs <= good.startMs && isReleased(call, liftedMs)) ? "released" : by,
      afterFailure: good !== undefined && fromCalls.some((call) => call.startMs <= good.startMs && hasFailed(call)),
      lastFromMs: fromCalls.at(-1)?.startMs ?? Number.NaN,
      hasCalledTo: toCalls.length > 0,
    });
  }
  return rows;
}

/** Held calls are reset within this of the lifting. */
const liftingMs = 10;

/** Its caller still waited when the fault was lifted, and was reset then: an outage that goes on does no such thing. */
function isReleased(call: Call, liftedMs: number): boolean {
  return hasFailed(call) && call.faults.some(({ decision, effect, releasedMs }) => decision === "applied" && isHold(effect) && releasedMs !== undefined && releasedMs >= liftedMs - liftingMs && (call.leftMs === undefined || call.leftMs > releasedMs));
}

function serverOf(sample: Sample, fromCalls: readonly Call[], toCalls: readonly Call[]): Server {
  if (sample.endMs === undefined) return "open";
  if (sample.grade !== "good") return "nobody";
  const [byTo, byFrom] = [goodAnswer(toCalls, sample), goodAnswer(fromCalls, sample)];
  // Asked side by side, the first answer served it.
  if (byTo !== undefined) return byFrom !== undefined && byFrom.endMs <= byTo.endMs ? "from" : "to";
  if (byFrom !== undefined) return "from";
  return fromCalls.length + toCalls.length === 0 ? "alone" : "nobody";
}

/** The dependency's own answer, in time to serve the request. */
function goodAnswer(calls: readonly Call[], { endMs = Number.NEGATIVE_INFINITY }: Sample): Call | undefined {
  return calls.find((call) => hasSucceeded(call) && call.endMs <= endMs + passingOnMs);
}
