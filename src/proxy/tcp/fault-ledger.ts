import type { FaultRecord } from "../../model/event.ts";
import type { EffectKind } from "../../model/effect.ts";
import type { Decision } from "../../model/selection.ts";
import type { Decided } from "../../faults/subject.ts";

type Entry = { -readonly [K in keyof FaultRecord]: FaultRecord[K] } & { pauses?: { readonly fromMs: number; readonly toMs: number }[] };

/** How far selection came, furthest first. */
const furthest: readonly Decision[] = ["applied", "rate", "ordinal", "window", "match"];

/** What each fault has meant for one connection, set by set: a connection outlives windows, of which the one that came furthest counts, and epochs. */
export class FaultLedger {
  /** None until a fault is asked: most connections live without, and a map is large. */
  #entries: Map<string, Entry> | undefined;
  #before: FaultRecord[] | undefined;
  #set: object | undefined;

  /** What the faults of a set have decided; `askedMs` of a connection that was there before they were asked. */
  note(decided: readonly Decided[], set: object, askedMs?: number): void {
    if (decided.length === 0) return;
    if (this.#set !== set) this.#begin(set);
    const entries = (this.#entries ??= new Map());
    for (const { fault, decision, n } of decided) {
      const known = entries.get(fault);
      if (known !== undefined && furthest.indexOf(known.decision) <= furthest.indexOf(decision)) continue;
      entries.set(fault, { fault, decision, ...(n === undefined ? {} : { n }), ...(askedMs === undefined ? {} : { askedMs }) });
    }
  }

  /** A fault of the listener has cut it off. */
  cut({ fault, n }: Decided, atMs: number): void {
    (this.#entries ??= new Map()).set(fault, { fault, decision: "applied", ...(n === undefined ? {} : { n }), effect: "refuse", actedMs: atMs });
  }

  /** The caller could notice it: for the first time, or again after it had let go. */
  acted(fault: string, effect: EffectKind, atMs: number): void {
    const entry = this.#entries?.get(fault);
    if (entry === undefined) return;
    entry.effect ??= effect;
    entry.actedMs ??= atMs;
    if (entry.releasedMs === undefined) return;
    (entry.pauses ??= []).push({ fromMs: entry.releasedMs, toMs: atMs });
    delete entry.releasedMs;
  }

  released(fault: string, atMs: number): void {
    const entry = this.#entries?.get(fault);
    if (entry?.actedMs !== undefined) entry.releasedMs ??= atMs;
  }

  records(): { readonly faults?: readonly FaultRecord[] } {
    return this.#entries === undefined ? {} : { faults: [...(this.#before ?? []), ...this.#entries.values()] };
  }

  #begin(set: object): void {
    if (this.#entries !== undefined) this.#before = [...(this.#before ?? []), ...this.#entries.values()];
    this.#entries = undefined;
    this.#set = set;
  }
}
