import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";

/** The peer lost power: the connection stays, nobody is there, and no FIN or RST ever tells. What keep-alives are for. */
export const halfOpen: FaultType<object> = {
  type: "half-open",
  layer: "connection",
  on: "connection",
  summary: "The peer has vanished: nothing is read or written any more, without FIN or RST; reset when the fault is lifted.",
  params: z.strictObject({}),
  example: "{}",
  explain: () => "leaves connections open with nobody at the other end",
  decide: () => [{ kind: "silence", direction: "both", read: false }],
};
