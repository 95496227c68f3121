import type { Report } from "../model/report.ts";
import { Observer } from "../evidence/index.ts";
import { report } from "../hypotheses/report.ts";
import { readJournal } from "../journal/index.ts";
import { withLines } from "./journal-lines.ts";

/**
 * Judges a run from its journal, given as a path or as lines: the same lines, the same report, byte for byte.
 * Throws ChaosError `journal-unreadable`.
 */
export async function judgeJournal(journal: string | AsyncIterable<string>): Promise<Report> {
  return typeof journal === "string" ? withLines(journal, judgeLines) : judgeLines(journal);
}

async function judgeLines(lines: AsyncIterable<string>): Promise<Report> {
  const { header, events } = await readJournal(lines);
  const observer = new Observer(header);
  for await (const event of events) observer.add(event);
  return report(observer.finish());
}
