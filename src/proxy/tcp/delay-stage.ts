import type { Env, Timer } from "../../model/env.ts";
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
  readonly #drawMs: () => number;
  readonly #give: (chunk: Chunk) => void;
  /** In order of release; the first `#gone` have left. */
  #held: Chunk[] = [];
  #gone = 0;
  #lastDueMs = 0;
  #over = false;
  #timer: Timer | undefined;

  /** `drawMs` is asked once per chunk; `give` gets the chunk with `atMs` the moment it was due. */
  constructor(env: Env, drawMs: () => number, give: (chunk: Chunk) => void) {
    this.#env = env;
    this.#drawMs = drawMs;
    this.#give = give;
  }

  get idle(): boolean {
    return this.#gone === this.#held.length;
  }

  take(chunk: Chunk): void {
    this.#lastDueMs = Math.max(this.#lastDueMs, chunk.atMs + (this.#over ? 0 : this.#drawMs()));
    const due = { ...chunk, atMs: this.#lastDueMs };
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

  drop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held = [];
    this.#gone = 0;
  }

  #arm(): void {
    const first = this.#held[this.#gone];
    if (this.#timer !== undefined || first === undefined) return;
    this.#timer = this.#env.after(first.atMs - this.#env.nowMs(), () => {
      this.#timer = undefined;
      this.#releaseUntil(this.#env.nowMs());
    });
  }

  #releaseUntil(dueMs: number): void {
    for (let first = this.#held[this.#gone]; first !== undefined && first.atMs <= dueMs; first = this.#held[this.#gone]) {
      this.#gone += 1;
      this.#give(first.atMs > this.#lastDueMs ? { ...first, atMs: this.#lastDueMs } : first);
    }
    this.#forgetGone();
    if (this.idle) this.drop();
    else this.#arm();
  }

  /** Released chunks are cut off in bulk: shifting each would copy the whole queue each time. */
  #forgetGone(): void {
    if (this.#gone < 64 || this.#gone < this.#held.length / 2) return;
    this.#held = this.#held.slice(this.#gone);
    this.#gone = 0;
  }
}
