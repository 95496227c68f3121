import type { Env, Timer } from "../../model/env.ts";

/** Something that happens once, so long after a moment; how long may change while it is waited for. */
export class Alarm {
  readonly #env: Env;
  readonly #sinceMs: number;
  readonly #action: () => void;
  #timer: Timer | undefined;

  constructor(env: Env, sinceMs: number, action: () => void) {
    this.#env = env;
    this.#sinceMs = sinceMs;
    this.#action = action;
  }

  /** `undefined`: never. */
  set(afterMs: number | undefined): void {
    this.#timer?.cancel();
    this.#timer = afterMs === undefined ? undefined : this.#env.after(Math.max(0, this.#sinceMs + afterMs - this.#env.nowMs()), this.#action);
  }
}
