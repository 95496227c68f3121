import { describe, expect, test } from "vitest";
import type { EdgeBaseline } from "../../src/evidence/edge-baseline.ts";
import { areTooMany, findZeroRun, zeroRunNeeded } from "../../src/evidence/zero-runs.ts";

const baseline = (part: Partial<EdgeBaseline>): EdgeBaseline => ({ requests: 1000, disturbed: 0, answerP50Ms: 8, answerP99Ms: 20, missShare: 0, missShareAtMost: 0.01, longestMiss: 0, callsPerRequest: 1, calls: 1000, failedShare: 0, callP99Ms: 10, answerSpreadMs: 2, ...part });

/** Whether each request caused a call: 1, 0, or not known. */
const row = (...marks: readonly (0 | 1 | undefined)[]) => marks;

describe("a row of requests without a call", () => {
  test("is found by its first, whatever is not known in between", () => {
    expect(findZeroRun(row(1, 0, 1, 0, undefined, 0, 0, 1), 3)).toBe(3);
    expect(findZeroRun(row(1, 0, 0, 1, 0, 0), 3)).toBe(-1);
    expect(findZeroRun(row(0, 0, 0, 1, 0, 0, 0), 3, 1)).toBe(4);
  });

  test("must be longer where requests miss anyhow: 4, 5, 7, 9 for 1, 5, 10, 20 %", () => {
    expect([0.01, 0.05, 0.1, 0.2].map((missShareAtMost) => zeroRunNeeded(baseline({ missShareAtMost })))).toEqual([4, 5, 7, 9]);
  });

  test("must be longer than any before the fault", () => {
    expect(zeroRunNeeded(baseline({ longestMiss: 6 }))).toBe(8);
  });

  test("need not stand together to be too many", () => {
    expect(areTooMany(12, 100, baseline({}))).toBe(true);
    expect(areTooMany(3, 100, baseline({}))).toBe(false);
    expect(areTooMany(0, 100, baseline({}))).toBe(false);
  });
});
