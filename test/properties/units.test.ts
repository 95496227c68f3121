import { expect, test } from "vitest";
import { parseBound, within } from "../../src/units/bound.ts";
import { format } from "../../src/units/format.ts";
import { parseQuantity } from "../../src/units/quantity.ts";
import type { QuantityKind } from "../../src/units/quantity.ts";
import { fc } from "../support/properties.ts";

const kinds = ["duration", "size", "share", "factor", "rate", "throughput", "count"] as const satisfies readonly QuantityKind[];
const kind = fc.constantFrom(...kinds);

test("any text is either a quantity that is finite and not negative, or refused in words", () => {
  fc.assert(fc.property(kind, fc.oneof(fc.string(), fc.double().map(String), fc.mixedCase(fc.constantFrom("1ms", "2kib", "3%", "4/s", "5x", "6mb/min"))), (of, text) => {
    const value = parseQuantity(of, text);
    expect(typeof value === "string" ? value.startsWith("expected ") : Number.isFinite(value) && value >= 0).toBe(true);
  }));
});

test("whole numbers of every unit are read exactly", () => {
  const factors = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
  fc.assert(fc.property(fc.nat(100_000), fc.constantFrom("ms", "s", "m", "h"), (n, unit) => {
    expect(parseQuantity("duration", `${n}${unit}`)).toBe(n * factors[unit]);
  }));
});

test("what is printed is read back as itself, up to the digits that are printed", () => {
  const printed: readonly (readonly [QuantityKind, number, number])[] = [["duration", 59_000, 0.06], ["share", 1, 0.0006], ["factor", 1000, 0.006], ["rate", 10_000, 0.06], ["size", 2 ** 30, 0.06]];
  fc.assert(fc.property(fc.constantFrom(...printed), fc.double({ min: 0, max: 1, noNaN: true }), ([of, scale, digit], part) => {
    const value = part * scale;
    const back = parseQuantity(of, format(of, value));
    expect(typeof back).toBe("number");
    // Durations and sizes are printed with two to four digits of their unit.
    expect(Math.abs(Number(back) - value)).toBeLessThanOrEqual(Math.max(digit, of === "duration" || of === "size" ? Math.max(0.5, value * 0.06) : 0));
  }));
});

test("a bound holds for its own ends and for nothing beyond them", () => {
  fc.assert(fc.property(fc.nat(100_000), fc.integer({ min: 1, max: 100_000 }), (low, length) => {
    const range = parseBound("duration", `${low}ms..${low + length}ms`);
    if (typeof range === "string") throw new Error(range);
    expect([low - 1, low, low + length, low + length + 1].map((value) => within(range, value))).toEqual([false, true, true, false]);
  }));
});
