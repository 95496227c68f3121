import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import type { Command } from "../command.ts";
import { deliver, openFiles, pathsOf, readDestinations, reportOption } from "../destinations.ts";
import { exitCodes } from "../exit-code.ts";

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
      const judged = await api.judgeJournal(journal === "-" ? createInterface({ input: Readable.from(context.stdin), crlfDelay: Number.POSITIVE_INFINITY }) : journal);
      const isDelivered = await deliver(api, destinations, files, [judged], context, { verbose: given.flag("verbose"), suite: false });
      return isDelivered ? judged.exitCode : exitCodes.failed;
    } finally {
      for (const file of files) await file.close();
    }
  },
};
