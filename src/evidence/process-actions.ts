import type { ExchangeEnd, FaultRecord, RunEvent } from "../model/event.ts";
import type { Fault } from "../model/experiment.ts";

type Faulted = Extract<RunEvent, { kind: "service-faulted" }>;
type Restored = Extract<RunEvent, { kind: "service-restored" }>;
type Exited = Extract<RunEvent, { kind: "service-exited" }>;

/** What one opening of a fault's window did to one process. */
export interface ProcessAction {
  readonly told: Faulted;
  /** Ready again, or let go on. Absent: never. */
  readonly endMs?: number;
  /** Whether the process was really away: it ended, or stood still. */
  readonly wasAway: boolean;
}

/** Folds what faults did to processes, in the order of the journal. */
export class ProcessActions {
  readonly #actions: ProcessAction[] = [];

  get list(): readonly ProcessAction[] {
    return this.#actions;
  }

  faulted(told: Faulted): void {
    this.#actions.push({ told, wasAway: told.effect === "pause" });
  }

  exited({ fault, service, replica }: Exited): void {
    if (fault === undefined) return;
    this.#change(({ told, endMs }) => endMs === undefined && told.fault === fault && told.service === service && told.replica === replica, (action) => ({ ...action, wasAway: true }));
  }

  restored({ fault, epoch, service, replica, n, atMs }: Restored): void {
    this.#change(({ told }) => told.fault === fault && told.epoch === epoch && told.service === service && told.replica === replica && told.n === n, (action) => ({ ...action, endMs: atMs }));
  }

  #change(isIt: (action: ProcessAction) => boolean, change: (action: ProcessAction) => ProcessAction): void {
    const at = this.#actions.findLastIndex(isIt);
    const found = this.#actions[at];
    if (found !== undefined) this.#actions[at] = change(found);
  }
}

const none: readonly FaultRecord[] = [];

interface Call {
  readonly startMs: number;
  readonly endMs: number;
  readonly end: ExchangeEnd;
}

/**
 * What faults of processes meant for the calls on the edges that lead to them, in the words of what callers experience: a call that a
 * pause kept waiting was hung, one that was lost or refused while its process was gone was reset.
 */
export function processFaultsOn(proxy: string, actions: readonly ProcessAction[], faults: readonly Fault[]): (call: Call) => readonly FaultRecord[] {
  const mine = actions.filter(({ told, wasAway }) => wasAway && leadsTo(faults.find(({ name }) => name === told.fault), proxy, told.replica));
  if (mine.length === 0) return () => none;
  return ({ startMs, endMs, end }) => mine.flatMap(({ told, endMs: overMs = Number.POSITIVE_INFINITY }): readonly FaultRecord[] => {
    if (endMs < told.atMs || startMs > overMs) return [];
    const record = { fault: told.fault, decision: "applied", n: told.n, actedMs: Math.max(startMs, told.atMs) } as const;
    if (told.effect === "pause") return [{ ...record, effect: "hang", releasedMs: Math.min(endMs, overMs) }];
    return end === "upstream-lost" || end === "upstream-unreachable" ? [{ ...record, effect: "reset" }] : [];
  });
}

function leadsTo(fault: Fault | undefined, proxy: string, replica: number): boolean {
  return fault?.edges?.some((edge) => edge.proxy === proxy && edge.replica === replica) === true;
}
