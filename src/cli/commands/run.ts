import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import type { Api, Plan } from "../api.ts";
import type { Command, Context, Given } from "../command.ts";
import { deliver, openFiles, pathsOf, readDestinations, reportOption } from "../destinations.ts";
import type { Destination } from "../destinations.ts";
import { explainAll } from "../explain-all.ts";
import { exitCodes } from "../exit-code.ts";
import { loadExperiments, loadOptions, onlyOption, printIssues } from "../load-experiments.ts";
import type { LoadedExperiment } from "../load-experiments.ts";
import type { SeriesResult } from "../series.ts";

export const run: Command = {
  name: "run",
  summary: "run experiments and judge them",
  arguments: [{ usage: "<file...>", summary: "experiment files; - reads standard input" }],
  options: [
    { flags: "--seed <seed>", summary: "in place of the file's" },
    ...loadOptions,
    onlyOption,
    reportOption,
    { flags: "--journal <path>", summary: "where the journal goes, in place of .chaos/<run>/" },
    { flags: "--dry-run", summary: "say what would happen and resolve every host; run nothing" },
    { flags: "--bail", summary: "stop at the first experiment that is not held" },
    { flags: "--repeat <n>", summary: "run each experiment n times" },
    { flags: "--allow-host <host>", summary: "a host beside this machine that may be targeted", repeatable: true },
    { flags: "--allow-inconclusive", summary: "exit 0 when all that is left is inconclusive" },
    { flags: "--quiet", summary: "no progress" },
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
  context.stdout.write(`${explained}\n\nHosts:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  printIssues(issues, context.stderr);
  return issues.length === 0 ? exitCodes.ok : exitCodes.refused;
}

async function runAndReport(api: Api, context: Context, plans: readonly Plan[], given: Given, destinations: readonly Destination[], suite: boolean): Promise<number> {
  const journalPath = given.text("journal");
  if (journalPath !== undefined && plans.length > 1) {
    throw new api.ChaosError("usage", `expected one run for --journal, got ${plans.length}`, { hint: "without it, each run writes its own under .chaos/" });
  }
  const files = await openFiles(api, pathsOf(destinations));
  try {
    // Only tried: the run makes its journal itself.
    if (journalPath !== undefined) for (const file of await openFiles(api, [journalPath])) await file.close();
    const { runSeries } = await import("../series.ts");
    const quiet = given.flag("quiet");
    const { runs, exitCode, allowed } = await runSeries(api, context, plans, {
      quiet,
      verbose: given.flag("verbose"),
      bail: given.flag("bail"),
      allowInconclusive: given.flag("allow-inconclusive"),
      allowHosts: given.texts("allow-host"),
      ...(journalPath === undefined ? {} : { journalPath }),
    });
    const isDelivered = runs.length === 0 || await deliver(api, destinations, files, runs.map(({ report }) => report), context, { verbose: given.flag("verbose"), suite });
    if (!quiet) context.stderr.write(closingLines(runs, destinations).map((line) => `${line}\n`).join(""));
    if (!isDelivered) return exitCodes.failed;
    if (allowed) context.stderr.write("inconclusive, let through by --allow-inconclusive: exit code 0 in place of 3\n");
    return exitCode;
  } finally {
    for (const file of files) await file.close();
  }
}

/** What the reports do not say: where the journals are, and how it went when no report is on the screen. */
function closingLines(runs: SeriesResult["runs"], destinations: readonly Destination[]): readonly string[] {
  const onScreen = destinations.some(({ reporter, to }) => reporter.format === "text" && typeof to === "string");
  const outcomes = onScreen ? [] : runs.map(({ report }) => `${report.outcome}: ${report.because ?? report.title}`);
  return [...outcomes, ...pathsOf(destinations).map((path) => `report: ${path}`), ...runs.map(({ journalPath }) => `journal: ${shortened(journalPath)}`)];
}

/** As seen from here, when it lies below. */
function shortened(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere.startsWith("..") ? path : fromHere;
}
