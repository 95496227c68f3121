import { z } from "zod";
import type { DelaySpec } from "../model/distribution.ts";
import type { FaultType } from "../model/fault-type.ts";
import { drawDelayMs } from "../math/distribution.ts";
import { delayAt } from "../math/wave.ts";
import { delayOrWave, explainDelay, toWavyDelaySpec, wavyDelayFields } from "./delay-fields.ts";

/** A broker or peer that falls behind: messages come late, in order, while the connection looks well. */
export const websocketDelay: FaultType<DelaySpec> = {
  type: "websocket-delay",
  layer: "exchange",
  on: "message",
  summary: "WebSocket messages come later, in order: those to the caller, to upstream, or both.",
  params: z.strictObject(wavyDelayFields).meta(delayOrWave).transform(toWavyDelaySpec),
  example: "delay: 500ms\njitter: 100ms",
  explain: (delay) => `holds WebSocket messages back for ${explainDelay(delay)}`,
  decide: (delay, _subject, { sinceWindowMs }, random) => [{ kind: "delay-message", ms: drawDelayMs(delayAt(delay, sinceWindowMs), random) }],
};
