import type { JsonObject } from "../../model/json.ts";
import { findToxicType } from "../../toxics/index.ts";
import type { AttributeField } from "../../toxics/index.ts";
import { parseQuantity } from "../../units/quantity.ts";
import { ApiError } from "./api-error.ts";
import { JsonSyntaxError, plainJson, readJson } from "./read-json.ts";
import type { Written } from "./read-json.ts";

/** What a body says of a proxy; what is left out, or null, is absent. */
export interface ProxyInput {
  readonly name?: string;
  readonly listen?: string;
  readonly upstream?: string;
  readonly enabled?: boolean;
  readonly toxics?: readonly ToxicInput[];
  readonly ttlMs?: number;
}

/** What a body says of a toxic. Attributes are checked for their types where the type is one of Toxiproxy's. */
export interface ToxicInput {
  readonly name?: string;
  readonly type?: string;
  readonly stream?: string;
  readonly toxicity?: number;
  readonly attributes?: JsonObject;
  readonly ttlMs?: number;
  /** What is wrong with the attributes by themselves, which is told last. */
  readonly attributesError?: ApiError;
}

/** Go's types, as far as bodies have them. */
type GoType = "string" | "bool" | "float32" | "float64" | "int64";

type Fields = Readonly<Record<string, GoType | "toxics" | "attributes" | "ttl">>;

const proxyFields = { name: "string", listen: "string", upstream: "string", enabled: "bool", toxics: "toxics", ttl: "ttl" } as const satisfies Fields;
const proxyUpdateFields = { listen: "string", upstream: "string", enabled: "bool", ttl: "ttl", name: "string" } as const satisfies Fields;
const toxicFields = { name: "string", type: "string", stream: "string", toxicity: "float32", attributes: "attributes", ttl: "ttl" } as const satisfies Fields;
const toxicUpdateFields = { toxicity: "float32", attributes: "attributes", ttl: "ttl" } as const satisfies Fields;

/** Go's names of what bodies are decoded into. */
const proxyType = "toxiproxy.Proxy";
const toxicType = "toxics.ToxicWrapper";
const populateType = String.raw`[]struct { toxiproxy.Proxy; Enabled *bool "json:\"enabled\"" }`;
const toxicUpdateType = String.raw`struct { Attributes interface {} "json:\"attributes\""; Toxicity float32 "json:\"toxicity\"" }`;

/** A new proxy. Throws ApiError 400 with Go's text of what is wrong, as all of these. */
export function decodeProxy(body: string): ProxyInput {
  return proxyInput(read(body), "Proxy", proxyType, proxyFields);
}

/** What is to be changed of a proxy: a name or toxics are not looked at. */
export function decodeProxyUpdate(body: string): ProxyInput {
  return proxyInput(read(body), "Proxy", proxyType, proxyUpdateFields);
}

/** What to populate with. */
export function decodeProxies(body: string): readonly ProxyInput[] {
  const written = read(body);
  if (written.kind === "null") return [];
  if (written.kind !== "array") throw bad(mismatch(written, populateType));
  return written.items.map((item) => proxyInput(item, "", populateType.slice(2), proxyFields));
}

export function decodeToxic(body: string): ToxicInput {
  return toxicInput(read(body), "ToxicWrapper", toxicType, toxicFields);
}

/** What is to be changed of a toxic of the type: its name, type and stream are not looked at. */
export function decodeToxicUpdate(body: string, type: string): ToxicInput {
  const input = toxicInput(read(body), "", toxicUpdateType, toxicUpdateFields, type);
  if (input.attributesError !== undefined) throw input.attributesError;
  return input;
}

function read(body: string): Written {
  try {
    return readJson(body);
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw bad(error.message);
    throw error;
  }
}

function bad(message: string): ApiError {
  return new ApiError(400, `bad request body: ${message}`);
}

function mismatch(written: Written, goType: string, place = "value"): string {
  return `json: cannot unmarshal ${written.kind} into Go ${place} of type ${goType}`;
}

/** The entries that a struct has fields for, by the names of the fields: keys are the same in any case, the last of several counts, null is none. */
function fieldsOf<F extends string>(written: Written, goType: string, fields: Readonly<Record<F, unknown>>): ReadonlyMap<string, Written> {
  if (written.kind === "null") return new Map();
  if (written.kind !== "object") throw bad(mismatch(written, goType));
  return new Map(written.entries.flatMap(([key, value]): readonly (readonly [string, Written])[] => {
    const field = key.toLowerCase();
    return Object.hasOwn(fields, field) && value.kind !== "null" ? [[field, value]] : [];
  }));
}

