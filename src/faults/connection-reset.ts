import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface ConnectionReset {
  readonly at: "accept" | "response";
  readonly afterBytes?: number;
}

/** A refusal in sight of the witness: the connection is accepted and reset, at once or in the midst of the answer. */
export const connectionReset: FaultType<ConnectionReset> = {
  type: "reset",
  layer: "connection",
  on: "connection",
  summary: "Connections end in a TCP reset (RST), at once or after some bytes.",
  params: z
    .strictObject({
      at: z.literal("accept").optional().describe("accept (default): as soon as the connection is there."),
      afterBytes: quantity("size").optional().describe('Resets after so many bytes to the caller, like "4KiB", instead of at once.'),
    })
    .transform(({ at, afterBytes }, context): ConnectionReset => {
      if (at !== undefined && afterBytes !== undefined) {
        context.addIssue({ code: "custom", path: ["at"], message: "expected either at: accept or afterBytes, got both" });
      }
      return afterBytes === undefined ? { at: "accept" } : { at: "response", afterBytes };
    }),
  example: "afterBytes: 4KiB",
  explain: ({ afterBytes }) => (afterBytes === undefined ? "resets connections as soon as they are accepted" : `resets connections after ${format("size", afterBytes)} to the caller`),
  decide: (params) => [{ kind: "reset", ...params }],
};
