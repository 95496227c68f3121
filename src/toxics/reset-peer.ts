import { longestMs, milliseconds, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/** The connection ends in an RST so long after the toxic took hold of it, whether anything was sent or not. */
export const resetPeer: ToxicType<{ readonly timeout: number }> = {
  type: "reset_peer",
  struct: "ResetToxic",
  fields: { timeout: milliseconds },
  toFault: ({ timeout }) => ({ type: "reset", params: timeout === 0 ? { at: "accept" } : { at: "accept", delay: timeout } }),
  fromFault({ type, params: { at, afterBytes, delay } }) {
    const timeout = whole(delay ?? 0, longestMs);
    return type !== "reset" || at !== "accept" || afterBytes !== undefined || timeout === undefined ? undefined : { timeout };
  },
};
