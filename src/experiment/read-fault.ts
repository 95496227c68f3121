import type { Fault, LaneName, Proxy } from "../model/experiment.ts";
import type { AnyFaultType, FaultType, Layer } from "../model/fault-type.ts";
import type { Json, JsonObject } from "../model/json.ts";
import { beyondLane, hasDirection } from "../faults/carried-out.ts";
import { faultTypes } from "../faults/index.ts";
import { burstProblem } from "./burst-fits.ts";
import { check } from "./check.ts";
import { suggestAmong } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { paramsOf } from "./params.ts";
import { peerType } from "./peer-words.ts";
import { readTarget } from "./process-target.ts";
import { faultCommons, fitsLayer, selectionOf } from "./schema/selection.ts";
import type { FaultCommons } from "./schema/selection.ts";
import { refer } from "./references.ts";
import type { Known } from "./references.ts";
import { keysAt, shapeOf } from "./schema-shape.ts";
import { isRemote } from "./remote.ts";
import { isCarriedOutThere, reportBeyondRemote } from "./remote-faults.ts";
import type { Path } from "./yaml-source.ts";
import { checkWindow } from "./window-fits.ts";

const laneWords: Readonly<Record<LaneName, string>> = { http1: "HTTP", http2: "HTTP/2", tcp: "bytes" };
const laneSchemes: Readonly<Record<LaneName, string>> = { http1: "http://", http2: "grpc:// or h2c://", tcp: "tcp://" };
const commonKeys = Object.keys(faultCommons.shape);

/** What a fault is read against. */
export interface FaultContext {
  readonly known: Known;
  readonly proxies: readonly Proxy[];
  readonly duringMs: number | undefined;
  /** Its default name. */
  readonly defaultName: string;
}

/** One entry of `faults:`; absent when something is wrong with it, which is then reported. */
export function readFault(given: Json, path: Path, context: FaultContext, report: Report): Fault | undefined {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    check(faultCommons, given, { path }, report);
    return undefined;
  }
  const entry = given as JsonObject;
  const common = check(faultCommons, Object.fromEntries(Object.entries(entry).filter(([key]) => commonKeys.includes(key))), { path, section: "faults" }, report);
  const candidates = candidatesOf(entry["type"], path, report);
  const proxyName = typeof entry["proxy"] === "string" ? entry["proxy"] : undefined;
  const proxy = context.proxies.find(({ name }) => name === proxyName);
  const proxyKnown = proxyName !== undefined && refer("proxy", proxyName, context.known.proxies, [...path, "proxy"], report);
  const type = chooseType(candidates, entry, proxy, path, report);
  if (type === undefined) return undefined;
  const rest = Object.fromEntries(Object.entries(entry).filter(([key]) => !commonKeys.includes(key)));
  const params = check(type.params, rest, { path, section: "faults", alsoKnown: commonKeys, hintFor: (key) => namesakeHint(type, key) }, report);
  if (type.on !== "process" && proxyName === undefined) report({ code: "missing-key", message: `proxy is missing: the edge on which ${type.type} happens`, hint: proxiesHint(context.known.proxies), path, part: "key" });
  const target = type.on === "process" ? readTarget(entry, type.type, path, context, report) : proxyKnown ? { proxy: proxyName } : undefined;
  if (common === undefined || target === undefined) return undefined;
  const fits = checkLayer(entry, type, path, report) && checkCommons(common, type, path, report) && (context.duringMs === undefined || checkWindow(common, context.duringMs, path, report));
  if (params === undefined || !fits || (type.on !== "process" && !(isCarriedOut(type, params, proxy, path, report) && isShaken(type, params, proxy, path, report) && isDirected(type, params, entry, path, report)))) return undefined;
  const fault: Fault = { name: common.name ?? context.defaultName, type: type.type, layer: type.layer, ...target, direction: directionOf(common, entry, type), selection: selectionOf(common), params: paramsOf(params) };
  return type.on !== "process" && proxy !== undefined && isRemote(proxy) && !isCarriedOutThere(fault, entry, proxy, path, report) ? undefined : fault;
}

function proxiesHint(names: ReadonlySet<string>): string {
  return names.size === 0 ? "name an edge under proxies:" : `write proxy: ${[...names].join(" or proxy: ")}`;
}

function candidatesOf(word: Json | undefined, path: Path, report: Report): readonly AnyFaultType[] {
  if (typeof word !== "string") return [];
  const candidates = faultTypes.filter(({ type }) => type === word);
  if (candidates.length === 0) {
    const known = [...new Set(faultTypes.map(({ type }) => type))];
    report({ code: "unknown-fault-type", message: `there is no fault type "${word}"`, hint: suggestAmong(word, known, peerType("fault", word)), path: [...path, "type"] });
  }
  return candidates;
}

