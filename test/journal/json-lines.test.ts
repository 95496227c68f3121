import { describe, expect, it } from "vitest";
import { JsonLines } from "../../src/journal/json-lines.ts";
import { fc, runs } from "../support/properties.ts";

/** One for all, so that it meets names in every order and has to grow. */
const lines = new JsonLines(16);

function encodeJson(value: unknown): string {
  lines.add(value);
  const text = Buffer.from(lines.take()).toString();
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1);
}

describe("JsonLines", () => {
  it("writes any plain data as JSON.stringify does", () => {
    fc.assert(fc.property(fc.anything({ key: fc.string().filter((name) => !name.endsWith("Ms")), withNullPrototype: false, withDate: false, withBigInt: false, withMap: false, withSet: false, withTypedArray: false, withSparseArray: false, withBoxedValues: false }), (value) => {
      expect(encodeJson({ value })).toBe(JSON.stringify({ value }));
    }), runs(2000));
  });

  it("escapes what JSON wants escaped, in names and in texts", () => {
    fc.assert(fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (texts) => {
      expect(JSON.parse(encodeJson(texts))).toEqual(texts);
    }));
  });

  it("rounds times to the microsecond, at any depth, and no other number", () => {
    expect(encodeJson({ atMs: 12.345678, n: 12.345678, faults: [{ actedMs: 0.0004, releasedMs: 7 }] })).toBe('{"atMs":12.346,"n":12.345678,"faults":[{"actedMs":0,"releasedMs":7}]}');
    fc.assert(fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (ms) => {
      expect(encodeJson({ ms, xMs: ms })).toBe(JSON.stringify({ ms, xMs: Math.round(ms * 1000) / 1000 }));
    }));
  });

  it("keeps what was taken as it is until more is taken", () => {
    const some = new JsonLines(64);
    some.add({ n: 1 });
    some.add("x".repeat(100));
    const first = some.take();
    some.add({ n: 2 });
    expect(some.length).toBe(8);
    expect(Buffer.from(first).toString()).toBe(`{"n":1}\n"${"x".repeat(100)}"\n`);
    const second = some.take();
    some.add({ n: 3 });
    expect(Buffer.from(second).toString()).toBe('{"n":2}\n');
  });

  it("writes numbers of every size", () => {
    fc.assert(fc.property(fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double()), (n) => {
      expect(encodeJson({ n, list: [n] })).toBe(JSON.stringify({ n, list: [n] }));
    }));
    for (const n of [0, -0, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 1e21, 5e-324]) expect(encodeJson(n)).toBe(JSON.stringify(n));
    for (const ms of [0.001, 0.01, 0.1, 0.999, 0.9996, 1999999999.999, 2e9, 1e15]) expect(encodeJson({ ms, atMs: ms })).toBe(JSON.stringify({ ms, atMs: Math.round(ms * 1000) / 1000 }));
  });
});
