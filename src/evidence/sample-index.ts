import type { PhaseName } from "../model/experiment.ts";
import type { Sample } from "../model/observation.ts";
import { stallMs } from "./disturbances.ts";
import type { SampleTable } from "./sample-table.ts";

interface Parts {
  readonly samples: SampleTable;
  readonly phaseOf: (dueMs: number) => { readonly phase: PhaseName; readonly epoch: number } | undefined;
  readonly isDisturbed: (atMs: number) => boolean;
  readonly probes: readonly string[];
}

/** Requests by probe, in due order; rows are made when asked for. */
export class SampleIndex {
  readonly #parts: Parts;
  readonly #sorted = new Map<number, Uint32Array>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  *samples(query: { readonly probe: string; readonly phase?: PhaseName; readonly epoch?: number }): Iterable<Sample> {
    const probe = this.#parts.probes.indexOf(query.probe) + 1;
    if (probe === 0) return;
    const rows = this.#sorted.get(probe) ?? this.#parts.samples.inDueOrder(probe);
    this.#sorted.set(probe, rows);
    for (const row of rows) {
      const sample = this.#sample(query.probe, row);
      if (sample !== undefined && (query.phase === undefined || sample.phase === query.phase) && (query.epoch === undefined || sample.epoch === query.epoch)) yield sample;
    }
  }

  /**
   * A stall changes what was measured when it lies over the sending or the end: a request that waits through one in between comes to no harm.
   * Undefined for a request that was due in no phase.
   */
  #sample(probe: string, row: number): Sample | undefined {
    const { samples, phaseOf, isDisturbed } = this.#parts;
    const dueMs = samples.dueMs.get(row);
    const at = phaseOf(dueMs);
    if (at === undefined) return undefined;
    const sentMs = samples.sentMs(row);
    const endMs = samples.endMs(row);
    const disturbed = sentMs !== undefined && (sentMs - dueMs > stallMs || isDisturbed(sentMs) || (endMs !== undefined && isDisturbed(endMs)));
    return { probe, n: samples.n.get(row), ...at, dueMs, ...(sentMs !== undefined && { sentMs }), ...(endMs !== undefined && { endMs }), ...samples.fields(row), disturbed };
  }
}
