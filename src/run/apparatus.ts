import { readFileSync } from "node:fs";
import type { Env, Timer } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";

const tickMs = 10;
/** A loop that is late by less disturbs nothing. */
const stallMs = 25;
const everyMs = 1_000;
const starvedShare = 0.2;

/**
 * Watches the machine that measures: how late this thread's loop is, and, on Linux, how long our process and those of the services
 * stand in line for a processor. What it finds is recorded, so that judging can leave out what was disturbed.
 */
export class Apparatus {
  readonly #env: Env;
  readonly #record: (event: RunEvent) => void;
  readonly #services: () => ReadonlyMap<string, number>;
  #waitedNs = new Map<number, number>();
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
    const passedNs = (atMs - this.#lookedMs) * 1e6;
    const waitedNs = new Map<number, number>();
    const watched: readonly (readonly [string, readonly number[]])[] = [["chaos", [process.pid]], ...[...this.#services()].map(([name, pid]) => [name, familyOf(pid)] as const)];
    for (const [who, pids] of watched) {
      const shares = pids.map((pid) => {
        const now = waitedNsOf(pid);
        if (now !== undefined) waitedNs.set(pid, now);
        const before = this.#waitedNs.get(pid);
        return now === undefined || before === undefined || passedNs === 0 ? 0 : (now - before) / passedNs;
      });
      const share = Math.min(1, Math.max(0, ...shares));
      if (share > starvedShare) this.#record({ kind: "starved", atMs, who, share });
    }
    this.#waitedNs = waitedNs;
    this.#lookedMs = atMs;
  }
}

/** A process and all its descendants; itself alone where that cannot be told. */
function familyOf(pid: number): readonly number[] {
  const children = readProc(`${pid}/task/${pid}/children`)?.trim() ?? "";
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number).flatMap(familyOf))];
}

/** How long the main thread of a process has been runnable without running, ns; undefined where that cannot be told. Linux, Documentation/scheduler/sched-stats. */
function waitedNsOf(pid: number): number | undefined {
  const waited = Number(readProc(`${pid}/schedstat`)?.split(" ")[1]);
  return Number.isFinite(waited) ? waited : undefined;
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, "utf8");
  } catch {
    return undefined;
  }
}