/** Where a name stands on two layers, the written layer decides, else the lane of the proxy. */
function chooseType(candidates: readonly AnyFaultType[], entry: JsonObject, proxy: Proxy | undefined, path: Path, report: Report): AnyFaultType | undefined {
  const [first] = candidates;
  if (first === undefined) return undefined;
  const wanted = entry["layer"];
  if (wanted !== undefined) {
    const found = candidates.find(({ layer }) => layer === wanted);
    if (found === undefined && isLayer(wanted)) report({ code: "wrong-layer", message: `${first.type} has no layer ${wanted}`, hint: `it acts on: ${candidates.map(({ layer }) => layer).join(", ")}`, path: [...path, "layer"] });
    return found !== undefined && !suits(found, proxy, [...path, "layer"], report) ? undefined : found;
  }
  const preferred: Layer = proxy?.lane === "tcp" || proxy?.remote !== undefined ? "connection" : "exchange";
  const type = candidates.find(({ layer }) => layer === preferred) ?? first;
  return suits(type, proxy, [...path, "type"], report) ? type : undefined;
}

function suits(type: AnyFaultType, proxy: Proxy | undefined, path: Path, report: Report): boolean {
  if (type.layer === "connection" && proxy?.through !== undefined) {
    report({ code: "wrong-layer", message: `${type.type} acts on connections here, and those on which calls go to ${proxy.name} are of ${proxy.through}, which leads elsewhere too`, hint: `write proxy: ${proxy.through}, or take a fault of the layer exchange`, path });
    return false;
  }
  if (type.layer !== "exchange" || proxy === undefined) return true;
  if (isRemote(proxy)) {
    reportBeyondRemote(type.type, proxy, path, report);
    return false;
  }
  if (proxy.lane !== "tcp") return true;
  if (actsInside(type)) {
    report({ code: "wrong-layer", message: `${type.type} acts on WebSockets, which begin as HTTP exchanges, and the proxy ${proxy.name} passes bytes (${proxy.upstream})`, hint: `write http:// as upstream of ${proxy.name}: WebSockets pass through it too; on bytes there are latency, limit-data and reset, for instance`, path });
    return false;
  }
  const others = [...new Set(faultTypes.filter(({ layer }) => layer === "connection").map((one) => one.type))];
  report({ code: "wrong-layer", message: `${type.type} acts on HTTP exchanges, and the proxy ${proxy.name} passes bytes (${proxy.upstream})`, hint: `on tcp:// proxies there are: ${others.join(", ")}; for HTTP write http://, grpc:// or h2c:// as upstream`, path });
  return false;
}

/** Whether there are handshakes for it, and who can sign what it shows. */
function isShaken(type: FaultType, params: unknown, proxy: Proxy | undefined, path: Path, report: Report): boolean {
  if (proxy === undefined || type.on !== "handshake") return true;
  if (proxy.tls === undefined) {
    report({ code: "no-tls", message: `${type.type} acts on TLS handshakes, and callers of the proxy ${proxy.name} do not speak TLS with it`, hint: `give ${proxy.name} tls: generated; silence in the open is blackhole`, path: [...path, "type"] });
    return false;
  }
  const shown = type.decide(params, { kind: "handshake", id: 1 }, { n: 1, attempt: 1, sinceWindowMs: 0, direction: "both" }, () => 0);
  const signed = ("memory" in shown ? shown.effects : shown).some((effect) => effect.kind === "handshake" && (effect.as === "expired" || effect.as === "wrong-host"));
  if (proxy.tls.kind !== "own" || !signed) return true;
  report({ code: "no-authority", message: `a certificate that ${type.type} shows has to be signed by the authority that callers trust, and of ${proxy.name} only the certificate itself is known`, hint: "write tls: generated or tls: { ca, caKey } for the proxy, or kind: self-signed or hang", path: [...path, "type"] });
  return false;
}

/** Whether a fault acts on WebSockets or their messages. */
function actsInside({ on }: AnyFaultType): boolean {
  return on === "message" || on === "websocket";
}

