import type { Fault } from "../model/experiment.ts";
import type { FaultObservation } from "../model/observation.ts";
import type { FaultRecord } from "../model/event.ts";
import type { Decision } from "../model/selection.ts";
import type { InsideTotal } from "./inside-tally.ts";
import type { ProcessAction } from "./process-actions.ts";

interface Counts {
  readonly setMs: number;
  liftedMs?: number;
  firstAppliedMs?: number;
  lastAppliedMs?: number;
  eligible: number;
  applied: number;
  felt: number;
  recorded: number;
  readonly missed: Record<Exclude<Decision, "applied">, number>;
  readonly away: { readonly startMs: number; readonly endMs?: number }[];
}

/** What each fault did in each epoch, counted exchange by exchange. */
export class FaultCounts {
  readonly #faults: readonly Fault[];
  /** Counted message by message: the exchange that carried them is no unit of theirs. */
  readonly #inside = new Set<string>();
  readonly #epochs: { readonly epoch: number; readonly setMs: number; liftedMs?: number; readonly counts: Map<string, Counts> }[] = [];

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
  }

  set(epoch: number, atMs: number, names: readonly string[]): void {
    const counts = new Map(names.map((name) => [name, { setMs: atMs, eligible: 0, applied: 0, felt: 0, recorded: 0, missed: { match: 0, window: 0, ordinal: 0, rate: 0 }, away: [] }]));
    this.#epochs.push({ epoch, setMs: atMs, counts });
  }

  lifted(epoch: number, atMs: number): void {
    const found = this.#epochs.find((one) => one.epoch === epoch && one.liftedMs === undefined);
    if (found === undefined) return;
    found.liftedMs = atMs;
    for (const counts of found.counts.values()) counts.liftedMs = atMs;
  }

  /** All that a fault did inside WebSockets in one epoch; to be told before `count` is. */
  inside({ fault, epoch, applied, felt, missed, firstMs, lastMs }: InsideTotal): void {
    this.#inside.add(fault);
    const counts = this.#epochs.findLast((one) => one.epoch === epoch)?.counts.get(fault);
    if (counts === undefined) return;
    for (const decision of ["match", "window", "ordinal", "rate"] as const) counts.missed[decision] += missed[decision];
    counts.eligible += applied + missed.ordinal + missed.rate;
    counts.applied += applied;
    counts.felt += felt;
    if (firstMs !== undefined) counts.firstAppliedMs = firstMs;
    if (lastMs !== undefined) counts.lastAppliedMs = lastMs;
  }

  /** One decision about an exchange or connection that began at `startMs`; `askedMs` is when it was drawn. */
  count(record: FaultRecord, startMs: number, askedMs: number, felt: boolean): void {
    const epoch = this.#epochs.findLast(({ setMs }) => setMs <= askedMs + 1) ?? this.#epochs[0];
    const counts = epoch?.counts.get(record.fault);
    if (counts === undefined || this.#inside.has(record.fault)) return;
    counts.recorded += 1;
    if (record.decision !== "applied") counts.missed[record.decision] += 1;
    if (record.decision !== "match" && record.decision !== "window") counts.eligible += 1;
    if (record.decision !== "applied") return;
    counts.applied += 1;
    if (felt) counts.felt += 1;
    // A connection that was open already is hit when the fault takes hold of it.
    const atMs = startMs >= counts.setMs ? startMs : Math.max(counts.setMs, record.actedMs ?? 0);
    counts.firstAppliedMs = Math.min(counts.firstAppliedMs ?? atMs, atMs);
    counts.lastAppliedMs = Math.max(counts.lastAppliedMs ?? atMs, atMs);
  }

  /** A listener that refuses leaves no record of what it refused: from its first refusing second on, the fault is in force. */
  refused(proxy: string, startMs: number, endMs: number): void {
    for (const { setMs, liftedMs, counts } of this.#epochs) {
      if (startMs < setMs - 1 || startMs > (liftedMs ?? endMs)) continue;
      for (const { name, layer, proxy: on } of this.#faults) {
        const own = counts.get(name);
        if (own === undefined || layer !== "connection" || on !== proxy || own.recorded > 0) continue;
        own.firstAppliedMs = Math.min(own.firstAppliedMs ?? startMs, startMs);
        own.lastAppliedMs = Math.max(own.lastAppliedMs ?? endMs, endMs);
      }
    }
  }

  /** One opening of a fault's window, on one process. */
  acted({ told: { atMs, epoch, fault, decision }, endMs, wasAway }: ProcessAction): void {
    const counts = this.#epochs.find((one) => one.epoch === epoch)?.counts.get(fault);
    if (counts === undefined) return;
    if (decision !== "applied") counts.missed[decision] += 1;
    if (decision !== "match" && decision !== "window") counts.eligible += 1;
    if (decision !== "applied") return;
    counts.applied += 1;
    counts.firstAppliedMs = Math.min(counts.firstAppliedMs ?? atMs, atMs);
    counts.lastAppliedMs = Math.max(counts.lastAppliedMs ?? atMs, atMs);
    if (!wasAway) return;
    counts.felt += 1;
    counts.away.push({ startMs: atMs, ...(endMs !== undefined && { endMs }) });
  }

  list(): readonly FaultObservation[] {
    return this.#epochs.flatMap(({ epoch, counts }) =>
      [...counts].flatMap(([name, { setMs, liftedMs, firstAppliedMs, lastAppliedMs, eligible, applied, felt, missed, away }]) => {
        const fault = this.#faults.find((known) => known.name === name);
        return fault === undefined ? [] : [{
          fault, epoch, setMs,
          ...(liftedMs !== undefined && { liftedMs }),
          ...(firstAppliedMs !== undefined && { firstAppliedMs }),
          ...(lastAppliedMs !== undefined && { lastAppliedMs }),
          eligible, applied, felt, missed: { ...missed },
          ...(fault.layer === "process" && { away }),
        }];
      }));
  }
}
