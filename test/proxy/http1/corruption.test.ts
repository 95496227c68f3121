import { expect, test } from "vitest";
import { keyedRandom } from "../../../src/math/random.ts";
import { Corruption } from "../../../src/proxy/http1/corruption.ts";

const changed = (from: Buffer, to: Buffer): number[] => [...from.keys()].filter((i) => from[i] !== to[i]);

test("changes the same bytes however the data is split, and none outside of it", () => {
  const bytes = Buffer.from(Array.from({ length: 2000 }, (_, i) => i % 256));
  const whole = new Corruption(0.1, keyedRandom("c"));
  const apart = new Corruption(0.1, keyedRandom("c"));
  const spans = [100, 900, 950, 1000, 1500, 2000];
  const inOne = whole.apply(bytes, spans);
  const inPieces = Buffer.from(bytes);
  for (let i = 0; i < spans.length; i += 2) {
    for (let at = spans[i] ?? 0; at < (spans[i + 1] ?? 0); at += 7) {
      const piece = bytes.subarray(at, Math.min(at + 7, spans[i + 1] ?? 0));
      apart.apply(piece, [0, piece.length]).copy(inPieces, at);
    }
  }
  expect(inOne).toEqual(inPieces);
  const at = changed(bytes, inOne);
  expect(at.every((i) => (i >= 100 && i < 900) || (i >= 950 && i < 1000) || i >= 1500)).toBe(true);
  // Binomial: 135 of 1,350 with a standard deviation of 11.
  expect(Math.abs(at.length - 135)).toBeLessThan(77);
});

test("changes all, or none, and leaves bytes alone that it does not change", () => {
  const bytes = Buffer.alloc(500, 7);
  expect(changed(bytes, new Corruption(1, keyedRandom("all")).apply(bytes, [0, 500]))).toHaveLength(500);
  expect(new Corruption(0, keyedRandom("none")).apply(bytes, [0, 500])).toBe(bytes);
  expect(bytes).toEqual(Buffer.alloc(500, 7));
});
