import type { Json } from "../../model/json.ts";

/** What an answer may hold: plain data, and a map where the order of its keys matters (an object puts keys such as `10` first). */
export type Answer = Json | ReadonlyMap<string, Json>;

const escapes: Readonly<Record<string, string>> = { "<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029" };

/** JSON as Go's encoder writes it: no spaces, and the characters escaped that mean something in HTML or end a line in a script. */
export function toJsonText(value: Answer): string {
  const text = value instanceof Map ? `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(item)}`).join(",")}}` : JSON.stringify(value);
  return text.replaceAll(/[<>&\u2028\u2029]/g, (character) => escapes[character] ?? character);
}
