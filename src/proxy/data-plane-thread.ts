import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import type { DataPlane, DataPlaneMessage, DataPlaneRequest } from "../model/data-plane.ts";
import type { Env, Timer } from "../model/env.ts";
import { createDataPlane } from "./data-plane.ts";
import { createTakenCount, tookRecords } from "./record-credit.ts";
import type { TakenCount } from "./record-credit.ts";

const turnMs = 1_000;
/** A thread that leaves a request unanswered for so many turns of a second is given up. Turns, not time: while this thread stands still itself, it accuses nobody. */
const mostTurns = 15;

/** What the thread is given. */
export interface ThreadStart {
  /** The zero of the run's clock, by `process.hrtime.bigint()`. */
  readonly startNs: bigint;
  readonly taken: TakenCount;
}

export interface DataPlaneOptions {
  readonly env: Env;
  /** The zero of `env`'s clock, by `process.hrtime.bigint()`. */
  readonly startNs: bigint;
}

/**
 * The data plane in a thread of its own, so that load on it does not bend the clock of the probe and the judge.
 * Where the thread's entry is no file of its own (run from source, or bundled into one file) it is the data plane in this thread.
 */
export function openDataPlane(options: DataPlaneOptions): DataPlane {
  const entry = new URL("worker.js", import.meta.url);
  return existsSync(entry) ? new DataPlaneThread(entry, options) : createDataPlane(options.env);
}

/** The border of the data plane, carried to a worker thread. The thread ends with `stop`; if it ends otherwise, it has `died`. */
export class DataPlaneThread implements DataPlane {
  readonly #env: Env;
  readonly #worker: Worker;
  readonly #taken = createTakenCount();
  readonly #listeners: ((message: DataPlaneMessage) => void)[] = [];
  readonly #unanswered = new Set<number>();
  readonly #stopped: DataPlaneMessage[] = [];
  #turns = 0;
  #turn: Timer | undefined;
  #isGone = false;
  #causeOfDeath: string | undefined;
  #stack: string | undefined;

  constructor(entry: URL, { env, startNs }: DataPlaneOptions) {
    this.#env = env;
    const start: ThreadStart = { startNs, taken: this.#taken };
    // No options of this process: some, such as --input-type, are refused for a file. NODE_OPTIONS hold for it as well.
    this.#worker = new Worker(entry, { name: "data-plane", workerData: start, execArgv: [] });
    this.#worker.on("message", (message: DataPlaneMessage) => this.#receive(message));
    this.#worker.on("error", (error: unknown) => {
      this.#causeOfDeath = error instanceof Error ? error.message : String(error);
      this.#stack = error instanceof Error ? error.stack : undefined;
    });
    this.#worker.on("exit", (code) => this.#ended(code));
  }

  send(request: DataPlaneRequest): void {
    if (this.#isGone) return this.#refuse(request.id);
    this.#unanswered.add(request.id);
    this.#turn ??= this.#nextTurn();
    this.#worker.postMessage(request);
  }

  onMessage(listener: (message: DataPlaneMessage) => void): void {
    this.#listeners.push(listener);
  }

  #receive(message: DataPlaneMessage): void {
    if (message.kind === "records") {
      this.#post(message);
      tookRecords(this.#taken, message.records.length);
      return;
    }
    if (message.kind !== "died") this.#answered(message.id);
    if (message.kind !== "stopped") return this.#post(message);
    // Told when the thread is gone.
    this.#stopped.push(message);
    void this.#worker.terminate();
  }

  #answered(id: number): void {
    this.#unanswered.delete(id);
    this.#turns = 0;
    if (this.#unanswered.size > 0) return;
    this.#turn?.cancel();
    this.#turn = undefined;
  }

  #nextTurn(): Timer {
    return this.#env.after(turnMs, () => {
      this.#turns += 1;
      this.#turn = this.#nextTurn();
      if (this.#turns !== mostTurns) return;
      this.#causeOfDeath = `it did not answer for ${(mostTurns * turnMs) / 1000} s`;
      void this.#worker.terminate();
    });
  }

  /** All that the thread had sent has been received by now, and all that it had open is closed. */
  #ended(exitCode: number): void {
    this.#isGone = true;
    this.#turn?.cancel();
    const cause = this.#causeOfDeath ?? `their thread ended with code ${exitCode}`;
    if (this.#stopped.length === 0) this.#post({
      kind: "died", atMs: this.#env.nowMs(), code: "data-plane-died",
      message: `the proxies ended by themselves: ${cause}`,
      hint: cause.includes("EMFILE") ? "raise the limit of open files (ulimit -n 4096)" : "this is a defect of chaos itself: please report it with the journal",
      ...(this.#stack === undefined ? {} : { stack: this.#stack }),
    });
    for (const message of this.#stopped) this.#post(message);
    for (const id of this.#unanswered) this.#refuse(id);
  }

  #refuse(id: number): void {
    this.#post({ kind: "failed", id, code: "data-plane-stopped", message: "expected a data plane that runs, but it has ended" });
  }

  #post(message: DataPlaneMessage): void {
    for (const listener of this.#listeners) listener(message);
  }
}
