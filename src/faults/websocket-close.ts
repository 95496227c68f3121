import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface WebsocketClose {
  readonly code: number;
  readonly reason?: string | undefined;
  readonly afterMessages: number;
}

/** A control frame carries 125 bytes at most, two of them the code (RFC 6455 §5.5). */
const longestReasonBytes = 123;

/** A server that restarts, is overloaded or fails, and says so: a Close frame with a code. Callers are to reconnect, each after a pause of its own. */
export const websocketClose: FaultType<WebsocketClose> = {
  type: "websocket-close",
  layer: "exchange",
  on: "websocket",
  summary: "WebSockets are closed by a Close frame with a code, at once or after some messages; the closing handshake follows.",
  params: z.strictObject({
    code: z
      .int()
      .min(1000)
      .max(4999)
      .refine(mayBeSent, "expected a code that a Close frame may carry: 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 §7.4); 1005, 1006 and 1015 say that none came: for those cut the connection, with type: reset and layer: connection")
      .default(1011)
      .describe("Close code, such as 1001 (going away), 1011 (server error), 1012 (restart) or 1013 (try again later). Default 1011."),
    reason: z
      .string()
      .refine((text) => new TextEncoder().encode(text).length <= longestReasonBytes, `expected at most ${longestReasonBytes} bytes of UTF-8, which is all that a Close frame has room for`)
      .optional()
      .describe("Text behind the code, at most 123 bytes. Default: none."),
    afterMessages: z.int().min(0).default(0).describe("Messages of the direction that still pass, counted from when the fault takes hold of a WebSocket. Default 0: it is closed at once."),
  }),
  example: "code: 1012\nreason: restarting\nafterMessages: 20",
  explain: ({ code, reason, afterMessages }) => `closes WebSockets with ${code}${reason === undefined ? "" : ` "${reason}"`}${afterMessages === 0 ? "" : ` after ${afterMessages === 1 ? "a message" : `${afterMessages} messages`}`}`,
  decide: ({ code, reason = "", afterMessages }, _subject, { direction }) => [{ kind: "close-frame", direction, code, reason, afterMessages }],
};

function mayBeSent(code: number): boolean {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}
