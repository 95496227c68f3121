import type { Endpoint } from "../model/endpoint.ts";
import type { Json, JsonObject } from "../model/json.ts";
import type { Proxy } from "../model/experiment.ts";
import type { Toxic } from "../model/toxic.ts";
import { faultTypes } from "../faults/index.ts";
import { findToxicType, readStream, toxicTypes } from "../toxics/index.ts";
import { suggest } from "./did-you-mean.ts";
import type { Report } from "./finding.ts";
import { ownToxicType } from "./own-toxic.ts";
import { segmentsOf } from "./placeholder.ts";
import { defaultToxicName, isToxicType, readToxic } from "./read-toxic.ts";
import { readServedEdge } from "./served-upstream.ts";
import type { ServedEdge } from "./served-upstream.ts";
import type { Path } from "./yaml-source.ts";

/** A proxy of a file that is served without a run. */
export interface FileProxy {
  readonly edge: ServedEdge;
  /** As Toxiproxy has it: `127.0.0.1:8666`, `:8666` on every address, `unix:/path`; empty: any free port on every address. */
  readonly listen: string;
  readonly enabled: boolean;
  /** In order. */
  readonly toxics: readonly Toxic[];
}

const listedKeys = ["name", "listen", "upstream", "enabled", "toxics"];
const toxicKeys = ["name", "type", "stream", "toxicity", "attributes"];
/** What clients send along of what they were told. */
const idleKeys = ["logger", "ttl"];

/** An entry of the map `proxies:`, as an experiment has it; absent where something is wrong with it, which is then reported. */
export function readFileProxy(name: string, given: Json, path: Path, report: Report): FileProxy | undefined {
  if (!isMap(given)) return wrongType("a map with upstream", path, report);
  const { enabled, toxics, ...rest } = given;
  const isEnabled = readBoolean(enabled, [...path, "enabled"], report);
  for (const [key, why] of [["through", "is of experiments: calls through a forward proxy are told apart there"], ["remote", "is of experiments: what serves the proxies cannot leave them to another"]] as const) {
    if (rest[key] === undefined) continue;
    report({ code: "does-not-apply", message: `${key} ${why}`, hint: "leave it out, and say where the edge leads: upstream: host:port", path: [...path, key], part: "key" });
    return undefined;
  }
  if (rest["workers"] !== undefined) report({ code: "does-not-apply", severity: "warning", message: "workers is of experiments, and not looked at here", hint: "one thread serves all proxies whose toxics may change", path: [...path, "workers"], part: "key" });
  const late = typeof rest["upstream"] === "string" ? segmentsOf(rest["upstream"]).find((segment) => typeof segment !== "string") : undefined;
  if (typeof late === "object") {
    report({ code: "known-when-run", message: `${late.raw} is known only when an experiment runs`, hint: "write host and port", path: [...path, "upstream"], piece: late.raw });
    return undefined;
  }
  const edge = readServedEdge(name, rest, path, report);
  const read = edge && readToxics(toxics, edge.proxy, [...path, "toxics"], report);
  return edge === undefined || read === undefined || isEnabled === undefined ? undefined : { edge, listen: textOf(edge.proxy.listen), enabled: isEnabled, toxics: read };
}

/** An entry of a list of Toxiproxy's; keys are the same in any case there, null is none, and unknown keys are no error. */
export function readListedProxy(given: Json, path: Path, report: Report): FileProxy | undefined {
  if (!isMap(given)) return wrongType("a map with name and upstream", path, report);
  const entry = folded(given, listedKeys, path, "warning", report);
  const isEnabled = readBoolean(entry["enabled"], [...path, "enabled"], report);
  const [name, upstream] = (["name", "upstream"] as const).map((key) => {
    const value = entry[key];
    if (typeof value === "string" && value !== "") return value;
    report({ code: value === undefined || value === "" ? "missing-key" : "wrong-type", message: value === undefined || value === "" ? `${key} is missing: ${key === "name" ? "what the proxy is called" : "what stands behind it, host:port or a URL"}` : `${key}: expected a text`, path: value === undefined ? path : [...path, key], part: "key" });
    return undefined;
  });
  const listen = entry["listen"] ?? "";
  const isListen = typeof listen === "string" && /^(?:unix:.+|.*:\d{0,5})?$/i.test(listen);
  if (!isListen) report({ code: "bad-value", message: `listen: expected host:port like "127.0.0.1:8666", got ${JSON.stringify(listen)}`, path: [...path, "listen"] });
  if (name === undefined || upstream === undefined) return undefined;
  const edge = readServedEdge(name, { upstream }, path, report);
  const toxics = edge && readToxics(entry["toxics"], edge.proxy, [...path, "toxics"], report);
  return edge === undefined || toxics === undefined || isEnabled === undefined || !isListen ? undefined : { edge, listen, enabled: isEnabled, toxics };
}

