import { relative } from "node:path";
import type { Api, Plan } from "./api.ts";
import type { Context, Given } from "./command.ts";
import { deliver, openFiles, pathsOf, reportOption } from "./destinations.ts";
import type { Destination } from "./destinations.ts";
import { exitCodes } from "./exit-code.ts";
import { printable } from "./printable.ts";
import type { SeriesResult } from "./series.ts";

/** The options of whatever runs plans. */
export const runOptions = [
  reportOption,
  { flags: "--journal <path>", summary: "where the journal goes, in place of .chaos/<run>/" },
  { flags: "--allow-host <host>", summary: "a host beside this machine that may be targeted", repeatable: true },
  { flags: "--allow-inconclusive", summary: "exit 0 when all that is left is inconclusive" },
  { flags: "--quiet", summary: "no progress" },
] as const;

/** Runs plans one after the other, with progress on stderr and the reports where they are wanted. Returns the exit code. */
export async function runAndReport(api: Api, context: Context, plans: readonly Plan[], given: Given, destinations: readonly Destination[], suite: boolean): Promise<number> {
  const journalPath = given.text("journal");
  if (journalPath !== undefined && plans.length > 1) {
    throw new api.ChaosError("usage", `expected one run for --journal, got ${plans.length}`, { hint: "without it, each run writes its own under .chaos/" });
  }
  const files = await openFiles(api, pathsOf(destinations));
  try {
    // Only tried: the run makes its journal itself.
    if (journalPath !== undefined) for (const file of await openFiles(api, [journalPath])) await file.close();
    const { runSeries } = await import("./series.ts");
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
    if (!quiet) context.stderr.write(closingLines(runs, destinations).map((line) => `${printable(line)}\n`).join(""));
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
