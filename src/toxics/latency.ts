import { longestMs, milliseconds, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/** Each chunk is released at its arrival + latency ± jitter, in order. */
export const latency: ToxicType<{ readonly latency: number; readonly jitter: number }> = {
  type: "latency",
  struct: "LatencyToxic",
  fields: { latency: milliseconds, jitter: milliseconds },
  check: (attributes) =>
    attributes.latency + attributes.jitter <= longestMs ? undefined : { attribute: "jitter", message: `expected latency and jitter of at most ${longestMs} ms together, got ${attributes.latency} and ${attributes.jitter}` },
  toFault: (attributes) => ({ type: "latency", params: { delayMs: attributes.latency, jitterMs: attributes.jitter, distribution: "uniform" } }),
  fromFault({ type, params }) {
    const [delayMs, jitterMs] = [whole(params["delayMs"], longestMs), whole(params["jitterMs"], longestMs)];
    if (type !== "latency" || params["distribution"] !== "uniform" || params["wave"] !== undefined || delayMs === undefined || jitterMs === undefined) return undefined;
    return { latency: delayMs, jitter: jitterMs };
  },
};
