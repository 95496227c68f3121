import type { Direction } from "../model/effect.ts";
import type { Fault, Proxy } from "../model/experiment.ts";
import type { JsonObject } from "../model/json.ts";
import type { Toxic } from "../model/toxic.ts";
import { asFloat32, attributeProblems, directionOf, findToxicType, readStream, toxicOf, withDefaults } from "../toxics/index.ts";
import type { Attributes, ToxicType } from "../toxics/index.ts";
import type { Report } from "./finding.ts";
import { findOwnFault, outsideAttributes, ownAttributes, ownToxicType } from "./own-toxic.ts";
import type { OwnFault } from "./own-toxic.ts";
import { readFault } from "./read-fault.ts";
import { name as nameSchema } from "./schema/names.ts";
import type { Path } from "./yaml-source.ts";

/** A toxic as it was asked for, with its defaults. */
export interface GivenToxic {
  readonly name: string;
  readonly type: string;
  /** Absent: `downstream`, and of our own faults what they do where nothing is said of it. */
  readonly stream?: string | undefined;
  readonly toxicity: number;
  readonly attributes: JsonObject;
}

const defaultStream = "downstream";

/** Whether toxics have such a type: one of Toxiproxy's, or a fault of ours. */
export function isToxicType(type: string): boolean {
  return findToxicType(type) !== undefined || findOwnFault(type) !== undefined;
}

/** `latency_downstream`, for one without a name. */
export function defaultToxicName(type: string, stream: string = defaultStream): string {
  return `${type}_${stream}`;
}

/** A toxic of a known type on a known stream. Everything that is wrong is reported, at `path` and its keys; absent then. */
export function readToxic(given: GivenToxic, proxy: Proxy, path: Path, report: Report): Toxic | undefined {
  const { toxicity } = given;
  const isShare = toxicity >= 0 && toxicity <= 1;
  if (!isShare) report({ code: "bad-value", message: `toxicity: expected a number from 0 to 1, got ${toxicity}`, path: [...path, "toxicity"] });
  const known = findToxicType(given.type);
  const own = findOwnFault(given.type);
  const rounded: GivenToxic = { ...given, toxicity: asFloat32(toxicity) };
  const at = [...path, "attributes"];
  const toxic = known !== undefined ? readKnown(rounded, known, proxy, at, report) : own !== undefined ? readOwn(rounded, own, proxy, at, report) : undefined;
  return isShare ? toxic : undefined;
}

function readKnown(given: GivenToxic, known: ToxicType, { name: proxy }: Proxy, at: Path, report: Report): Toxic | undefined {
  const attributes = withDefaults(known, scalarsOf(given.attributes, at, report));
  const problems = attributeProblems(known, attributes);
  for (const { attribute, message } of problems) report({ code: "bad-value", message: `${attribute}: ${message}`, path: [...at, attribute] });
  if (problems.length > 0) return undefined;
  const part = known.toFault(attributes);
  const { stream = defaultStream } = given;
  const fault: Fault | undefined = part && {
    name: given.name, type: part.type, layer: "connection", proxy, direction: directionOf(readStream(stream) ?? defaultStream),
    selection: { fromMs: 0, after: 0, every: 1, rateShare: given.toxicity, per: "fault" }, params: part.params,
  };
  return { ...given, stream, attributes, ...(fault !== undefined && { fault }) };
}

/** What is no number and no text is reported by the attribute's own range. */
function scalarsOf(attributes: JsonObject, at: Path, report: Report): Attributes {
  return Object.fromEntries(Object.entries(attributes).flatMap(([name, value]) => {
    if (value === null || typeof value === "number" || typeof value === "string") return value === null ? [] : [[name, value]];
    report({ code: "wrong-type", message: `${name}: expected a number, got ${Array.isArray(value) ? "a list" : typeof value === "object" ? "a map" : String(value)}`, path: [...at, name] });
    return [[name, ""]];
  }));
}

/** One of our own faults; its attributes are the keys that it has in an experiment. */
function readOwn(given: GivenToxic, own: OwnFault, proxy: Proxy, at: Path, report: Report): Toxic | undefined {
  const attributes = ownAttributes(given.attributes, own);
  const misplaced = outsideAttributes(attributes);
  for (const key of misplaced) report({ code: "does-not-apply", message: `${key} is no attribute`, hint: key === "rate" ? "toxicity is the share that is hit" : "leave it out", path: [...at, key], part: "key" });
  // Names of Toxiproxy's may have any letters; those of an experiment stand in placeholders.
  const called = nameSchema.safeParse(proxy.name).success ? proxy.name : "proxy";
  const entry: JsonObject = { ...attributes, type: own.type, proxy: called, ...(own.layer !== undefined && { layer: own.layer }), ...(given.toxicity < 1 && { rate: `${Math.max(0, given.toxicity) * 100}%` }) };
  const known = { services: new Map(), proxies: new Set([called]), proxyFields: new Map(), probes: new Set<string>(), faults: new Set<string>(), secrets: new Set<string>() };
  const fault = readFault(entry, at, { known, proxies: [{ ...proxy, name: called }], duringMs: undefined, defaultName: given.name }, report);
  if (fault === undefined || misplaced.length > 0 || !isWithoutRun(fault, at, report)) return undefined;
  const { stream } = given;
  const direction = stream === undefined || attributes["direction"] !== undefined ? fault.direction : directionOf(readStream(stream) ?? defaultStream);
  return {
    ...given, stream: stream ?? defaultStream, attributes: withDirection(attributes, direction),
    fault: { ...fault, name: given.name, proxy: proxy.name, direction, selection: { ...fault.selection, rateShare: given.toxicity } },
  };
}

/** Without a run there are no requests of it whose attempts could be counted: each call would be a first one. */
export function isWithoutRun({ selection: { attempt } }: Fault, path: Path, report: Report): boolean {
  if (attempt === undefined) return true;
  report({ code: "does-not-apply", message: "attempt counts the calls of a request of chaos run, and there is no run here", hint: `count by what the calls of a request have in common: per: trace, or per: header x, with first: ${attempt.max}`, path: [...path, "attempt"], part: "key" });
  return false;
}

/** A stream is one direction: where there are two, attributes say it. */
function withDirection(attributes: JsonObject, direction: Direction): JsonObject {
  return direction === "both" ? { ...attributes, direction } : attributes;
}

/** A fault of an experiment as a toxic: in Toxiproxy's words where it has any, else in our own, with its keys as they were written. */
export function toxicOfFault(fault: Fault, entry: JsonObject): Toxic {
  const { name, direction } = fault;
  const words = toxicOf(fault);
  const toxicity = asFloat32(fault.selection.rateShare);
  const [stream, other] = words?.streams ?? [];
  if (words !== undefined && stream !== undefined && other === undefined) return { name, type: words.type, stream, toxicity, attributes: words.attributes, fault };
  const leftOut = [...outsideAttributes(entry), "direction"];
  const attributes = Object.fromEntries(Object.entries(entry).filter(([key, value]) => value !== null && !leftOut.includes(key)));
  return { name, type: ownToxicType(fault), stream: direction === "request" ? "upstream" : "downstream", toxicity, attributes: withDirection(attributes, direction), fault };
}
