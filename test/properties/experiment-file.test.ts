import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseDocument, stringify } from "yaml";
import { parse } from "../../src/experiment/index.ts";
import { escapePlaceholders, segmentsOf } from "../../src/experiment/placeholder.ts";
import { resolve } from "../../src/experiment/interpolate.ts";
import type { Json } from "../../src/model/json.ts";
import { splitWords } from "../../src/probes/command-words.ts";
import { fc, runs } from "../support/properties.ts";

const text = readFileSync(new URL("../../experiments/health-checks.yaml", import.meta.url), "utf8");
const whole = parseDocument(text).toJS() as Json;
const options = { file: "a.yaml", env: {}, vars: {} };

/** Every path of a value. */
function pathsOf(value: Json): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [[]];
  return [[], ...Object.entries(value).flatMap(([key, item]) => pathsOf(item).map((path) => [key, ...path]))];
}

function replaced(value: Json, [key, ...rest]: readonly string[], by: Json): Json {
  if (key === undefined || typeof value !== "object" || value === null) return by;
  const entries = Object.entries(value).map(([name, item]) => [name, name === key ? replaced(item, rest, by) : item] as const);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

const paths = pathsOf(whole);
const junk = fc.oneof(
  fc.jsonValue() as fc.Arbitrary<Json>,
  fc.constantFrom<Json>("", "${", "${vars.x}", "${services.checkout.url}", "$${x}", -1, 0, 1e300, "9999999999999s", "1s", "5%", ">= 99%", "1..2", [], {}, [[]], null, true),
  fc.constantFrom(...paths).map((path) => path.reduce<Json>((value, key) => (value as Record<string, Json>)[key] ?? null, whole)),
);

describe("an experiment file", () => {
  test("with anything in any place is an experiment or has errors at places of the file, and nothing is thrown", () => {
    fc.assert(fc.property(fc.constantFrom(...paths), junk, (path, by) => {
      const changed = stringify(replaced(whole, path, by), { lineWidth: 0 });
      const lines = changed.split("\n").length;
      const { documents, issues } = parse(changed, options);
      for (const { experiment, issues: own } of documents) expect(experiment === undefined).toBe(own.some(({ severity }) => severity === "error"));
      for (const { line = 0, column = 0, frame = "", message } of issues) {
        expect(line).toBeGreaterThanOrEqual(1);
        expect(line).toBeLessThanOrEqual(lines);
        expect(column).toBeGreaterThanOrEqual(1);
        expect(frame).toContain("^");
        expect(message).not.toMatch(/undefined|\[object|NaN/);
      }
    }), runs(300));
  });

  test("with any character put anywhere is read without a throw", () => {
    fc.assert(fc.property(fc.nat(text.length), fc.string({ maxLength: 4, unit: "grapheme" }), (at, inserted) => {
      expect(() => parse(text.slice(0, at) + inserted + text.slice(at), options)).not.toThrow();
    }), runs(200));
  });
});

describe("placeholders", () => {
  test("any text is itself again when it is escaped and filled", () => {
    fc.assert(fc.property(fc.stringMatching(/^[${}a.]{0,12}$/), (given) => {
      // A dollar sign before the escape would be read as part of it.
      fc.pre(!/\$\$\{/.test(given));
      expect(resolve(escapePlaceholders(given), {})).toBe(given);
    }));
  });

  test("the segments of a text are all of it", () => {
    fc.assert(fc.property(fc.stringMatching(/^[${}a.]{0,12}$/), (given) => {
      expect(segmentsOf(given, { keepEscapes: true }).map((segment) => (typeof segment === "string" ? segment : segment.raw)).join("")).toBe(given);
    }));
  });
});

test("words quoted for a shell are split into themselves", () => {
  const quote = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;
  fc.assert(fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
    expect(splitWords(words.map(quote).join(" "))).toEqual(words);
  }));
});
