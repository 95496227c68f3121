import { expect, test } from "vitest";
import { disturbedMsWithin, disturbedTime } from "../../src/evidence/disturbed-time.ts";

const disturbances = [{ startMs: 500, endMs: 600, what: "" }, { startMs: 100, endMs: 200, what: "" }, { startMs: 150, endMs: 250, what: "" }];

test.each([[0, 50, 0], [0, 120, 20], [160, 180, 20], [0, 1000, 250], [240, 510, 20], [250, 500, 0], [550, 5000, 50], [700, 800, 0], [600, 500, 0]])("the machine was disturbed, from %s to %s, for %s ms", (fromMs, toMs, expected) => {
  expect(disturbedTime(disturbances)(fromMs, toMs)).toBe(expected);
});

test("what overlaps is counted twice where each stretch is looked at by itself", () => {
  expect(disturbedMsWithin(disturbances, 0, 1000)).toBe(300);
  expect(disturbedTime([])(0, 1000)).toBe(0);
});
