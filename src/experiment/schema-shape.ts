import { z } from "zod";
import type { Path } from "./yaml-source.ts";

/** The part of JSON Schema (2020-12) that is read here and published. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly [keyword: string]: unknown;
}

const shapes = new WeakMap<z.ZodType, JsonSchema>();

/** What an author may write, as JSON Schema: `${…}`, transforms and checks beyond it left out. */
export function shapeOf(schema: z.ZodType): JsonSchema {
  const known = shapes.get(schema);
  if (known !== undefined) return known;
  const { $schema: _dialect, $defs: _definitions, ...given } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  const shape = simplify(given);
  shapes.set(schema, shape);
  return shape;
}

/** Any JSON value is written `{}`: editors need no recursive definition for it. Safe-integer limits say nothing to an author, and a pattern says more than the scalars it is for. */
function simplify(shape: JsonSchema): JsonSchema {
  const idle = ([key, value]: readonly [string, unknown]): boolean =>
    key === "$ref" || (key === "anyOf" && shape.pattern !== undefined) || (key === "maximum" && value === Number.MAX_SAFE_INTEGER) || (key === "minimum" && value === Number.MIN_SAFE_INTEGER);
  return eachPart(Object.fromEntries(Object.entries(shape).filter((entry) => !idle(entry))), simplify);
}

/** A schema with each of its direct parts replaced. */
export function eachPart(shape: JsonSchema, replace: (part: JsonSchema) => JsonSchema): JsonSchema {
  return {
    ...shape,
    ...(shape.properties === undefined ? {} : { properties: Object.fromEntries(Object.entries(shape.properties).map(([key, part]) => [key, replace(part)])) }),
    ...(typeof shape.additionalProperties === "object" ? { additionalProperties: replace(shape.additionalProperties) } : {}),
    ...(shape.items === undefined ? {} : { items: replace(shape.items) }),
    ...(shape.anyOf === undefined ? {} : { anyOf: shape.anyOf.map(replace) }),
    ...(shape.oneOf === undefined ? {} : { oneOf: shape.oneOf.map(replace) }),
    ...(shape.allOf === undefined ? {} : { allOf: shape.allOf.map(replace) }),
  };
}

/** The schemas that may apply at a path below a shape. */
export function shapesAt(shape: JsonSchema, path: Path): readonly JsonSchema[] {
  const here = alternatives(shape);
  const [step, ...rest] = path;
  if (step === undefined) return here;
  return here.flatMap((one) => {
    const beyond = typeof one.additionalProperties === "object" ? one.additionalProperties : undefined;
    const next = typeof step === "number" ? one.items : one.properties?.[step] ?? beyond;
    return next === undefined ? [] : shapesAt(next, rest);
  });
}

function alternatives(shape: JsonSchema): readonly JsonSchema[] {
  const parts = [...(shape.anyOf ?? []), ...(shape.oneOf ?? [])];
  return parts.length === 0 ? [shape] : parts.flatMap(alternatives);
}

/** Keys that a map may have at a path. */
export function keysAt(shape: JsonSchema, path: Path): readonly string[] {
  return [...new Set(shapesAt(shape, path).flatMap((one) => Object.keys(one.properties ?? {})))];
}

/** What the value at a path should be, in the schema's words. */
export function descriptionAt(shape: JsonSchema, path: Path): string | undefined {
  const last = path.at(-1);
  for (const parent of shapesAt(shape, path.slice(0, -1))) {
    const found = typeof last === "string" ? parent.properties?.[last]?.description : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
