import type { Json, JsonObject } from "../model/json.ts";

/** What a type's schema made of its parameters, as plain data: absent values are left out. */
export function paramsOf(value: unknown): JsonObject {
  return plain(value) as JsonObject;
}

function plain(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, plain(item)]])));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : null;
}
