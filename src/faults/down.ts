import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface Down {
  readonly keepOpen: boolean;
}

/** Nothing listens there any more: new connections are refused by the operating system, out of the witness's sight. */
export const down: FaultType<Down> = {
  type: "down",
  layer: "connection",
  on: "listener",
  summary: "Connections are refused: the listener is closed and open connections are cut.",
  params: z.strictObject({
    keepOpen: z.boolean().default(false).describe("true: connections that are open live on. Default false: they are reset."),
  }),
  example: "keepOpen: true",
  explain: ({ keepOpen }) => (keepOpen ? "refuses new connections" : "refuses new connections and cuts open ones"),
  decide: ({ keepOpen }) => [{ kind: "refuse", keepOpen }],
};
