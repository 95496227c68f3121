import type { Env, Timer } from "../../model/env.ts";

/** How a connection is silent: how much of the client's bytes is still taken, and when it ends. */
export class Mute {
  private readonly env: Env;
  private leftBytes = Number.POSITIVE_INFINITY;
  private closing: Timer | undefined;

  constructor(env: Env) {
    this.env = env;
  }

  /** No more than so many bytes are taken from now on. */
  takesOnly(bytes: number): void {
    this.leftBytes = Math.min(this.leftBytes, bytes);
  }

  /** Counts bytes that were taken; false: no more are. */
  takes(bytes: number): boolean {
    this.leftBytes -= bytes;
    return this.leftBytes > 0;
  }

  closeAfter(ms: number, close: () => void): void {
    this.closing ??= this.env.after(ms, close);
  }

  end(): void {
    this.closing?.cancel();
  }
}
