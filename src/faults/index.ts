/**
 * Faults: what a caller is made to experience (one file per type and layer), and whom it hits (select, window, match).
 * All of it is pure: a fault returns effects as plain data, and the lanes of the proxy (of processes: the run) carry them out.
 * May import model, units and math. To add a fault: write its file (a `FaultType`, or a `ProcessFaultType`; named as users write it, with the layer in front
 * where the name stands twice), and add it to the list below; schema, tables, `explain` and the contract test follow from that.
 *
 * Several faults on one exchange act in the order written, those on its request before those on its answer (docs/faults.md has a table of every two):
 *
 * | effect | on the request | on the answer |
 * |---|---|---|
 * | delay | all add up, before the first byte goes on | the same |
 * | throttle, slice, spread | the slowest of them sets the pace, when the delays are over | the same, and an answer in upstream's place counts as one |
 * | corrupt | each changes its share of what the one before made of it | the same |
 * | respond | ends the request's way: what is written behind it for the request does not act, what acts on answers does | with `at: response` upstream's answer is lost, and what is written for answers goes on with this one; the first answer in upstream's place stands |
 * | replay | as respond, where there is something to give again | with `reachUpstream` as respond with `at: response`: the first answer stands |
 * | rewrite | changes what has come of those before it, once it has come whole where its body changes; delays written behind it begin then | the same, and an answer in upstream's place counts as one |
 * | duplicate | upstream gets twice what it gets in the end, changed and paced by the others; delays hold the copy too | |
 * | close, reset, hang | end the exchange: what is written behind does not act, nor does anything on the answer | end it after what they let through: what is written behind does not act |
 * | truncate, malformed | | the same: of two that end an exchange the first one written wins, even when it comes later in time, or never because the answer is too short for it |
 *
 * Inside a WebSocket, delays of one message add up; a message that several drop is the first one's; of several Close frames the first to come ends its direction.
 * Faults of the connection act on the bytes that come out of this, and may end all exchanges at any time.
 */
import type { AnyFaultType, FaultType, Layer, ProcessFaultType } from "../model/fault-type.ts";
import { bandwidth } from "./bandwidth.ts";
import { blackhole } from "./blackhole.ts";
import { connectionBandwidth } from "./connection-bandwidth.ts";
import { connectionLatency } from "./connection-latency.ts";
import { connectionLimit } from "./connection-limit.ts";
import { connectionReset } from "./connection-reset.ts";
import { corrupt } from "./corrupt.ts";
import { down } from "./down.ts";
import { drop } from "./drop.ts";
import { duplicate } from "./duplicate.ts";
import { error } from "./error.ts";
import { goaway } from "./goaway.ts";
import { grpcError } from "./grpc-error.ts";
import { halfOpen } from "./half-open.ts";
import { hang } from "./hang.ts";
import { kill } from "./kill.ts";
import { latency } from "./latency.ts";
import { limitData } from "./limit-data.ts";
import { malformed } from "./malformed.ts";
import { packetLoss } from "./packet-loss.ts";
import { pause } from "./pause.ts";
import { rateLimit } from "./rate-limit.ts";
import { reset } from "./reset.ts";
import { restart } from "./restart.ts";
import { rewrite } from "./rewrite.ts";
import { slicer } from "./slicer.ts";
import { slowBody } from "./slow-body.ts";
import { slowClose } from "./slow-close.ts";
import { stale } from "./stale.ts";
import { streamReset } from "./stream-reset.ts";
import { tls } from "./tls.ts";
import { truncate } from "./truncate.ts";
import { websocketClose } from "./websocket-close.ts";
import { websocketDelay } from "./websocket-delay.ts";
import { websocketDrop } from "./websocket-drop.ts";

/** Every fault, in the order of tables. */
export const faultTypes: readonly AnyFaultType[] = [
  latency, error, rateLimit, drop, reset, hang,
  bandwidth, slowBody, truncate, corrupt, malformed, rewrite, stale, duplicate,
  grpcError, streamReset, goaway,
  websocketDelay, websocketDrop, websocketClose,
  connectionLatency, connectionBandwidth, slicer, packetLoss, slowClose, limitData,
  connectionReset, blackhole, halfOpen, connectionLimit, tls, down,
  kill, pause, restart,
];

/** The fault of that name; where the name stands on several layers and none is given, the first of the table. */
export function findFaultType(type: string, layer: Exclude<Layer, "process">): FaultType | undefined;
export function findFaultType(type: string, layer: "process"): ProcessFaultType | undefined;
export function findFaultType(type: string, layer?: Layer): AnyFaultType | undefined;
export function findFaultType(type: string, layer?: Layer): AnyFaultType | undefined {
  return faultTypes.find((known) => known.type === type && (layer === undefined || known.layer === layer));
}
