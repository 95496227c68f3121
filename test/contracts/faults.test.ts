import { existsSync, readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { AnyFaultType, Facts, Layer, Subject } from "../../src/model/fault-type.ts";
import { parse as parseExperiment, plan } from "../../src/experiment/index.ts";
import { faultCommons } from "../../src/experiment/schema/selection.ts";
import { faultTypes, findFaultType } from "../../src/faults/index.ts";
import { keyedRandom } from "../../src/math/random.ts";

const subjects: Readonly<Record<Subject["kind"], Subject>> = {
  exchange: { kind: "exchange", method: "POST", path: "/charges" },
  connection: { kind: "connection", id: 7 },
  handshake: { kind: "handshake", id: 7 },
  message: { kind: "message", direction: "response", nth: 3 },
  websocket: { kind: "websocket", conn: 7 },
  listener: { kind: "listener" },
};
const facts: Facts = { n: 3, attempt: 1, sinceWindowMs: 500, direction: "response" };

const sourceOf = (name: string): URL => new URL(`../../src/faults/${name}.ts`, import.meta.url);

/** The file of a fault: its type, with its layer in front where the name stands, or may stand, on another one too. */
const fileOf = ({ type, layer }: AnyFaultType): string => (existsSync(sourceOf(`${layer}-${type}`)) ? `${layer}-${type}` : type);
const decide = (type: AnyFaultType, params: unknown): unknown => (type.on === "process" ? type.decide(params) : type.decide(params, subjects[type.on], facts, keyedRandom("contract", type.type)));
const find = (name: string, layer: Layer): AnyFaultType | undefined => (layer === "process" ? findFaultType(name, layer) : findFaultType(name, layer));
const layers: readonly Layer[] = ["exchange", "connection", "process"];
const cases = faultTypes.map((type) => ({ name: `${type.layer}/${type.type}`, type }));

describe.each(cases)("the fault $name", ({ type }) => {
  const example: unknown = type.params.parse(parse(type.example));

  test("stands in a file of its name", () => {
    expect(readFileSync(sourceOf(fileOf(type)), "utf8")).toContain(`type: "${type.type}",\n  layer: "${type.layer}"`);
  });

  test("is found by its name and layer, and by no other layer", () => {
    expect(layers.filter((layer) => find(type.type, layer) === type)).toEqual([type.layer]);
  });

  test("has a summary that is one sentence", () => {
    expect(type.summary).toMatch(/^[A-Z][^\n]*\.$/);
  });

  test("has parameters that survive as JSON", () => {
    expect(JSON.parse(JSON.stringify(example))).toEqual(example);
  });

  test("refuses unknown keys and what is no mapping", () => {
    for (const junk of [{ ...parse(type.example), surprise: 1 }, null, 7, "3s", []]) expect(type.params.safeParse(junk).success).toBe(false);
  });

  test("has no parameter by the name of a key that stands in every fault", () => {
    const own = Object.keys(z.toJSONSchema(type.params, { io: "input" }).properties ?? {});
    const everywhere = Object.keys(faultCommons.shape);
    expect(everywhere).toContain("after");
    expect(own.filter((key) => everywhere.includes(key))).toEqual([]);
  });

  test("refuses junk in every parameter, and describes each to editors", () => {
    const schema = z.toJSONSchema(type.params, { io: "input" });
    const fields = Object.entries(schema.properties ?? {});
    expect(fields.filter(([key]) => type.params.safeParse({ ...parse(type.example), [key]: Number.NaN }).success)).toEqual([]);
    expect(fields.filter(([, field]) => typeof field === "boolean" || !/^\S.*\.$/.test(field.description ?? ""))).toEqual([]);
    expect(schema.additionalProperties).toBe(false);
  });

  test("explains itself in a fragment of a sentence", () => {
    expect(type.explain(example)).toMatch(/^[a-z][^\n]*[^\n.]$/);
  });

  test("decides the same from the same draws, and leaves parameters alone", () => {
    const before = JSON.stringify(example);
    expect(decide(type, example)).toEqual(decide(type, example));
    expect(decide(type, example)).not.toEqual([]);
    expect(JSON.stringify(example)).toBe(before);
  });

  test("decides plain data", () => {
    const effects = decide(type, example);
    expect(JSON.parse(JSON.stringify(effects))).toEqual(effects);
  });
});

test("no two faults share a name on one layer", () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});

test("a name that no fault has is not found", () => {
  expect(findFaultType("lag")).toBeUndefined();
});

describe("the small experiments", () => {
  const folder = new URL("../../experiments/faults/", import.meta.url);
  const stories: readonly { readonly file: string; readonly vars?: readonly string[]; readonly outcome: string }[] = JSON.parse(readFileSync(new URL("../stories/stories.json", import.meta.url), "utf8"));
  const small = readdirSync(folder).filter((file) => file.endsWith(".yaml")).map((file) => {
    const { documents, issues } = parseExperiment(readFileSync(new URL(file, folder), "utf8"), { file, vars: {}, env: {} });
    return { name: file.slice(0, -".yaml".length), experiment: documents[0]?.experiment, issues };
  });

  test.each(cases)("show $name, in a file of its name", ({ type: { type, layer } }) => {
    const showing = small.filter(({ experiment }) => experiment?.faults.some((fault) => fault.type === type && fault.layer === layer)).map(({ name }) => name);
    expect(showing).toContainEqual(expect.stringMatching(new RegExp(`^${type}(-(http|tcp))?$`)));
  });

  test.each(small)("$name is free of warnings, is over in seconds, and is run by the stories, which want it held", ({ name, experiment, issues }) => {
    expect(issues).toEqual([]);
    expect(experiment === undefined ? undefined : plan(experiment, { file: name, document: 0 }).schedule.at(-1)?.endMs).toBeLessThanOrEqual(16_000);
    expect(stories).toContainEqual({ file: `faults/${name}`, outcome: "held" });
  });
});
