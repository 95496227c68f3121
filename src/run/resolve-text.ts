import { ChaosError } from "../model/error.ts";
import { resolve } from "../experiment/interpolate.ts";
import type { RunScope } from "../experiment/interpolate.ts";

/** A text with its placeholders filled; numbers and booleans become text. Throws ChaosError `not-a-text` for `${services.x}`, and `undefined-reference`. */
export function resolveText(template: string, scope: RunScope): string {
  const value = resolve(template, scope);
  if (typeof value !== "object" || value === null) return String(value);
  throw new ChaosError("not-a-text", `expected ${template} to be a text, got ${JSON.stringify(value)}`, { hint: "name one of its parts, such as .url" });
}
