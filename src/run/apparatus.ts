import { readFileSync } from "node:fs";
import type { Env, Timer } from "../model/env.ts";
import type { RunEvent } from "../model/event.ts";
import { LoopWatch, starvation, waitsOf } from "../proxy/index.ts";
import type { Waits } from "../proxy/index.ts";

const everyMs = 1_000;

/**
 * Watches the machine that measures: this thread, and, on Linux, how long the processes of the services stand in line for a processor.
 * The data plane's thread watches itself. What is found is recorded, so that judging can leave out what was disturbed.
 */
export class Apparatus {
  readonly #env: Env;
  readonly #record: (event: RunEvent) => void;
  readonly #services: () => ReadonlyMap<string, number>;
  readonly #loop: LoopWatch;
  #waits = new Map<number, Waits>();
  #lookedMs: number;
  #nextLook: Timer;

  /** `services` are the process ids of those that run, by name. */
  constructor(options: { readonly env: Env; readonly services: () => ReadonlyMap<string, number>; readonly record: (event: RunEvent) => void }) {
    this.#env = options.env;
    this.#services = options.services;
    this.#record = options.record;
    this.#loop = new LoopWatch({ env: options.env, thread: "main", record: options.record });
    this.#lookedMs = options.env.nowMs();
    this.#nextLook = this.#look();
  }

  stop(): void {
    this.#loop.stop();
    this.#nextLook.cancel();
  }

  #look(): Timer {
    const atMs = this.#env.nowMs();
    const waits = new Map<number, Waits>();
    for (const [who, head] of this.#services()) {
      for (const pid of familyOf(head)) {
        const now = waitsOf(pid);
        if (now === undefined) continue;
        waits.set(pid, now);
        const starved = starvation(who, atMs - this.#lookedMs, atMs, this.#waits.get(pid), now);
        if (starved !== undefined) this.#record(starved);
      }
    }
    this.#waits = waits;
    this.#lookedMs = atMs;
    return this.#env.after(everyMs, () => {
      this.#nextLook = this.#look();
    });
  }
}

/** A process and all its descendants; itself alone where that cannot be told. */
function familyOf(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return [pid, ...(children === "" ? [] : children.split(" ").map(Number).flatMap(familyOf))];
}

function childrenOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  } catch {
    return "";
  }
}
