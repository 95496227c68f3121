import { expect, test } from "vitest";
import { keyedRandom } from "../../src/math/random.ts";

const firstDraws = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => keyedRandom("seed", "latency-1", i + 1)());

test("the same key gives the same stream, in this run and in every other", () => {
  const [a, b] = [keyedRandom("seed", "fault", 7), keyedRandom("seed", "fault", 7)];
  expect([a(), a(), a()]).toEqual([b(), b(), b()]);
  expect(keyedRandom("payment-latency", "slow-payments", 1)()).toBe(0.7541058782953769);
});

test("a part of the key is not mistaken for a piece of another part", () => {
  expect(keyedRandom("ab", "c")()).not.toBe(keyedRandom("a", "bc")());
  expect(keyedRandom("a", 1, 23)()).not.toBe(keyedRandom("a", 12, 3)());
});

test("first draws under consecutive numbers are spread evenly and do not follow one another", () => {
  const draws = firstDraws(20_000);
  const bins = Array.from({ length: 20 }, (_, bin) => draws.filter((u) => Math.floor(u * 20) === bin).length);
  for (const count of bins) expect(Math.abs(count - 1000)).toBeLessThan(150);
  for (const lag of [1, 2, 10, 16, 100]) {
    const together = draws.slice(lag).reduce((sum, u, i) => sum + (u - 0.5) * ((draws[i] ?? 0) - 0.5), 0);
    expect(Math.abs((together / (draws.length - lag)) * 12)).toBeLessThan(0.03);
  }
});
