import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { duration, quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface ConnectionReset {
  readonly at: "accept" | "response";
  readonly afterBytes?: number;
  readonly delay?: number;
  readonly holds?: true;
}

/** A refusal in sight of the witness: the connection is accepted and reset, at once or in the midst of the answer. */
export const connectionReset: FaultType<ConnectionReset> = {
  type: "reset",
  layer: "connection",
  on: "connection",
  summary: "Connections end in a TCP reset (RST), at once, after some bytes, or after a time.",
  params: z
    .strictObject({
      at: z.literal("accept").optional().describe("accept (default): as soon as the connection is there."),
      afterBytes: quantity("size").optional().describe('Resets after so many bytes to the caller, like "4KiB", instead of at once.'),
      delay: duration().optional().describe('Resets so long after the fault took hold of the connection, like "500ms", whether bytes come or not.'),
      holds: z.literal(true).optional().describe("true, with delay: nothing passes in the fault's direction meanwhile; of a connection that begins under the fault the time counts from the first bytes that way, or from 100ms after it began."),
    })
    .transform(({ at, afterBytes, delay, holds }, context): ConnectionReset => {
      if (at !== undefined && afterBytes !== undefined) {
        context.addIssue({ code: "custom", path: ["at"], message: "expected either at: accept or afterBytes, got both" });
      }
      if (delay !== undefined && (at ?? afterBytes) !== undefined) {
        context.addIssue({ code: "custom", path: ["delay"], message: "expected delay alone, got at or afterBytes with it: a connection is reset after a time, or after bytes" });
      }
      if (delay === undefined && holds !== undefined) {
        context.addIssue({ code: "custom", path: ["holds"], message: "expected delay with holds: until then nothing passes" });
      }
      if (delay !== undefined) return { at: "accept", delay, ...(holds !== undefined && { holds }) };
      return afterBytes === undefined ? { at: "accept" } : { at: "response", afterBytes };
    }),
  example: "afterBytes: 4KiB",
  explain: ({ afterBytes, delay }) => (delay !== undefined ? `resets connections after ${format("duration", delay)}` : afterBytes === undefined ? "resets connections as soon as they are accepted" : `resets connections after ${format("size", afterBytes)} to the caller`),
  decide: ({ delay, holds, ...params }, _subject, { direction }) => [{ kind: "reset", ...params, ...(delay === undefined ? {} : { afterMs: delay }), ...(holds === true && { holds: direction }) }],
};
