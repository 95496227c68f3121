import type { Env, Timer } from "../model/env.ts";
import type { LoopRecord } from "../model/event.ts";
import { ticked, tickMs, unwatched } from "./listening.ts";
import { starvation, waitsOf } from "./processor-waits.ts";

/** A loop that is late by less disturbs nothing. */
const stallMs = 25;
const everyMs = 1_000;

export interface LoopWatchOptions {
  readonly env: Env;
  readonly thread: "main" | "data-plane";
  readonly record: (record: LoopRecord) => void;
}

/** Watches the thread that it runs in: how late its loop is and, on Linux, how long it stands in line for a processor. */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  #waits = waitsOf("thread-self");
  #lookedMs: number;
  #tick: Timer;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#lookedMs = options.env.nowMs();
    this.#tick = this.#next();
  }

  stop(): void {
    this.#tick.cancel();
    if (this.#options.thread === "data-plane") unwatched();
  }

  #next(): Timer {
    const { env, thread, record } = this.#options;
    const dueMs = env.nowMs() + tickMs;
    return env.after(tickMs, () => {
      const atMs = env.nowMs();
      const lateMs = atMs - dueMs;
      if (thread === "data-plane") ticked(atMs);
      if (lateMs > stallMs) record({ kind: "stall", atMs, thread, lateMs });
      if (atMs - this.#lookedMs >= everyMs) this.#look(atMs);
      this.#tick = this.#next();
    });
  }

  #look(atMs: number): void {
    const { thread, record } = this.#options;
    const now = waitsOf("thread-self");
    const starved = starvation(thread === "main" ? "chaos" : "the proxy of chaos", atMs - this.#lookedMs, atMs, this.#waits, now);
    if (starved !== undefined) record(starved);
    this.#waits = now;
    this.#lookedMs = atMs;
  }
}
