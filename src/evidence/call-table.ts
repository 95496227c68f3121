import type { ConnectionRecord, ExchangeEnd, ExchangeRecord, FaultRecord } from "../model/event.ts";
import type { EffectKind } from "../model/effect.ts";
import type { Call } from "../model/observation.ts";
import type { Decision } from "../model/selection.ts";
import { Column, Texts } from "./column.ts";

/** Whose call it is, known when the record is folded. */
export interface Owner {
  /** Place of the probe in the experiment, from 1; 0 = no request of ours. */
  readonly probe: number;
  readonly n: number;
  readonly by: "trace" | "content" | "none";
}

type CallFields = Omit<Call, "proxy" | "faults" | "faulted" | "felt" | "request">;
/** While it is made. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

const ends: readonly ExchangeEnd[] = ["complete", "client-left", "upstream-lost", "upstream-unreachable", "dropped", "reset", "rejected", "tunnel", "open"];
const everyEffect: Readonly<Record<EffectKind, true>> = {
  delay: true, respond: true, close: true, reset: true, hang: true, throttle: true, slice: true, spread: true, truncate: true, corrupt: true, malformed: true, "grpc-status": true, "stream-reset": true, goaway: true, rewrite: true, duplicate: true, replay: true, remember: true, "delay-message": true, "drop-message": true, "close-frame": true, "delay-bytes": true, lose: true, "hold-end": true, limit: true, silence: true, handshake: true, admit: true, refuse: true,
};
const effects = Object.keys(everyEffect) as readonly EffectKind[];
const decisions: readonly Decision[] = ["applied", "match", "window", "ordinal", "rate"];
const owners: readonly Owner["by"][] = ["none", "trace", "content"];

/**
 * Every call of the run, some 60 bytes each: columns of numbers, texts by number.
 * Times after the start are kept as durations in single precision: exact to 8 µs up to 2 minutes.
 * The faults of a call are one text (`fault:number of the decision,…`), of which a run has few; details are kept for those applied, and for all of a connection.
 */
export class CallTable {
  /** Callers for whom a FIN is no leaving, by key. */
  halfClosers: ReadonlySet<number> = new Set();
  readonly proxy = new Column("u16");
  readonly startMs = new Column("f64");
  readonly ownerProbe = new Column("u16");
  readonly ownerN = new Column("u32");
  readonly #ownerBy = new Column("u16");
  readonly #caller = new Column("u16");
  readonly #conn = new Column("u32");
  readonly #nth = new Column("u32");
  readonly #method = new Column("u16");
  readonly #path = new Column("u32");
  readonly #requestAfterMs = new Column("f32");
  readonly #headAfterMs = new Column("f32");
  readonly #endAfterMs = new Column("f32");
  readonly #leftAfterMs = new Column("f32");
  readonly #status = new Column("u16");
  /** One more than it is; 0: none. */
  readonly #grpcStatus = new Column("u16");
  readonly #end = new Column("u16");
  /** Bit 0: passed on; bits 1 and 2: left by fin, by rst; from bit 3: how it ended behind the fin, from 1. */
  readonly #flags = new Column("u16");
  readonly #retryAfter = new Column("u16");
  readonly #idempotencyKey = new Column("u32");
  readonly #decisions = new Column("u16");
  /** Place of the first fault that has details among them, from 1. */
  readonly #details = new Column("u32");

  readonly #detailN = new Column("u32");
  readonly #detailAskedAfterMs = new Column("f32");
  readonly #detailEffect = new Column("u16");
  readonly #detailActedAfterMs = new Column("f32");
  readonly #detailReleasedAfterMs = new Column("f32");
  /** By place of the detail: few have any. */
  readonly #detailPauses = new Map<number, NonNullable<FaultRecord["pauses"]>>();

  readonly #names = new Texts(65_000);
  readonly #paths = new Texts(50_000);
  readonly #keys = new Texts(100_000);
  readonly #decisionTexts = new Texts(65_000);
  readonly #decoded = new Map<number, readonly { readonly fault: string; readonly decision: Decision }[]>();

  get length(): number {
    return this.startMs.length;
  }

