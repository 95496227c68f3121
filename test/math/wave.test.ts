import { describe, expect, test } from "vitest";
import type { Wave } from "../../src/model/distribution.ts";
import { delayAt, waveAt } from "../../src/math/wave.ts";
import { fc } from "../support/properties.ts";

const wave = (shape: Wave["shape"], over: Partial<Wave> = {}): Wave => ({ shape, periodMs: 8000, fromMs: 100, toMs: 500, ...over });
const shapes = ["sine", "saw", "square"] as const;

describe("a wave", () => {
  test.each([
    ["sine", [100, 300, 500, 300, 100]],
    ["saw", [100, 200, 300, 400, 100]],
    ["square", [100, 100, 500, 500, 100]],
  ] as const)("of the shape %s is at its quarters %j", (shape, expected) => {
    [0, 2000, 4000, 6000, 8000].forEach((ms, i) => {
      expect(waveAt(wave(shape), ms)).toBeCloseTo(expected[i] ?? Number.NaN, 9);
      expect(waveAt(wave(shape), ms + 80_000)).toBeCloseTo(expected[i] ?? Number.NaN, 9);
    });
  });

  test("may go down first", () => {
    expect([0, 4000].map((ms) => waveAt(wave("sine", { fromMs: 500, toMs: 0 }), ms))).toEqual([500, 0]);
  });

  test("stays between its ends, and repeats", () => {
    fc.assert(fc.property(fc.constantFrom(...shapes), fc.double({ min: 0, max: 1e6, noNaN: true }), fc.nat(1000), fc.nat(1000), (shape, ms, fromMs, toMs) => {
      const value = waveAt(wave(shape, { fromMs, toMs }), ms);
      expect(value).toBeGreaterThanOrEqual(Math.min(fromMs, toMs));
      expect(value).toBeLessThanOrEqual(Math.max(fromMs, toMs));
    }));
  });

  test.each(shapes)("of the shape %s has the middle of its ends as its mean", (shape) => {
    const values = Array.from({ length: 8000 }, (_, ms) => waveAt(wave(shape), ms + 0.5));
    expect(values.reduce((sum, value) => sum + value, 0) / values.length).toBeCloseTo(300, 1);
  });

  test("moves the mean of a delay, and leaves its spread", () => {
    const delay = { delayMs: 300, jitterMs: 20, distribution: "normal", wave: wave("square") } as const;
    expect(delayAt(delay, 1000)).toMatchObject({ delayMs: 100, jitterMs: 20, distribution: "normal" });
    expect(delayAt(delay, 5000)).toMatchObject({ delayMs: 500, jitterMs: 20, distribution: "normal" });
  });
});
