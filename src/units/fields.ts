import { z } from "zod";
import type { Bound } from "../model/bound.ts";
import { parseBound } from "./bound.ts";
import { format } from "./format.ts";
import { examplesOf, expectedForm, parseQuantity, patternOf } from "./quantity.ts";
import type { QuantityKind } from "./quantity.ts";

/**
 * Schema fields for values with units: text in, base units out. Each explains itself in errors and in the published JSON Schema.
 * A bare number is taken in and refused with the unit form it should have.
 */
const scalar = z.union([z.string(), z.number()]);

/** What is published of a field: only a count may be a bare number. */
function published(kind: QuantityKind, description: string, pattern: string, examples: readonly string[]): Record<string, unknown> {
  return { description, type: kind === "count" ? ["string", "number"] : "string", pattern: `^\\s*${pattern}\\s*$`, examples };
}

const comparison = "(?:<=|>=|==|<|>)";

interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly positive?: boolean;
}

/** A quantity as a number of base units (ms, bytes, share, factor, per second). */
export function quantity(kind: QuantityKind, options: Range = {}): z.ZodType<number, string | number> {
  return scalar.meta(published(kind, expectedForm(kind), patternOf(kind), examplesOf(kind))).transform((text, context) => {
    const value = parseQuantity(kind, text);
    const problem = typeof value === "string" ? value : rangeProblem(kind, text, value, options);
    if (typeof value === "string" || problem !== undefined) {
      context.addIssue({ code: "custom", message: problem ?? String(value) });
      return z.NEVER;
    }
    return value;
  });
}

function rangeProblem(kind: QuantityKind, text: string | number, value: number, options: Range): string | undefined {
  if (options.positive === true && value === 0) return `expected ${expectedForm(kind)} above 0, got "${text}"`;
  if (options.min !== undefined && value < options.min) return `expected ${expectedForm(kind)} of at least ${format(kind, options.min)}, got "${text}"`;
  const max = options.max ?? (kind === "share" ? 1 : Number.POSITIVE_INFINITY);
  return value > max ? `expected ${expectedForm(kind)} of at most ${kind === "share" ? "100%" : max}, got "${text}"` : undefined;
}

export const duration = (): z.ZodType<number, string | number> => quantity("duration");
export const share = (): z.ZodType<number, string | number> => quantity("share");

/** A bound such as `"<= 250ms"`. */
export function bound(kind: QuantityKind): z.ZodType<Bound, string | number> {
  const [example = ""] = examplesOf(kind);
  const one = patternOf(kind);
  return scalar.meta(published(kind, `a bound like "<= X", ">= X" or "X..Y", where X is ${expectedForm(kind)}`, `(?:${comparison}\\s*${one}|${one}\\s*\\.\\.\\s*${one})`, [kind === "share" ? ">= 99%" : `<= ${example}`])).transform((text, context) => {
    const value = parseBound(kind, String(text));
    if (typeof value === "string") {
      context.addIssue({ code: "custom", message: value });
      return z.NEVER;
    }
    return value;
  });
}

/** An upper limit written as a plain quantity or as a bound: `within: 6s` and `within: "<= 6s"` mean the same. */
export function atMost(kind: QuantityKind): z.ZodType<Bound, string | number> {
  const one = patternOf(kind);
  return scalar.meta(published(kind, `${expectedForm(kind)}, or a bound on it`, `(?:${comparison}?\\s*${one}|${one}\\s*\\.\\.\\s*${one})`, examplesOf(kind))).transform((text, context) => {
    const isBound = /[<>=]|\.\./.test(String(text));
    const value = isBound ? parseBound(kind, String(text)) : plainLimit(kind, text);
    if (typeof value === "string") {
      context.addIssue({ code: "custom", message: value });
      return z.NEVER;
    }
    return value;
  });
}

function plainLimit(kind: QuantityKind, text: string | number): Bound | string {
  const max = parseQuantity(kind, text);
  return typeof max === "string" ? max : { text: `<= ${text}`, max };
}

/** A bound, or a plain quantity that is meant roughly: `first: 100ms` allows a quarter less, and a quarter more beside `slack`, such as the 25 ms that scheduling adds. */
export function about(kind: "duration" | "factor", slack: number): z.ZodType<Bound, string | number> {
  return z.union([z.string(), z.number()]).meta({ description: `${expectedForm(kind)}, or a bound on it` }).transform((text, context) => {
    const isBound = /[<>=]|\.\./.test(String(text));
    const value = isBound ? parseBound(kind, String(text)) : parseQuantity(kind, text);
    if (typeof value === "string") {
      context.addIssue({ code: "custom", message: value });
      return z.NEVER;
    }
    if (typeof value !== "number") return value;
    const [min, max] = [value * 0.75, value * 1.25 + slack];
    return { text: `about ${text} (${format(kind, min)} to ${format(kind, max)})`, min, max };
  });
}
