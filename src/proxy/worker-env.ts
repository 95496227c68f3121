import { performance } from "node:perf_hooks";
import type { Env, Timer } from "../model/env.ts";

/** Longest delay that Node's timers take; longer ones are cut into parts. */
const longestTimerMs = 2 ** 31 - 1;

/** The real clock and timers, counted from a moment of `process.hrtime.bigint()`: threads that are given the same moment have one clock, to a microsecond. */
export function createEnvFrom(startNs: bigint, { precise = false } = {}): Env {
  // It counts from the start of its thread, and is asked several times a call: big integers would cost a twentieth of all that a call does.
  const behindMs = measureBehindMs(startNs);
  const nowMs = (): number => performance.now() + behindMs;
  const turnedMs = precise ? preciselyTurnedMs : usuallyTurnedMs;
  return { nowMs, after: (delayMs, action) => startTimer(nowMs, nowMs() + delayMs, turnedMs, action) };
}

/** Two clocks that are read so near to each other are read as one, in ms. */
const asOneMs = 0.005;

/** By how much `performance.now()` is behind what has passed since a moment, in ms. A thread that is stopped between the two readings would be late for good: the nearest pair counts. */
function measureBehindMs(startNs: bigint): number {
  let [behindMs, nearestMs] = [0, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 100 && nearestMs > asOneMs; i += 1) {
    const beforeMs = performance.now();
    const sinceMs = Number(process.hrtime.bigint() - startNs) / 1e6;
    const apartMs = performance.now() - beforeMs;
    if (apartMs < nearestMs) [behindMs, nearestMs] = [sinceMs - beforeMs - apartMs / 2, apartMs];
  }
  return behindMs;
}

/** Less than this is waited for by turning the loop: a timer of Node's would come up to a millisecond later. */
const usuallyTurnedMs = 0.3;
/** Where precision is worth a core: timers of Node's are used for what they are never late for. */
const preciselyTurnedMs = 2;

/**
 * Node's timers count whole ms of a cached clock, so they may fire up to a millisecond early. One that does is armed again,
 * and would be late by what its first was early short of a millisecond; the last stretch is turned instead, which lets I/O pass.
 */
function startTimer(nowMs: () => number, dueMs: number, turnedMs: number, action: () => void): Timer {
  let timeout: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;
  // Of a stretch that is turned for long, no part is left to a timer.
  const sleep = (leftMs: number): void => {
    timeout = setTimeout(arm, Math.min(Math.max(1, turnedMs > 1 ? leftMs - turnedMs : leftMs), longestTimerMs));
  };
  const arm = (): void => {
    const leftMs = dueMs - nowMs();
    if (leftMs <= 0) action();
    else if (leftMs < turnedMs) turn = setImmediate(arm);
    else sleep(leftMs);
  };
  // Never at once: who asks for no delay is called back later all the same, when the loop has looked for events; timers that are armed by timers may come before it.
  if (dueMs <= nowMs()) turn = setImmediate(arm);
  else sleep(dueMs - nowMs());
  return {
    cancel: () => {
      clearTimeout(timeout);
      clearImmediate(turn);
    },
  };
}
