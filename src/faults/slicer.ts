import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { duration, quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Slicer {
  readonly size: number;
  readonly variation: number;
  readonly spacing: number;
}

/** Small packets: what was sent at once comes in pieces, and a reader that takes one read for one message is found out. */
export const slicer: FaultType<Slicer> = {
  type: "slicer",
  layer: "connection",
  on: "connection",
  summary: "Bytes come in small pieces, with pauses in between.",
  params: z
    .strictObject({
      size: quantity("size", { positive: true }).describe('Size of a piece, like "64B".'),
      variation: quantity("size").prefault("0B").describe('How much larger or smaller a piece may be, like "16B"; less than the size. Default 0B.'),
      spacing: duration().prefault("0ms").describe('Pause between one piece and the next, like "10ms". Default 0ms.'),
    })
    .transform((params, context) => {
      if (params.variation >= params.size) {
        context.addIssue({ code: "custom", path: ["variation"], message: `expected less than the size of ${format("size", params.size)}, got ${format("size", params.variation)}: a piece has at least one byte` });
      }
      return params;
    }),
  example: "size: 64B\nvariation: 16B\nspacing: 10ms",
  explain: ({ size, variation, spacing }) =>
    `cuts bytes into pieces of ${format("size", size)}${variation === 0 ? "" : ` ± ${format("size", variation)}`}${spacing === 0 ? "" : `, ${format("duration", spacing)} apart`}`,
  decide: ({ size, variation, spacing }, _subject, { direction }) => [{ kind: "slice", direction, bytes: size, everyMs: spacing, variationBytes: variation }],
};
