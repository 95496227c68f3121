import type { Random } from "../../model/fault-type.ts";
import { lossChain } from "../../math/loss.ts";
import type { Chunk } from "./stage.ts";

/** What a packet carries over Ethernet: 1,500 bytes less the headers of IP and TCP. */
const packetBytes = 1460;

/** Linux waits no longer than this between two attempts (TCP_RTO_MAX). */
const longestWaitMs = 120_000;

export interface Loss {
  readonly lossShare: number;
  readonly burstPackets: number;
  readonly retransmitMs: number;
}

/**
 * How long a chunk is late because packets of it were lost: one retransmission time, and twice as long again for each time
 * the packet that is sent again is lost too (RFC 6298 §5.5). An end without bytes is one packet.
 */
export function drawRetransmission({ lossShare, burstPackets, retransmitMs }: Loss, random: Random): (chunk: Chunk) => number {
  const isLost = lossChain(lossShare, burstPackets, random);
  return (chunk) => {
    const packets = "bytes" in chunk ? Math.ceil(chunk.bytes.byteLength / packetBytes) : 1;
    let lost = false;
    for (let i = 0; i < packets; i++) lost = isLost() || lost;
    let lateMs = 0;
    for (let waitMs = retransmitMs; lost; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      lateMs += waitMs;
      lost = isLost();
    }
    return lateMs;
  };
}
