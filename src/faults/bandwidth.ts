import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Bandwidth {
  readonly throughput: number;
}

/** A narrow path for some calls: head and body pass at a rate. */
export const bandwidth: FaultType<Bandwidth> = {
  type: "bandwidth",
  layer: "exchange",
  on: "exchange",
  summary: "Calls pass at a limited rate: answers, requests, or both, head and body alike.",
  params: z.strictObject({
    throughput: quantity("throughput", { positive: true }).describe('How much of each message passes at most, like "100KB/s". direction says of which: response (default), request, both.'),
  }),
  example: "throughput: 100KB/s",
  explain: ({ throughput }) => `lets ${format("throughput", throughput)} of each call through`,
  decide: ({ throughput }, _subject, { direction }) => [{ kind: "throttle", direction, bytesPerSecond: throughput }],
};
