import type { Bound } from "../model/bound.ts";
import { expectedForm, parseQuantity } from "./quantity.ts";
import type { QuantityKind } from "./quantity.ts";

/** Parses `"<= 250ms"`, `"> 99%"`, `"== 3"`, `"1.5s..3s"`. Returns what was expected and got, as a string, when it is none. */
export function parseBound(kind: QuantityKind, text: string): Bound | string {
  const range = /^\s*(.+?)\s*\.\.\s*(.+?)\s*$/.exec(text);
  if (range !== null) {
    const min = parseQuantity(kind, range[1] ?? "");
    const max = parseQuantity(kind, range[2] ?? "");
    if (typeof min === "string" || typeof max === "string") return typeof min === "string" ? min : String(max);
    return min > max ? `expected the smaller end first, got "${text}"` : { text, min, max };
  }
  const comparison = /^\s*(<=|>=|==|<|>)\s*(.+?)\s*$/.exec(text);
  if (comparison === null) return `expected a bound like "<= X", ">= X", "== X" or "X..Y" with X ${expectedForm(kind)}, got "${text}"`;
  const value = parseQuantity(kind, comparison[2] ?? "");
  if (typeof value === "string") return value;
  switch (comparison[1]) {
    case "<=": return { text, max: value };
    case "<": return { text, max: value, maxOpen: true };
    case ">=": return { text, min: value };
    case ">": return { text, min: value, minOpen: true };
    default: return { text, min: value, max: value };
  }
}

/** Whether a number lies inside a bound. */
export function within(bound: Bound, value: number): boolean {
  const above = bound.min === undefined || (bound.minOpen === true ? value > bound.min : value >= bound.min);
  const below = bound.max === undefined || (bound.maxOpen === true ? value < bound.max : value <= bound.max);
  return above && below;
}
