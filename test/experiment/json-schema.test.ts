import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { experimentJsonSchema } from "../../src/experiment/index.ts";
import { faultTypes } from "../../src/faults/index.ts";
import { hypothesisTypes } from "../../src/hypotheses/index.ts";
import { probeTypes } from "../../src/probes/index.ts";
import type { JsonSchema } from "../../src/experiment/schema-shape.ts";
import { conforms } from "./conforms.ts";

const schema = experimentJsonSchema();
const valid = { version: 1, title: "t", steadyState: [{ probe: "a", success: ">= 99%" }], probes: { a: { type: "http", url: "http://a" } } };
const withFault = (fault: object): object => ({ ...valid, proxies: { p: { upstream: "http://a" } }, faults: [fault] });

describe("the published JSON Schema", () => {
  test("is what stands in schema/experiment.schema.json (when not: vitest run test/experiment/json-schema.test.ts --update)", async () => {
    await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot("../../schema/experiment.schema.json");
  });

  const folder = new URL("../../experiments/", import.meta.url);
  test.each(readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".yaml")))("accepts %s", (file) => {
    for (const document of parseAllDocuments(readFileSync(new URL(file, folder), "utf8"))) expect(conforms(schema, document.toJS())).toEqual([]);
  });

  test.each([
    ["no title", { ...valid, title: undefined }],
    ["nothing claimed", { ...valid, steadyState: undefined }],
    ["an unknown key", { ...valid, titel: "x" }],
    ["a bare number for a duration", { ...valid, phases: { during: 10 } }],
    ["a share without its unit", { ...valid, steadyState: [{ probe: "a", success: ">= 99" }] }],
    ["an unknown fault", withFault({ type: "latncy", proxy: "p" })],
    ["a fault without its proxy", withFault({ type: "drop" })],
    ["a fault without its parameter", withFault({ type: "latency", proxy: "p" })],
    ["a parameter of another fault", withFault({ type: "drop", proxy: "p", delay: "1s" })],
    ["an unknown phase", { ...valid, probes: { a: { type: "http", url: "http://a", load: { rate: { durring: "1/s" } } } } }],
    ["a name with blanks", { ...valid, probes: { "a b": { type: "http", url: "http://a" } } }],
  ])("refuses %s", (_what, document) => {
    expect(conforms(schema, JSON.parse(JSON.stringify(document)))).not.toEqual([]);
  });

  test("lets ${…} stand for every scalar", () => {
    const document = { ...withFault({ type: "latency", proxy: "${vars.p}", delay: "${vars.d}", at: "${vars.at}", first: "${vars.n}", rate: "${vars.share}" }), phases: { epochs: "${vars.n}", during: "${vars.d}" }, confidence: "${vars.c}" };
    expect(conforms(schema, document)).toEqual([]);
  });

  test("has an alternative for every type, each with a description and the common keys", () => {
    const alternatives = (section: string): readonly JsonSchema[] => {
      const one = schema.properties?.[section];
      const entry = one?.items ?? (typeof one?.additionalProperties === "object" ? one.additionalProperties : undefined);
      return entry?.oneOf ?? entry?.anyOf ?? [];
    };
    for (const [section, types] of [["faults", faultTypes], ["probes", probeTypes], ["hypotheses", hypothesisTypes]] as const) {
      expect(alternatives(section).map((alternative) => alternative["title"])).toEqual(types.map(({ type }) => type));
      for (const alternative of alternatives(section)) expect(alternative).toMatchObject({ type: "object", additionalProperties: false, description: expect.stringMatching(/\w/) as string });
    }
  });

  test("resolves every reference that it makes", () => {
    const text = JSON.stringify(schema);
    const references = [...text.matchAll(/"\$ref":"#\/\$defs\/([^"]+)"/g)].map((found) => found[1] ?? "");
    expect(references.length).toBeGreaterThan(10);
    for (const name of references) expect(schema["$defs"]).toHaveProperty([name]);
  });
});
