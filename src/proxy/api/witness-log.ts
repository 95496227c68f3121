import type { Env } from "../../model/env.ts";
import type { ConnectionRecord, ExchangeRecord, WitnessRecord } from "../../model/event.ts";
import type { ControlEvent } from "./switchboard.ts";

/** What went through a proxy: an HTTP exchange, or a connection. */
export type Passage = ExchangeRecord | ConnectionRecord;

/** What is told to who watches. */
export type LogEntry =
  | { readonly kind: "witnessed"; readonly record: WitnessRecord }
  | { readonly kind: "changed"; readonly atMs: number; readonly event: ControlEvent };

export const mostPerProxy = 1_000;
/** Of all proxies together; some 600 bytes each. */
const mostInAll = 100_000;

/** The latest of what each proxy witnessed, in bounded memory, and those who are told of everything as it happens. */
export class WitnessLog {
  /** Unix time (ms) at which the clock of the records began. */
  readonly zeroMs: number;
  readonly #env: Env;
  /** In the order of their latest passage: the first has been idle for longest. */
  readonly #rings = new Map<string, Ring>();
  readonly #watchers = new Set<(entries: readonly LogEntry[]) => void>();
  #held = 0;

  constructor(env: Env, zeroMs = Date.now() - env.nowMs()) {
    this.#env = env;
    this.zeroMs = zeroMs;
  }

  /** A batch from the data plane. */
  add(records: readonly WitnessRecord[]): void {
    for (const record of records) if (isPassage(record)) this.#keep(record);
    if (this.#watchers.size > 0) this.#tell(records.map((record) => ({ kind: "witnessed", record })));
  }

  /** What Control has changed; a proxy that is removed is forgotten. */
  tell(event: ControlEvent): void {
    if (event.kind === "proxy" && (event.change === "removed" || event.change === "created")) this.#forget(event.proxy);
    if (this.#watchers.size > 0) this.#tell([{ kind: "changed", atMs: this.#env.nowMs(), event }]);
  }

  /** The last of one proxy, newest last. */
  last(proxy: string, count: number): readonly Passage[] {
    return this.#rings.get(proxy)?.last(count) ?? [];
  }

  /** Returns how to stop. */
  watch(watcher: (entries: readonly LogEntry[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #tell(entries: readonly LogEntry[]): void {
    for (const watcher of this.#watchers) watcher(entries);
  }

  #keep(record: Passage): void {
    const ring = this.#rings.get(record.proxy) ?? new Ring();
    this.#rings.delete(record.proxy);
    this.#rings.set(record.proxy, ring);
    if (ring.add(record)) this.#held += 1;
    while (this.#held > mostInAll) {
      const idlest = this.#rings.keys().next().value;
      if (idlest === undefined || idlest === record.proxy) return;
      this.#forget(idlest);
    }
  }

  #forget(proxy: string): void {
    this.#held -= this.#rings.get(proxy)?.size ?? 0;
    this.#rings.delete(proxy);
  }
}

/** A connection that carried HTTP is told of by its exchanges, unless a fault was asked about it as a whole. */
function isPassage(record: WitnessRecord): record is Passage {
  if (record.kind === "exchange") return true;
  return record.kind === "connection" && (record.exchanges === 0 || record.faults !== undefined);
}

class Ring {
  readonly #records: Passage[] = [];
  #next = 0;

  get size(): number {
    return this.#records.length;
  }

  /** Whether one more is held than before. */
  add(record: Passage): boolean {
    const isFull = this.#records.length === mostPerProxy;
    this.#records[this.#next] = record;
    this.#next = (this.#next + 1) % mostPerProxy;
    return !isFull;
  }

  last(count: number): readonly Passage[] {
    const inOrder = this.size < mostPerProxy ? this.#records : [...this.#records.slice(this.#next), ...this.#records.slice(0, this.#next)];
    return inOrder.slice(Math.max(0, inOrder.length - count));
  }
}