/** Whether the lane of the proxy can carry out what the fault decides. */
function isCarriedOut(type: FaultType, params: unknown, proxy: Proxy | undefined, path: Path, report: Report): boolean {
  const beyond = proxy === undefined ? undefined : beyondLane(type, params, proxy.lane);
  if (proxy === undefined || beyond === undefined) return true;
  report({
    code: "wrong-lane",
    message: `${type.type} cannot act on the proxy ${proxy.name}, which serves ${laneWords[proxy.lane]} (${proxy.upstream}): there is no effect "${beyond.effect}" there`,
    hint: `it acts on proxies for ${beyond.lanes.map((lane) => laneWords[lane]).join(" or ")}: write ${laneSchemes[beyond.lanes.at(-1) ?? "tcp"]} as upstream of ${proxy.name}${type.layer === "connection" ? ", or take a fault of the layer exchange" : ""}`,
    path: [...path, "type"],
  });
  return false;
}

/** A direction is written only where it says something. */
function isDirected(type: FaultType, params: unknown, entry: JsonObject, path: Path, report: Report): boolean {
  if (entry["direction"] === undefined || type.layer !== "exchange" || hasDirection(type, params)) return true;
  report({ code: "does-not-apply", message: `direction says which bytes are acted on, and ${type.type} acts on the call as a whole`, hint: "leave it out; latency has `at` instead, and bandwidth, slow-body and corrupt have a direction", path: [...path, "direction"], part: "key" });
  return false;
}

/** As written; where it is not, as is usual for the type. */
function directionOf(common: FaultCommons, entry: JsonObject, type: AnyFaultType): Fault["direction"] {
  return entry["direction"] === undefined && type.on !== "process" ? type.direction ?? common.direction : common.direction;
}

function isLayer(word: Json): word is Layer {
  return word === "exchange" || word === "connection" || word === "process";
}

/** For a key of the type's namesake on another layer: most likely that layer was meant. */
function namesakeHint({ type, layer }: AnyFaultType, key: string): string | undefined {
  const namesake = faultTypes.find((other) => other.type === type && other.layer !== layer && keysAt(shapeOf(other.params), []).includes(key));
  return namesake === undefined ? undefined : `${key} goes with layer: ${namesake.layer}, and this ${type} acts on the layer ${layer}`;
}

/** Common keys that mean nothing on the layer of the type. */
function checkLayer(entry: JsonObject, { type, on, layer }: AnyFaultType, path: Path, report: Report): boolean {
  const wrong = Object.keys(entry).filter((key) => commonKeys.includes(key) && !fitsLayer(key, layer));
  for (const key of wrong) {
    const [message, hint] = on === "process"
      ? [`${key} does not apply to ${type}, which acts on a process as a whole`, "its window says when: from, for, flap, and first, after, every of its openings"]
      : [`${key} does not apply to ${type}, which acts on an edge`, `${type} is felt by the callers of a proxy; a service is hit by: ${faultTypes.filter((one) => one.on === "process").map((one) => one.type).join(", ")}`];
    report({ code: "does-not-apply", message, hint, path: [...path, key], part: "key" });
  }
  return wrong.length === 0;
}

function checkCommons(common: FaultCommons, type: AnyFaultType, path: Path, report: Report): boolean {
  const wrong: { readonly key: keyof FaultCommons; readonly message: string; readonly hint: string }[] = [];
  if (common.rate !== undefined && common.ramp !== undefined) wrong.push({ key: "rate", message: "expected rate or ramp, got both", hint: "ramp moves the rate: give its from and to" });
  const burst = burstProblem(common);
  if (burst !== undefined) wrong.push({ key: "burstLength", ...burst });
  if (type.layer === "connection") {
    const hint = type.on === "listener" ? `${type.type} acts on the proxy as a whole` : `${type.type} acts on connections here; layer: exchange acts on single calls of http:// proxies`;
    const onExchanges = ["match", "afterSilence", "attempt", "burstLength"] as const;
    for (const key of onExchanges) if (common[key] !== undefined) wrong.push({ key, message: `${key} tells HTTP exchanges apart, which a fault of the layer connection does not see`, hint });
    if (common.per === "trace" || typeof common.per === "object") wrong.push({ key: "per", message: "expected per: fault, connection or caller on the layer connection", hint });
  }
  if (actsInside(type)) {
    const onCalls = type.on === "message" ? (["attempt"] as const) : (["attempt", "afterSilence", "burstLength"] as const);
    const message = (key: string): string => `${key} tells calls apart, and ${type.type} acts on ${type.on === "message" ? "messages of WebSockets" : "WebSockets as a whole"}`;
    for (const key of onCalls) if (common[key] !== undefined) wrong.push({ key, message: message(key), hint: "first, after and every count those; match tells apart the requests that asked for the WebSockets" });
  }
  for (const { key, ...finding } of wrong) report({ code: "does-not-apply", ...finding, path: [...path, key], part: "key" });
  return wrong.length === 0;
}
