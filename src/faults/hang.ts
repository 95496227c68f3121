import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

interface Hang {
  readonly headers: boolean;
}

/** A deadlocked upstream: the connection lives, and nothing comes. What a timeout is for. */
export const hang: FaultType<Hang> = {
  type: "hang",
  layer: "exchange",
  on: "exchange",
  summary: "Calls are never answered; the connection stays open until the fault is lifted.",
  params: z.strictObject({
    headers: z.boolean().default(false).describe("true: upstream is asked and the head of its answer passed on, then nothing more. Default false: upstream is not asked."),
  }),
  example: "headers: true",
  explain: ({ headers }) => (headers ? "passes on the head of the answer, then nothing" : "never answers"),
  decide: ({ headers }) => [{ kind: "hang", headersFirst: headers }],
};
