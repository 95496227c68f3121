import { describe, expect, test } from "vitest";
import { quantile, quantileInterval, samplesForQuantile } from "../../src/math/quantile.ts";
import { keyedRandom } from "../../src/math/random.ts";

const upTo = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i + 1);

test("a quantile is a value that occurred, by nearest rank", () => {
  expect(quantile(upTo(20), 0.95)).toBe(19);
  expect(quantile(upTo(100), 0.99)).toBe(99);
  expect(quantile(upTo(3), 0.5)).toBe(2);
  expect(quantile(upTo(4), 0)).toBe(1);
  expect(quantile(upTo(4), 1)).toBe(4);
  expect(quantile([7], 0.95)).toBe(7);
  expect(quantile(Float64Array.of(1, 2), 0.5)).toBe(1);
});

test("a quantile of nothing is no number", () => {
  expect(quantile([], 0.5)).toBeNaN();
});

test("samples that an upper bound needs are those of the table", () => {
  expect([0.5, 0.9, 0.95, 0.99, 0.999].map((q) => [samplesForQuantile(q, 0.95), samplesForQuantile(q, 0.99)]))
    .toEqual([[5, 7], [29, 44], [59, 90], [299, 459], [2995, 4603]]);
});

describe("bounds by order statistics", () => {
  test("90 samples bound p95 from above at 99 %, by the largest; 89 do not", () => {
    expect(quantileInterval(upTo(90), 0.95, 0.99).hi).toBe(90);
    expect(quantileInterval(upTo(89), 0.95, 0.99).hi).toBeUndefined();
  });

  test("the median of 10 at two-sided 97.9 % lies between the 2nd and the 9th (Conover's table)", () => {
    expect(quantileInterval(upTo(10), 0.5, 0.989)).toEqual({ lo: 2, hi: 9 });
    expect(quantileInterval(upTo(10), 0.5, 0.99)).toEqual({ lo: 1, hi: 10 });
  });

  test("nothing bounds nothing", () => {
    expect(quantileInterval([], 0.95, 0.99)).toEqual({});
  });

  test("hold the true quantile at least as often as they say, whatever the distribution", () => {
    const random = keyedRandom("coverage");
    const rounds = 2000;
    let [above, below] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const values = Float64Array.from({ length: 120 }, () => -Math.log(1 - random())).sort();
      const { lo, hi } = quantileInterval(values, 0.9, 0.95);
      const truth = -Math.log(0.1);
      if (lo !== undefined && lo > truth) below += 1;
      if (hi !== undefined && hi < truth) above += 1;
    }
    expect(below / rounds).toBeLessThan(0.06);
    expect(above / rounds).toBeLessThan(0.06);
    // And they are not so wide that they would say nothing.
    expect(below + above).toBeGreaterThan(0.03 * rounds);
  });
});
