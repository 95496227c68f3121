import type { Rows } from "../evidence/column.ts";
import type { MetricClaim } from "../model/experiment.ts";
import type { Sample } from "../model/observation.ts";
import { within } from "../units/bound.ts";
import { fewestSamples, metricQuantile } from "./steady-state.ts";

/**
 * For every sample whether it and all that follow it meet the claims together, as a gate would say: in one pass from the end,
 * since a gate at each of a million samples would take hours. A quantile is inside a bound when enough latencies are.
 */
export function suffixesThatMeet(samples: Rows<Pick<Sample, "grade" | "latencyMs">>, claims: readonly MetricClaim[]): Uint8Array {
  const meets = new Uint8Array(samples.length);
  const judges = claims.map(watch);
  for (let i = samples.length - 1; i >= 0; i -= 1) {
    const sample = samples.at(i);
    if (sample === undefined) continue;
    let all = 1;
    for (const judge of judges) if (!judge(sample)) all = 0;
    meets[i] = all;
  }
  return meets;
}

/** Takes one more sample in, and says whether all so far meet the claim. */
function watch({ metric, bound }: MetricClaim): (sample: Pick<Sample, "grade" | "latencyMs">) => boolean {
  const q = metricQuantile[metric];
  let [n, hits, low] = [0, 0, 0];
  if (q === undefined) {
    return ({ grade }) => {
      if (grade !== "pending") n += 1;
      if (grade === "good" || (metric === "available" && grade === "degraded")) hits += 1;
      return n >= fewestSamples && within(bound, hits / n);
    };
  }
  const { min, minOpen, max, maxOpen } = bound;
  return ({ latencyMs }) => {
    n += 1;
    if (within({ text: "", ...(max === undefined ? {} : { max }), ...(maxOpen === undefined ? {} : { maxOpen }) }, latencyMs)) hits += 1;
    if (!within({ text: "", ...(min === undefined ? {} : { min }), ...(minOpen === undefined ? {} : { minOpen }) }, latencyMs)) low += 1;
    // The quantile is the value of this rank: it is inside when so many are not above, and fewer are below.
    const rank = Math.max(1, Math.ceil(q * n - 1e-9));
    return n >= fewestSamples && hits >= rank && low < rank;
  };
}
