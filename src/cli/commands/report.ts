import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Api, Report } from "../api.ts";
import type { Command, Context } from "../command.ts";
import { deliver, openFiles, pathsOf, readDestinations, reportOption } from "../destinations.ts";

export const report: Command = {
  name: "report",
  summary: "judge and render a saved run again, offline",
  arguments: [{ usage: "<journal>", summary: "the journal of a run, .chaos/<run>/journal.ndjson; - reads standard input" }],
  options: [reportOption, { flags: "--quiet", summary: "only the reports that were named" }],
  examples: ["chaos report .chaos/<run>/journal.ndjson", "chaos report run.ndjson --report junit=junit.xml"],
  act: async (context, [journal = "-"], given) => {
    const api = await context.api();
    const destinations = readDestinations(api, given);
    const files = await openFiles(api, pathsOf(destinations));
    try {
      const judged = await judge(api, context, journal);
      await deliver(destinations, files, [judged], context, { verbose: given.flag("verbose"), suite: false });
      return judged.exitCode;
    } finally {
      for (const file of files) await file.close();
    }
  },
};

async function judge(api: Api, context: Context, journal: string): Promise<Report> {
  const input = journal === "-" ? Readable.from(context.stdin) : createReadStream(journal);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // An input that fails ends its lines without a word.
  const failed = new Promise<never>((_, reject) => {
    input.once("error", (error: Error) => reject(new api.ChaosError("not-readable", `expected a journal, but ${journal} cannot be read: ${error.message}`, { hint: "a run writes its journal to .chaos/<run>/, or where --journal says", cause: error })));
  });
  return Promise.race([api.judgeJournal(lines), failed]);
}
