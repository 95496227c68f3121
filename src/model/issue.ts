/** One finding about an experiment file. Lines and columns count from 1. */
export interface Issue {
  /** Stable kebab-case identifier, such as `unknown-key`. */
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** What to do about it, such as `did you mean "latency"?`. */
  readonly hint?: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** Source lines around the place with a caret under it, ready to print. */
  readonly frame?: string;
}
