import type { FaultRecord, InsideCounts } from "../model/event.ts";

/** What one fault did inside all WebSockets of one epoch. */
export interface InsideTotal extends InsideCounts {
  readonly fault: string;
}

/** Adds up what faults did inside WebSockets, by fault and epoch: of a million messages there is one total. */
export class InsideTally {
  readonly #totals = new Map<string, InsideTotal>();

  add(records: readonly FaultRecord[] | undefined): void {
    for (const { fault, inside } of records ?? []) {
      if (inside === undefined) continue;
      const key = `${inside.epoch} ${fault}`;
      const known = this.#totals.get(key);
      this.#totals.set(key, known === undefined ? { fault, ...inside } : { fault, ...sum(known, inside) });
    }
  }

  get totals(): readonly InsideTotal[] {
    return [...this.#totals.values()];
  }
}

function sum(a: InsideCounts, b: InsideCounts): InsideCounts {
  const firstMs = Math.min(a.firstMs ?? Number.POSITIVE_INFINITY, b.firstMs ?? Number.POSITIVE_INFINITY);
  const lastMs = Math.max(a.lastMs ?? Number.NEGATIVE_INFINITY, b.lastMs ?? Number.NEGATIVE_INFINITY);
  return {
    epoch: a.epoch,
    applied: a.applied + b.applied,
    felt: a.felt + b.felt,
    missed: { match: a.missed.match + b.missed.match, window: a.missed.window + b.missed.window, ordinal: a.missed.ordinal + b.missed.ordinal, rate: a.missed.rate + b.missed.rate },
    ...(Number.isFinite(firstMs) && { firstMs }),
    ...(Number.isFinite(lastMs) && { lastMs }),
  };
}
