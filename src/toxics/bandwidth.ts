import { whole } from "./toxic-type.ts";
import type { ToxicType } from "./toxic-type.ts";

const bytesPerKb = 1000;

/** Bytes come at a rate in KB/s of 1,000 bytes; at 0 none come, and none are lost when it goes. `scope: proxy`: all connections share the rate. */
export const bandwidth: ToxicType<{ readonly rate: number; readonly scope?: string }> = {
  type: "bandwidth",
  struct: "BandwidthToxic",
  fields: { rate: { kind: "integer", unit: "KB/s", max: Math.floor(Number.MAX_SAFE_INTEGER / bytesPerKb) }, scope: { kind: "word", words: ["connection", "proxy"] } },
  toFault: ({ rate, scope = "connection" }) => ({ type: "bandwidth", params: { throughput: rate * bytesPerKb, scope } }),
  fromFault({ type, params: { throughput, scope } }) {
    const rate = whole(typeof throughput === "number" ? throughput / bytesPerKb : undefined);
    if (type !== "bandwidth" || rate === undefined) return undefined;
    return scope === "proxy" ? { rate, scope } : { rate };
  },
};
