import { z } from "zod";
import type { DelaySpec } from "../model/distribution.ts";
import type { FaultType } from "../model/fault-type.ts";
import { drawDelayMs } from "../math/distribution.ts";
import { delayAt } from "../math/wave.ts";
import { delayOrWave, explainDelay, toWavyDelaySpec, wavyDelayFields } from "./delay-fields.ts";

interface Latency extends DelaySpec {
  readonly at: "request" | "response";
}

/** Slow calls: one delay per exchange. */
export const latency: FaultType<Latency> = {
  type: "latency",
  layer: "exchange",
  on: "exchange",
  summary: "Calls take longer: the request or the response is held.",
  params: z
    .strictObject({
      ...wavyDelayFields,
      at: z
        .enum(["request", "response"])
        .default("request")
        .describe("request (default): upstream gets the call late, and not at all when its caller has left. response: upstream does the work at once and the answer is late."),
    })
    .meta(delayOrWave)
    .transform(({ at, ...delay }, context) => ({ at, ...toWavyDelaySpec(delay, context) })),
  example: "delay: 3s\njitter: 500ms\ndistribution: normal\nat: response",
  explain: ({ at, ...delay }) => (at === "request" ? `holds calls back for ${explainDelay(delay)}` : `holds answers back for ${explainDelay(delay)}`),
  decide: (params, _subject, { sinceWindowMs }, random) => [{ kind: "delay", at: params.at, ms: drawDelayMs(delayAt(params, sinceWindowMs), random) }],
};
