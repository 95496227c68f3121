import type { z } from "zod";
import type { Layer } from "../model/fault-type.ts";
import { faultTypes } from "../faults/index.ts";
import { hypothesisTypes } from "../hypotheses/index.ts";
import { probeTypes } from "../probes/index.ts";
import { sections } from "./schema/document.ts";
import { hypothesisCommons } from "./schema/hypothesis.ts";
import { probeCommons } from "./schema/load.ts";
import { name } from "./schema/names.ts";
import { proxySchema } from "./schema/proxy.ts";
import { faultCommons, fitsLayer } from "./schema/selection.ts";
import { serviceSchema } from "./schema/service.ts";
import { eachPart, shapeOf } from "./schema-shape.ts";
import type { JsonSchema } from "./schema-shape.ts";

const placeholder = { $ref: "#/$defs/placeholder" };
/** Of services, proxies, probes and secrets: they stand in `${…}`. */
const propertyNames = shapeOf(name);

/** The JSON Schema (2020-12) of an experiment, made of the same schemas that validate it: for editors, which complete and explain by it. */
export function experimentJsonSchema(): JsonSchema {
  const fixed = Object.entries(sections).map(([key, schema]) => [key, key === "version" ? shapeOf(schema) : permitPlaceholders(shapeOf(schema))] as const);
  const named = (entry: JsonSchema, description: string): JsonSchema => ({ type: "object", description, propertyNames, additionalProperties: entry });
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Experiment",
    description: "A chaos experiment: services and their dependency edges, what is asked, the faults, and what is claimed.",
    type: "object",
    properties: {
      ...Object.fromEntries(fixed),
      vars: { type: "object", description: "variables, read as ${vars.NAME}; --var NAME=… replaces them" },
      secrets: { type: "object", description: 'read as ${secrets.NAME}, and hidden in every output: { apiKey: "${env.API_KEY}" }', propertyNames, additionalProperties: { type: "string", pattern: "\\$\\{env\\." } },
      services: named(permitPlaceholders(shapeOf(serviceSchema)), "processes that the run starts, waits for, and always stops"),
      proxies: named(permitPlaceholders(shapeOf(proxySchema)), "the dependency edges, where faults are injected and calls are witnessed"),
      probes: named(oneOfTypes(probeTypes, "probe", probeCommons), "what is asked again and again, and what makes an answer good"),
      faults: { type: "array", description: "what happens on the edges, or to a service, while the phase during lasts", items: oneOfTypes(faultTypes, "fault", faultCommons) },
      hypotheses: { type: "array", description: "what is claimed of the services, and judged by evidence", items: oneOfTypes(hypothesisTypes, "hypothesis", hypothesisCommons) },
    },
    required: ["version", "title"],
    anyOf: [{ required: ["steadyState"] }, { required: ["hypotheses"] }],
    additionalProperties: false,
    $defs: {
      placeholder: { type: "string", pattern: "\\$\\{", description: "${vars.NAME} or ${env.NAME}" },
      ...definitions("probe", probeCommons),
      ...definitions("fault", faultCommons),
      ...definitions("hypothesis", hypothesisCommons),
    },
  };
}

interface TypeOfPart {
  readonly type: string;
  readonly layer?: Layer;
  readonly summary: string;
  readonly params: z.ZodType;
}

/** One alternative per type, each with the common keys beside its own. Where a name stands on two layers, the layer tells them apart where it is given. */
function oneOfTypes(types: readonly TypeOfPart[], kind: string, common: z.ZodType): JsonSchema {
  const alternatives = types.map(({ type, layer, summary, params }): JsonSchema => {
    const own = permitPlaceholders(shapeOf(params));
    const commonKeys = Object.fromEntries(commonEntries(common).filter(([key]) => layer === undefined || fitsLayer(key, layer)).map(([key]) => [key, { $ref: `#/$defs/${kind}-${key}` }]));
    return {
      type: "object",
      title: type,
      description: summary,
      properties: { type: { const: type, description: summary }, ...commonKeys, ...(layer === undefined ? {} : { layer: { const: layer, description: "the layer on which it acts" } }), ...own.properties },
      required: [...new Set(["type", ...(own.required ?? []), ...(layer === undefined ? [] : [layer === "process" ? "service" : "proxy"])])],
      additionalProperties: false,
      ...(own.allOf === undefined ? {} : { allOf: own.allOf }),
    };
  });
  // Namesakes of two layers may both fit, so that "one of" would refuse them.
  const ambiguous = new Set(types.map(({ type }) => type)).size < types.length;
  return ambiguous ? { anyOf: alternatives } : { oneOf: alternatives };
}

function commonEntries(common: z.ZodType): readonly (readonly [string, JsonSchema])[] {
  return Object.entries(shapeOf(common).properties ?? {}).filter(([key]) => key !== "type");
}

/** The common keys of a kind of part, defined once. */
function definitions(kind: string, common: z.ZodType): Readonly<Record<string, JsonSchema>> {
  return Object.fromEntries(commonEntries(common).map(([key, shape]) => [`${kind}-${key}`, permitPlaceholders(shape)]));
}

/** Lets `${…}` stand wherever a scalar may. */
function permitPlaceholders(shape: JsonSchema): JsonSchema {
  const { description, default: preset, ...rest } = shape;
  const outer = { ...(description === undefined ? {} : { description }), ...(preset === undefined ? {} : { default: preset }) };
  if (shape.type === "string" && typeof shape.pattern === "string" && shape.const === undefined && shape.enum === undefined) return { ...shape, pattern: `${shape.pattern}|\\$\\{` };
  const scalar = shape.enum !== undefined || shape.const !== undefined || shape.type === "number" || shape.type === "integer" || shape.type === "boolean";
  if (scalar) return { ...outer, anyOf: [rest, placeholder] };
  return eachPart(shape, permitPlaceholders);
}
