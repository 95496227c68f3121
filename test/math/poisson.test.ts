import { describe, expect, test } from "vitest";
import { poissonAtMost, poissonLimit, poissonTail } from "../../src/math/poisson.ts";

describe("events that come independently", () => {
  test.each([[1, 1, 0.632121], [5, 0.8, 0.001411], [12, 1.6, 1.35e-7], [3, 10, 0.997231], [100, 80, 0.0171]])("are at least %d with their chance, where %d are expected", (count, mean, chance) => {
    expect(poissonTail(count, mean) / chance).toBeCloseTo(1, 1);
  });

  test("are never fewer than none, and none come where none are expected", () => {
    expect(poissonTail(0, 3)).toBe(1);
    expect(poissonTail(1, 0)).toBe(0);
  });

  test.each([[0.8, 0.01], [40, 1e-7], [700, 1e-4]])("have a limit that is the least count with so small a chance (mean %d)", (mean, alpha) => {
    const limit = poissonLimit(mean, alpha);
    expect(poissonTail(limit, mean)).toBeLessThanOrEqual(alpha);
    expect(poissonTail(limit - 1, mean)).toBeGreaterThan(alpha);
  });

  test.each([[0, 0.99], [3, 0.99], [40, 0.9999]])("were expected at most so often that %d or fewer come with the rest of the confidence", (count, confidence) => {
    const most = poissonAtMost(count, confidence);
    expect((1 - poissonTail(count + 1, most)) / (1 - confidence)).toBeGreaterThan(0.85);
    expect((1 - poissonTail(count + 1, most)) / (1 - confidence)).toBeLessThan(1.15);
  });
});
