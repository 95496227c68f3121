import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { http2Codes, numberOfCode } from "./http2-codes.ts";
import type { Http2Code } from "./http2-codes.ts";

interface StreamReset {
  readonly code: Http2Code;
  readonly at: "request" | "response";
  readonly afterBytes?: number;
}

/** A server or middlebox gives one call up, and says why; the connection and all other calls on it go on. */
export const streamReset: FaultType<StreamReset> = {
  type: "stream-reset",
  layer: "exchange",
  on: "exchange",
  summary: "Calls of HTTP/2 end in RST_STREAM with an error code; the connection stays.",
  params: z
    .strictObject({
      code: z.enum(http2Codes).default("INTERNAL_ERROR").describe("Error code of HTTP/2. REFUSED_STREAM says that nothing was done with the call: clients send it again. Default INTERNAL_ERROR."),
      at: z.enum(["request", "response"]).optional().describe("request (default): when the request has come, of gRPC its first message; upstream is not asked. response: when upstream's answer begins, so that the work is done."),
      afterBytes: quantity("size").optional().describe('Resets after so many bytes of upstream\'s data, like "1KiB"; goes with at: response. An answer that has fewer is left alone.'),
    })
    .transform(({ code, at, afterBytes }, context): StreamReset => {
      if (afterBytes === undefined) return { code, at: at ?? "request" };
      if (at === "request") context.addIssue({ code: "custom", path: ["at"], message: 'expected at: response (or no at) beside afterBytes, which counts the bytes of the answer, got "request"' });
      return { code, at: "response", afterBytes };
    }),
  example: "code: REFUSED_STREAM",
  explain: ({ code, at, afterBytes }) => {
    const when = afterBytes === undefined ? (at === "request" ? "when the request has come" : "when upstream answers") : `after ${format("size", afterBytes)} of the answer`;
    return `resets the stream with ${code} ${when}`;
  },
  decide: ({ code, at, afterBytes }) => [{ kind: "stream-reset", code: numberOfCode(code), at, ...(afterBytes === undefined ? {} : { afterBytes }) }],
};
