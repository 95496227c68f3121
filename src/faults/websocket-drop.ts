import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

/** A broker that loses messages: whole ones are missing, and nothing else shows it. */
export const websocketDrop: FaultType<object> = {
  type: "websocket-drop",
  layer: "exchange",
  on: "message",
  summary: "WebSocket messages vanish whole; rate says how many. Pings, pongs and closes pass.",
  params: z.strictObject({}),
  example: "{}",
  explain: () => "drops WebSocket messages",
  decide: () => [{ kind: "drop-message" }],
};
