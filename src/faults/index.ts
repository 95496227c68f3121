/**
 * Faults: what a caller is made to experience (one file per type and layer), and whom it hits (select, window, match).
 * All of it is pure: a fault returns effects as plain data, and the lanes of the proxy carry them out.
 * May import model, units and math. To add a fault: write its file (a `FaultType`, named as users write it, with the layer in front
 * where the name stands twice), and add it to the list below; schema, tables, `explain` and the contract test follow from that.
 */
import type { FaultType, Layer } from "../model/fault-type.ts";
import { blackhole } from "./blackhole.ts";
import { connectionBandwidth } from "./connection-bandwidth.ts";
import { connectionLatency } from "./connection-latency.ts";
import { connectionLimit } from "./connection-limit.ts";
import { connectionReset } from "./connection-reset.ts";
import { down } from "./down.ts";
import { drop } from "./drop.ts";
import { error } from "./error.ts";
import { halfOpen } from "./half-open.ts";
import { hang } from "./hang.ts";
import { latency } from "./latency.ts";
import { limitData } from "./limit-data.ts";
import { packetLoss } from "./packet-loss.ts";
import { reset } from "./reset.ts";
import { slicer } from "./slicer.ts";
import { slowClose } from "./slow-close.ts";

/** Every fault, in the order of tables. */
export const faultTypes: readonly FaultType[] = [
  latency, error, drop, reset, hang,
  connectionLatency, connectionBandwidth, slicer, packetLoss, slowClose, limitData,
  connectionReset, blackhole, halfOpen, connectionLimit, down,
];

/** The fault of that name; where the name stands on several layers and none is given, the first of the table. */
export function findFaultType(type: string, layer?: Layer): FaultType | undefined {
  return faultTypes.find((known) => known.type === type && (layer === undefined || known.layer === layer));
}
