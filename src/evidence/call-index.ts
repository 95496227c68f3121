import type { FaultRecord } from "../model/event.ts";
import type { Call } from "../model/observation.ts";
import type { Rung } from "../model/verdict.ts";
import type { CallTable, Writable } from "./call-table.ts";
import { rowsWhere } from "./column.ts";
import { isFelt } from "./felt.ts";
import { partitionPoint } from "./partition-point.ts";
import type { SeenCall } from "./remote-faults.ts";
import { sortRows } from "./sort-rows.ts";

interface Parts {
  readonly calls: CallTable;
  readonly connections: CallTable;
  /** Per proxy. */
  readonly baselineP99Ms: readonly number[];
  /** Proxies (places) whose calls were joined by serial probing. */
  readonly bySerial: ReadonlySet<number>;
  /** Per proxy: what faults of the processes behind it, or of a remote proxy there, meant for a call. */
  readonly inferred: readonly ((call: SeenCall) => readonly FaultRecord[])[];
  readonly probes: readonly string[];
  readonly proxies: readonly string[];
}

interface ByRequest {
  /** Where the calls of request n begin in `rows`; those of n end where those of n + 1 begin. */
  readonly starts: Uint32Array;
  readonly rows: Uint32Array;
}

/** Calls by edge and by request, in start order; rows are made when asked for. */
export class CallIndex {
  readonly #parts: Parts;
  readonly #byProxy = new Map<number, Uint32Array>();
  readonly #byRequest = new Map<string, ByRequest>();
  readonly #connections = new Map<number, number>();
  readonly #rungs = new Map<string, Rung>();

  constructor(parts: Parts) {
    this.#parts = parts;
    for (let row = 0; row < parts.connections.length; row += 1) if (parts.connections.isConnection(row)) this.#connections.set(parts.connections.conn(row), row);
  }

  *calls({ proxy, fromMs, toMs }: { readonly proxy: string; readonly fromMs?: number; readonly toMs?: number }): Iterable<Call> {
    const rows = this.#inStartOrder(this.#parts.proxies.indexOf(proxy));
    const { startMs } = this.#parts.calls;
    const first = fromMs === undefined ? 0 : partitionPoint(rows.length, (at) => startMs.get(rows[at] ?? 0) < fromMs);
    for (let at = first; at < rows.length; at += 1) {
      const row = rows[at] ?? 0;
      if (toMs !== undefined && startMs.get(row) >= toMs) return;
      yield this.#call(row);
    }
  }

