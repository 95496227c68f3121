import type { Api, Plan, Report } from "./api.ts";
import type { Context } from "./command.ts";
import { exitCodes, interruptCodes } from "./exit-code.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { showProgress } from "./progress.ts";

export interface SeriesOptions {
  readonly quiet: boolean;
  readonly bail: boolean;
  readonly allowInconclusive: boolean;
  readonly allowHosts: readonly string[];
  readonly journalPath?: string;
}

export interface SeriesResult {
  readonly reports: readonly Report[];
  readonly exitCode: number;
  /** Whether `allowInconclusive` made the exit code what it is. */
  readonly allowed: boolean;
}

/** Runs one plan after the other; an interrupt ends the series, and so does the first that is not held with `bail`. */
export async function runSeries(api: Api, context: Context, plans: readonly Plan[], options: SeriesOptions): Promise<SeriesResult> {
  const interrupts = listenForInterrupts(context);
  const reports: Report[] = [];
  try {
    for (const [i, plan] of plans.entries()) {
      const progress = showProgress(plan, api, context.stderr, { quiet: options.quiet, nth: i + 1, of: plans.length });
      try {
        const { report } = await api.run(plan, {
          allowHosts: options.allowHosts,
          signal: interrupts.signal,
          onEvent: (event) => progress.event(event),
          ...(options.journalPath === undefined ? {} : { journalPath: options.journalPath }),
        });
        reports.push(report);
        if (options.bail && letThrough(report.exitCode, options) !== exitCodes.held) break;
      } finally {
        progress.finish();
      }
      if (interrupts.received() !== undefined) break;
    }
  } finally {
    interrupts.stopListening();
  }
  const signal = interrupts.received();
  if (signal !== undefined) return { reports, exitCode: interruptCodes[signal], allowed: false };
  const worst = api.exitCodeOfSuite(reports.map(({ exitCode }) => exitCode));
  const exitCode = letThrough(worst, options);
  return { reports, exitCode, allowed: exitCode !== worst };
}

function letThrough(code: number, { allowInconclusive }: SeriesOptions): number {
  return allowInconclusive && code === exitCodes.inconclusive ? exitCodes.held : code;
}
