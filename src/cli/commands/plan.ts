import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { explainAll } from "../explain-all.ts";
import { loadExperiments, loadOptions, onlyOption, printIssues } from "../load-experiments.ts";
import { printable } from "../printable.ts";

export const plan: Command = {
  name: "plan",
  summary: "say in plain sentences what a run would do; touches nothing",
  arguments: [{ usage: "<file...>", summary: "experiment files; - reads standard input" }],
  options: [{ flags: "--seed <seed>", summary: "in place of the file's" }, ...loadOptions, onlyOption],
  examples: ["chaos plan experiments/payment-latency.yaml"],
  act: async (context, files, given) => {
    const api = await context.api();
    const { experiments, issues, refused } = await loadExperiments(api, context, files, given);
    printIssues(issues, context.stderr);
    if (refused) return exitCodes.refused;
    context.stdout.write(`${printable(explainAll(api, experiments, given))}\n`);
    return exitCodes.ok;
  },
};
