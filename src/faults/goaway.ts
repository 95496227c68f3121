import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { http2Codes, numberOfCode } from "./http2-codes.ts";
import type { Http2Code } from "./http2-codes.ts";

interface Goaway {
  readonly code: Http2Code;
  readonly graceful: boolean;
}

/** A server that restarts, is drained, or has had enough of a connection: as real ones do it when so many calls have come on it, or at a moment. */
export const goaway: FaultType<Goaway> = {
  type: "goaway",
  layer: "exchange",
  on: "exchange",
  summary: "The HTTP/2 connection of a call is told to go away (GOAWAY): further calls need another one.",
  params: z
    .strictObject({
      code: z.enum(http2Codes).optional().describe("Error code of HTTP/2. Default NO_ERROR where it is graceful, else INTERNAL_ERROR."),
      graceful: z.boolean().default(true).describe("true (default): calls under way on the connection, this one too, go on to their end. false: they are lost, and the connection is closed."),
    })
    .transform(({ code, graceful }): Goaway => ({ code: code ?? (graceful ? "NO_ERROR" : "INTERNAL_ERROR"), graceful })),
  example: "graceful: false",
  explain: ({ code, graceful }) => `tells the connection to go away with ${code}${graceful ? "" : ", and closes it with all calls on it"}`,
  decide: ({ code, graceful }) => [{ kind: "goaway", code: numberOfCode(code), graceful }],
};
