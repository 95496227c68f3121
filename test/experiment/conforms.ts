import { isDeepStrictEqual } from "node:util";
import type { JsonSchema } from "../../src/experiment/schema-shape.ts";

/** Where a value breaks a schema; only the keywords that the published schema uses, and an error for any other. */
export function conforms(root: JsonSchema, value: unknown): readonly string[] {
  return broken(root, root, value, "");
}

const annotations = new Set(["$schema", "$defs", "title", "description", "default", "examples", "additionalProperties", "required"]);

function broken(root: JsonSchema, schema: JsonSchema, value: unknown, at: string): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, wanted]): readonly string[] => {
    const one = (holds: boolean): readonly string[] => (holds ? [] : [`${at}: ${keyword} ${JSON.stringify(wanted).slice(0, 60)}`]);
    const passing = (schemas: unknown): number => (schemas as readonly JsonSchema[]).filter((alternative) => broken(root, alternative, value, at).length === 0).length;
    const map = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined;
    switch (keyword) {
      case "$ref": return broken(root, (root["$defs"] as Readonly<Record<string, JsonSchema>>)[String(wanted).replace("#/$defs/", "")] ?? {}, value, at);
      case "type": return one([wanted].flat().some((type) => isType(type, value)));
      case "const": return one(isDeepStrictEqual(value, wanted));
      case "enum": return one((wanted as readonly unknown[]).some((option) => isDeepStrictEqual(value, option)));
      case "pattern": return one(typeof value !== "string" || new RegExp(String(wanted), "u").test(value));
      case "minLength": return one(typeof value !== "string" || value.length >= Number(wanted));
      case "minItems": return one(!Array.isArray(value) || value.length >= Number(wanted));
      case "minimum": return one(typeof value !== "number" || value >= Number(wanted));
      case "maximum": return one(typeof value !== "number" || value <= Number(wanted));
      case "exclusiveMinimum": return one(typeof value !== "number" || value > Number(wanted));
      case "anyOf": return one(passing(wanted) > 0);
      case "oneOf": return one(passing(wanted) === 1);
      case "allOf": return one(passing(wanted) === (wanted as readonly unknown[]).length);
      case "items": return Array.isArray(value) ? value.flatMap((item, index) => broken(root, wanted as JsonSchema, item, `${at}/${index}`)) : [];
      case "propertyNames": return Object.keys(map ?? {}).flatMap((key) => broken(root, wanted as JsonSchema, key, `${at}/${key}`));
      case "properties": return map === undefined ? [] : propertiesBroken(root, schema, map, at);
      default: return annotations.has(keyword) ? [] : [`${at}: unknown keyword ${keyword}`];
    }
  }).concat(schema.properties === undefined && typeof value === "object" && value !== null && !Array.isArray(value) ? propertiesBroken(root, schema, value as Readonly<Record<string, unknown>>, at) : []);
}

function propertiesBroken(root: JsonSchema, { properties = {}, required = [], additionalProperties = true }: JsonSchema, map: Readonly<Record<string, unknown>>, at: string): readonly string[] {
  return [
    ...required.filter((key) => !Object.hasOwn(map, key)).map((key) => `${at}: ${key} is missing`),
    ...Object.entries(map).flatMap(([key, value]) => {
      const own = properties[key];
      if (own !== undefined) return broken(root, own, value, `${at}/${key}`);
      if (additionalProperties === false) return [`${at}: unknown ${key}`];
      return additionalProperties === true ? [] : broken(root, additionalProperties, value, `${at}/${key}`);
    }),
  ];
}

function isType(type: unknown, value: unknown): boolean {
  switch (type) {
    case "null": return value === null;
    case "array": return Array.isArray(value);
    case "object": return typeof value === "object" && value !== null && !Array.isArray(value);
    case "integer": return Number.isInteger(value);
    default: return typeof value === type;
  }
}
