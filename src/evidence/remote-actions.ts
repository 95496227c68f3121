import type { RunEvent } from "../model/event.ts";

type Faulted = Extract<RunEvent, { kind: "remote-faulted" }>;
type Restored = Extract<RunEvent, { kind: "remote-restored" }>;

/** One opening of a fault's window on a remote proxy: its toxics came between `askedMs` and `putMs`, and went between `liftAskedMs` and `goneMs`. */
export interface RemoteOpening {
  readonly fault: string;
  readonly epoch: number;
  readonly proxy: string;
  readonly n: number;
  readonly askedMs: number;
  readonly putMs: number;
  /** Absent: they were never seen to go. */
  readonly liftAskedMs?: number;
  readonly goneMs?: number;
}

/** Folds what was put on remote proxies, in the order of the journal. */
export class RemoteActions {
  readonly #openings: RemoteOpening[] = [];

  get list(): readonly RemoteOpening[] {
    return this.#openings;
  }

  faulted({ fault, epoch, proxy, n, askedMs, atMs }: Faulted): void {
    this.#openings.push({ fault, epoch, proxy, n, askedMs, putMs: atMs });
  }

  restored({ fault, epoch, n, askedMs, atMs }: Restored): void {
    const at = this.#openings.findLastIndex((one) => one.fault === fault && one.epoch === epoch && one.n === n);
    const found = this.#openings[at];
    if (found !== undefined) this.#openings[at] = { ...found, liftAskedMs: askedMs, goneMs: atMs };
  }
}
