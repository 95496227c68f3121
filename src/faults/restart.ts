import { z } from "zod";
import type { ProcessFaultType } from "../model/fault-type.ts";

/** A deployment or a moved container: the service is asked to end (SIGTERM), given its time to stop, and started again at once. */
export const restart: ProcessFaultType<object> = {
  type: "restart",
  layer: "process",
  on: "process",
  summary: "A service of the run is stopped in good order (SIGTERM) and started again.",
  params: z.strictObject({}),
  example: "{}",
  explain: () => "stops the service and starts it again at once",
  decide: () => ({ kind: "end", signal: "SIGTERM", insist: true, restart: { afterMs: 0 } }),
};
