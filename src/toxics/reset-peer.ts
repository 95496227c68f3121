import { longestMs, milliseconds, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/**
 * The connection ends in an RST so long after the toxic took hold of it, and nothing is let through in its direction until then. A new connection is given
 * a moment for its first bytes, from which the time counts: who is reset before they have seen it open meets another error than Toxiproxy's.
 */
export const resetPeer: ToxicType<{ readonly timeout: number }> = {
  type: "reset_peer",
  struct: "ResetToxic",
  fields: { timeout: milliseconds },
  toFault: ({ timeout }) => ({ type: "reset", params: { at: "accept", delay: timeout, holds: true } }),
  fromFault({ type, params: { at, afterBytes, delay } }) {
    const timeout = whole(delay ?? 0, longestMs);
    return type !== "reset" || at !== "accept" || afterBytes !== undefined || timeout === undefined ? undefined : { timeout };
  },
};
