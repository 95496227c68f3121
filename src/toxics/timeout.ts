import { longestMs, milliseconds, whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

/** What comes is lost, and the connection is closed so long after that began; 0 is never. */
export const timeout: ToxicType<{ readonly timeout: number }> = {
  type: "timeout",
  struct: "TimeoutToxic",
  fields: { timeout: milliseconds },
  toFault: (attributes) => ({ type: "blackhole", params: attributes.timeout === 0 ? {} : { closeAfter: attributes.timeout } }),
  fromFault({ type, params: { closeAfter } }) {
    const closesMs = whole(closeAfter ?? 0, longestMs);
    return type !== "blackhole" || closesMs === undefined ? undefined : { timeout: closesMs };
  },
};
