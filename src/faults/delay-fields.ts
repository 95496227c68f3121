import { z } from "zod";
import type { DelaySpec } from "../model/distribution.ts";
import { duration, quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

/** Parameters of a random or fixed delay, for every fault that delays. */
export const delayFields = {
  delay: quantity("duration", { positive: true }).describe('Mean of the delay, like "250ms" or "3s".'),
  jitter: duration()
    .optional()
    .describe('Spread around the mean, like "50ms": half-width of uniform, standard deviation of the others. Default 0; for exponential, the delay itself.'),
  distribution: z
    .enum(["uniform", "normal", "lognormal", "pareto", "exponential"])
    .optional()
    .describe("How single delays spread around the mean. Default uniform. All but uniform and exponential need a jitter."),
};

interface DelayParams {
  readonly delay: number;
  readonly jitter?: number | undefined;
  readonly distribution?: DelaySpec["distribution"] | undefined;
}

/** The delay that the parameters describe. Without a spread, a distribution that has none of its own would silently be fixed: that is an issue. */
export function toDelaySpec({ delay, jitter, distribution = "uniform" }: DelayParams, context: z.RefinementCtx): DelaySpec {
  if (jitter === undefined && distribution !== "uniform" && distribution !== "exponential") {
    context.addIssue({ code: "custom", path: ["jitter"], message: `expected jitter, the standard deviation of ${distribution}, such as "${format("duration", delay / 5)}", got none` });
  }
  return { delayMs: delay, jitterMs: jitter ?? (distribution === "exponential" ? delay : 0), distribution };
}

/** `3s`, `3s ± 500ms`, `3s on average (lognormal, deviation 500ms)`. */
export function explainDelay({ delayMs, jitterMs, distribution }: DelaySpec): string {
  const delay = format("duration", delayMs);
  if (jitterMs === 0) return delay;
  const jitter = format("duration", jitterMs);
  return distribution === "uniform" ? `${delay} ± ${jitter}` : `${delay} on average (${distribution}, deviation ${jitter})`;
}
