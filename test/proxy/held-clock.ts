import type { Env, Timer } from "../../src/model/env.ts";

/** An Env whose time stands still until it is advanced; timers fire in the order of their due times. */
export class HeldClock implements Env {
  #nowMs = 0;
  #timers: { readonly dueMs: number; readonly action: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), action };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.length;
  }

  /** Lets `byMs` pass; each timer fires late by `lateMs`. */
  advance(byMs: number, lateMs = 0): void {
    const endMs = this.#nowMs + byMs;
    for (let next = this.#next(); next !== undefined && next.dueMs + lateMs <= endMs; next = this.#next()) {
      this.#timers.splice(this.#timers.indexOf(next), 1);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs + lateMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  #next(): { readonly dueMs: number; readonly action: () => void } | undefined {
    return this.#timers.reduce<{ readonly dueMs: number; readonly action: () => void } | undefined>((first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first), undefined);
  }
}
