import { describe, expect, test } from "vitest";
import { binomialCdf, clopperPearson, samplesForShare, wilson } from "../../src/math/proportion.ts";

/** Summed term by term: slow and plain. */
function summedCdf(k: number, n: number, p: number): number {
  let sum = 0;
  for (let i = 0; i <= k; i += 1) {
    let term = 1;
    for (let j = 1; j <= i; j += 1) term *= ((n - i + j) / j) * p;
    sum += term * (1 - p) ** (n - i);
  }
  return sum;
}

describe("the binomial distribution", () => {
  test("agrees with the sum of its terms to ten digits", () => {
    for (const n of [1, 2, 7, 20, 60]) {
      for (const p of [0.001, 0.1, 0.5, 0.77, 0.99]) {
        for (let k = 0; k <= n; k += 1) expect(binomialCdf(k, n, p)).toBeCloseTo(summedCdf(k, n, p), 11);
      }
    }
  });

  test("is 0 below the first and 1 from the last possible count on", () => {
    expect(binomialCdf(-1, 10, 0.3)).toBe(0);
    expect(binomialCdf(10, 10, 0.3)).toBe(1);
    expect(binomialCdf(3, 10, 0)).toBe(1);
    expect(binomialCdf(3, 10, 1)).toBe(0);
  });

  test("is symmetric for a million tries", () => {
    const n = 1_000_000;
    for (const k of [499_000, 499_999]) expect(binomialCdf(k, n, 0.5) + binomialCdf(n - k - 1, n, 0.5)).toBeCloseTo(1, 11);
    // De Moivre's limit, whose error here is below a thousandth.
    expect(binomialCdf(500_500, n, 0.5)).toBeCloseTo(0.8413, 2);
  });
});

describe("exact bounds of a share", () => {
  test("are those of the published tables (two-sided 95 % is 97.5 % at each end)", () => {
    expect(clopperPearson(3, 10, 0.975).lo).toBeCloseTo(0.066739511, 9);
    expect(clopperPearson(3, 10, 0.975).hi).toBeCloseTo(0.65245285, 9);
    expect(clopperPearson(0, 10, 0.975)).toEqual({ lo: 0, hi: expect.closeTo(0.308497107818769, 12) });
    expect(clopperPearson(10, 10, 0.975)).toEqual({ lo: expect.closeTo(0.691502892181231, 12), hi: 1 });
  });

  test("are where the binomial distribution leaves exactly alpha, to nine digits, up to a million tries", () => {
    for (const [k, n] of [[1, 2], [5, 459], [37, 100], [999, 1000], [1, 1_000_000], [123_456, 1_000_000], [999_990, 1_000_000]] as const) {
      for (const confidence of [0.9, 0.99, 0.9999]) {
        const { lo, hi } = clopperPearson(k, n, confidence);
        expect(1 - binomialCdf(k - 1, n, lo)).toBeCloseTo(1 - confidence, 9);
        expect(binomialCdf(k, n, hi)).toBeCloseTo(1 - confidence, 9);
        expect(lo).toBeLessThan(k / n);
        expect(hi).toBeGreaterThan(k / n);
      }
    }
  });

  test("one failure or one success in a million has the bounds of the closed form", () => {
    expect(clopperPearson(0, 1_000_000, 0.99).hi / -Math.expm1(Math.log(0.01) / 1e6)).toBeCloseTo(1, 9);
    expect(clopperPearson(1, 1_000_000, 0.99).lo / -Math.expm1(Math.log(0.99) / 1e6)).toBeCloseTo(1, 9);
  });

  test("say nothing of nothing", () => {
    expect(clopperPearson(0, 0, 0.99)).toEqual({ lo: 0, hi: 1 });
    expect(wilson(0, 0, 0.99)).toEqual({ lo: 0, hi: 1 });
  });

  test("459 of 459 show 99 % at 99 %, 458 of 458 do not", () => {
    expect(clopperPearson(459, 459, 0.99).lo).toBeGreaterThanOrEqual(0.99);
    expect(clopperPearson(458, 458, 0.99).lo).toBeLessThan(0.99);
  });
});

test("Wilson's bounds are those of the published example and stay inside 0..1", () => {
  expect(wilson(3, 10, 0.975).lo).toBeCloseTo(0.1077913, 6);
  expect(wilson(3, 10, 0.975).hi).toBeCloseTo(0.6032219, 6);
  expect(wilson(50, 50, 0.999).hi).toBe(1);
  expect(wilson(0, 50, 0.999).lo).toBe(0);
});

describe("samples that a share needs", () => {
  test.each([
    [0.9, [29, 44, 66]],
    [0.95, [59, 90, 135]],
    [0.98, [149, 228, 342]],
    [0.99, [299, 459, 688]],
    [0.999, [2995, 4603, 6905]],
  ] as const)("without a failure, for %f at 95, 99 and 99.9 %%: %j", (share, counts) => {
    expect([0.95, 0.99, 0.999].map((confidence) => samplesForShare(share, confidence))).toEqual(counts);
  });

  test("with failures", () => {
    expect([1, 2, 5].map((k) => samplesForShare(0.99, 0.99, k))).toEqual([662, 838, 1307]);
    expect([1, 2, 5].map((k) => samplesForShare(0.95, 0.99, k))).toEqual([130, 165, 259]);
  });

  test("are without end for a share of 100 %, and one for a share of 0 %", () => {
    expect(samplesForShare(1, 0.99)).toBe(Number.POSITIVE_INFINITY);
    expect(samplesForShare(0, 0.99)).toBe(1);
  });
});
