/**
 * What lives here: one format per file, each a pure function of reports. They format; whatever has to be computed is in the report already.
 * May import: model, units, math.
 * To add one: write `<format>.ts` exporting a Reporter and add it to the list below; test/golden shows what it prints for one fixed run.
 */
import type { Reporter } from "../model/reporter.ts";
import { json } from "./json.ts";
import { junit } from "./junit.ts";
import { text } from "./text.ts";

export const reporters: readonly Reporter[] = [text, json, junit];

export function findReporter(format: string): Reporter | undefined {
  return reporters.find((known) => known.format === format);
}
