import { z } from "zod";
import type { Bound } from "../../model/bound.ts";
import { atMost, bound } from "../../units/fields.ts";

/** A factor of what was usual, or a rate in itself. */
export interface ConnectionsClaim {
  readonly kind: "factor" | "rate";
  readonly bound: Bound;
}

/** `2x` or `20/s`. */
const connections: z.ZodType<ConnectionsClaim, string | number> = z.union([z.string(), z.number()]).meta({ description: 'a bound like "<= 2x" (of what was usual before the fault), or like "<= 20/s"' }).transform((text, context) => {
  const kind = String(text).includes("/") ? "rate" : "factor";
  const parsed = atMost(kind).safeParse(text);
  if (parsed.success) return { kind, bound: parsed.data };
  context.addIssue({ code: "custom", message: parsed.error.issues[0]?.message ?? "expected a bound" });
  return z.NEVER;
});

export const stampedeParams = z
  .strictObject({
    proxy: z.string(),
    peak: bound("factor").refine(({ max }) => max !== undefined && max > 0, { message: 'expected an upper bound like "<= 2x"' }).optional().describe("Most calls in 20 ms, 100 ms and 1 s after the fault, against the most before it."),
    connections: connections.refine(({ bound: { max } }) => max !== undefined, { message: 'expected an upper bound like "<= 2x" or "<= 20/s"' }).optional().describe("Most new connections in a second after the fault, against the most before it."),
  })
  .refine(({ peak, connections }) => peak !== undefined || connections !== undefined, { message: "expected at least one of peak, connections" });
export type StampedeParams = z.output<typeof stampedeParams>;

export function stampedeClaims({ peak, connections }: StampedeParams): readonly { readonly claim: string; readonly text: string }[] {
  return [...(peak === undefined ? [] : [{ claim: "peak", text: peak.text }]), ...(connections === undefined ? [] : [{ claim: "connections", text: connections.bound.text }])];
}

export function explainStampede({ proxy, peak, connections }: StampedeParams): string {
  const parts = [
    peak && `calls come on it at ${peak.text} the peak of before the fault`,
    connections && `connections are opened at ${connections.bound.text}${connections.kind === "factor" ? " the peak of before" : ""}`,
  ].filter((part) => part !== undefined);
  return `When ${proxy} is well again, ${parts.join(" and ")}`;
}
