import type { Env, Timer } from "../../model/env.ts";
import { ChunkQueue } from "./chunk-queue.ts";
import { stretchMs } from "./stage.ts";
import type { Chunk, Stage } from "./stage.ts";

/** What goes next of the bytes that are held, and when (never: infinitely late); 1 byte or more. */
export interface Piece {
  readonly length: number;
  readonly dueMs: number;
}

/** Decides about pieces, one after the other: a rate, or sizes and pauses. */
export interface Pacer {
  /** `leftBytes` are left of a chunk that arrived at `arrivedMs`. */
  next(leftBytes: number, arrivedMs: number): Piece;
  /** The last piece left at `nowMs`, later than due when a timer was late. */
  gone?(nowMs: number): void;
}

/** An edge is computed as a sum and a timer's clock compared by a difference: the last digits of the two may disagree. */
const slackMs = 1e-6;

/** Lets bytes through piece by piece, as its pacer says. Once its fault is over what is held leaves at once: there is nothing left to wait for. */
export class PieceStage implements Stage {
  readonly #env: Env;
  readonly #pacer: Pacer;
  readonly #give: (chunk: Chunk, more?: boolean) => void;
  readonly #held = new ChunkQueue();
  /** Bytes of the first chunk that have gone. */
  #offset = 0;
  #piece: Piece | undefined;
  #lastDueMs = 0;
  #over = false;
  #timer: Timer | undefined;

  /** `give` gets each piece with `atMs` the moment it was due, and whether more of the same chunk follows. */
  constructor(env: Env, pacer: Pacer, give: (chunk: Chunk, more?: boolean) => void) {
    this.#env = env;
    this.#pacer = pacer;
    this.#give = give;
  }

  get idle(): boolean {
    return this.#held.isEmpty;
  }

  take(chunk: Chunk): void {
    this.#held.push(chunk);
    this.#proceed();
  }

  letGo(): void {
    this.#over = true;
    this.#piece = undefined;
    this.#cancel();
    this.#proceed();
  }

  handOver(): void {
    this.letGo();
  }

  drop(): void {
    this.#cancel();
    this.#held.clear();
    this.#offset = 0;
    this.#piece = undefined;
  }

  #cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #proceed(): void {
    const startMs = this.#env.nowMs();
    for (let first = this.#held.first; first !== undefined; first = this.#held.first) {
      if (!("bytes" in first) || this.#over || first.bytes.byteLength === 0) {
        this.#giveRest(first);
        continue;
      }
      this.#piece ??= this.#pacer.next(first.bytes.byteLength - this.#offset, first.atMs);
      const { length, dueMs } = this.#piece;
      const nowMs = this.#env.nowMs();
      if (dueMs === Number.POSITIVE_INFINITY) return;
      if (dueMs > nowMs + slackMs || nowMs > startMs + stretchMs) {
        this.#timer ??= this.#env.after(dueMs - nowMs, () => {
          this.#timer = undefined;
          this.#proceed();
        });
        return;
      }
      this.#piece = undefined;
      this.#pacer.gone?.(nowMs);
      this.#givePiece(first.bytes, length, dueMs);
    }
  }

  #givePiece(bytes: Uint8Array, length: number, dueMs: number): void {
    const start = this.#offset;
    const end = start + length;
    const more = end < bytes.byteLength;
    this.#lastDueMs = Math.max(this.#lastDueMs, dueMs);
    this.#offset = more ? end : 0;
    if (!more) this.#held.shift();
    this.#give({ bytes: bytes.subarray(start, end), atMs: this.#lastDueMs }, more);
  }

  #giveRest(chunk: Chunk): void {
    const atMs = Math.max(this.#lastDueMs, chunk.atMs);
    const rest = "bytes" in chunk ? { bytes: chunk.bytes.subarray(this.#offset), atMs } : { ...chunk, atMs };
    this.#offset = 0;
    this.#held.shift();
    this.#give(rest);
  }
}
