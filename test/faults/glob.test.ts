import { expect, test } from "vitest";
import { compileGlob } from "../../src/faults/glob.ts";
import { fc, runs } from "../support/properties.ts";

/** What each part of a glob means, as a regular expression. */
function patternOf(glob: string, star: string): RegExp {
  const source = glob.replaceAll(/\/\*\*+\/|\*\*+|\*/g, (part) => (part === "*" ? star : part.startsWith("/") ? "/(?:.*/)?" : ".*"));
  return new RegExp(`^${source}$`, "s");
}

const text = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 12 });
const glob = fc.string({ unit: fc.constantFrom("a", "b", "/", "*", "**", "/**/"), maxLength: 8 });
/** What matches a glob, often enough. */
const filled = fc.tuple(glob, fc.array(text, { minLength: 8, maxLength: 8 })).map(([from, fillings]) => ({ from, to: from.split("*").map((part, i) => `${part}${fillings[i % 8] ?? ""}`).join("") }));

test("a glob matches what its parts mean, within segments and across them", () => {
  fc.assert(fc.property(fc.oneof(filled, fc.record({ from: glob, to: text })), ({ from, to }) => {
    expect({ from, to, matches: compileGlob(from, "/")(to) }).toEqual({ from, to, matches: patternOf(from, "[^/]*").test(to) });
    expect({ from, to, matches: compileGlob(from)(to) }).toEqual({ from, to, matches: patternOf(from, ".*").test(to) });
  }), runs(2000));
});

test("a long text that nearly matches a glob of many stars takes no time", () => {
  expect(compileGlob("/*-*-*-*-*-x", "/")(`/${"-".repeat(64_000)}`)).toBe(false);
  expect(compileGlob("/**/a/**/a/**/a/**/a/**/b", "/")("/a".repeat(32_000))).toBe(false);
  expect(compileGlob("/**/a*a*a/**/b", "/")("/aaaa".repeat(13_000))).toBe(false);
  expect(compileGlob("*a*a*a*a*a*b")("a".repeat(64_000))).toBe(false);
  expect(compileGlob("*a*a*a*a*a*")("a".repeat(64_000))).toBe(true);
});
