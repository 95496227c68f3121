import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Reset {
  readonly at: "accept" | "request" | "response";
  readonly afterBytes?: number;
}

/** A crashed peer or an impatient middlebox: the caller's next read or write fails with "connection reset". */
export const reset: FaultType<Reset> = {
  type: "reset",
  layer: "exchange",
  on: "exchange",
  summary: "Calls end in a TCP reset (RST).",
  params: z
    .strictObject({
      at: z
        .enum(["accept", "request", "response"])
        .optional()
        .describe("accept: as soon as the head of the request is there. request (default): when the request has come. response: when upstream's answer begins, so that the work is done."),
      afterBytes: quantity("size").optional().describe('Resets after so many bytes of upstream\'s answer, like "1KiB"; goes with at: response.'),
    })
    .transform(({ at, afterBytes }, context): Reset => {
      if (afterBytes === undefined) return { at: at ?? "request" };
      if (at !== undefined && at !== "response") {
        context.addIssue({ code: "custom", path: ["at"], message: `expected at: response (or no at) beside afterBytes, which counts the bytes of the answer, got "${at}"` });
      }
      return { at: "response", afterBytes };
    }),
  example: "at: response\nafterBytes: 1KiB",
  explain: ({ at, afterBytes }) => {
    if (afterBytes !== undefined) return `resets the connection after ${format("size", afterBytes)} of the answer`;
    return { accept: "resets the connection as soon as a request begins", request: "resets the connection when the request has come", response: "resets the connection when upstream answers" }[at];
  },
  decide: (params) => [{ kind: "reset", ...params }],
};
