import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ChaosError } from "../model/error.ts";
import type { Report } from "../model/report.ts";
import { Observer } from "../evidence/index.ts";
import { report } from "../hypotheses/report.ts";
import { readJournal } from "../journal/index.ts";

/**
 * Judges a run from its journal, given as a path or as lines: the same lines, the same report, byte for byte.
 * Throws ChaosError `journal-unreadable`.
 */
export async function judgeJournal(journal: string | AsyncIterable<string>): Promise<Report> {
  if (typeof journal !== "string") return judgeLines(journal);
  const input = createReadStream(journal);
  // Lines of an input that fails end without a word.
  const failed = new Promise<never>((_, reject) => {
    input.once("error", (error) => reject(new ChaosError("journal-unreadable", `the journal cannot be read: ${error.message}`, { hint: "a run writes it to .chaos/<run>/, or where --journal says", cause: error })));
  });
  return Promise.race([judgeLines(createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })), failed]);
}

async function judgeLines(lines: AsyncIterable<string>): Promise<Report> {
  const { header, events } = await readJournal(lines);
  const observer = new Observer(header);
  for await (const event of events) observer.add(event);
  return report(observer.finish());
}
