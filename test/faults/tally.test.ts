import { expect, test } from "vitest";
import { Tally } from "../../src/faults/tally.ts";

test("counts each key for itself, from 1", () => {
  const tally = new Tally();
  expect([tally.next("a"), tally.next("a"), tally.next("b"), tally.next(7), tally.next("7")]).toEqual([1, 2, 1, 1, 1]);
  expect(tally.get("never")).toBe(0);
});

test("forgets what was not seen for longest, and only that", () => {
  const tally = new Tally(10);
  tally.next("old");
  for (let i = 0; i < 100; i += 1) {
    tally.next("kept");
    tally.next(i);
  }
  expect(tally.get("kept")).toBe(100);
  expect(tally.get("old")).toBe(0);
  expect([96, 97, 98, 99].map((i) => tally.get(i))).toEqual([1, 1, 1, 1]);
});
