import { faultTypes } from "../faults/index.ts";
import { toxicTypes } from "../toxics/index.ts";
import type { AttributeField } from "../toxics/index.ts";
import { experimentJsonSchema } from "./json-schema.ts";
import { ownToxicType } from "./own-toxic.ts";
import type { JsonSchema } from "./schema-shape.ts";

/** Of experiments only. */
const beyond = ["through", "remote", "name", "token", "witness"];

/** The JSON Schema (2020-12) of what `chaos proxy --config` reads, for editors: an experiment's proxies and faults, or Toxiproxy's list. */
export function proxyFileJsonSchema(): JsonSchema {
  const { $schema, properties = {}, $defs } = experimentJsonSchema();
  const edge = entryOf(properties["proxies"]);
  const faults = properties["faults"];
  const toxics: JsonSchema = { type: "array", description: "in force from the first connection on, in this order", items: { $ref: "#/$defs/toxic" } };
  const enabled: JsonSchema = { type: "boolean", description: "false: it does not listen until it is enabled", default: true };
  const upstream: JsonSchema = { type: "string", description: "what stands behind it: host:port for bytes, http:// or https://host:port for HTTP, grpc:// or grpcs://, h2c:// or h2://, tcp:// or tls://, unix:/path; forward: any host that callers name" };
  const own = Object.fromEntries(Object.entries(edge.properties ?? {}).filter(([key]) => !beyond.includes(key)));
  const list: JsonSchema = {
    type: "array",
    items: { type: "object", properties: { name: { type: "string" }, listen: { type: "string", description: "host:port; port 0 or nothing: any free one" }, upstream, enabled, toxics }, required: ["name", "upstream"] },
  };
  const map: JsonSchema = { type: "object", additionalProperties: { ...edge, properties: { ...own, upstream, enabled, toxics }, required: ["upstream"] } };
  return {
    $schema,
    title: "Proxies",
    description: "What chaos proxy serves: proxies, and the faults on them.",
    anyOf: [
      { type: "object", properties: { proxies: { description: "what is served, by name or as Toxiproxy has it", anyOf: [map, list] }, ...(faults === undefined ? {} : { faults: onEdges(faults) }) }, required: ["proxies"] },
      list,
    ],
    $defs: { ...(typeof $defs === "object" ? $defs : {}), toxic: toxicSchema() },
  };
}

function entryOf(map: JsonSchema | undefined): JsonSchema {
  return typeof map?.additionalProperties === "object" ? map.additionalProperties : {};
}

/** There are no processes. */
function onEdges(faults: JsonSchema): JsonSchema {
  const types = faultTypes.flatMap(({ type, on }) => (on === "process" ? [type] : []));
  const { items } = faults;
  return { ...faults, items: { ...items, anyOf: items?.anyOf?.filter(({ title }) => !types.includes(String(title))) ?? [] } };
}

/** One alternative for each of Toxiproxy's, and one for all of ours, whose attributes are the keys of the fault. */
function toxicSchema(): JsonSchema {
  const commons: Readonly<Record<string, JsonSchema>> = {
    name: { type: "string", description: "default: type and stream, such as latency_downstream" },
    stream: { type: "string", description: "upstream: what is sent to it; downstream: what comes back", default: "downstream" },
    toxicity: { type: "number", minimum: 0, maximum: 1, description: "share of connections that are hit", default: 1 },
  };
  const own = [...new Set(faultTypes.flatMap((fault) => (fault.layer === "process" ? [] : [ownToxicType(fault)])))];
  return {
    anyOf: [
      ...toxicTypes.map(({ type, fields }): JsonSchema => ({
        type: "object", title: type, required: ["type"],
        properties: { type: { const: type }, ...commons, attributes: { type: "object", properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fieldSchema(field)])) } },
      })),
      { type: "object", title: "a fault of an experiment", required: ["type"], properties: { type: { enum: own }, ...commons, attributes: { type: "object", description: "the fault's keys: chaos explain has them" } } },
    ],
  };
}

function fieldSchema(field: AttributeField): JsonSchema {
  switch (field.kind) {
    case "integer":
      return { type: "integer", description: field.unit, minimum: field.min ?? 0, ...(field.max >= Number.MAX_SAFE_INTEGER / 1000 - 1 ? {} : { maximum: field.max }), default: 0 };
    case "share":
      return { type: "number", minimum: 0, maximum: field.max ?? 1, default: 0 };
    case "word":
      return { enum: field.words, default: field.words[0] };
    default:
      return field satisfies never;
  }
}
