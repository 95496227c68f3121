import type { PhaseName } from "../model/experiment.ts";
import type { Sample } from "../model/observation.ts";
import type { Writable } from "./call-table.ts";
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
    const { samples, phaseOf } = this.#parts;
    for (const row of rows) {
      const at = phaseOf(samples.dueMs.get(row));
      // Due in no phase, or in another than was asked for: no row is made.
      if (at === undefined || (query.phase !== undefined && at.phase !== query.phase) || (query.epoch !== undefined && at.epoch !== query.epoch)) continue;
      yield this.#sample(query.probe, row, at);
    }
  }

  /** A stall changes what was measured when it lies over the sending or the end: a request that waits through one in between comes to no harm. */
  #sample(probe: string, row: number, { phase, epoch }: { readonly phase: PhaseName; readonly epoch: number }): Sample {
    const { samples, isDisturbed } = this.#parts;
    const dueMs = samples.dueMs.get(row);
    const sentMs = samples.sentMs(row);
    const endMs = samples.endMs(row);
    const disturbed = sentMs !== undefined && (sentMs - dueMs > stallMs || isDisturbed(sentMs) || (endMs !== undefined && isDisturbed(endMs)));
    const sample: Writable<Sample> = { probe, n: samples.n.get(row), phase, epoch, dueMs, grade: samples.grade(row), latencyMs: samples.latencyMs(row), disturbed };
    const status = samples.status(row);
    const failure = samples.failure(row);
    const blame = samples.blame(row);
    const value = samples.value(row);
    const term = samples.term(row);
    if (sentMs !== undefined) sample.sentMs = sentMs;
    if (endMs !== undefined) sample.endMs = endMs;
    if (status > 0) sample.status = status;
    if (failure !== undefined) sample.failure = failure;
    if (blame !== undefined) sample.blame = blame;
    if (value !== undefined) sample.value = value;
    if (term !== undefined) sample.term = term;
    return sample;
  }
}
