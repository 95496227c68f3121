import { z } from "zod";
import type { DelaySpec, Wave } from "../model/distribution.ts";
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

/** Parameters of a delay that may come in waves. */
export const wavyDelayFields = {
  ...delayFields,
  delay: delayFields.delay.optional().describe('Mean of the delay, like "250ms" or "3s"; this or wave is needed.'),
  wave: z
    .strictObject({
      shape: z.enum(["sine", "saw", "square"]).default("sine").describe("sine (default): to the other end and back in a period. saw: evenly from one end to the other, then anew. square: half a period at each end."),
      period: quantity("duration", { positive: true }).describe('Length of a wave, like "10s".'),
      from: duration().prefault("0s").describe("Where each wave begins, the first with the window of the fault. Default 0s."),
      to: duration().describe('Its other end, like "500ms".'),
    })
    .refine(({ from, to }) => from !== to, { path: ["to"], message: "expected another delay than from: a wave moves between the two" })
    .transform(({ shape, period, from, to }): Wave => ({ shape, periodMs: period, fromMs: from, toMs: to }))
    .optional()
    .describe("Instead of delay: a mean that goes up and down through the window, { shape: sine, period: 10s, from: 0s, to: 500ms }. jitter spreads around it."),
};

/** What JSON Schema says of them together. */
export const delayOrWave = { allOf: [{ oneOf: [{ required: ["delay"] }, { required: ["wave"] }] }] };

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

/** The delay that the parameters describe, fixed or in waves; an issue unless it is one of the two. */
export function toWavyDelaySpec({ delay, wave, ...spread }: Omit<DelayParams, "delay"> & { readonly delay?: number | undefined; readonly wave?: Wave | undefined }, context: z.RefinementCtx): DelaySpec {
  if (wave === undefined) {
    if (delay === undefined) context.addIssue({ code: "invalid_type", expected: "string", input: delay, path: ["delay"], message: 'expected a delay such as "250ms", or a wave, got none' });
    return toDelaySpec({ delay: delay ?? 0, ...spread }, context);
  }
  if (delay !== undefined) context.addIssue({ code: "custom", path: ["wave"], message: "expected either delay or wave, got both: a wave says how long delays are by its from and to" });
  if (spread.distribution === "exponential" && spread.jitter === undefined) context.addIssue({ code: "custom", path: ["jitter"], message: "expected jitter, the mean of the exponential part on top of a wave, got none" });
  return { ...toDelaySpec({ delay: (wave.fromMs + wave.toMs) / 2, ...spread }, context), wave };
}

/** `3s`, `3s ± 500ms`, `3s on average (lognormal, deviation 500ms)`, `0s to 500ms in sine waves of 10s`. */
export function explainDelay({ delayMs, jitterMs, distribution, wave }: DelaySpec): string {
  const delay = wave === undefined ? format("duration", delayMs) : `${format("duration", wave.fromMs)} to ${format("duration", wave.toMs)} in ${wave.shape} waves of ${format("duration", wave.periodMs)}`;
  if (jitterMs === 0) return delay;
  const jitter = format("duration", jitterMs);
  return distribution === "uniform" ? `${delay} ± ${jitter}` : `${delay} on average (${distribution}, deviation ${jitter})`;
}
