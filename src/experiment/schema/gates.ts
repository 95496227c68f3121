import { z } from "zod";
import type { Guard, Metric, MetricClaim, SteadyState } from "../../model/experiment.ts";
import { bound, duration, quantity } from "../../units/fields.ts";
import { name } from "./names.ts";

const metricFields = {
  success: bound("share").optional().meta({ description: 'share of good samples, such as ">= 99%"' }),
  available: bound("share").optional().meta({ description: 'share of good and degraded samples, such as ">= 95%"' }),
  p50: bound("duration").optional().meta({ description: 'median latency, such as "<= 50ms"' }),
  p95: bound("duration").optional().meta({ description: 'latency that 95 % do not exceed, such as "<= 250ms"' }),
  p99: bound("duration").optional().meta({ description: 'latency that 99 % do not exceed, such as "<= 1s"' }),
  max: bound("duration").optional().meta({ description: 'longest latency, such as "<= 3s"' }),
  throughput: bound("rate").optional().meta({ description: 'good samples per second, such as ">= 20/s"' }),
};
const metrics = ["success", "available", "p50", "p95", "p99", "max", "throughput"] as const satisfies readonly Metric[];
const noClaim = `expected at least one of ${metrics.join(", ")}`;
const metricMap = z.strictObject(metricFields);

function claimsOf(given: z.output<typeof metricMap>): readonly MetricClaim[] {
  return metrics.flatMap((metric) => {
    const claimed = given[metric];
    return claimed === undefined ? [] : [{ metric, bound: claimed }];
  });
}

/** Without `settle` its default, which the hypotheses decide, is still to be filled in. */
export const steadyStateSchema = z.strictObject({
  probe: name.meta({ description: "the probe that is judged" }),
  ...metricFields,
  during: metricMap.refine((given) => claimsOf(given).length > 0, noClaim).optional().meta({ description: "what must hold while the faults are in force; without it that phase is reported, not judged" }),
  settle: duration().optional().meta({ description: "after is judged from here on; default: the largest bound of closes and recovery" }),
}).transform(({ probe, during, settle, ...given }, context): Omit<SteadyState, "settleMs"> & { readonly settleMs?: number } => {
  const claims = claimsOf(given);
  const claimed = { claims, during: during === undefined ? [] : claimsOf(during) };
  if (claimed.claims.length + claimed.during.length === 0) context.addIssue({ code: "custom", message: noClaim });
  return { probe, ...claimed, ...(settle === undefined ? {} : { settleMs: settle }) };
});

export const guardSchema = z.strictObject({
  probe: name.meta({ description: "the probe that is watched" }),
  ...metricFields,
  over: quantity("duration", { positive: true }).prefault("5s").meta({ description: "looked at over this long" }),
}).transform(({ probe, over, ...given }, context): Guard => {
  const claims = claimsOf(given);
  if (claims.length === 0) context.addIssue({ code: "custom", message: noClaim });
  return { probe, claims, overMs: over };
});
