import type { FaultRecord } from "../../model/event.ts";
import type { EffectKind } from "../../model/effect.ts";
import type { Decided } from "../../faults/subject.ts";

type Entry = { -readonly [K in keyof FaultRecord]: FaultRecord[K] };

/** What each fault has meant for one connection so far. A connection outlives windows and epochs; what was applied once stays applied. */
export class FaultLedger {
  /** None until a fault is asked: most connections live without, and a map is large. */
  #entries: Map<string, Entry> | undefined;

  note(decided: readonly Decided[]): void {
    if (decided.length === 0) return;
    const entries = (this.#entries ??= new Map());
    for (const { fault, decision, n } of decided) {
      if (entries.get(fault)?.decision === "applied") continue;
      entries.set(fault, { fault, decision, ...(n === undefined ? {} : { n }) });
    }
  }

  /** A fault of the listener has cut it off. */
  cut({ fault, n }: Decided, atMs: number): void {
    (this.#entries ??= new Map()).set(fault, { fault, decision: "applied", ...(n === undefined ? {} : { n }), effect: "refuse", actedMs: atMs });
  }

  /** The caller could first notice it. */
  acted(fault: string, effect: EffectKind, atMs: number): void {
    const entry = this.#entries?.get(fault);
    if (entry === undefined) return;
    entry.effect ??= effect;
    entry.actedMs ??= atMs;
  }

  released(fault: string, atMs: number): void {
    const entry = this.#entries?.get(fault);
    if (entry?.actedMs !== undefined) entry.releasedMs = atMs;
  }

  records(): { readonly faults?: readonly FaultRecord[] } {
    return this.#entries === undefined ? {} : { faults: [...this.#entries.values()] };
  }
}
