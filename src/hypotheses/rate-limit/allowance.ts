import { z } from "zod";
import { format } from "../../units/format.ts";
import { parseQuantity } from "../../units/quantity.ts";

/** What a rate limit lets in: at most `count` in any stretch of `windowMs`; with `burst`, at most that many and the rate since, in any stretch at all. */
export interface Allowance {
  readonly text: string;
  readonly count: number;
  readonly windowMs: number;
}

const form = /^\s*(?:<=\s*)?(\d+)\s*\/\s*(\d+(?:\.\d+)?)?\s*([a-z]+)\s*$/i;
const expected = 'expected a number of requests per time like "100/s", "6000/min" or "100/10s"';

/** `100/s`, `<= 6000/min`, `100/10s`: a whole number in any stretch of that length. */
export const allowance: z.ZodType<Allowance, string | number> = z
  .union([z.string(), z.number()])
  .meta({ description: 'requests let in per time, such as "100/s" or "100/10s": at most so many in any stretch of that length', type: "string", pattern: "^\\s*(?:<=\\s*)?\\d+\\s*/\\s*(?:\\d+(?:\\.\\d+)?)?\\s*(?:ms|s|sec|m|min|h)\\s*$", examples: ["100/s", "100/10s"] })
  .transform((text, context) => {
    const found = form.exec(String(text));
    const unit = found?.[3] === "sec" ? "s" : (found?.[3] ?? "");
    const windowMs = parseQuantity("duration", `${found?.[2] ?? "1"}${unit}`);
    const count = Number(found?.[1]);
    if (found === null || typeof windowMs === "string" || windowMs === 0 || count === 0) {
      context.addIssue({ code: "custom", message: `${expected}, got ${typeof text === "number" ? "the bare number " : ""}${JSON.stringify(text)}` });
      return z.NEVER;
    }
    return { text: String(text), count, windowMs };
  });

/** What is allowed, as a bound in words. */
export function explainAllowance({ count, windowMs }: Allowance, burst: number | undefined): string {
  return burst === undefined ? `<= ${count} in any ${format("duration", windowMs)}` : `<= ${burst} at once and ${format("rate", (count * 1000) / windowMs)} since`;
}