function readToxics(given: Json | undefined, proxy: Proxy, path: Path, report: Report): readonly Toxic[] | undefined {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) return wrongType("a list of toxics", path, report);
  const names = new Set<string>();
  const read = given.map((item: Json, index) => readEntry(item, proxy, [...path, index], names, report));
  return read.every((toxic) => toxic !== undefined) ? read : undefined;
}

function readEntry(given: Json, proxy: Proxy, path: Path, names: Set<string>, report: Report): Toxic | undefined {
  if (!isMap(given)) return wrongType("a map with type and attributes", path, report);
  const { name, type, stream, toxicity = 1, attributes = {} } = folded(given, toxicKeys, path, "warning", report);
  if (typeof type !== "string" || !isToxicType(type)) {
    const known = [...new Set([...toxicTypes.map((one) => one.type), ...faultTypes.flatMap((fault) => (fault.layer === "process" ? [] : [ownToxicType(fault)]))])];
    if (type === undefined) report({ code: "missing-key", message: "type is missing: what happens", hint: `known: ${known.join(", ")}`, path, part: "key" });
    else report({ code: "unknown-toxic-type", message: `there is no toxic ${JSON.stringify(type)}`, hint: typeof type === "string" ? suggest(type, known) : `known: ${known.join(", ")}`, path: [...path, "type"] });
    return undefined;
  }
  if (stream !== undefined && (typeof stream !== "string" || readStream(stream) === undefined)) {
    report({ code: "bad-value", message: `stream: expected upstream or downstream, got ${JSON.stringify(stream)}`, path: [...path, "stream"] });
    return undefined;
  }
  if (typeof toxicity !== "number") return wrongType("toxicity: a number from 0 to 1", [...path, "toxicity"], report);
  if (!isMap(attributes)) return wrongType("attributes: a map", [...path, "attributes"], report);
  if (name !== undefined && typeof name !== "string") return wrongType("name: a text", [...path, "name"], report);
  const called = name === undefined || name === "" ? defaultToxicName(type, stream) : name;
  if (names.has(called)) report({ code: "duplicate-name", message: `two toxics of ${proxy.name} are called "${called}"`, hint: "give one of them another name", path: name === undefined ? path : [...path, "name"] });
  names.add(called);
  const known = findToxicType(type);
  const lookedAt = known === undefined ? attributes : folded(attributes, Object.keys(known.fields), [...path, "attributes"], "error", report);
  return readToxic({ name: called, type, stream, toxicity, attributes: lookedAt }, proxy, path, report);
}

/** The entries that have a meaning, by its name; others are told. */
function folded(given: JsonObject, known: readonly string[], path: Path, severity: "error" | "warning", report: Report): JsonObject {
  return Object.fromEntries(Object.entries(given).flatMap(([key, value]): readonly (readonly [string, Json])[] => {
    const name = key.toLowerCase();
    if (known.includes(name)) return value === null ? [] : [[name, value]];
    if (!idleKeys.includes(name)) report({ code: "unknown-key", severity, message: `unknown key "${key}"${severity === "warning" ? ", which is not looked at" : ""}`, hint: suggest(key, known), path: [...path, key], part: "key" });
    return [];
  }));
}

function readBoolean(given: Json | undefined, path: Path, report: Report): boolean | undefined {
  if (given === undefined || given === null) return true;
  return typeof given === "boolean" ? given : wrongType("enabled: true or false", path, report);
}

function wrongType(expected: string, path: Path, report: Report): undefined {
  const [key, words] = expected.includes(": ") ? expected.split(": ") : [undefined, expected];
  report({ code: "wrong-type", message: `${key === undefined ? "" : `${key}: `}expected ${words ?? ""}`, path });
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(endpoint: Endpoint): string {
  if (endpoint.path !== undefined) return `unix:${endpoint.path}`;
  return `${endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host}:${endpoint.port}`;
}
