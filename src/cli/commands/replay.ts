import type { Command } from "../command.ts";
import { readDestinations } from "../destinations.ts";
import { runAndReport, runOptions } from "../run-and-report.ts";

export const replay: Command = {
  name: "replay",
  summary: "run again what a journal tells of: the same plan, the same seed",
  arguments: [{ usage: "<journal>", summary: "the journal of a run, .chaos/<run>/journal.ndjson" }],
  options: runOptions,
  examples: ["chaos replay .chaos/<run>/journal.ndjson", "chaos replay run.ndjson --report json=again.json"],
  act: async (context, [journal = ""], given) => {
    const api = await context.api();
    const destinations = readDestinations(api, given);
    const plan = await api.planOfJournal(journal);
    api.preflight(plan, { allowHosts: given.texts("allow-host") });
    return runAndReport(api, context, [plan], given, destinations, false);
  },
};
