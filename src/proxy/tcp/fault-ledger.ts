import type { FaultRecord } from "../../model/event.ts";
import type { EffectKind } from "../../model/effect.ts";
import type { Decided } from "../../faults/subject.ts";

type Entry = { -readonly [K in keyof FaultRecord]: FaultRecord[K] };

/** What each fault has meant for one connection so far. A connection outlives windows and epochs; what was applied once stays applied. */
export class FaultLedger {
  readonly #entries = new Map<string, Entry>();

  note(decided: readonly Decided[]): void {
    for (const { fault, decision, n } of decided) {
      if (this.#entries.get(fault)?.decision === "applied") continue;
      this.#entries.set(fault, { fault, decision, ...(n === undefined ? {} : { n }) });
    }
  }

  /** A fault of the listener has cut it off. */
  cut({ fault, n }: Decided, atMs: number): void {
    this.#entries.set(fault, { fault, decision: "applied", ...(n === undefined ? {} : { n }), effect: "refuse", actedMs: atMs });
  }

  /** The caller could first notice it. */
  acted(fault: string, effect: EffectKind, atMs: number): void {
    const entry = this.#entries.get(fault);
    if (entry === undefined) return;
    entry.effect ??= effect;
    entry.actedMs ??= atMs;
  }

  released(fault: string, atMs: number): void {
    const entry = this.#entries.get(fault);
    if (entry?.actedMs !== undefined) entry.releasedMs = atMs;
  }

  records(): { readonly faults?: readonly FaultRecord[] } {
    return this.#entries.size === 0 ? {} : { faults: [...this.#entries.values()] };
  }
}
