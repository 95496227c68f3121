import { describe, expect, test } from "vitest";
import { expectedForm, parseQuantity } from "../../src/units/quantity.ts";
import type { QuantityKind } from "../../src/units/quantity.ts";

describe("values with units become base units", () => {
  test.each([
    ["duration", "250ms", 250],
    ["duration", "2s", 2000],
    ["duration", "1.5m", 90_000],
    ["duration", "1h", 3_600_000],
    ["duration", "500us", 0.5],
    ["duration", " 3 s ", 3000],
    ["duration", ".5s", 500],
    ["duration", "1e3ms", 1000],
    ["size", "64KiB", 65_536],
    ["size", "1MB", 1_000_000],
    ["size", "12B", 12],
    ["share", "5%", 0.05],
    ["share", "99.9%", 0.999],
    ["share", "0.1%", 0.001],
    ["factor", "2x", 2],
    ["factor", "1.5x", 1.5],
    ["rate", "25/s", 25],
    ["rate", "300/min", 5],
    ["rate", "36/h", 0.01],
    ["throughput", "100KB/s", 100_000],
    ["throughput", "6MiB/min", 104_857.6],
    ["count", "3", 3],
    ["count", 3, 3],
  ] as const)("%s %s is %d", (kind, text, value) => {
    expect(parseQuantity(kind, text)).toBe(value);
  });
});

describe("what is none is refused with the form it should have", () => {
  test.each([
    ["duration", 1000, 'expected a duration like "250ms" or "2s", got the bare number 1000: write its unit ("1s" or "1000ms")'],
    ["duration", 250, 'expected a duration like "250ms" or "2s", got the bare number 250: write its unit ("250ms" or "250s")'],
    ["duration", "250", 'expected a duration like "250ms" or "2s", got "250": write its unit ("250ms" or "250s")'],
    ["share", 0.25, 'expected a share like "5%" or "99.9%", got the bare number 0.25: write its unit ("25%")'],
    ["share", 5, 'expected a share like "5%" or "99.9%", got the bare number 5: write its unit ("5%")'],
    ["rate", 25, 'expected a rate like "25/s" or "300/min", got the bare number 25: write its unit ("25/s" or "25/sec")'],
    ["duration", "-2s", 'expected a duration like "250ms" or "2s", got the negative "-2s"'],
    ["duration", "2 weeks", 'expected a duration like "250ms" or "2s", got "2 weeks"'],
    ["size", "5 s", 'expected a size like "64KiB" or "1MB", got "5 s"'],
    ["count", "many", "expected a whole number, got \"many\""],
    ["count", 2.5, "expected a whole number, got \"2.5\""],
  ] as const)("%s %s", (kind, text, problem) => {
    expect(parseQuantity(kind, text)).toBe(problem);
  });

  test.each(["", "ms", "1,5s", "2s s", "1.2.3s", "0x10s", "Infinity", "NaNs", "1e999s", "constructor", "2toString", "2__proto__"])("duration %j", (text) => {
    expect(parseQuantity("duration", text)).toContain("expected a duration like");
  });
});

test("every kind names its form", () => {
  for (const kind of ["duration", "size", "share", "factor", "rate", "throughput", "count"] satisfies QuantityKind[]) expect(expectedForm(kind)).toMatch(/^a /);
});
