import type { Chunk } from "./stage.ts";

/** Chunks first in, first out. Those that have gone are cut off in bulk: shifting each would copy the whole queue each time. */
export class ChunkQueue<C extends Chunk = Chunk> {
  #chunks: C[] = [];
  #gone = 0;

  get isEmpty(): boolean {
    return this.#gone === this.#chunks.length;
  }

  get first(): C | undefined {
    return this.#chunks[this.#gone];
  }

  push(chunk: C): void {
    this.#chunks.push(chunk);
  }

  shift(): void {
    this.#gone += 1;
    if (this.isEmpty) this.clear();
    else if (this.#gone >= 64 && this.#gone >= this.#chunks.length / 2) {
      this.#chunks = this.#chunks.slice(this.#gone);
      this.#gone = 0;
    }
  }

  clear(): void {
    this.#chunks = [];
    this.#gone = 0;
  }
}
