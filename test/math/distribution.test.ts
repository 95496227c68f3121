import { describe, expect, test } from "vitest";
import type { DelaySpec } from "../../src/model/distribution.ts";
import { drawDelayMs } from "../../src/math/distribution.ts";
import { keyedRandom } from "../../src/math/random.ts";

const draws = (spec: DelaySpec, n = 50_000): readonly number[] => {
  const random = keyedRandom("distribution test", spec.distribution);
  return Array.from({ length: n }, () => drawDelayMs(spec, random));
};
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = (values: readonly number[]): number => Math.sqrt(mean(values.map((v) => v * v)) - mean(values) ** 2);
const share = (values: readonly number[], below: number): number => values.filter((v) => v < below).length / values.length;

const distributions = ["uniform", "normal", "lognormal", "pareto", "exponential"] as const;

describe.each(distributions)("%s", (distribution) => {
  test("has the delay as its mean and the jitter as its spread", () => {
    const values = draws({ delayMs: 200, jitterMs: 50, distribution });
    expect(Math.abs(mean(values) - 200)).toBeLessThan(1);
    expect(Math.abs(deviation(values) - (distribution === "uniform" ? 50 / Math.sqrt(3) : 50))).toBeLessThan(2);
  });

  test("without jitter is fixed and draws nothing", () => {
    const noDraw = (): number => {
      throw new Error("drew");
    };
    expect(drawDelayMs({ delayMs: 120, jitterMs: 0, distribution }, noDraw)).toBe(120);
  });

  test("never goes below 0 nor to infinity, whatever is drawn", () => {
    for (const u of [0, 1e-12, 0.25, 0.5, 0.75, 1 - 2 ** -53]) {
      for (const delayMs of [0, 1, 100]) {
        const value = drawDelayMs({ delayMs, jitterMs: 300, distribution }, () => u);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(value)).toBe(true);
      }
    }
  });
});

test("uniform stays between delay − jitter and delay + jitter", () => {
  const values = draws({ delayMs: 100, jitterMs: 30, distribution: "uniform" });
  expect(Math.min(...values)).toBeGreaterThanOrEqual(70);
  expect(Math.max(...values)).toBeLessThan(130);
});

test("normal has two thirds within one deviation", () => {
  const values = draws({ delayMs: 1000, jitterMs: 100, distribution: "normal" });
  expect(share(values, 1100) - share(values, 900)).toBeCloseTo(0.6827, 1);
});

test("lognormal has its median below its mean by the factor that its spread says", () => {
  const values = draws({ delayMs: 100, jitterMs: 100, distribution: "lognormal" });
  expect(Math.abs(share(values, 100 / Math.sqrt(2)) - 0.5)).toBeLessThan(0.01);
});

test("pareto has a minimum, and the power-law tail of its shape", () => {
  // delay = jitter: shape 1 + √2.
  const values = draws({ delayMs: 100, jitterMs: 100, distribution: "pareto" });
  const shape = 1 + Math.SQRT2;
  const minimum = (100 * (shape - 1)) / shape;
  expect(Math.min(...values)).toBeGreaterThanOrEqual(minimum);
  expect(Math.abs(1 - share(values, 2 * minimum) - 2 ** -shape)).toBeLessThan(0.01);
});

test("exponential with jitter = delay is memoryless from 0", () => {
  const values = draws({ delayMs: 100, jitterMs: 100, distribution: "exponential" });
  expect(Math.abs(share(values, 100 * Math.LN2) - 0.5)).toBeLessThan(0.01);
  expect(Math.min(...values)).toBeLessThan(0.1);
});
