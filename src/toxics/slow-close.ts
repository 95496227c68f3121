import { longestMs, milliseconds, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/** The end of the stream comes so much later than its last byte. */
export const slowClose: ToxicType<{ readonly delay: number }> = {
  type: "slow_close",
  struct: "SlowCloseToxic",
  fields: { delay: milliseconds },
  toFault: ({ delay }) => ({ type: "slow-close", params: { delayMs: delay, jitterMs: 0, distribution: "uniform" } }),
  fromFault({ type, params }) {
    const delay = whole(params["delayMs"], longestMs);
    return type !== "slow-close" || params["jitterMs"] !== 0 || delay === undefined ? undefined : { delay };
  },
};
