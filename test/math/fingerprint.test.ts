import { expect, test } from "vitest";
import { fingerprint } from "../../src/math/fingerprint.ts";

test("is the same for the same texts, and a whole number below 2⁵³", () => {
  expect(fingerprint("a", "GET", "/x")).toBe(fingerprint("a", "GET", "/x"));
  for (const texts of [[], [""], ["a"], ["é", "/charges"]]) expect(Number.isSafeInteger(fingerprint(...texts))).toBe(true);
});

test("tells lists apart by every text and by where each ends", () => {
  const lists = [["a", "b", "c"], ["ab", "c"], ["a", "bc"], ["abc"], ["a", "b", "", "c"], ["c", "b", "a"], ["", "abc"], ["abc", ""]];
  expect(new Set(lists.map((texts) => fingerprint(...texts))).size).toBe(lists.length);
});

test("gives a hundred thousand calls of requests as many numbers", () => {
  const all = Array.from({ length: 100_000 }, (_, i) => fingerprint(`00000000${(i % 1000).toString(16)}`, i % 2 === 0 ? "GET" : "POST", `/items/${Math.floor(i / 1000)}`));
  expect(new Set(all).size).toBe(all.length);
});
