import { readFile, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { faultTypes, hypothesisTypes, probeTypes, reporters } from "../src/index.ts";

const path = new URL("../README.md", import.meta.url);

type Row = readonly string[];

/** The tables of the README, printed from the registries. */
const tables: Readonly<Record<string, readonly [Row, readonly Row[]]>> = {
  faults: [["fault", "layer", "what the caller experiences"], faultTypes.map(({ type, layer, summary }) => [`\`${type}\``, layer, summary])],
  probes: [["probe", "what it asks"], probeTypes.map(({ type, summary }) => [`\`${type}\``, summary])],
  hypotheses: [["hypothesis", "what it judges"], hypothesisTypes.map(({ type, summary }) => [`\`${type}\``, summary])],
  reporters: [["report", "what it is for"], reporters.map(({ format, summary }) => [`\`${format}\``, summary])],
};

function markdown([heading, rows]: readonly [Row, readonly Row[]]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
}

test("the README's tables are those of the registries (UPDATE_README=1 prints them anew)", async () => {
  const text = await readFile(path, "utf8");
  let current = text;
  for (const [name, table] of Object.entries(tables)) {
    const between = new RegExp(`(<!-- table:${name} -->)[^]*?(<!-- /table -->)`);
    expect(text, `README.md has no place for the table ${name}`).toMatch(between);
    current = current.replace(between, (_, open: string, close: string) => `${open}\n${markdown(table)}\n${close}`);
  }
  if (process.env["UPDATE_README"] === "1") await writeFile(path, current);
  expect(await readFile(path, "utf8")).toBe(current);
});
