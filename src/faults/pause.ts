import { z } from "zod";
import type { ProcessFaultType } from "../model/fault-type.ts";

/** A long garbage collection, a frozen virtual machine, a swapping host: the system still accepts connections, and nothing answers. */
export const pause: ProcessFaultType<object> = {
  type: "pause",
  layer: "process",
  on: "process",
  summary: "A service of the run stands still (SIGSTOP) until the fault is lifted (SIGCONT).",
  params: z.strictObject({}),
  example: "{}",
  explain: () => "lets the service stand still",
  decide: () => ({ kind: "pause" }),
};
