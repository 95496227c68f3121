import { describe, expect, test } from "vitest";
import { fitBend, fitGrowth, studentQuantile } from "../../src/hypotheses/retry/growth.ts";
import { keyedRandom } from "../../src/math/random.ts";

/** Rows of pauses with ±share jitter. */
function rows(count: number, pauses: readonly number[], share: number, seed = "rows"): readonly (readonly number[])[] {
  const random = keyedRandom(seed);
  return Array.from({ length: count }, () => pauses.map((ms) => ms * (1 + share * (2 * random() - 1))));
}

describe("the growth of pauses", () => {
  test("is the factor from one to the next", () => {
    expect(fitGrowth([[100, 200, 400], [100, 200, 400], [100, 200, 400]])?.slope).toBeCloseTo(Math.log(2), 6);
    expect(fitGrowth([[50, 50], [70, 70]])?.slope).toBeCloseTo(0, 6);
  });

  test("needs 18 sequences of two pauses under ±50 % jitter, and 5 of three", () => {
    expect(fitGrowth(rows(4000, [100, 200], 0.5))?.needed).toBeGreaterThanOrEqual(17);
    expect(fitGrowth(rows(4000, [100, 200], 0.5))?.needed).toBeLessThanOrEqual(19);
    expect(fitGrowth(rows(4000, [100, 200, 400], 0.5))?.needed).toBe(5);
  });

  test("needs about 181 sequences of two pauses under full jitter", () => {
    const needed = fitGrowth(rows(20_000, [100, 200], 1).map((row) => row.map((ms) => ms / 2)))?.needed ?? 0;
    expect(needed).toBeGreaterThan(165);
    expect(needed).toBeLessThan(195);
  });

  test("is covered by its interval as often as that says", () => {
    let covered = 0;
    for (let i = 0; i < 500; i += 1) {
      const { lo, hi } = fitGrowth(rows(20, [100, 200], 0.5, `cover-${i}`))?.interval(0.95) ?? { lo: 0, hi: 0 };
      if (lo <= Math.log(2) && Math.log(2) <= hi) covered += 1;
    }
    expect(covered / 500).toBeGreaterThan(0.86);
    expect(covered / 500).toBeLessThan(0.94);
  });

  test("bends for equal steps, and not for a factor", () => {
    expect(fitBend(rows(30, [100, 200, 300], 0.1))?.interval(0.99).hi).toBeLessThan(Math.log(3 / 4) / 2);
    expect(fitBend(rows(30, [100, 200, 400], 0.1))?.interval(0.99).lo).toBeGreaterThan(Math.log(3 / 4) / 2);
    expect(fitBend(rows(30, [100, 200], 0.1))).toBeUndefined();
  });
});

test("Student's quantile agrees with the table: 2.764 for 99 % and 10 degrees of freedom", () => {
  expect(studentQuantile(0.99, 10)).toBeCloseTo(2.764, 1);
  expect(studentQuantile(0.99, 1000)).toBeCloseTo(2.33, 2);
});