  addExchange(record: ExchangeRecord, proxy: number, owner: Owner): void {
    this.#head(proxy, owner, record.startMs, record.caller, record.conn, record.nth);
    this.#method.push(this.#names.number(record.method));
    this.#path.push(this.#paths.number(record.path));
    this.#times(record.startMs, record.requestEndMs, record.headMs, record.endMs, record.leftMs);
    this.#status.push(record.status ?? 0);
    this.#grpcStatus.push(record.grpcStatus === undefined ? 0 : Math.min(record.grpcStatus, 65_534) + 1);
    this.#end.push(ends.indexOf(record.end));
    this.#flags.push((record.passedOn ? 1 : 0) | (record.leftBy === "fin" ? 2 : 0) | (record.leftBy === "rst" ? 4 : 0) | ((record.afterFin === undefined ? 0 : ends.indexOf(record.afterFin) + 1) << 3));
    this.#retryAfter.push(this.#names.number(record.retryAfter));
    this.#idempotencyKey.push(this.#keys.number(record.idempotencyKey));
    this.#faults(record.faults ?? [], record.startMs, ({ decision }) => decision === "applied");
  }

  /** On a tcp lane a connection is the unit of witness: whether its client left with something outstanding cannot be seen. */
  addConnection(record: ConnectionRecord, proxy: number): void {
    this.#head(proxy, { probe: 0, n: 0, by: "none" }, record.openMs, record.caller, record.conn, 1);
    this.#method.push(0);
    this.#path.push(0);
    this.#times(record.openMs, undefined, undefined, record.closeMs, undefined);
    this.#status.push(0);
    this.#grpcStatus.push(0);
    this.#end.push(ends.indexOf(connectionEnd(record)));
    this.#flags.push(record.upstreamReached ? 1 : 0);
    this.#retryAfter.push(0);
    this.#idempotencyKey.push(0);
    this.#faults(record.faults ?? [], record.openMs, () => true);
  }

  endMs(row: number): number {
    return this.startMs.get(row) + this.#endAfterMs.get(row);
  }

