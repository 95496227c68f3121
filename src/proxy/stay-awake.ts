import { performance } from "node:perf_hooks";

/** A wait shorter than this, ms, is spent turning the loop: to be put to sleep and woken again costs more than passing bytes on. */
const shortMs = 0.1;
/** So many more short waits than long ones are remembered, and the other way round. */
const memory = 4;

/** Where more than so many come at once the loop does not sleep anyway, and to turn it would only take time from them and from the services. */
const mostAtOnce = 2;
/** Then so many that come are let go by before it is tried again. */
const letGoBy = 256;

/** What is waited for: an answer of upstream, or what a client sends next. */
type Wait = "upstream" | "client";

/** The clock, ms, and what calls back after the loop has looked for events once more. */
export interface Turning {
  nowMs(): number;
  soon(action: () => void): void;
}

/** Decides when a loop that has passed something on is kept turning. */
export class Vigil {
  readonly #turning: Turning;
  readonly #paid: Record<Wait, number> = { upstream: 0, client: 0 };
  #lastMs = Number.NEGATIVE_INFINITY;
  #waitsFor: Wait = "client";
  #untilMs = 0;
  #isTurning = false;
  /** Since the loop was turned last. */
  #came = 0;
  /** How many are to be let go by. */
  #crowd = 0;

  constructor(turning: Turning) {
    this.#turning = turning;
  }

  /** Something came and has been passed on; now this is waited for. */
  passed(wait: Wait): void {
    if (this.#crowd > 0) {
      this.#crowd -= 1;
      return;
    }
    this.#came += 1;
    const nowMs = this.#turning.nowMs();
    const step = nowMs - this.#lastMs < shortMs ? 1 : -1;
    this.#paid[this.#waitsFor] = Math.max(-memory, Math.min(memory, this.#paid[this.#waitsFor] + step));
    this.#lastMs = nowMs;
    this.#waitsFor = wait;
    if (this.#paid[wait] <= 0) return;
    this.#untilMs = nowMs + shortMs;
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#came = 0;
    this.#turning.soon(this.#turn);
  }

  readonly #turn = (): void => {
    if (this.#came > mostAtOnce) this.#crowd = letGoBy;
    this.#isTurning = this.#crowd === 0 && this.#turning.nowMs() < this.#untilMs;
    this.#came = 0;
    if (this.#isTurning) this.#turning.soon(this.#turn);
  };
}

const ours = new Vigil({ nowMs: () => performance.now(), soon: setImmediate });

/**
 * To be told by a lane when it has passed on what came. Where waits for this side have been short of late, this thread's loop is kept turning for as long as a
 * short one takes; where they have not, it sleeps: what is waited for takes its time, and a processor awake would be one taken from the services.
 */
export function stayAwakeFor(wait: Wait): void {
  ours.passed(wait);
}
