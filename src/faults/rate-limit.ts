import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import type { Json } from "../model/json.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { longestRetryAfterMs, retryAfterField } from "./header-fields.ts";

interface RateLimit {
  readonly limit: number;
  readonly burst: number;
  /** Absent: until the bucket has a token again. */
  readonly retryAfterMs?: number;
  readonly retryAfterAs: "seconds" | "http-date";
}

/** A provider that meters its callers: a bucket of tokens, refilled at a rate, and 429 when it is empty (RFC 6585 §4). */
export const rateLimit: FaultType<RateLimit> = {
  type: "rate-limit",
  layer: "exchange",
  on: "exchange",
  summary: "Calls above a rate are answered 429 with Retry-After; the others are spared.",
  params: z
    .strictObject({
      limit: quantity("rate", { positive: true }).describe('Calls that are let through in the long run, like "10/s" or "300/min". per says of whom: all together (default), each caller, each connection, each value of a header.'),
      burst: z.int().min(1).default(1).describe("Calls that are let through at once, after a silence. Default 1."),
      retryAfter: retryAfterField().optional().describe('What Retry-After says, like "2s"; rounded up to whole seconds. Default: until the next call would be let through.'),
      retryAfterAs: z.enum(["seconds", "http-date"]).default("seconds").describe("How Retry-After is written. Default seconds."),
    })
    .transform(({ retryAfter, ...params }): RateLimit => ({ ...params, ...(retryAfter !== undefined && { retryAfterMs: retryAfter }) })),
  example: "limit: 10/s\nburst: 20",
  explain: ({ limit, burst }) => `lets ${format("rate", limit)} through${burst === 1 ? "" : ` and up to ${burst} at once`}, and answers 429 to the others`,
  decide: ({ limit, burst, retryAfterMs, retryAfterAs }, _subject, { sinceWindowMs, memory }) => {
    const before = bucketOf(memory, { tokens: burst, atMs: sinceWindowMs });
    const tokens = Math.min(burst, before.tokens + ((sinceWindowMs - before.atMs) / 1000) * limit);
    if (tokens >= 1) return { effects: [], memory: { tokens: tokens - 1, atMs: sinceWindowMs } };
    const waitMs = retryAfterMs ?? Math.min(((1 - tokens) / limit) * 1000, longestRetryAfterMs);
    const told = retryAfterAs === "seconds" ? { headers: { "retry-after": String(Math.ceil(waitMs / 1000)) } } : { headers: {}, retryAfterDateMs: waitMs };
    return { effects: [{ kind: "respond", status: 429, body: "", ...told }], memory: { tokens, atMs: sinceWindowMs } };
  },
};

/** The tokens in the bucket at a moment, both as it was left. */
function bucketOf(memory: Json | undefined, full: { readonly tokens: number; readonly atMs: number }): { readonly tokens: number; readonly atMs: number } {
  if (typeof memory !== "object" || memory === null || !("tokens" in memory)) return full;
  const { tokens, atMs } = memory;
  return typeof tokens === "number" && typeof atMs === "number" ? { tokens, atMs } : full;
}
