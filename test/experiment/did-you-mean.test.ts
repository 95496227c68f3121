import { describe, expect, test } from "vitest";
import { closest, editDistance, suggest, suggestAmong } from "../../src/experiment/did-you-mean.ts";

describe("the distance of two words", () => {
  test.each([["", "abc", 3], ["kitten", "sitting", 3], ["delay", "dealy", 1], ["same", "same", 0], ["ca", "abc", 3]])("%j and %j are %i apart", (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe("a suggestion", () => {
  const known = ["latency", "slow-body", "error", "reset", "rate-limit"];
  test.each([["latncy", "latency"], ["LATENCY", "latency"], ["slowBody", "slow-body"], ["rate_limit", "rate-limit"], ["eror", "error"]])("for %s is %s", (word, meant) => {
    expect(closest(word, known)).toBe(meant);
  });

  test("is not made up for a word far from all", () => {
    expect(closest("telepathy", known)).toBeUndefined();
    expect(closest("x", ["a", "b"])).toBeUndefined();
    expect(suggest("telepathy", ["a", "b"])).toBe("known: a, b");
    expect(suggest("x", [])).toBe("there is none");
  });

  test("among few shows all, and puts the meaning of another tool's word first", () => {
    expect(suggestAmong("abort", ["error", "reset"], "error")).toBe('did you mean "error"? known: error, reset');
    expect(suggestAmong("abort", ["reset"], "error")).toBe("known: reset");
  });
});
