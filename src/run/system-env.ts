import type { Env, Timer } from "../model/env.ts";

/** Longest delay that Node's timers take; longer ones are cut into parts. */
const longestTimerMs = 2 ** 31 - 1;

/** The real clock and timers; `nowMs` counts from this call. */
export function createSystemEnv(): Env {
  const startMs = performance.now();
  const nowMs = (): number => performance.now() - startMs;
  return { nowMs, after: (delayMs, action) => startTimer(nowMs, nowMs() + delayMs, action) };
}

/**
 * Node's timers count whole ms of a cached clock, so they may fire up to a millisecond early.
 * A timer that fires early is armed again; it is late by less than a millisecond then.
 */
function startTimer(nowMs: () => number, dueMs: number, action: () => void): Timer {
  let timeout: NodeJS.Timeout;
  const arm = (): void => {
    timeout = setTimeout(() => (nowMs() < dueMs ? arm() : action()), Math.min(Math.max(1, dueMs - nowMs()), longestTimerMs));
  };
  arm();
  return { cancel: () => clearTimeout(timeout) };
}
