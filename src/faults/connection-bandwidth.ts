import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Bandwidth {
  readonly throughput: number;
  readonly scope: "connection" | "proxy";
}

/** A narrow link: bytes come at a rate, and senders are made to wait. */
export const connectionBandwidth: FaultType<Bandwidth> = {
  type: "bandwidth",
  layer: "connection",
  on: "connection",
  summary: "Bytes come at a limited rate, of each connection or of all together.",
  params: z.strictObject({
    throughput: quantity("throughput", { positive: true }).describe('How much passes at most, in each direction that is limited, like "100KB/s".'),
    scope: z.enum(["connection", "proxy"]).default("connection").describe("connection (default): each connection has this rate to itself. proxy: all that are hit share it."),
  }),
  example: "throughput: 100KB/s\nscope: proxy",
  explain: ({ throughput, scope }) => `lets ${format("throughput", throughput)} through ${scope === "proxy" ? "all connections together" : "each connection"}`,
  decide: ({ throughput, scope }, _subject, { direction }) => [{ kind: "throttle", direction, bytesPerSecond: throughput, shared: scope === "proxy" }],
};
