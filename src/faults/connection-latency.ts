import { z } from "zod";
import type { DelaySpec } from "../model/distribution.ts";
import type { FaultType } from "../model/fault-type.ts";
import { delayOrWave, explainDelay, toWavyDelaySpec, wavyDelayFields } from "./delay-fields.ts";

/** A long or congested path: every chunk of bytes arrives later, in order. */
export const connectionLatency: FaultType<DelaySpec> = {
  type: "latency",
  layer: "connection",
  on: "connection",
  summary: "Bytes arrive later: each chunk is released at its arrival plus a delay, in order.",
  params: z.strictObject(wavyDelayFields).meta(delayOrWave).transform(toWavyDelaySpec),
  example: "delay: 200ms\njitter: 50ms",
  explain: (delay) => `delays bytes by ${explainDelay(delay)}`,
  decide: (delay, _subject, { direction, sinceWindowMs }) => [{ kind: "delay-bytes", direction, delay, ...(delay.wave !== undefined && { sinceWindowMs }) }],
};
