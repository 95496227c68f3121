import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { duration, quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Duplicate {
  readonly copies: number;
  readonly delay: number;
  readonly maxBody: number;
}

/** At-least-once delivery: a network, a queue or an impatient gateway that sends what was sent. What idempotency is for. */
export const duplicate: FaultType<Duplicate> = {
  type: "duplicate",
  layer: "exchange",
  on: "exchange",
  summary: "Upstream gets calls twice, byte for byte; the caller gets the answer to the first, the others are thrown away.",
  params: z.strictObject({
    copies: z.int().min(1).max(100).default(1).describe("How many times more upstream gets a call, each on a connection of its own. Default 1."),
    delay: duration().prefault("0ms").describe('How long after the call has gone on whole its copies follow, like "500ms". Default 0ms.'),
    maxBody: quantity("size", { positive: true }).prefault("8MiB").describe('Larger calls, like "1MiB", are not sent again. Default 8MiB.'),
  }),
  example: "copies: 1\ndelay: 100ms",
  explain: ({ copies, delay }) => `sends calls to upstream ${copies === 1 ? "a second time" : `${copies} times more`}${delay === 0 ? "" : `, ${format("duration", delay)} later`}`,
  decide: ({ copies, delay, maxBody }) => [{ kind: "duplicate", copies, afterMs: delay, maxBytes: maxBody }],
};
