import type { Fault } from "../model/experiment.ts";
import type { FaultObservation } from "../model/observation.ts";
import type { FaultRecord, WitnessRecord } from "../model/event.ts";
import type { Decision } from "../model/selection.ts";
import type { InsideTotal } from "./inside-tally.ts";
import type { ProcessAction } from "./process-actions.ts";
import type { RemoteOpening } from "./remote-actions.ts";

/** One opening of the window of a fault that takes the listener down. */
export type Opening = Extract<WitnessRecord, { kind: "listener-faulted" }>;

interface Counts {
  readonly setMs: number;
  liftedMs?: number;
  firstAppliedMs?: number;
  lastAppliedMs?: number;
  eligible: number;
  applied: number;
  felt: number;
  recorded: number;
  /** Openings of a listener's fault that were told, and those of them that cut connections off. */
  opened: number;
  readonly cutting: Set<number>;
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
    const counts = new Map(names.map((name) => [name, { setMs: atMs, eligible: 0, applied: 0, felt: 0, recorded: 0, opened: 0, cutting: new Set<number>(), missed: { match: 0, window: 0, ordinal: 0, rate: 0 }, away: [] }]));
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
    // Its unit is an opening, whose witnesses are the connections that it cut off.
    if (record.effect === "refuse") return void counts.cutting.add(record.n ?? 0);
    counts.recorded += 1;
    if (record.decision !== "applied") counts.missed[record.decision] += 1;
    if (record.decision !== "match" && record.decision !== "window") counts.eligible += 1;
    if (record.decision !== "applied") return;
    counts.applied += 1;
    if (felt) counts.felt += 1;
    // A connection that was open already is hit when the fault takes hold of it.
    const heldMs = record.askedMs ?? counts.setMs;
    const atMs = startMs >= heldMs ? startMs : Math.max(heldMs, record.actedMs ?? 0);
    counts.firstAppliedMs = Math.min(counts.firstAppliedMs ?? atMs, atMs);
    counts.lastAppliedMs = Math.max(counts.lastAppliedMs ?? atMs, atMs);
  }

  /** One opening of the window of a fault that takes the listener down; to be told when all connections are counted. It is felt when connections were cut off. */
  opened({ atMs, fault, n, decision }: Opening): void {
    const counts = this.#epochs.findLast(({ setMs }) => setMs <= atMs + 1)?.counts.get(fault);
    if (counts === undefined) return;
    counts.opened += 1;
    if (decision !== "applied" && decision !== "match" && decision !== "window") counts.missed[decision] += 1;
    counts.eligible += 1;
    if (decision !== "applied") return;
    counts.applied += 1;
    if (counts.cutting.has(n)) counts.felt += 1;
    counts.firstAppliedMs = Math.min(counts.firstAppliedMs ?? atMs, atMs);
    counts.lastAppliedMs = Math.max(counts.lastAppliedMs ?? atMs, atMs);
  }

  /** How long a listener refused; of whom is not told where the journal has no openings: then it is any fault of the proxy without records of its own. */
  refused(proxy: string, startMs: number, endMs: number): void {
    for (const { setMs, liftedMs, counts } of this.#epochs) {
      if (startMs < setMs - 1 || startMs > (liftedMs ?? endMs)) continue;
      const hasOpenings = this.#faults.some(({ name, proxy: on }) => on === proxy && (counts.get(name)?.opened ?? 0) > 0);
      for (const { name, layer, proxy: on } of this.#faults) {
        const own = counts.get(name);
        if (own === undefined || layer !== "connection" || on !== proxy || own.recorded > 0 || (hasOpenings && own.opened === 0) || (own.opened > 0 && own.applied === 0)) continue;
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

  /** One opening of a fault's window on a remote proxy; whom it hit is counted call by call. */
  put({ epoch, fault, putMs, goneMs }: RemoteOpening): void {
    this.#epochs.find((one) => one.epoch === epoch)?.counts.get(fault)?.away.push({ startMs: putMs, ...(goneMs !== undefined && { endMs: goneMs }) });
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
          ...((fault.layer === "process" || away.length > 0) && { away }),
        }];
      }));
  }
}
