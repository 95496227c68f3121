import { describe, expect, test } from "vitest";
import { JsonSyntaxError, plainJson, readJson } from "../../../src/proxy/api/read-json.ts";
import { fc } from "../../support/properties.ts";

describe("what is no JSON is told in Go's words", () => {
  test.each([
    ["", "EOF"],
    [" \n\t", "EOF"],
    ["{", "unexpected EOF"],
    ['{"a"', "unexpected EOF"],
    ['{"a":', "unexpected EOF"],
    ['{"a":1', "unexpected EOF"],
    ['{"a":1,', "unexpected EOF"],
    ["[1,", "unexpected EOF"],
    ['"abc', "unexpected EOF"],
    ['"abc\\', "unexpected EOF"],
    ["tru", "unexpected EOF"],
    ["-", "unexpected EOF"],
    ["1.", "unexpected EOF"],
    ["1e", "unexpected EOF"],
    ["x", "invalid character 'x' looking for beginning of value"],
    ["}", "invalid character '}' looking for beginning of value"],
    ["'a'", String.raw`invalid character '\'' looking for beginning of value`],
    ["\ufeff{}", "invalid character 'ï' looking for beginning of value"],
    ["é", "invalid character 'Ã' looking for beginning of value"],
    ["\u0000", String.raw`invalid character '\x00' looking for beginning of value`],
    ["\u007f", String.raw`invalid character '\x7f' looking for beginning of value`],
    ["{a:1}", "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ["[1 2]", "invalid character '2' after array element"],
    ["[1,]", "invalid character ']' looking for beginning of value"],
    ["[01]", "invalid character '1' after array element"],
    ['{"a":+1}', "invalid character '+' looking for beginning of value"],
    ["[-a]", "invalid character 'a' in numeric literal"],
    ["[1.a]", "invalid character 'a' after decimal point in numeric literal"],
    ["[1ea]", "invalid character 'a' in exponent of numeric literal"],
    ["[1e+]", "invalid character ']' in exponent of numeric literal"],
    ["nul]", "invalid character ']' in literal null (expecting 'l')"],
    ["fAlse", "invalid character 'A' in literal false (expecting 'a')"],
    ['"a\nb"', String.raw`invalid character '\n' in string literal`],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    [String.raw`"\u12g4"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
    ["[".repeat(5000), "exceeded max depth"],
  ])("%j", (text, message) => {
    expect(() => readJson(text)).toThrow(new JsonSyntaxError(message));
  });
});

describe("the first value of a text", () => {
  test.each([
    ["{} trailing", {}],
    ["1 2", 1],
    ["12x", 12],
    ["0123", 0],
    ['"a"b', "a"],
    ["[]]", []],
    ["true,", true],
    [" null", null],
    ['{"a":1,"a":2}', { a: 2 }],
    ['{"__proto__":1}', JSON.parse('{"__proto__":1}')],
  ])("of %s is read, and what follows is not looked at", (text, value) => {
    expect(plainJson(readJson(text))).toEqual(value);
  });

  test("has no half of a pair, as Go has none", () => {
    expect(plainJson(readJson(String.raw`"\ud800x"`))).toBe("\u{fffd}x");
    expect(plainJson(readJson(String.raw`"\ud83d\ude00"`))).toBe("\u{1f600}");
  });

  test("keeps numbers as they are written, and keys in their order", () => {
    expect(readJson('{"b":1e3,"10":-0.50}')).toEqual({ kind: "object", entries: [["b", { kind: "number", text: "1e3" }], ["10", { kind: "number", text: "-0.50" }]] });
  });

  test("is what JSON.parse makes of it, for any JSON", () => {
    fc.assert(fc.property(fc.json(), fc.constantFrom("", "  ", "\n", ",", "]x"), (text, rest) => {
      expect(plainJson(readJson(text + (/\d$/.test(text) && rest === "" ? "" : rest)))).toEqual(JSON.parse(text));
    }));
  });

  test("or a refusal, for any text, and never anything else", () => {
    const letters = "{ } [ ] : , e E + - . t r u f a l s n 0 1 9 \" \\".split(" ");
    const fails = (text: string): unknown => {
      try {
        return readJson(text) && undefined;
      } catch (error) {
        return error;
      }
    };
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(...letters) })), (text) => {
      const failure = fails(text);
      expect(failure === undefined || failure instanceof JsonSyntaxError).toBe(true);
    }));
  });
});
