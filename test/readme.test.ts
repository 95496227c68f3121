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