function proxyInput(written: Written, struct: string, goType: string, fields: Fields): ProxyInput {
  const given = fieldsOf(written, goType, fields);
  const [name, listen, upstream] = (["name", "listen", "upstream"] as const).map((field) => text(given.get(field), `${struct}.${field}`));
  const enabled = bool(given.get("enabled"), `${struct}.enabled`);
  const toxics = given.get("toxics");
  if (toxics !== undefined && toxics.kind !== "array") throw bad(mismatch(toxics, "[]toxics.ToxicWrapper", `struct field ${struct}.toxics`));
  const ttlMs = ttl(given.get("ttl"));
  return {
    ...(name !== undefined && { name }), ...(listen !== undefined && { listen }), ...(upstream !== undefined && { upstream }), ...(enabled !== undefined && { enabled }),
    ...(toxics !== undefined && { toxics: toxics.items.map((item) => toxicInput(item, "ToxicWrapper", toxicType, toxicFields)) }), ...(ttlMs !== undefined && { ttlMs }),
  };
}

function toxicInput(written: Written, struct: string, goType: string, fields: Fields, knownType?: string): ToxicInput {
  const given = fieldsOf(written, goType, fields);
  const [name, type, stream] = (["name", "type", "stream"] as const).map((field) => text(given.get(field), `${struct}.${field}`));
  const toxicity = number(given.get("toxicity"), `${struct}.toxicity`, "float32");
  const ttlMs = ttl(given.get("ttl"));
  const attributes = given.get("attributes");
  const goName = knownType === undefined ? "NoopToxic" : findToxicType(knownType)?.struct ?? "NoopToxic";
  if (attributes !== undefined && attributes.kind !== "object") throw bad(mismatch(attributes, `toxics.${goName}`, `struct field ${struct}.attributes`));
  return {
    ...(name !== undefined && { name }), ...(type !== undefined && { type }), ...(stream !== undefined && { stream }), ...(toxicity !== undefined && { toxicity }), ...(ttlMs !== undefined && { ttlMs }),
    ...(attributes !== undefined && attributesOf(attributes, knownType ?? type ?? "")),
  };
}

function attributesOf(written: Written, type: string): Pick<ToxicInput, "attributes" | "attributesError"> {
  const known = findToxicType(type);
  if (known === undefined) return { attributes: ownAttributes(written) };
  try {
    const given = fieldsOf(written, `toxics.${known.struct}`, known.fields);
    return { attributes: Object.fromEntries([...given].map(([name, value]) => [name, attribute(value, `${known.struct}.attributes.${name}`, known.fields[name])])) };
  } catch (error) {
    if (error instanceof ApiError) return { attributesError: error };
    throw error;
  }
}

/** Those of our own faults are read as in an experiment. */
function ownAttributes(written: Written): JsonObject {
  if (written.kind !== "object") return {};
  return Object.fromEntries(written.entries.filter(([, value]) => value.kind !== "null").map(([key, value]) => [key, plainJson(value)]));
}

function attribute(written: Written, path: string, field: AttributeField | undefined): number | string {
  if (field?.kind === "word") return text(written, path) ?? "";
  return number(written, path, field?.kind === "share" ? "float64" : "int64") ?? 0;
}

function text(written: Written | undefined, path: string): string | undefined {
  if (written === undefined || written.kind === "string") return written?.value;
  throw bad(mismatch(written, "string", `struct field ${path}`));
}

function bool(written: Written | undefined, path: string): boolean | undefined {
  if (written === undefined || written.kind === "bool") return written?.value;
  throw bad(mismatch(written, "bool", `struct field ${path}`));
}

const largest: Readonly<Record<"float32" | "float64" | "int64", number>> = { float32: 3.4028234663852886e38, float64: Number.MAX_VALUE, int64: 2 ** 63 };

/** A whole number may be written with a fraction of nothing, such as 100.0. */
function number(written: Written | undefined, path: string, goType: "float32" | "float64" | "int64"): number | undefined {
  if (written === undefined) return undefined;
  if (written.kind !== "number") throw bad(mismatch(written, goType, `struct field ${path}`));
  const value = Number(written.text);
  if (Math.abs(value) <= largest[goType] && (goType !== "int64" || Number.isInteger(value))) return value;
  throw bad(`json: cannot unmarshal number ${written.text} into Go struct field ${path} of type ${goType}`);
}

/** A lease in ms, or as a duration; 0 ends one. */
function ttl(written: Written | undefined): number | undefined {
  if (written === undefined) return undefined;
  const ms = written.kind === "number" ? Number(written.text) : written.kind === "string" ? parseQuantity("duration", written.value) : `expected ms, or a duration like "30s", got ${written.kind}`;
  if (typeof ms === "string") throw bad(`ttl: ${ms}`);
  if (ms < 0 || ms > longestLeaseMs || !Number.isFinite(ms)) throw bad(`ttl: expected ms from 0 to ${longestLeaseMs}, got ${ms}`);
  return ms;
}

/** A year. */
const longestLeaseMs = 365 * 24 * 3_600_000;
