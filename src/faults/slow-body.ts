import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

type SlowBody = { readonly size: number; readonly spacing: number } | { readonly over: number };

/** A peer that works as it writes: the head is there at once, and the body comes drop by drop. What a timeout per read never notices. */
export const slowBody: FaultType<SlowBody> = {
  type: "slow-body",
  layer: "exchange",
  on: "exchange",
  summary: "Heads come at once and bodies drip: so many bytes every so often, or evenly over a duration.",
  params: z
    .strictObject({
      size: quantity("size", { positive: true }).optional().describe('Bytes at a time, like "16B"; goes with spacing. Default 1B.'),
      spacing: quantity("duration", { positive: true }).optional().describe('From the head to the first bytes, and from each to the next, like "100ms".'),
      over: quantity("duration", { positive: true })
        .optional()
        .describe('How long the whole body takes, like "10s", instead of spacing. A body that does not tell its length is held until its length is known; beyond 64KiB the rest passes at the rate of those.'),
    })
    .transform(({ size, spacing, over }, context): SlowBody => {
      if ((spacing === undefined) === (over === undefined)) context.addIssue({ code: "custom", path: ["spacing"], message: `expected either spacing or over, got ${over === undefined ? "neither" : "both"}` });
      if (over === undefined) return { size: size ?? 1, spacing: spacing ?? 0 };
      if (size !== undefined) context.addIssue({ code: "custom", path: ["size"], message: "expected size beside spacing only: over spreads the body evenly" });
      return { over };
    }),
  example: "size: 16B\nspacing: 100ms",
  explain: (params) => ("over" in params ? `spreads bodies over ${format("duration", params.over)}` : `lets bodies drip, ${format("size", params.size)} every ${format("duration", params.spacing)}`),
  decide: (params, _subject, { direction }) => ["over" in params ? { kind: "spread", direction, overMs: params.over } : { kind: "slice", direction, bytes: params.size, everyMs: params.spacing }],
};
