import type { ToxicType } from "./toxic-type.ts";

/** As the fault `packet-loss` has them: the least that Linux waits, and the longest bursts. */
const retransmitMs = 200;
const longestBurst = 10_000;

/** How many are lost in a row on average, when the next one is lost with `correlation` because the one before it was, and else by chance. */
function meanBurst(loss: number, correlation: number): number {
  return Math.min(longestBurst, 1 / ((1 - loss) * (1 - correlation)));
}

/** Packets are lost, and sent again as TCP does: nothing is missing, some of it is late. `correlation` makes losses come in bursts. With all of them lost nothing passes. */
export const packetLoss: ToxicType<{ readonly loss_rate: number; readonly correlation: number }> = {
  type: "packet_loss",
  struct: "PacketLossToxic",
  fields: { loss_rate: { kind: "share" }, correlation: { kind: "share" } },
  toFault: (attributes) => (attributes.loss_rate === 1 ? { type: "bandwidth", params: { throughput: 0, scope: "connection" } } : { type: "packet-loss", params: { loss: attributes.loss_rate, ...(attributes.correlation > 0 && { burst: meanBurst(attributes.loss_rate, attributes.correlation) }), retransmit: retransmitMs } }),
  fromFault({ type, params: { loss, burst, retransmit } }) {
    if (type !== "packet-loss" || retransmit !== retransmitMs || typeof loss !== "number") return undefined;
    if (burst === undefined) return { loss_rate: loss, correlation: 0 };
    const correlation = typeof burst === "number" ? Number((1 - 1 / (burst * (1 - loss))).toPrecision(12)) : -1;
    // Bursts shorter than those of chance have no correlation from 0 up.
    return correlation < 0 ? undefined : { loss_rate: loss, correlation };
  },
};