  /** From the start to the end; of a tunnel, to when it was open. */
  lastedMs(row: number): number {
    const after = ends[this.#end.get(row)] === "tunnel" ? this.#headAfterMs.get(row) : Number.NaN;
    return Number.isNaN(after) ? this.#endAfterMs.get(row) : after;
  }

  /** Whether it is a connection as such, and no exchange on one. */
  isConnection(row: number): boolean {
    return this.#method.get(row) === 0;
  }

  /** When the faults were asked: the request's end, or its start when it never came to an end. */
  askedMs(row: number): number {
    const after = this.#requestAfterMs.get(row);
    return this.startMs.get(row) + (Number.isNaN(after) ? 0 : after);
  }

  conn(row: number): number {
    return this.#conn.get(row);
  }

  /** Which caller of which proxy made it. */
  callerKey(row: number): number {
    return this.proxy.get(row) * 2 ** 16 + this.#caller.get(row);
  }

  /** How a call ended whose caller had sent its FIN; undefined: it had not. */
  afterFin(row: number): ExchangeEnd | undefined {
    return ends[(this.#flags.get(row) >>> 3) - 1];
  }

  ownerBy(row: number): Owner["by"] {
    return owners[this.#ownerBy.get(row)] ?? "none";
  }

  own(row: number, probe: number, n: number): void {
    this.ownerProbe.set(row, probe);
    this.ownerN.set(row, n);
  }

  decisions(row: number): readonly { readonly fault: string; readonly decision: Decision }[] {
    const number = this.#decisions.get(row);
    let list = this.#decoded.get(number);
    if (list === undefined) {
      list = (this.#decisionTexts.text(number) ?? "").split(",").filter(Boolean).map((part) => {
        const at = part.lastIndexOf(":");
        return { fault: part.slice(0, at), decision: decisions[Number(part.slice(at + 1))] ?? "match" };
      });
      this.#decoded.set(number, list);
    }
    return list;
  }

  /** The faults that were loaded, with details of those that have some. */
  faults(row: number): readonly FaultRecord[] {
    const decided = this.decisions(row);
    let detail = this.#details.get(row) - 1;
    // Where there is no detail, one list does for all such calls.
    if (detail < 0) return decided;
    const all = this.isConnection(row);
    return decided.map((one) => (all || one.decision === "applied" ? this.#detailed(row, one, detail++) : one));
  }

  /** The row but for its faults and its owner. */
  fields(row: number): CallFields {
    const startMs = this.startMs.get(row);
    const headMs = later(startMs, this.#headAfterMs.get(row));
    const leftMs = later(startMs, this.#leftAfterMs.get(row));
    const status = this.#status.get(row);
    const grpcStatus = this.#grpcStatus.get(row) - 1;
    const flags = this.#flags.get(row);
    const retryAfter = this.#names.text(this.#retryAfter.get(row));
    const idempotencyKey = this.#keys.text(this.#idempotencyKey.get(row));
    const afterFin = this.halfClosers.size > 0 && this.halfClosers.has(this.callerKey(row)) ? this.afterFin(row) : undefined;
    const end = afterFin ?? ends[this.#end.get(row)] ?? "open";
    const fields: Writable<CallFields> = {
      caller: this.#names.text(this.#caller.get(row)) ?? "",
      conn: this.#conn.get(row),
      nth: this.#nth.get(row),
      method: this.#names.text(this.#method.get(row)) ?? "",
      path: this.#paths.text(this.#path.get(row)) ?? "",
      startMs,
      // The proxy may have held on to it for longer; for the caller it was over when it let go.
      endMs: end === "client-left" && afterFin === undefined && leftMs !== undefined ? leftMs : startMs + this.#endAfterMs.get(row),
      end,
      passedOn: (flags & 1) !== 0,
    };
    if (headMs !== undefined) fields.headMs = headMs;
    if (status > 0) fields.status = status;
    if (grpcStatus >= 0) fields.grpcStatus = grpcStatus;
    if (afterFin !== undefined) fields.halfClosed = true;
    else if (leftMs !== undefined) fields.leftMs = leftMs;
    if (afterFin === undefined && (flags & 6) !== 0) fields.leftBy = (flags & 2) !== 0 ? "fin" : "rst";
    if (retryAfter !== undefined) fields.retryAfter = retryAfter;
    if (idempotencyKey !== undefined) fields.idempotencyKey = idempotencyKey;
    return fields;
  }

  #detailed(row: number, { fault, decision }: FaultRecord, at: number): FaultRecord {
    const record: Writable<FaultRecord> = { fault, decision };
    const startMs = this.startMs.get(row);
    const n = this.#detailN.get(at);
    const askedMs = later(startMs, this.#detailAskedAfterMs.get(at));
    const effect = effects[this.#detailEffect.get(at) - 1];
    const actedMs = later(startMs, this.#detailActedAfterMs.get(at));
    const releasedMs = later(startMs, this.#detailReleasedAfterMs.get(at));
    if (n > 0) record.n = n;
    if (askedMs !== undefined) record.askedMs = askedMs;
    if (effect !== undefined) record.effect = effect;
    if (actedMs !== undefined) record.actedMs = actedMs;
    if (releasedMs !== undefined) record.releasedMs = releasedMs;
    const pauses = this.#detailPauses.get(at);
    if (pauses !== undefined) record.pauses = pauses;
    return record;
  }

  #head(proxy: number, owner: Owner, startMs: number, caller: string, conn: number, nth: number): void {
    this.proxy.push(proxy);
    this.startMs.push(startMs);
    this.ownerProbe.push(owner.probe);
    this.ownerN.push(owner.n);
    this.#ownerBy.push(owners.indexOf(owner.by));
    this.#caller.push(this.#names.number(caller));
    this.#conn.push(conn);
    this.#nth.push(nth);
  }

  #times(start: number, request: number | undefined, head: number | undefined, end: number, left: number | undefined): void {
    this.#requestAfterMs.push(request === undefined ? Number.NaN : request - start);
    this.#headAfterMs.push(head === undefined ? Number.NaN : head - start);
    this.#endAfterMs.push(end - start);
    this.#leftAfterMs.push(left === undefined ? Number.NaN : left - start);
  }

  #faults(faults: readonly FaultRecord[], startMs: number, hasDetails: (record: FaultRecord) => boolean): void {
    this.#decisions.push(this.#decisionTexts.number(faults.length === 0 ? undefined : faults.map(({ fault, decision }) => `${fault}:${decisions.indexOf(decision)}`).join(",")));
    const detailed = faults.filter(hasDetails);
    this.#details.push(detailed.length === 0 ? 0 : this.#detailN.length + 1);
    for (const record of detailed) {
      if (record.pauses !== undefined) this.#detailPauses.set(this.#detailN.length, record.pauses);
      this.#detailN.push(record.n ?? 0);
      this.#detailAskedAfterMs.push(record.askedMs === undefined ? Number.NaN : record.askedMs - startMs);
      this.#detailEffect.push(record.effect === undefined ? 0 : effects.indexOf(record.effect) + 1);
      this.#detailActedAfterMs.push(record.actedMs === undefined ? Number.NaN : record.actedMs - startMs);
      this.#detailReleasedAfterMs.push(record.releasedMs === undefined ? Number.NaN : record.releasedMs - startMs);
    }
  }
}

function later(startMs: number, afterMs: number): number | undefined {
  return Number.isNaN(afterMs) ? undefined : startMs + afterMs;
}

function connectionEnd(record: ConnectionRecord): ExchangeEnd {
  if (record.closedBy === "fault") return record.how === "rst" ? "reset" : "dropped";
  if (!record.upstreamReached) return "upstream-unreachable";
  return record.closedBy === "proxy" ? "open" : "complete";
}
