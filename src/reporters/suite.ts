import type { Outcome, Report } from "../model/report.ts";

/** Worst first: an interrupt ends a series, then as the contract orders them. */
const worstFirst = [130, 143, 129, 6, 5, 1, 4, 3, 0];

/** The exit code of several runs: the worst of theirs. None is 0. */
export function exitCodeOfSuite(exitCodes: readonly number[]): number {
  return worstFirst.find((code) => exitCodes.includes(code)) ?? Math.max(0, ...exitCodes);
}

/** The report that decides a suite, with the suite's outcome. */
export function concludeSuite(reports: readonly Report[]): { readonly outcome: Outcome; readonly exitCode: number } {
  const exitCode = exitCodeOfSuite(reports.map((report) => report.exitCode));
  return { outcome: reports.find((report) => report.exitCode === exitCode)?.outcome ?? "held", exitCode };
}

/** Whether what is to be rendered is one experiment run once. */
export function isSingle(reports: readonly Report[], options: { readonly suite?: boolean }): boolean {
  return reports.length === 1 && options.suite !== true;
}
