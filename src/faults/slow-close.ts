import { z } from "zod";
import type { DelaySpec } from "../model/distribution.ts";
import type { FaultType } from "../model/fault-type.ts";
import { delayFields, explainDelay, toDelaySpec } from "./delay-fields.ts";

/** A peer that takes its time to hang up: who reads to the end of the stream waits. */
export const slowClose: FaultType<DelaySpec> = {
  type: "slow-close",
  layer: "connection",
  on: "connection",
  summary: "The end of a stream (FIN) comes later than its last byte.",
  params: z.strictObject(delayFields).transform(toDelaySpec),
  example: "delay: 2s",
  explain: (delay) => `holds the end of the stream back for ${explainDelay(delay)}`,
  decide: (delay, _subject, { direction }) => [{ kind: "hold-end", direction, delay }],
};