  callsOf({ probe, n }: { readonly probe: string; readonly n: number }, proxy: string): readonly Call[] {
    const { starts, rows } = this.#requestsOf(probe, proxy);
    const from = starts[n];
    const to = starts[n + 1];
    if (from === undefined || to === undefined || from === to) return [];
    return Array.from(rows.subarray(from, to), (row) => this.#call(row));
  }

  /** The rung that joined most calls of a probe on an edge; `statistical` when none was joined. */
  rung(probe: string, proxy: string): Rung {
    const key = `${proxy}\n${probe}`;
    const known = this.#rungs.get(key);
    if (known !== undefined) return known;
    const { rows } = this.#requestsOf(probe, proxy);
    const joined = { trace: 0, content: 0, none: 0 };
    for (const row of rows) joined[this.#parts.calls.ownerBy(row)] += 1;
    const isSerial = this.#parts.bySerial.has(this.#parts.proxies.indexOf(proxy)) && joined.none > 0;
    const rung: Rung = rows.length === 0 ? "statistical" : joined.trace >= Math.max(joined.content, joined.none) ? "trace" : joined.content >= joined.none ? "content" : isSerial ? "serial" : "statistical";
    this.#rungs.set(key, rung);
    return rung;
  }

  #inStartOrder(proxy: number): Uint32Array {
    const known = this.#byProxy.get(proxy);
    if (known !== undefined) return known;
    const { calls } = this.#parts;
    const sorted = sortRows(rowsWhere(calls.length, (row) => calls.proxy.get(row) === proxy), (a, b) => calls.startMs.get(a) - calls.startMs.get(b));
    this.#byProxy.set(proxy, sorted);
    return sorted;
  }

  /** Counting sort: rows come in start order, so each request's calls do too. */
  #requestsOf(probe: string, proxy: string): ByRequest {
    const key = `${proxy}\n${probe}`;
    const known = this.#byRequest.get(key);
    if (known !== undefined) return known;
    const { calls, probes, proxies } = this.#parts;
    const owner = probes.indexOf(probe) + 1;
    const rows = owner === 0 ? new Uint32Array(0) : this.#inStartOrder(proxies.indexOf(proxy)).filter((row) => calls.ownerProbe.get(row) === owner);
    let last = 0;
    for (const row of rows) last = Math.max(last, calls.ownerN.get(row));
    const starts = new Uint32Array(last + 2);
    for (const row of rows) starts[calls.ownerN.get(row) + 1] = (starts[calls.ownerN.get(row) + 1] ?? 0) + 1;
    for (let n = 1; n < starts.length; n += 1) starts[n] = (starts[n] ?? 0) + (starts[n - 1] ?? 0);
    const next = starts.slice();
    const sorted = new Uint32Array(rows.length);
    for (const row of rows) {
      const n = calls.ownerN.get(row);
      sorted[next[n] ?? 0] = row;
      next[n] = (next[n] ?? 0) + 1;
    }
    const found = { starts, rows: sorted };
    this.#byRequest.set(key, found);
    return found;
  }

  #call(row: number): Call {
    const { calls, probes, proxies, baselineP99Ms } = this.#parts;
    const fields = calls.fields(row);
    const proxy = calls.proxy.get(row);
    const inferred = this.#parts.inferred[proxy]?.(fields) ?? [];
    const faults = inferred.length === 0 ? this.#faults(row, fields) : [...this.#faults(row, fields), ...inferred];
    const probe = probes[calls.ownerProbe.get(row) - 1];
    const call: Writable<Call> = Object.assign(fields, {
      proxy: proxies[proxy] ?? "",
      faults,
      faulted: faults.some(({ decision }) => decision === "applied"),
      felt: faults.some((record) => isFelt(record, fields, baselineP99Ms[proxy] ?? 0)),
    });
    if (probe !== undefined) call.request = { probe, n: calls.ownerN.get(row) };
    return call;
  }

  /** What a fault did to its connection while a call was on it, it did to the call. */
  #faults(row: number, { conn, startMs, endMs }: { readonly conn: number; readonly startMs: number; readonly endMs: number }): readonly FaultRecord[] {
    const own = this.#parts.calls.faults(row);
    const connection = this.#connections.get(conn);
    if (connection === undefined) return own;
    return [...own, ...this.#parts.connections.faults(connection).flatMap((record) => during(record, startMs, endMs))];
  }
}

/** What a fault of the connection did from `startMs` to `endMs`: a record of each hold, which ends with the call. */
function during({ actedMs: firstMs, releasedMs: lastMs, pauses = [], ...record }: FaultRecord, startMs: number, endMs: number): readonly FaultRecord[] {
  if (firstMs === undefined) return [];
  const found: FaultRecord[] = [];
  for (let hold = partitionPoint(pauses.length, (place) => (pauses[place]?.fromMs ?? 0) < startMs); hold <= pauses.length; hold += 1) {
    const actedMs = pauses[hold - 1]?.toMs ?? firstMs;
    if (actedMs > endMs) break;
    const releasedMs = pauses[hold]?.fromMs ?? lastMs;
    if (releasedMs !== undefined && releasedMs < startMs) continue;
    found.push({ ...record, actedMs: Math.max(actedMs, startMs), ...(releasedMs !== undefined && { releasedMs: Math.min(releasedMs, endMs) }) });
  }
  return found;
}
