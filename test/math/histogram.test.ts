import { expect, test } from "vitest";
import { Histogram } from "../../src/math/histogram.ts";
import { quantile } from "../../src/math/quantile.ts";
import { keyedRandom } from "../../src/math/random.ts";

const filled = (values: readonly number[]): Histogram => {
  const histogram = new Histogram();
  for (const value of values) histogram.add(value);
  return histogram;
};

test("quantiles are within 0.5 % of the exact ones over nine orders of magnitude", () => {
  const random = keyedRandom("histogram");
  const values = Array.from({ length: 5000 }, () => 10 ** (random() * 9 - 3));
  const histogram = filled(values);
  const sorted = [...values].sort((a, b) => a - b);
  for (const q of [0, 0.01, 0.5, 0.9, 0.95, 0.999, 1]) expect(Math.abs(histogram.quantile(q) / quantile(sorted, q) - 1)).toBeLessThan(0.0051);
});

test("the smallest and the largest value are exact", () => {
  const histogram = filled([3.3, 250, 17]);
  expect([histogram.quantile(0), histogram.quantile(1)]).toEqual([3.3, 250]);
});

test("zeros, unfinished values (Infinity) and negatives have their places at the ends", () => {
  const histogram = filled([0, 0, 0, 5, Number.POSITIVE_INFINITY]);
  expect([histogram.quantile(0.5), histogram.quantile(0.8), histogram.quantile(1)]).toEqual([0, expect.closeTo(5, 1), Number.POSITIVE_INFINITY]);
  expect(filled([-3]).quantile(0.5)).toBe(0);
});

test("an empty one has no quantile", () => {
  expect(new Histogram().quantile(0.5)).toBeNaN();
});

test("merging is the same as adding everything to one", () => {
  const [a, b, both] = [filled([1, 2, 3]), filled([100, 200]), filled([1, 2, 3, 100, 200])];
  a.merge(b);
  expect(a.count).toBe(5);
  for (const q of [0, 0.2, 0.5, 0.8, 1]) expect(a.quantile(q)).toBe(both.quantile(q));
});
