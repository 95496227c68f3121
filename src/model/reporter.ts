import type { Report } from "./report.ts";

/** How a report may be drawn; all of it is given, nothing is looked up. */
export interface RenderOptions {
  readonly colour: boolean;
  /** Columns available; 80 where there is no terminal. */
  readonly width: number;
  readonly verbose: boolean;
  /** A series was asked for (several files, repeats): a suite even when only one report came of it. */
  readonly suite?: boolean;
}

/** One format: a pure function of reports. Several reports, or `suite`, make a suite. */
export interface Reporter {
  readonly format: string;
  readonly summary: string;
  render(reports: readonly Report[], options: RenderOptions): string;
}
