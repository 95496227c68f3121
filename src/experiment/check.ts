import type { z } from "zod";
import type { Json } from "../model/json.ts";
import { closest, suggest } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { lookUp } from "./interpolate.ts";
import { peerKey } from "./peer-words.ts";
import { descriptionAt, keysAt, shapeOf } from "./schema-shape.ts";
import type { JsonSchema } from "./schema-shape.ts";
import type { Path } from "./yaml-source.ts";

/** Where a checked value stands. */
export interface At {
  readonly path: Path;
  /** Word for the section in which peers' words are looked up. */
  readonly section?: string;
  /** Keys beside the schema's that are known there. */
  readonly alsoKnown?: readonly string[];
  /** What to do about a key that is known, but not there. */
  hintFor?(key: string): string | undefined;
}

type ZodIssue = z.core.$ZodIssue;

interface Checked {
  readonly value: Json | undefined;
  readonly shape: JsonSchema;
  readonly at: At;
  readonly report: Report;
}

/** Validates a value, reports everything that is wrong at its place, and gives what the schema makes of it; absent when something is wrong. */
export function check<T>(schema: z.ZodType<T>, value: Json | undefined, at: At, report: Report): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const checked: Checked = { value, shape: shapeOf(schema), at, report };
  for (const issue of result.error.issues) tell(issue, issue.path, checked);
  return undefined;
}

function tell(issue: ZodIssue, zodPath: readonly PropertyKey[], checked: Checked): void {
  const { at, report } = checked;
  const inner = zodPath.map((step) => (typeof step === "number" ? step : String(step)));
  const path = [...at.path, ...inner];
  const got = checked.value === undefined ? undefined : lookUp(checked.value, inner.map(String));
  const name = nameOf(path);
  if (issue.code === "unrecognized_keys") return issue.keys.forEach((key) => { unknownKey(key, inner, checked); });
  if (got === undefined && inner.length > 0 && (issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_union")) {
    const description = descriptionAt(checked.shape, inner);
    return report({ code: "missing-key", message: `${name} is missing${description === undefined ? "" : `: ${description}`}`, path: path.slice(0, -1), part: "key" });
  }
  if (issue.code === "invalid_union") return tellUnion(issue, inner, checked, got);
  if (issue.code === "invalid_key" || issue.code === "invalid_element") return report({ code: "bad-name", message: issue.issues[0]?.message ?? `"${name}" cannot be a name`, path, part: "key" });
  if (issue.code === "custom" || issue.code === "invalid_format") return report({ code: "bad-value", message: `${inner.length === 0 ? "" : `${name}: `}${ownWords(issue, got)}`, path });
  const near = issue.code === "invalid_value" && typeof got === "string" ? closest(got, issue.values.map(String)) : undefined;
  const description = descriptionAt(checked.shape, inner);
  const hint = near === undefined ? description && `${name}: ${description}` : `did you mean "${near}"?`;
  report({ code: issue.code === "invalid_type" ? "wrong-type" : "bad-value", message: `${name}: expected ${expectation(issue)}, got ${describe(got)}`, hint, path });
}

/** The last key of a path; of an entry of a list the list's too. */
function nameOf(path: Path): string {
  const last = path.at(-1);
  return typeof last === "number" ? `${nameOf(path.slice(0, -1))}[${last}]` : last ?? "the document";
}

/** Messages written in schemas say what was expected; what was got is added where they do not. */
function ownWords(issue: ZodIssue, got: Json | undefined): string {
  const message = issue.message.startsWith("Invalid") ? `expected another form` : issue.message;
  return message.includes("got ") || got === undefined || typeof got === "object" ? message : `${message}, got ${describe(got)}`;
}

/** Of the alternatives the one that the value was meant for is explained; where none is of its type, all are named. */
function tellUnion(issue: z.core.$ZodIssueInvalidUnion, inner: readonly (string | number)[], checked: Checked, got: Json | undefined): void {
  const meant = issue.errors
    .filter((branch) => branch.length > 0 && !branch.some(isOfAnotherType))
    .sort((a, b) => a.length - b.length)[0];
  if (meant !== undefined) return meant.forEach((one) => { tell(one, [...inner, ...one.path], checked); });
  const words = [...new Set(alternativesOf(issue).map(expectation))];
  const path = [...checked.at.path, ...inner];
  const description = descriptionAt(checked.shape, inner);
  // Some say what the value looks like (a share like "5%"), others what it is for.
  const isForm = description !== undefined && /^an? /.test(description);
  checked.report({ code: "wrong-type", message: `${nameOf(path)}: expected ${isForm ? description : words.join(" or ")}, got ${describe(got)}`, hint: isForm ? undefined : description && `${nameOf(path)}: ${description}`, path });
}

/** What each of the alternatives, and those of an alternative in turn, has against the value as a whole. */
function alternativesOf({ errors }: z.core.$ZodIssueInvalidUnion): readonly ZodIssue[] {
  return errors.flat().filter(({ path }) => path.length === 0).flatMap((one) => (one.code === "invalid_union" ? alternativesOf(one) : [one]));
}

function isOfAnotherType(issue: ZodIssue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === "invalid_type" || issue.code === "invalid_value" || (issue.code === "invalid_union" && issue.errors.every((branch) => branch.some(isOfAnotherType)));
}

function unknownKey(key: string, inner: readonly (string | number)[], checked: Checked): void {
  const { at, value, shape, report } = checked;
  const known = [...keysAt(shape, inner), ...(inner.length === 0 ? at.alsoKnown ?? [] : [])];
  const got = value === undefined ? undefined : lookUp(value, [...inner.map(String), key]);
  const peer = inner.length === 0 ? peerKey(at.section ?? "", key, got ?? null) : undefined;
  const hint = (inner.length === 0 ? at.hintFor?.(key) : undefined) ?? (peer === undefined ? suggest(key, known) : `write ${peer}`);
  report({ code: "unknown-key", message: `unknown key "${key}"`, hint, path: [...at.path, ...inner, key], part: "key" });
}

const typeWords: Readonly<Record<string, string>> = { string: "a text", number: "a number", int: "a whole number", boolean: "true or false", array: "a list", object: "a map of keys and values", record: "a map of names", null: "nothing", undefined: "nothing" };

function expectation(issue: ZodIssue): string {
  switch (issue.code) {
    case "invalid_type": return typeWords[issue.expected] ?? issue.expected;
    case "invalid_value": return `${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small": return sized(issue.origin, `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}`);
    case "too_big": return sized(issue.origin, `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}`);
    default: return issue.message.replace(/^expected /, "");
  }
}

function sized(origin: string, limit: string): string {
  if (origin === "string") return `a text of ${limit} characters`;
  return origin === "array" ? `a list of ${limit} items` : limit;
}

/** A value as it is named in messages. */
function describe(value: Json | undefined): string {
  if (value === undefined || value === null) return "nothing";
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 59)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "a map" : String(value);
}
