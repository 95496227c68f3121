import type { Api, Plan, Report } from "./api.ts";
import type { Context } from "./command.ts";
import { errorText, isOurs } from "./error-text.ts";
import { exitCodes, interruptCodes } from "./exit-code.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { showProgress } from "./progress.ts";

export interface SeriesOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly bail: boolean;
  readonly allowInconclusive: boolean;
  readonly allowHosts: readonly string[];
  readonly journalPath?: string;
}

export interface SeriesResult {
  readonly runs: readonly { readonly report: Report; readonly journalPath: string }[];
  readonly exitCode: number;
  /** Whether `allowInconclusive` made the exit code what it is. */
  readonly allowed: boolean;
}

/** Runs one plan after the other; an interrupt ends the series, and so does the first that is not held with `bail`. */
export async function runSeries(api: Api, context: Context, plans: readonly Plan[], options: SeriesOptions): Promise<SeriesResult> {
  const interrupts = listenForInterrupts(context);
  const runs: { readonly report: Report; readonly journalPath: string }[] = [];
  try {
    for (const [i, plan] of plans.entries()) {
      const progress = showProgress(plan, api, context.stderr, { quiet: options.quiet, nth: i + 1, of: plans.length });
      let hasBegun = false;
      try {
        const ran = await api.run(plan, {
          allowHosts: options.allowHosts,
          signal: interrupts.signal,
          onEvent: (event) => {
            hasBegun = true;
            progress.event(event);
            if (options.verbose && event.kind === "failed" && event.stack !== undefined) context.stderr.write(`${event.stack}\n`);
          },
          ...(options.journalPath === undefined ? {} : { journalPath: options.journalPath }),
        });
        runs.push(ran);
        if (options.bail && letThrough(ran.report.exitCode, options) !== exitCodes.ok) break;
      } catch (error) {
        // What a run could not put into a report, such as a journal that could not be written to its end.
        progress.finish();
        context.stderr.write(errorText(error, context.stderr, options.verbose));
        // A run that was refused before it did anything, and none before it: nothing has run.
        const isRefused = isOurs(error) && !hasBegun && runs.length === 0;
        return { runs, exitCode: isRefused ? exitCodes.refused : exitCodes.failed, allowed: false };
      } finally {
        progress.finish();
      }
      if (interrupts.signal.aborted) break;
    }
  } finally {
    interrupts.stopListening();
  }
  if (interrupts.defects.length > 0) {
    // The report of a run that went on tells of it.
    const untold = runs.some(({ report }) => report.outcome === "failed") ? [] : interrupts.defects;
    for (const error of untold) context.stderr.write(errorText(error, context.stderr, options.verbose));
    return { runs, exitCode: exitCodes.failed, allowed: false };
  }
  const signal = interrupts.received();
  if (signal !== undefined) {
    // An interrupted run that could not clean up has failed, and says so.
    const hasFailed = runs.at(-1)?.report.exitCode === exitCodes.failed;
    return { runs, exitCode: hasFailed ? exitCodes.failed : interruptCodes[signal], allowed: false };
  }
  const worst = api.exitCodeOfSuite(runs.map(({ report }) => report.exitCode));
  const exitCode = letThrough(worst, options);
  return { runs, exitCode, allowed: exitCode !== worst };
}

function letThrough(code: number, { allowInconclusive }: SeriesOptions): number {
  return allowInconclusive && code === exitCodes.inconclusive ? exitCodes.ok : code;
}
