import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface Blackhole {
  readonly closeAfter?: number | undefined;
}

/** A hung server or a lost route: what is sent is taken, and nothing ever comes back. */
export const blackhole: FaultType<Blackhole> = {
  type: "blackhole",
  layer: "connection",
  on: "connection",
  direction: "both",
  summary: "Connections are accepted, then silent: bytes are taken and lost, nothing comes back; reset when the fault is lifted, or closed where only one direction is silent.",
  params: z.strictObject({
    closeAfter: quantity("duration", { positive: true }).optional().describe('Closes so long after the silence began, like "5s". Default: never.'),
  }),
  example: "closeAfter: 5s",
  explain: ({ closeAfter }) => `takes bytes and answers with silence${closeAfter === undefined ? "" : `, and closes after ${format("duration", closeAfter)}`}`,
  decide: ({ closeAfter }, _subject, { direction }) => [{ kind: "silence", direction, read: true, ...(closeAfter === undefined ? {} : { closeAfterMs: closeAfter }) }],
};
