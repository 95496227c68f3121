import { describe, expect, test } from "vitest";
import { parseBound, within } from "../../src/units/bound.ts";
import type { QuantityKind } from "../../src/units/quantity.ts";

const inside = (kind: QuantityKind, text: string, values: readonly number[]): readonly boolean[] => {
  const bound = parseBound(kind, text);
  if (typeof bound === "string") throw new Error(bound);
  return values.map((value) => within(bound, value));
};

describe("bounds", () => {
  test("keep their text, and their ends in base units", () => {
    expect(parseBound("duration", "<= 250ms")).toEqual({ text: "<= 250ms", max: 250 });
    expect(parseBound("share", ">=99%")).toEqual({ text: ">=99%", min: 0.99 });
    expect(parseBound("duration", "1.5s..3s")).toEqual({ text: "1.5s..3s", min: 1500, max: 3000 });
    expect(parseBound("count", "== 3")).toEqual({ text: "== 3", min: 3, max: 3 });
  });

  test("have their ends inside, but for < and >", () => {
    expect(inside("duration", "<= 2s", [0, 2000, 2000.1])).toEqual([true, true, false]);
    expect(inside("duration", "< 2s", [1999.9, 2000])).toEqual([true, false]);
    expect(inside("share", ">= 99%", [0.98, 0.99, 1])).toEqual([false, true, true]);
    expect(inside("share", "> 99%", [0.99, 0.991])).toEqual([false, true]);
    expect(inside("duration", "1s .. 2s", [999, 1000, 2000, 2001])).toEqual([false, true, true, false]);
    expect(inside("count", "== 3", [2, 3, 4])).toEqual([false, true, false]);
  });
});

describe("what is no bound is refused in words", () => {
  test.each([
    ["250ms", 'expected a bound like "<= X", ">= X", "== X" or "X..Y" with X a duration like "250ms" or "2s", got "250ms"'],
    ["<= 250", 'expected a duration like "250ms" or "2s", got "250": write its unit ("250ms" or "250s")'],
    ["3s..1s", 'expected the smaller end first, got "3s..1s"'],
    ["1s..2", 'expected a duration like "250ms" or "2s", got "2": write its unit ("2ms" or "2s")'],
    ["!= 2s", 'expected a bound like "<= X", ">= X", "== X" or "X..Y" with X a duration like "250ms" or "2s", got "!= 2s"'],
  ])("%s", (text, problem) => {
    expect(parseBound("duration", text)).toBe(problem);
  });
});
