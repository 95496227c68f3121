import { readFileSync } from "node:fs";
import type { Env, Timer } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";

const tickMs = 10;
/** A loop that is late by less disturbs nothing. */
const stallMs = 25;
const everyMs = 1_000;
/** Less waiting than this is not worth a line; what it means is for the judge to say. */
const notableShare = 0.2;

/** Time runnable but not running, and how often a process got to run. */
interface Waits {
  readonly waitedMs: number;
  readonly turns: number;
}

/**
 * Watches the machine that measures: how late this thread's loop is, and, on Linux, how long our process and those of the services
 * stand in line for a processor. What it finds is recorded, so that judging can leave out what was disturbed.
 */
export class Apparatus {
  readonly #env: Env;
  readonly #record: (event: RunEvent) => void;
  readonly #services: () => ReadonlyMap<string, number>;
  #waits = new Map<number, Waits>();
  #lookedMs: number;
  #tick: Timer;

  /** `services` are the process ids of those that run, by name. */
  constructor(options: { readonly env: Env; readonly services: () => ReadonlyMap<string, number>; readonly record: (event: RunEvent) => void }) {
    this.#env = options.env;
    this.#services = options.services;
    this.#record = options.record;
    this.#lookedMs = options.env.nowMs();
    this.#tick = this.#next();
    this.#look();
  }

  stop(): void {
    this.#tick.cancel();
  }

  #next(): Timer {
    const dueMs = this.#env.nowMs() + tickMs;
    return this.#env.after(tickMs, () => {
      const atMs = this.#env.nowMs();
      const lateMs = atMs - dueMs;
      if (lateMs > stallMs) this.#record({ kind: "stall", atMs, thread: "main", lateMs });
      if (atMs - this.#lookedMs >= everyMs) this.#look();
      this.#tick = this.#next();
    });
  }

  #look(): void {
    const atMs = this.#env.nowMs();
    const passedMs = atMs - this.#lookedMs;
    const waits = new Map<number, Waits>();
    const watched: readonly (readonly [string, readonly number[]])[] = [["chaos", [process.pid]], ...[...this.#services()].map(([name, pid]) => [name, familyOf(pid)] as const)];
    for (const [who, pids] of watched) {
      for (const pid of pids) {
        const now = waitsOf(pid);
        if (now === undefined) continue;
        waits.set(pid, now);
        const before = this.#waits.get(pid);
        if (before === undefined || passedMs === 0) continue;
        const waitedMs = now.waitedMs - before.waitedMs;
        const share = Math.min(1, waitedMs / passedMs);
        if (share > notableShare) this.#record({ kind: "starved", atMs, who, share, meanWaitMs: waitedMs / Math.max(1, now.turns - before.turns) });
      }
    }
    this.#waits = waits;
    this.#lookedMs = atMs;
  }
}

/** A process and all its descendants; itself alone where that cannot be told. */
function familyOf(pid: number): readonly number[] {
  const children = readProc(`${pid}/task/${pid}/children`)?.trim() ?? "";
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number).flatMap(familyOf))];
}

/** Of the main thread of a process; undefined where that cannot be told. Linux, Documentation/scheduler/sched-stats. */
function waitsOf(pid: number): Waits | undefined {
  const [, waitedNs = Number.NaN, turns = Number.NaN] = readProc(`${pid}/schedstat`)?.split(" ").map(Number) ?? [];
  return Number.isFinite(waitedNs) && Number.isFinite(turns) ? { waitedMs: waitedNs / 1e6, turns } : undefined;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined;
  }
}
