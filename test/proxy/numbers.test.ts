import { expect, test } from "vitest";
import { Numbers } from "../../src/proxy/numbers.ts";

test("numbers count from 1, and those that share a run never give the same", () => {
  const alone = new Numbers();
  expect([alone.next(), alone.next(), alone.next()]).toEqual([1, 2, 3]);
  const shares = [0, 1, 2].map((index) => new Numbers({ index, of: 3 }));
  expect(shares.map((numbers) => [numbers.next(), numbers.next(), numbers.next()])).toEqual([[1, 4, 7], [2, 5, 8], [3, 6, 9]]);
});
