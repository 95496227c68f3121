import type { Chunk, Stage } from "./stage.ts";

/** What comes vanishes, its end too. */
export class LossStage implements Stage {
  readonly idle = true;
  readonly #lost: (chunk: Chunk) => void;

  /** `lost` is told of each chunk. */
  constructor(lost: (chunk: Chunk) => void) {
    this.#lost = lost;
  }

  take(chunk: Chunk): void {
    this.#lost(chunk);
  }

  letGo(): void {
    // There is nothing left of it.
  }

  handOver(): void {
    // There is nothing left of it.
  }

  drop(): void {
    // There is nothing left of it.
  }
}
