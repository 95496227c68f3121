import type { Api } from "./api.ts";
import type { Given } from "./command.ts";
import type { LoadedExperiment } from "./load-experiments.ts";

/** What runs of these experiments would do, one after the other. The same text for the same files: a seed that a run will choose is left open. */
export function explainAll(api: Api, experiments: readonly LoadedExperiment[], given: Given): string {
  const seed = given.text("seed");
  const texts = experiments.map(({ experiment, file, document }) => {
    const plan = api.plan(experiment, { file, document, ...(seed === undefined ? {} : { seed }) });
    return api.explainPlan(plan, 80, { seedAtRun: !plan.seedGiven }).trimEnd();
  });
  return texts.join("\n\n");
}
