/**
 * Toxics: Toxiproxy's words for faults on a proxy, to and from our own. One file per type, in the order of Toxiproxy's documentation.
 * Pure; may import model, units, math and faults. To add a type: write its file and add it to the list below. Every fault of ours is a toxic
 * too, under its own name; those are read where experiments are read (experiment/read-toxic.ts).
 */
import type { Fault } from "../model/experiment.ts";
import { withDefaults } from "./attributes.ts";
import type { CompleteAttributes } from "./attributes.ts";
import { bandwidth } from "./bandwidth.ts";
import { latency } from "./latency.ts";
import { limitData } from "./limit-data.ts";
import { noop } from "./noop.ts";
import { packetLoss } from "./packet-loss.ts";
import { resetPeer } from "./reset-peer.ts";
import { slicer } from "./slicer.ts";
import { slowClose } from "./slow-close.ts";
import type { Stream } from "./stream.ts";
import { timeout } from "./timeout.ts";
import type { ToxicType } from "./toxic-type.ts";

export { attributeProblems, withDefaults } from "./attributes.ts";
export type { CompleteAttributes } from "./attributes.ts";
export { directionOf, readStream } from "./stream.ts";
export type { Stream } from "./stream.ts";
export { asFloat32 } from "./toxicity.ts";
export type { AttributeField, Attributes, ToxicType } from "./toxic-type.ts";

/** Every type that Toxiproxy has. */
export const toxicTypes: readonly ToxicType[] = [latency, bandwidth, slowClose, timeout, resetPeer, slicer, limitData, packetLoss, noop];

const byType = new Map(toxicTypes.map((toxic) => [toxic.type, toxic]));

/** The type of that name; `-` is as good as `_`. */
export function findToxicType(type: string): ToxicType | undefined {
  return byType.get(type.replaceAll("-", "_"));
}

/** A fault in Toxiproxy's words. */
export interface ToxicWords {
  readonly type: string;
  readonly attributes: CompleteAttributes;
  readonly toxicity: number;
  /** One toxic on each. */
  readonly streams: readonly Stream[];
}

/** What a fault is called by Toxiproxy; absent where it has no words for it: on calls, in windows, for some connections by their number. */
export function toxicOf({ type, layer, direction, selection, params }: Fault): ToxicWords | undefined {
  const { fromMs, after, every, rateShare, per, ...further } = selection;
  const isPlain = fromMs === 0 && after === 0 && every === 1 && per === "fault" && Object.values(further).every((value) => value === undefined);
  if (layer !== "connection" || !isPlain) return undefined;
  for (const known of toxicTypes) {
    const attributes = known.fromFault({ type, params });
    if (attributes !== undefined) return { type: known.type, attributes: withDefaults(known, attributes), toxicity: rateShare, streams: direction === "both" ? ["upstream", "downstream"] : [direction === "request" ? "upstream" : "downstream"] };
  }
  return undefined;
}
