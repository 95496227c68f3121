import { randomBytes } from "node:crypto";
import type { Api, Plan } from "../api.ts";
import type { Command, Context, Given } from "../command.ts";
import { readDestinations } from "../destinations.ts";
import { explainAll } from "../explain-all.ts";
import { exitCodes } from "../exit-code.ts";
import { loadExperiments, loadOptions, onlyOption, printIssues } from "../load-experiments.ts";
import type { LoadedExperiment } from "../load-experiments.ts";
import { runAndReport, runOptions } from "../run-and-report.ts";
import { printable } from "../printable.ts";

export const run: Command = {
  name: "run",
  summary: "run experiments and judge them",
  arguments: [{ usage: "<file...>", summary: "experiment files; - reads standard input" }],
  options: [
    { flags: "--seed <seed>", summary: "in place of the file's" },
    ...loadOptions,
    onlyOption,
    { flags: "--dry-run", summary: "say what would happen and resolve every host; run nothing" },
    { flags: "--bail", summary: "stop at the first experiment that is not held" },
    { flags: "--repeat <n>", summary: "run each experiment n times" },
    ...runOptions,
  ],
  examples: [
    "chaos run experiments/payment-latency.yaml",
    "chaos run experiments/*.yaml --only payments --report junit=junit.xml",
    "chaos run checkout.yaml --var rate=40/s --report json > report.json",
  ],
  act: async (context, files, given) => {
    const api = await context.api();
    const destinations = readDestinations(api, given);
    const repeat = readRepeat(api, given);
    const { experiments, issues, refused } = await loadExperiments(api, context, files, given);
    printIssues(given.flag("quiet") ? issues.filter(({ severity }) => severity === "error") : issues, context.stderr);
    if (refused) return exitCodes.refused;
    const plans = experiments.flatMap((loaded) => Array.from({ length: repeat }, () => planOf(api, loaded, given)));
    const reached = plans.map((plan) => api.preflight(plan, { allowHosts: given.texts("allow-host") }).hosts);
    if (given.flag("dry-run")) return dryRun(context, explainAll(api, experiments, given), [...new Set(reached.flat())]);
    return runAndReport(api, context, plans, given, destinations, files.length > 1 || repeat > 1);
  },
};

function readRepeat(api: Api, given: Given): number {
  const text = given.text("repeat");
  if (text === undefined) return 1;
  const repeat = Number(text);
  if (Number.isInteger(repeat) && repeat > 0) return repeat;
  throw new api.ChaosError("usage", `expected --repeat with a whole number from 1, got "${text}"`, { hint: "such as --repeat 3" });
}

function planOf(api: Api, { experiment, file, document, issues }: LoadedExperiment, given: Given): Plan {
  const seed = given.text("seed");
  return api.plan(experiment, { file, document, issues, chooseSeed: () => randomBytes(4).toString("hex"), ...(seed === undefined ? {} : { seed }) });
}

async function dryRun(context: Context, explained: string, hosts: readonly string[]): Promise<number> {
  const { resolveHosts } = await import("../hosts.ts");
  const { lines, issues } = await resolveHosts(hosts);
  context.stdout.write(`${printable(explained)}\n\nHosts:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  printIssues(issues, context.stderr);
  return issues.length === 0 ? exitCodes.ok : exitCodes.refused;
}
