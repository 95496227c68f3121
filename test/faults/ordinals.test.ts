import { describe, expect, test } from "vitest";
import { passesOrdinals, rateAt } from "../../src/faults/ordinals.ts";

const passing = (ordinals: Partial<Parameters<typeof passesOrdinals>[0]>, upTo = 12): readonly number[] =>
  Array.from({ length: upTo }, (_, i) => i + 1).filter((n) => passesOrdinals({ after: 0, every: 1, ...ordinals }, n, 1));

describe("ordinals", () => {
  test("pass everything when nothing is said", () => {
    expect(passing({}, 4)).toEqual([1, 2, 3, 4]);
  });

  test("after: a passes n > a", () => {
    expect(passing({ after: 10 })).toEqual([11, 12]);
  });

  test("every: k passes n − a = k, 2k, …", () => {
    expect(passing({ every: 3 })).toEqual([3, 6, 9, 12]);
    expect(passing({ every: 3, after: 2 })).toEqual([5, 8, 11]);
  });

  test("first: f passes the first f of those", () => {
    expect(passing({ first: 2 })).toEqual([1, 2]);
    expect(passing({ first: 2, every: 3, after: 2 })).toEqual([5, 8]);
  });

  test("attempt names calls of a request", () => {
    const attempts = [1, 2, 3, 4].filter((k) => passesOrdinals({ after: 0, every: 1, attempt: { min: 2, max: 3 } }, 9, k));
    expect(attempts).toEqual([2, 3]);
  });
});

describe("the rate", () => {
  test("is what it is without a ramp", () => {
    expect(rateAt({ rateShare: 0.3 }, 5000)).toBe(0.3);
  });

  test("moves in a straight line, up or down, and stays at its end", () => {
    const up = { rateShare: 1, ramp: { fromShare: 0, toShare: 0.8, overMs: 1000 } };
    expect([0, 250, 1000, 9000].map((t) => rateAt(up, t))).toEqual([0, 0.2, 0.8, 0.8]);
    const down = { rateShare: 1, ramp: { fromShare: 1, toShare: 0.5, overMs: 1000 } };
    expect([0, 500, 2000].map((t) => rateAt(down, t))).toEqual([1, 0.75, 0.5]);
  });
});
