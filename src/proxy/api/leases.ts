import type { Env, Timer } from "../../model/env.ts";

interface Lease {
  readonly endsMs: number;
  readonly timer: Timer;
  isOver: boolean;
}

/** What ends by itself unless it is renewed: a controller that dies leaves nothing behind. */
export class Leases {
  readonly #env: Env;
  readonly #leases = new Map<string, Lease>();

  constructor(env: Env) {
    this.#env = env;
  }

  /** Begins, or renews. `ended` is called when it is over; it stays, over, until it is dropped or renewed. */
  set(key: string, lengthMs: number, ended: () => void): void {
    this.drop(key);
    const timer = this.#env.after(lengthMs, () => {
      lease.isOver = true;
      ended();
    });
    const lease: Lease = { endsMs: this.#env.nowMs() + lengthMs, timer, isOver: false };
    this.#leases.set(key, lease);
  }

  /** Whole ms that are left, 0 when it is over; absent where there is none. */
  leftMs(key: string): number | undefined {
    const lease = this.#leases.get(key);
    return lease === undefined ? undefined : Math.max(0, Math.ceil(lease.endsMs - this.#env.nowMs()));
  }

  /** Whether there is one and its time has run out: what has been renewed or dropped since is not. */
  isOver(key: string): boolean {
    return this.#leases.get(key)?.isOver ?? false;
  }

  drop(key: string): void {
    this.#leases.get(key)?.timer.cancel();
    this.#leases.delete(key);
  }

  /** Nothing ends any more. */
  close(): void {
    for (const { timer } of this.#leases.values()) timer.cancel();
    this.#leases.clear();
  }
}
