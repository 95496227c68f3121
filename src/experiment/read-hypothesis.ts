import type { Fault, Hypothesis, Proxy } from "../model/experiment.ts";
import type { HypothesisType } from "../model/hypothesis-type.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { findHypothesisType, hypothesisTypes } from "../hypotheses/index.ts";
import { knownLibraries } from "../hypotheses/libraries.ts";
import { check } from "./check.ts";
import { suggest, suggestAmong } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { paramsOf } from "./params.ts";
import { peerType } from "./peer-words.ts";
import { refer } from "./references.ts";
import type { Known } from "./references.ts";
import { isServed } from "./remote.ts";
import { hypothesisCommons } from "./schema/hypothesis.ts";
import type { Path } from "./yaml-source.ts";

const commonKeys = Object.keys(hypothesisCommons.shape);

export interface HypothesisContext {
  readonly known: Known;
  readonly faults: readonly Fault[];
  readonly proxies: readonly Proxy[];
  /** Those of them that hypotheses brought along: a hypothesis with shapes speaks of them beside the faults that it names. */
  readonly programmed: readonly Fault[];
  readonly defaultName: string;
}

/** The keys that every hypothesis may have, and those of its type. */
export function splitHypothesis(entry: JsonObject): { readonly commons: JsonObject; readonly own: JsonObject } {
  const part = (isCommon: boolean): JsonObject => Object.fromEntries(Object.entries(entry).filter(([key]) => commonKeys.includes(key) === isCommon));
  return { commons: part(true), own: part(false) };
}

/** One entry of `hypotheses:`; absent when something is wrong with it, which is then reported. */
export function readHypothesis(given: Json, path: Path, context: HypothesisContext, report: Report): Hypothesis | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    check(hypothesisCommons, given, { path }, report);
    return undefined;
  }
  const entry = given as JsonObject;
  const { commons, own } = splitHypothesis(entry);
  const common = check(hypothesisCommons, commons, { path, section: "hypotheses" }, report);
  const type = typeOf(entry["type"], path, report);
  if (type === undefined) return undefined;
  const params = check(type.params, own, { path, section: "hypotheses", alsoKnown: commonKeys }, report);
  if (params === undefined) {
    for (const kind of ["probe", "proxy"] as const) if (typeof entry[kind] === "string") refer(kind, entry[kind], kind === "probe" ? context.known.probes : context.known.proxies, [...path, kind], report);
    return undefined;
  }
  const probes = type.probes(params).map((name) => refer("probe", name, context.known.probes, pathOf(entry, name, path), report));
  const proxies = type.proxies(params).map((name) => refer("proxy", name, context.known.proxies, pathOf(entry, name, path), report));
  if (common === undefined || ![...probes, ...proxies].every(Boolean) || !areSeen(type.proxies(params), type.type, entry, path, context, report)) return undefined;
  const named = common.fault === undefined ? undefined : [common.fault].flat();
  if (common.library !== undefined && !knownLibraries.includes(common.library.toLowerCase())) report({ code: "unknown-library", severity: "warning", message: `nothing is known of a library "${common.library}", so there is no advice on it`, hint: suggest(common.library, knownLibraries), path: [...path, "library"] });
  checkShapes(common.shapes, type, [...path, "shapes"], report);
  if (named?.map((name, index) => refer("fault", name, context.known.faults, [...path, "fault", ...(Array.isArray(entry["fault"]) ? [index] : [])], report)).includes(false) === true) return undefined;
  return {
    name: common.name ?? context.defaultName,
    type: type.type,
    faults: named === undefined ? faultsOn(type.proxies(params), context.faults) : [...new Set([...named, ...(common.shapes.length === 0 ? [] : context.programmed.filter(({ proxy }) => proxy !== undefined && type.proxies(params).includes(proxy)).map(({ name }) => name))])],
    ...(common.library === undefined ? {} : { library: common.library }),
    ...(common.epochs === undefined ? {} : { epochs: common.epochs }),
    confirm: common.confirm,
    shapes: common.shapes,
    params: paramsOf(params),
  };
}

/** Whether a proxy of ours sees the calls on the edges that a hypothesis is about. */
function areSeen(names: readonly string[], type: string, entry: JsonObject, path: Path, { proxies }: HypothesisContext, report: Report): boolean {
  const unseen = proxies.filter((proxy) => names.includes(proxy.name) && !isServed(proxy));
  for (const { name } of unseen) {
    report({ code: "unwitnessed-proxy", message: `${type} is judged by the calls on ${name}, and nobody sees them: it is a remote proxy with witness: false`, hint: `leave witness out: then a proxy of ours stands before it; what callers see can be judged without: claim, recovery`, path: pathOf(entry, name, path) });
  }
  return unseen.length === 0;
}

function checkShapes(shapes: readonly string[], { type, shapes: known }: HypothesisType, path: Path, report: Report): void {
  if (known === undefined && shapes.length > 0) {
    const able = hypothesisTypes.filter((one) => one.shapes !== undefined).map((one) => one.type);
    report({ code: "no-effect", severity: "warning", message: `shapes has no effect on a hypothesis of type ${type}`, hint: `leave it out; those of type ${able.join(", ")} are judged shape by shape`, path });
  }
  for (const [index, shape] of shapes.entries()) {
    if (known?.includes(shape) === false) report({ code: "unknown-shape", message: `there is no shape "${shape}"`, hint: suggestAmong(shape, known), path: [...path, index] });
  }
}

/** All faults on its proxies, or on what stands behind them, else all. */
function faultsOn(proxies: readonly string[], faults: readonly Fault[]): readonly string[] {
  const own = faults.filter(({ proxy, edges = [] }) => (proxy !== undefined && proxies.includes(proxy)) || edges.some((edge) => proxies.includes(edge.proxy)));
  return (own.length > 0 ? own : faults).map(({ name }) => name);
}

function typeOf(word: Json | undefined, path: Path, report: Report): HypothesisType | undefined {
  if (typeof word !== "string") return undefined;
  const type = findHypothesisType(word);
  if (type !== undefined) return type;
  const known = hypothesisTypes.map((one) => one.type);
  report({ code: "unknown-hypothesis-type", message: `there is no hypothesis type "${word}"`, hint: suggestAmong(word, known, peerType("hypothesis", word)), path: [...path, "type"] });
  return undefined;
}

/** Where a name stands in an entry: types say which names they use, not under which key. */
function pathOf(value: Json, name: string, path: Path): Path {
  return find(value, name, path) ?? path;
}

function find(value: Json, name: string, path: Path): Path | undefined {
  if (value === name) return path;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = find(item, name, [...path, Array.isArray(value) ? Number(key) : key]);
    if (found !== undefined && found.at(-1) !== "type") return found;
  }
  return undefined;
}
