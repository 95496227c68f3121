import { createHash } from "node:crypto";

/** SHA-256, hex, over JSON with sorted keys: the same data gives the same digest, however it was written. */
export function digestOf(data: unknown): string {
  return createHash("sha256").update(canonical(data)).digest("hex");
}

function canonical(data: unknown): string {
  return JSON.stringify(data, (_key, value: unknown) =>
    (typeof value === "object" && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))) : value));
}
