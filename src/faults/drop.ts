import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

/** The server process ended, or an idle connection was closed under the caller's feet: FIN where an answer was due. */
export const drop: FaultType<object> = {
  type: "drop",
  layer: "exchange",
  on: "exchange",
  summary: "Calls get no answer: the connection is closed; upstream is not asked.",
  params: z.strictObject({}),
  example: "{}",
  explain: () => "closes the connection without an answer",
  decide: () => [{ kind: "close" }],
};
