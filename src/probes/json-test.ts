import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Json } from "../model/json.ts";
import { excerpt, explainText, pattern, textFault } from "./text-test.ts";

const scalarOrMore: z.ZodType<Json> = z.json();

/** A test on one place of a JSON document. With a path alone the place must exist. All given parts must hold. */
export const jsonTest = z.strictObject({
  path: z.string().meta({ description: "a JSON pointer (/items/0/status) or a dotted path (items.0.status)" }),
  exists: z.boolean().optional().meta({ description: "false: the place must not exist" }),
  equals: scalarOrMore.optional().meta({ description: "any JSON value; objects and lists are compared whole" }),
  oneOf: z.array(scalarOrMore).min(1).optional().meta({ description: "one of these JSON values" }),
  contains: scalarOrMore.optional().meta({ description: "a part of a text, or a member of a list" }),
  matches: pattern().optional(),
  atLeast: z.number().optional().meta({ description: "a number: this or more" }),
  atMost: z.number().optional().meta({ description: "a number: this or less" }),
});
export type JsonTest = z.infer<typeof jsonTest>;

/** The keys of a path, from a JSON pointer (RFC 6901), or `a.b.0` and `$.a.b[0]`. */
function keysOf(path: string): readonly string[] {
  if (path.startsWith("/")) return path.slice(1).split("/").map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  return path.replace(/^\$/, "").replaceAll(/\[(\d+)\]/g, ".$1").split(".").filter((key) => key !== "");
}

/** The value at a path; `undefined` where there is none. */
export function valueAt(document: Json, path: string): Json | undefined {
  return keysOf(path).reduce<Json | undefined>(
    (value, key) => (typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as Readonly<Record<string, Json>>)[key] : undefined),
    document,
  );
}

/** What is wrong at the place, as "expected …, got …"; absent when nothing is. */
export function jsonFault(test: JsonTest, document: Json): string | undefined {
  const value = valueAt(document, test.path);
  if (test.exists === false) return value === undefined ? undefined : `expected no ${test.path}, got ${show(value)}`;
  if (value === undefined) return `expected ${test.path} in the JSON body, got none`;
  const wanted = wantedOf(test, value);
  return wanted === undefined ? undefined : `expected ${test.path} to be ${wanted}, got ${show(value)}`;
}

function wantedOf(test: JsonTest, value: Json): string | undefined {
  if (test.equals !== undefined && !isDeepStrictEqual(value, test.equals)) return show(test.equals);
  if (test.oneOf !== undefined && !test.oneOf.some((one) => isDeepStrictEqual(value, one))) return `one of ${test.oneOf.map(show).join(", ")}`;
  if (test.contains !== undefined && !holds(value, test.contains)) return `something that contains ${show(test.contains)}`;
  if (test.matches !== undefined && (typeof value !== "string" || textFault({ matches: test.matches }, value) !== undefined)) return `a text that matches /${test.matches}/`;
  if (test.atLeast !== undefined && !(typeof value === "number" && value >= test.atLeast)) return `at least ${test.atLeast}`;
  if (test.atMost !== undefined && !(typeof value === "number" && value <= test.atMost)) return `at most ${test.atMost}`;
  return undefined;
}

function holds(value: Json, part: Json): boolean {
  if (typeof value === "string") return typeof part === "string" && value.includes(part);
  return Array.isArray(value) && value.some((member) => isDeepStrictEqual(member, part));
}

/** The test in words, such as `/status is "queued"`. */
export function explainJson(test: JsonTest): string {
  if (test.exists === false) return `no ${test.path}`;
  const parts = [
    ...(test.equals === undefined ? [] : [`is ${show(test.equals)}`]),
    ...(test.oneOf === undefined ? [] : [`is one of ${test.oneOf.map(show).join(", ")}`]),
    ...(test.contains === undefined ? [] : [`contains ${show(test.contains)}`]),
    ...(test.matches === undefined ? [] : [explainText({ matches: test.matches })]),
    ...(test.atLeast === undefined ? [] : [`is at least ${test.atLeast}`]),
    ...(test.atMost === undefined ? [] : [`is at most ${test.atMost}`]),
  ];
  return `${test.path} ${parts.length === 0 ? "is there" : parts.join(" and ")}`;
}

function show(value: Json): string {
  return excerpt(JSON.stringify(value), 60);
}
