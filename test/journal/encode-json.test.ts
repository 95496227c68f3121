import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeJson } from "../../src/journal/encode-json.ts";

describe("encodeJson", () => {
  it("writes any plain data as JSON.stringify does", () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: false, withDate: false, withBigInt: false, withMap: false, withSet: false, withTypedArray: false, withSparseArray: false, withBoxedValues: false }), (value) => {
      expect(encodeJson({ value })).toBe(JSON.stringify({ value }));
    }), { numRuns: 2000 });
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
});
