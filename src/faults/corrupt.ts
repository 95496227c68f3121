import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Corrupt {
  readonly share: number;
}

/** Bytes that a bad disk, cache or middlebox has changed: all is well with the framing, and nothing with what is in it. */
export const corrupt: FaultType<Corrupt> = {
  type: "corrupt",
  layer: "exchange",
  on: "exchange",
  summary: "Bytes of bodies are changed: as many come, in the same framing, compressed ones as they are.",
  params: z.strictObject({
    share: quantity("share", { positive: true }).prefault("1%").describe('Share of the bytes of a body that are changed, each to another value, like "1%" (default). direction says whose: response (default), request, both.'),
  }),
  example: "share: 5%",
  explain: ({ share }) => `changes ${format("share", share)} of the bytes of bodies`,
  decide: ({ share }, _subject, { direction }, random) => [{ kind: "corrupt", direction, share, seed: Math.floor(random() * 2 ** 32) }],
};
