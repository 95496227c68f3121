import { expect, test } from "vitest";
import { transferCoding } from "../../../src/proxy/http1/field-values.ts";

test("a Transfer-Encoding is chunked when it ends in that and knows all codings, white space around them aside", () => {
  expect(transferCoding(" \tchunked\t ")).toBe("chunked");
  expect(transferCoding("gzip ,\tChunked")).toBe("chunked");
  expect(transferCoding("gzip")).toBe("other");
  for (const text of ["", "chunked,", "chunked, identity", "chun ked", "chunked\u00a0", "\u000bchunked", "xchunked", "x, chunked"]) expect({ text, coding: transferCoding(text) }).toEqual({ text, coding: undefined });
});

test("white space without end in a Transfer-Encoding takes no time", () => {
  expect(transferCoding(`x${" ".repeat(2_000_000)}y`)).toBeUndefined();
  expect(transferCoding(`chunked${" ".repeat(2_000_000)}`)).toBe("chunked");
});
