import type { Command } from "../command.ts";
import { exitCodes } from "../exit-code.ts";
import { loadExperiments, loadOptions, printIssues } from "../load-experiments.ts";

export const validate: Command = {
  name: "validate",
  summary: "print every issue of experiment files at once; warnings do not fail",
  arguments: [{ usage: "<file...>", summary: "experiment files; - reads standard input" }],
  options: loadOptions,
  examples: ["chaos validate experiments/*.yaml"],
  act: async (context, files, given) => {
    const api = await context.api();
    const { experiments, issues, refused } = await loadExperiments(api, context, files, given);
    printIssues(issues, context.stdout);
    for (const file of new Set(files)) {
      const fine = experiments.filter((loaded) => loaded.file === file).length;
      const found = issues.filter((issue) => issue.file === file);
      if (found.length === 0) context.stdout.write(`${file}: ok${fine > 1 ? `, ${fine} experiments` : ""}\n`);
    }
    return refused ? exitCodes.refused : exitCodes.ok;
  },
};
