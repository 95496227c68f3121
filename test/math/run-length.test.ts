import { expect, test } from "vitest";
import { zerosNeeded } from "../../src/math/run-length.ts";

test.each([
  [0.2, [5, 6, 9]],
  [0.1, [4, 5, 7]],
  [0.05, [3, 4, 5]],
  [0.01, [2, 3, 4]],
] as const)("where %f of requests cause no call anyhow, 1e-3, 1e-4 and 1e-6 need %j in a row", (missShare, lengths) => {
  expect([1e-3, 1e-4, 1e-6].map((alpha) => zerosNeeded(missShare, alpha, 0.02))).toEqual(lengths);
});

test("one is needed where every request causes a call, and none are enough where calls are as rare as when suppressed", () => {
  expect(zerosNeeded(0, 1e-6, 0.02)).toBe(1);
  expect(zerosNeeded(0.98, 1e-4, 0.02)).toBe(Number.POSITIVE_INFINITY);
  expect(zerosNeeded(1, 1e-4, 0.02)).toBe(Number.POSITIVE_INFINITY);
});
