import { describe, expect, test } from "vitest";
import { z } from "zod";
import { atMost, bound, duration, quantity, share } from "../../src/units/fields.ts";

const problem = (field: z.ZodType, value: unknown): string | undefined => field.safeParse(value).error?.issues[0]?.message;

describe("a quantity field", () => {
  test("takes text in and gives base units", () => {
    expect(duration().parse("3s")).toBe(3000);
    expect(quantity("count").parse(3)).toBe(3);
  });

  test("says what it expected of a bare number, and of what is no scalar", () => {
    expect(problem(duration(), 3000)).toContain('write its unit ("3s" or "3000ms")');
    expect(duration().safeParse(["3s"]).success).toBe(false);
    expect(duration().safeParse(null).success).toBe(false);
  });

  test("keeps its limits", () => {
    expect(problem(share(), "101%")).toBe('expected a share like "5%" or "99.9%" of at most 100%, got "101%"');
    expect(problem(quantity("count", { max: 10 }), 11)).toBe('expected a whole number of at most 10, got "11"');
    expect(problem(quantity("duration", { positive: true }), "0s")).toBe('expected a duration like "250ms" or "2s" above 0, got "0s"');
  });

  test("describes itself to editors", () => {
    expect(z.toJSONSchema(duration(), { io: "input" })).toMatchObject({ description: 'a duration like "250ms" or "2s"' });
  });
});

test("a bound field takes bounds only", () => {
  expect(bound("duration").parse("<= 2s")).toEqual({ text: "<= 2s", max: 2000 });
  expect(problem(bound("duration"), "2s")).toContain("expected a bound like");
});

test("an upper limit may be a plain quantity or a bound: both mean the same", () => {
  expect(atMost("duration").parse("6s")).toEqual(atMost("duration").parse("<= 6s"));
  expect(atMost("duration").parse("1s..6s")).toEqual({ text: "1s..6s", min: 1000, max: 6000 });
  expect(atMost("count").parse(3)).toEqual({ text: "<= 3", max: 3 });
  expect(problem(atMost("duration"), 6)).toContain('write its unit ("6ms" or "6s")');
  expect(problem(atMost("duration"), "<= six")).toContain("expected");
});
