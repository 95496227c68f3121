import type { Env, Timer } from "../../model/env.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { stretchMs } from "./stage.ts";
import type { Chunk, Stage } from "./stage.ts";

/**
 * Releases each chunk at its arrival + a draw, in order: a chunk never overtakes the one before it.
 *
 *     arrival   a b   c            d
 *               │ │   └────────┐   └────────┐
 *               │ └────────┐   │            │
 *               └────────┐ │   │            │
 *     release            a b   c            d
 */
export class DelayStage implements Stage {
  readonly #env: Env;
  readonly #drawMs: (chunk: Chunk) => number;
  readonly #give: (chunk: Chunk) => void;
  /** In order of release, with the moment of it. */
  readonly #held = new ChunkQueue<Chunk & { readonly cameMs: number }>();
  #lastDueMs = 0;
  #over = false;
  #timer: Timer | undefined;

  /** `drawMs` is asked once per chunk; `give` gets the chunk with `atMs` the moment it was due. */
  constructor(env: Env, drawMs: (chunk: Chunk) => number, give: (chunk: Chunk) => void) {
    this.#env = env;
    this.#drawMs = drawMs;
    this.#give = give;
  }

  get idle(): boolean {
    return this.#held.isEmpty;
  }

  take(chunk: Chunk): void {
    this.#lastDueMs = Math.max(this.#lastDueMs, chunk.atMs + (this.#over ? 0 : this.#drawMs(chunk)));
    const due = { ...chunk, cameMs: chunk.atMs, atMs: this.#lastDueMs };
    if (this.idle && due.atMs <= this.#env.nowMs()) {
      this.#give(due);
      return;
    }
    this.#held.push(due);
    this.#arm();
  }

  letGo(now: boolean): void {
    this.#over = true;
    if (!now) return;
    const nowMs = this.#env.nowMs();
    this.#lastDueMs = Math.min(this.#lastDueMs, nowMs);
    this.#releaseUntil(Number.POSITIVE_INFINITY);
  }

  handOver(): void {
    for (let first = this.#held.first; first !== undefined; first = this.#held.first) {
      this.#held.shift();
      this.#give({ ...first, atMs: first.cameMs });
    }
    this.drop();
  }

  drop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held.clear();
  }

  #arm(): void {
    const { first } = this.#held;
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = this.#env.after(first.atMs - this.#env.nowMs(), () => {
      this.#timer = undefined;
      const nowMs = this.#env.nowMs();
      this.#releaseUntil(nowMs, nowMs + stretchMs);
    });
  }

  #releaseUntil(dueMs: number, stopMs = Number.POSITIVE_INFINITY): void {
    for (let first = this.#held.first; first !== undefined && first.atMs <= dueMs; first = this.#held.first) {
      this.#held.shift();
      this.#give(first.atMs > this.#lastDueMs ? { ...first, atMs: this.#lastDueMs } : first);
      if (this.#env.nowMs() > stopMs) break;
    }
    if (this.idle) this.drop();
    else this.#arm();
  }
}
