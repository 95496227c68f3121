import { existsSync, readFileSync, readdirSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { LaneName } from "../src/model/experiment.ts";
import type { FaultType } from "../src/model/fault-type.ts";
import { beyondLane } from "../src/faults/carried-out.ts";
import { faultTypes, hypothesisTypes, probeTypes, reporters } from "../src/index.ts";

type Row = readonly string[];
type Tables = Readonly<Record<string, readonly [Row, readonly Row[]]>>;

/** The tables of the README, printed from the registries. */
const tables: Tables = {
  faults: [["fault", "layer", "what the caller experiences"], faultTypes.map(({ type, layer, summary }) => [`\`${type}\``, layer, summary])],
  probes: [["probe", "what it asks"], probeTypes.map(({ type, summary }) => [`\`${type}\``, summary])],
  hypotheses: [["hypothesis", "what it judges"], hypothesisTypes.map(({ type, summary }) => [`\`${type}\``, summary])],
  reporters: [["report", "what it is for"], reporters.map(({ format, summary }) => [`\`${format}\``, summary])],
};

const lanes: readonly (readonly [LaneName, string])[] = [["http1", "HTTP/1"], ["http2", "HTTP/2"], ["tcp", "bytes"]];

/** Names of the faults of a layer that a lane carries out; its parameters are those of the fault's example. */
function carriedOutOn(lane: LaneName, layer: FaultType["layer"]): string {
  const suits = (type: FaultType): boolean => !(layer === "exchange" && lane === "tcp") && beyondLane(type, type.params.parse(parse(type.example)), lane) === undefined;
  return faultTypes.flatMap((type) => (type.on !== "process" && type.layer === layer && suits(type) ? [`\`${type.type}\``] : [])).join(" ");
}

/** The tables of docs/protocols.md. */
const lanesTables: Tables = {
  lanes: [["lane", "on exchanges", "on connections"], lanes.map(([lane, word]) => [word, carriedOutOn(lane, "exchange"), carriedOutOn(lane, "connection")])],
};

const experiments = ["", "faults/", "hypotheses/"].flatMap((folder) => {
  const path = new URL(`../experiments/${folder}`, import.meta.url);
  return existsSync(path) ? readdirSync(path).filter((name) => name.endsWith(".yaml")).map((name) => ({ name: `${folder}${name}`, text: readFileSync(new URL(name, path), "utf8") })) : [];
});

/** The sections of docs/hypotheses.md. */
function patterns(): string {
  return hypothesisTypes.map(({ type, summary, about, example }) => [
    `## ${type}`, `${summary}.`, "```yaml", `- type: ${type}`, ...example.trimEnd().split("\n").map((line) => `  ${line}`), "```",
    `**It sees.** ${about.sees}\n`, `**It cannot tell apart.** ${about.cannotTellApart}\n`, `**It needs.** ${about.needs}\n`,
    `**Examples.** ${experiments.filter(({ text }) => new RegExp(`type: ${type}\\b`).test(text)).slice(0, 4).map(({ name }) => `[${name.replace(/\.yaml$/, "")}](../experiments/${name})`).join(" · ")}\n`,
  ].join("\n")).join("\n");
}

function markdown([heading, rows]: readonly [Row, readonly Row[]]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

test.each([["README.md", tables], ["docs/protocols.md", lanesTables]])("the tables of %s are those of the registries (UPDATE_README=1 prints them anew)", async (file, tables) => {
  const path = new URL(`../${file}`, import.meta.url);
  const text = await readFile(path, "utf8");
  let current = text;
  for (const [name, table] of Object.entries(tables)) {
    const between = new RegExp(`(<!-- table:${name} -->)[^]*?(<!-- /table -->)`);
    expect(text, `${file} has no place for the table ${name}`).toMatch(between);
    current = current.replace(between, (_, open: string, close: string) => `${open}\n${markdown(table)}\n${close}`);
  }
  if (process.env["UPDATE_README"] === "1") await writeFile(path, current);
  expect(await readFile(path, "utf8")).toBe(current);
});

test("docs/hypotheses.md says of every pattern what the registry says (UPDATE_README=1 prints it anew)", async () => {
  const path = new URL("../docs/hypotheses.md", import.meta.url);
  const text = await readFile(path, "utf8");
  const current = text.replace(/(<!-- patterns -->\n)[^]*?(<!-- \/patterns -->)/, (_, open: string, close: string) => `${open}\n${patterns()}\n${close}`);
  if (process.env["UPDATE_README"] === "1") await writeFile(path, current);
  expect(await readFile(path, "utf8")).toBe(current);
  expect(current).toContain(`## ${hypothesisTypes.at(-1)?.type}`);
});
