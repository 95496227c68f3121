import type { Env, Timer } from "../model/env.ts";

/** Longest delay that Node's timers take; longer ones are cut into parts. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * The real clock and timers, counted from a moment of `process.hrtime.bigint()`: threads that are given the same moment have one clock.
 * `performance.now()` would not do: it counts from the start of its thread.
 */
export function createEnvFrom(startNs: bigint): Env {
  const nowMs = (): number => Number(process.hrtime.bigint() - startNs) / 1e6;
  return { nowMs, after: (delayMs, action) => startTimer(nowMs, nowMs() + delayMs, action) };
}

/** Less than this is waited for by turning the loop: a timer of Node's would come up to a millisecond later. */
const turnedMs = 0.3;

/**
 * Node's timers count whole ms of a cached clock, so they may fire up to a millisecond early. One that does is armed again,
 * and would be late by what its first was early short of a millisecond; the last stretch is turned instead, which lets I/O pass.
 */
function startTimer(nowMs: () => number, dueMs: number, action: () => void): Timer {
  let timeout: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  const arm = (): void => {
    const leftMs = dueMs - nowMs();
    if (leftMs <= 0) action();
    else if (leftMs < turnedMs) turn = setImmediate(arm);
    else timeout = setTimeout(arm, Math.min(Math.max(1, leftMs), longestTimerMs));
  };
  // Never at once: who asks for no delay is called back later all the same.
  timeout = setTimeout(arm, Math.min(Math.max(1, dueMs - nowMs()), longestTimerMs));
  return {
    cancel: () => {
      clearTimeout(timeout);
      clearImmediate(turn);
    },
  };
}
