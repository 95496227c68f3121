import { describe, expect, test } from "vitest";
import { Vigil } from "../../src/proxy/stay-awake.ts";

/** A vigil on a clock of ours. */
function start() {
  let nowMs = 0;
  const waiting: (() => void)[] = [];
  const vigil = new Vigil({ nowMs: () => nowMs, soon: (action) => void waiting.push(action) });
  /** How often the loop is turned in so long, once each 10 µs, as far as it is kept turning. */
  const pass = (ms: number): number => {
    let turns = 0;
    const endMs = nowMs + ms;
    for (; nowMs < endMs - 1e-9; nowMs += 0.01) {
      for (const action of waiting.splice(0)) {
        turns += 1;
        action();
      }
    }
    nowMs = endMs;
    return turns;
  };
  /** Calls one after the other: upstream answers after so long, and the client asks again after so long. */
  const calls = (count: number, answerMs: number, pauseMs: number): { readonly forAnswers: number; readonly forRequests: number } => {
    const turns = { forAnswers: 0, forRequests: 0 };
    for (let i = 0; i < count; i += 1) {
      vigil.passed("upstream");
      turns.forAnswers += pass(answerMs);
      vigil.passed("client");
      turns.forRequests += pass(pauseMs);
    }
    return turns;
  };
  /** So many that come at once, one turn of the loop after the other. */
  const crowds = (count: number, atOnce: number): number => {
    let turns = 0;
    for (let i = 0; i < count; i += 1) {
      for (let n = 0; n < atOnce; n += 1) vigil.passed("upstream");
      turns += pass(0.01);
    }
    return turns;
  };
  return { calls, crowds };
}

describe("a loop that has passed something on", () => {
  test("is kept turning while answers and requests come soon", () => {
    const { calls } = start();
    calls(4, 0.05, 0.05);
    const { forAnswers, forRequests } = calls(10, 0.05, 0.05);
    expect(forAnswers).toBeGreaterThanOrEqual(40);
    expect(forRequests).toBeGreaterThanOrEqual(40);
  });

  test("sleeps where what is waited for takes its time, on that side only", () => {
    const { calls } = start();
    calls(4, 0.05, 5);
    const { forAnswers, forRequests } = calls(10, 0.05, 5);
    expect(forAnswers).toBeGreaterThanOrEqual(40);
    // What was begun for an answer runs out.
    expect(forRequests).toBeLessThanOrEqual(10 * 10);
    expect(start().calls(100, 20, 20)).toEqual({ forAnswers: 0, forRequests: 0 });
  });

  test("is turned for a tenth of a millisecond at most behind the last of it", () => {
    const { calls } = start();
    calls(10, 0.05, 0.05);
    expect(calls(1, 0.05, 1000).forRequests).toBeLessThanOrEqual(11);
  });

  test("falls asleep again when waits grow long", () => {
    const { calls } = start();
    calls(10, 0.05, 0.05);
    calls(10, 20, 20);
    expect(calls(10, 20, 20)).toEqual({ forAnswers: 0, forRequests: 0 });
  });

  test("is left alone while much comes at once, and tried again", () => {
    const { crowds, calls } = start();
    calls(10, 0.05, 0.05);
    expect(crowds(1000, 8)).toBeLessThanOrEqual(1000 * 8 / 200);
    calls(140, 0.05, 0.05);
    expect(calls(10, 0.05, 0.05).forAnswers).toBeGreaterThanOrEqual(40);
  });

  test("is kept turning for two callers at once", () => {
    const { crowds, calls } = start();
    calls(10, 0.05, 0.05);
    expect(crowds(100, 2)).toBeGreaterThanOrEqual(90);
  });
});
