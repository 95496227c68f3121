import type { Fault } from "../model/experiment.ts";
import type { FaultType, Layer } from "../model/fault-type.ts";
import type { JsonObject } from "../model/json.ts";
import { faultTypes } from "../faults/index.ts";
import { findToxicType } from "../toxics/index.ts";
import { faultCommons } from "./schema/selection.ts";
import { keysAt, shapeOf } from "./schema-shape.ts";

/** A fault of ours that a toxic's type names. */
export interface OwnFault {
  readonly type: string;
  /** Absent: what it stands for is left to the proxy, as in an experiment. */
  readonly layer?: Exclude<Layer, "process">;
}

const ofEdges = faultTypes.filter((type): type is FaultType => type.layer !== "process");
const prefixes = { "http-": "exchange", "connection-": "connection" } as const;
/** What a toxic says elsewhere than in its attributes, and what a proxy's faults do not have. */
const outside: readonly string[] = ["name", "type", "proxy", "service", "replica", "layer", "rate"];
const commonKeys = Object.keys(faultCommons.shape).filter((key) => !outside.includes(key));

/** `http_error`, `connection_reset`, `half_open`, `down`, …, with `-` as good as `_`; absent when it is no fault of a proxy. Toxiproxy's own types come first. */
export function findOwnFault(toxicType: string): OwnFault | undefined {
  const word = toxicType.replaceAll("_", "-");
  if (findToxicType(toxicType) !== undefined) return undefined;
  if (ofEdges.some(({ type }) => type === word)) return { type: word };
  for (const [prefix, layer] of Object.entries(prefixes)) {
    const rest = word.slice(prefix.length);
    if (word.startsWith(prefix) && ofEdges.some((known) => known.type === rest && known.layer === layer)) return { type: rest, layer };
  }
  return undefined;
}

/** The toxic's type that names a fault, and nothing else. */
export function ownToxicType({ type, layer }: Pick<Fault, "type" | "layer">): string {
  const word = type.replaceAll("-", "_");
  const isAlone = ofEdges.filter((known) => known.type === type).length === 1;
  if (layer === "exchange") return `http_${word}`;
  return isAlone && findToxicType(word) === undefined ? word : `connection_${word}`;
}

/** Its attributes with keys as an experiment has them: they are the same in any case, with `-` or `_` or neither. What is not known stays as it is. */
export function ownAttributes(given: JsonObject, { type, layer }: OwnFault): JsonObject {
  const candidates = ofEdges.filter((known) => known.type === type && (layer === undefined || known.layer === layer));
  const keys = new Map([...commonKeys, ...candidates.flatMap(({ params }) => keysAt(shapeOf(params), []))].map((key) => [plain(key), key]));
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null).map(([key, value]) => [keys.get(plain(key)) ?? key, value]));
}

/** What does not stand among attributes. */
export function outsideAttributes(attributes: JsonObject): readonly string[] {
  return Object.keys(attributes).filter((key) => outside.includes(key));
}

function plain(key: string): string {
  return key.toLowerCase().replaceAll(/[-_]/g, "");
}
