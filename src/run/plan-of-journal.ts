import { readJournal } from "../journal/index.ts";
import type { Plan } from "../model/plan.ts";
import { withLines } from "./journal-lines.ts";

/** The plan that a run carried out, from its journal: running it again meets the same fates. Throws ChaosError `journal-unreadable`. */
export function planOfJournal(path: string): Promise<Plan> {
  return withLines(path, async (lines) => (await readJournal(lines)).header.plan);
}
