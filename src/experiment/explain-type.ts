import { ChaosError } from "../model/error.ts";
import type { Layer } from "../model/fault-type.ts";
import type { About } from "../model/hypothesis-type.ts";
import { faultTypes } from "../faults/index.ts";
import { hypothesisTypes } from "../hypotheses/index.ts";
import { probeTypes } from "../probes/index.ts";
import { suggest } from "./did-you-mean.ts";
import { wrap } from "./explain-plan.ts";
import { hypothesisCommons } from "./schema/hypothesis.ts";
import { probeCommons } from "./schema/load.ts";
import { faultCommons, fitsLayer } from "./schema/selection.ts";
import { shapeOf, shapesAt } from "./schema-shape.ts";
import type { JsonSchema } from "./schema-shape.ts";
import { readYaml } from "./yaml-source.ts";

/** A type of a registry, as it is looked up: `fault/reset`, `probe/http`, `hypothesis/retry`. */
interface Explained {
  readonly kind: "fault" | "probe" | "hypothesis";
  readonly type: string;
  readonly layer?: Layer;
  readonly summary: string;
  readonly about?: About;
  readonly params: Parameters<typeof shapeOf>[0];
  readonly example: string;
  /** The example's parameters in a sentence. */
  sentence(params: unknown): string;
}

const everyType: readonly Explained[] = [
  ...faultTypes.map((one): Explained => ({ ...one, kind: "fault", sentence: (params) => one.explain(params) })),
  ...probeTypes.map((one): Explained => ({ ...one, kind: "probe", sentence: (params) => one.explain(params) })),
  ...hypothesisTypes.map((one): Explained => ({ ...one, kind: "hypothesis", sentence: (params) => one.explain(params) })),
];

const commons = { fault: faultCommons, probe: probeCommons, hypothesis: hypothesisCommons } as const;

/**
 * A type's summary, parameters, an example, and what the example says; every type of that name where the name stands on several layers.
 * Throws ChaosError `unknown-type`, or `ambiguous-type` when a bare name stands for a fault and something else.
 */
export function explainType(name: string, width = 80): string {
  const slash = name.indexOf("/");
  const found = everyType.filter(({ kind, type }) => (slash < 0 ? type === name : `${kind}/${type}` === name));
  const kinds = [...new Set(found.map(({ kind }) => kind))];
  if (found.length === 0) {
    const known = [...new Set(everyType.map(({ kind, type }) => (slash < 0 ? type : `${kind}/${type}`)))];
    throw new ChaosError("unknown-type", `there is no type "${name}"`, { hint: suggest(name, known) });
  }
  if (kinds.length > 1) throw new ChaosError("ambiguous-type", `"${name}" is ${kinds.map((kind) => `a ${kind}`).join(" and ")}`, { hint: `say which: ${kinds.map((kind) => `${kind}/${name}`).join(" or ")}` });
  return found.map((one) => explainOne(one, width)).join("\n");
}

function explainOne(explained: Explained, width: number): string {
  const { kind, type, layer, summary, about, params, example } = explained;
  const parsed = params.safeParse(readYaml(example).documents[0]?.value ?? {});
  const shape = shapeOf(params);
  return [
    `${kind}/${type}${layer === undefined ? "" : ` (layer ${layer})`}`,
    ...wrap(summary, width, "  "),
    "",
    ...(about === undefined ? [] : aboutOf(about, width)),
    ...section("Parameters", tableOf(shape, width)),
    ...section("Example", [`  type: ${type}`, ...(example.trim() === "{}" ? [] : example.trimEnd().split("\n").map((line) => `  ${line}`))]),
    ...(parsed.success ? section("It says", wrap(explained.sentence(parsed.data), width, "  ")) : []),
    ...section(`Common to every ${kind}${layer === "process" ? " of a process" : layer === undefined ? "" : " of an edge"}`, wrap(Object.keys(shapeOf(commons[kind]).properties ?? {}).filter((key) => layer === undefined || fitsLayer(key, layer)).join(" "), width, "  ")),
  ].join("\n");
}

function aboutOf({ sees, cannotTellApart, needs }: About, width: number): readonly string[] {
  return [["It sees", sees], ["It cannot tell apart", cannotTellApart], ["It needs", needs]].flatMap(([title = "", text = ""]) => section(title, wrap(text, width, "  ")));
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [title, ...lines, ""];
}

/** Name, form and default on one line, what it means below, then the keys inside. */
function tableOf(shape: JsonSchema, width: number, indent = "  "): readonly string[] {
  return Object.entries(shape.properties ?? {}).flatMap(([key, part]) => {
    const required = shape.required?.includes(key) === true ? ", required" : "";
    const preset = part.default === undefined || typeof part.default === "object" ? "" : `, default ${word(part.default)}`;
    const inside = indent.length > 2 ? [] : shapesAt(part, []).flatMap((one) => tableOf(one, width, `${indent}    `));
    return [`${indent}${key}: ${formOf(part)}${required}${preset}`, ...(part.description === undefined ? [] : wrap(part.description, width, `${indent}    `)), ...inside];
  });
}

function word(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How a value is written: alternatives with `|`, examples for values with units. */
function formOf(shape: JsonSchema): string {
  if (shape.const !== undefined) return word(shape.const);
  if (shape.enum !== undefined) return shape.enum.map(word).join(" | ");
  const examples = shape["examples"];
  if (Array.isArray(examples)) return examples.slice(0, 2).map((example) => JSON.stringify(example)).join(" or ");
  const parts = shape.anyOf ?? shape.oneOf;
  if (parts !== undefined) return [...new Set(parts.map(formOf))].join(" | ");
  if (shape.type === "array") return `[${shape.items === undefined ? "…" : formOf(shape.items)}]`;
  if (shape.properties !== undefined) return `{ ${Object.keys(shape.properties).join(", ")} }`;
  if (shape.type === "object") return "{ name: value }";
  const words: Readonly<Record<string, string>> = { string: "text", integer: "whole number", boolean: "true | false", number: "number" };
  return typeof shape.type === "string" ? words[shape.type] ?? shape.type : "any value";
}
