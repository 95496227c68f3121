import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { check } from "../../src/experiment/check.ts";
import type { Finding } from "../../src/experiment/finding.ts";
import { sections } from "../../src/experiment/schema/document.ts";
import { hypothesisCommons } from "../../src/experiment/schema/hypothesis.ts";
import { faultCommons } from "../../src/experiment/schema/selection.ts";
import { descriptionAt, keysAt, shapeOf } from "../../src/experiment/schema-shape.ts";
import type { Json } from "../../src/model/json.ts";
import { faultTypes } from "../../src/faults/index.ts";
import { hypothesisTypes } from "../../src/hypotheses/index.ts";
import { probeTypes } from "../../src/probes/index.ts";

const wrong: readonly Json[] = [[[]], [], {}, { nonsense: [] }, -0.5, 1e9, "?", "", true];
const schemas: readonly (readonly [string, z.ZodType])[] = [
  ["what all faults have", faultCommons], ["what all hypotheses have", hypothesisCommons],
  ...Object.entries(sections).map(([key, schema]) => [`the section ${key}`, schema] as const),
  ...[...faultTypes, ...hypothesisTypes, ...probeTypes].map(({ type, params }) => [`the parameters of ${type}`, params] as const),
];

/** All that is said of wrong values at a path and below it. */
function findingsAt(schema: z.ZodType, path: readonly string[]): readonly Finding[] {
  const found: Finding[] = [];
  for (const value of wrong) check(schema, path.reduceRight<Json>((inner, key) => ({ [key]: inner }), value), { path: ["here"] }, (finding) => found.push(finding));
  return [...found, ...(path.length > 2 ? [] : keysAt(shapeOf(schema), path).flatMap((key) => findingsAt(schema, [...path, key])))];
}

describe.each(schemas)("what is said of wrong values in %s", (_, schema) => {
  const findings = findingsAt(schema, []);

  test("hints name the key and then, behind a colon, what it is", () => {
    for (const { hint, path } of findings) {
      const last = path.at(-1);
      const description = (typeof last === "string" ? descriptionAt(shapeOf(schema), path.slice(1)) : undefined) ?? "not described";
      expect(hint?.includes(description) === true ? hint : `${String(last)}: ${description}`).toBe(`${String(last)}: ${description}`);
      expect(hint ?? "").not.toMatch(new RegExp(`^${String(last)} is `));
    }
  });

  test("messages name a form as what was expected, no sentence", () => {
    for (const { message } of findings) expect(message).not.toMatch(/expected (?:[A-Z][a-z]+ |hits |true: |false: |\w+ \(default\): )/);
  });
});

test("hints of common keys read so", () => {
  const hintsOf = (key: string, value: Json): readonly (string | undefined)[] => {
    const found: Finding[] = [];
    check(faultCommons, { type: "drop", [key]: value }, { path: [] }, (finding) => found.push(finding));
    return found.map(({ hint }) => hint);
  };
  expect(hintsOf("burstLength", 0)[0]).toMatch(/^burstLength: hits come in bursts: /);
  expect(hintsOf("first", 0)).toEqual(["first: only the first so many of those that pass after and every"]);
});
