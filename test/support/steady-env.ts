import type { Env } from "../../src/model/env.ts";
import { createSystemEnv } from "../../src/run/system-env.ts";

/** The clock is looked at so often, ms. */
const beatMs = 5;
/** However long this process had no turn, so much of that counts, ms. */
const mostMs = 8;

const system = createSystemEnv();
let seenMs = system.nowMs();
let lostMs = 0;

function nowMs(): number {
  const atMs = system.nowMs();
  lostMs += Math.max(0, atMs - seenMs - mostMs);
  seenMs = atMs;
  return atMs - lostMs;
}

/**
 * The real clock and timers, but that they stand still while this process does. All sides of a connection that live in one process stand still
 * together: when it goes on, what has come meanwhile is read before time is up for it, as it would have been.
 */
export function createSteadyEnv(): Env {
  return {
    nowMs,
    after: (delayMs, action) => {
      const dueMs = nowMs() + delayMs;
      const arm = (): void => {
        const leftMs = dueMs - nowMs();
        if (leftMs <= 0) action();
        else timer = system.after(leftMs, arm);
      };
      let timer = system.after(delayMs, arm);
      return { cancel: () => timer.cancel() };
    },
  };
}

setInterval(nowMs, beatMs).unref();
