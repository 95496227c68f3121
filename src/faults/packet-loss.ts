import { z } from "zod";
import type { FaultType } from "../model/fault-type.ts";
import { quantity, share } from "../units/fields.ts";
import { format } from "../units/format.ts";

interface PacketLoss {
  readonly loss: number;
  readonly burst?: number | undefined;
  readonly retransmit: number;
}

/** A lossy link as TCP shows it: no byte is missing, some come late, and everything behind them waits. */
export const packetLoss: FaultType<PacketLoss> = {
  type: "packet-loss",
  layer: "connection",
  on: "connection",
  summary: "Packets are lost: their bytes, and all behind them, wait until they are sent again.",
  params: z
    .strictObject({
      loss: share().describe('Share of packets (of 1,460 bytes) that are lost, like "2%"; at most 90%.').refine((loss) => loss > 0 && loss <= 0.9, "expected above 0% and at most 90%"),
      burst: z.number().min(1).max(10_000).optional().describe("How many packets in a row are lost on average, from 1 up. Default: each is lost or not by itself."),
      retransmit: quantity("duration", { positive: true }).prefault("200ms").describe("How long the sender waits before it sends again, doubled each time that is lost too, up to 2 minutes. Default 200ms, the least of Linux."),
    })
    .transform((params, context) => {
      const { loss, burst } = params;
      // More than this, and the gaps between the bursts would have to be shorter than one packet.
      const least = Number((loss / (1 - loss)).toPrecision(12));
      if (burst !== undefined && burst < least) {
        context.addIssue({ code: "custom", path: ["burst"], message: `expected at least ${Number(least.toFixed(2))}, got ${burst}: with ${format("share", loss)} lost there are no gaps between shorter bursts` });
      }
      return params;
    }),
  example: "loss: 2%\nburst: 3\nretransmit: 300ms",
  explain: ({ loss, burst, retransmit }) => `loses ${format("share", loss)} of packets${burst === undefined ? "" : `, ${burst} in a row on average`}, each sent again after ${format("duration", retransmit)}`,
  decide: ({ loss, burst, retransmit }, _subject, { direction }) => [{ kind: "lose", direction, lossShare: loss, burstPackets: burst ?? 1 / (1 - loss), retransmitMs: retransmit }],
};
