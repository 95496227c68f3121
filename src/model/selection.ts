/** A test on one string: exactly one of the fields is set. */
export type TextMatch =
  | { readonly equals: string }
  | { readonly glob: string }
  /** An ECMAScript regular expression, unanchored. */
  | { readonly regex: string }
  | { readonly present: boolean };

/** Which exchanges a fault may touch; all given parts must match. Names of headers are lower case. */
export interface Match {
  readonly methods?: readonly string[];
  /** Tested with its port and without: the host that is called, on a forward proxy; else the Host header. Lower case. */
  readonly host?: TextMatch;
  readonly path?: TextMatch;
  readonly headers?: Readonly<Record<string, TextMatch>>;
  readonly query?: Readonly<Record<string, TextMatch>>;
}

/** What is counted separately when exchanges are numbered: the whole fault, or one of these. `header x` is `{ header: "x" }`. */
export type Per = "fault" | "connection" | "trace" | "caller" | { readonly header: string };

/**
 * Which of the exchanges (or connections) that pass are hit. Applied in this order: match, window, silence and ordinals, rate.
 * Times are ms from the start of the `during` phase of the epoch.
 */
export interface Selection {
  readonly match?: Match;
  readonly fromMs: number;
  /** Absent: to the end of `during`. */
  readonly forMs?: number;
  readonly flap?: { readonly onMs: number; readonly offMs: number };
  /** Only calls before which none that matches came, in the window or out of it, for so long (missed: `ordinal`); `after`, `every` and `first` then count these. Layer exchange only. */
  readonly afterSilenceMs?: number;
  /** Passes only n > after. */
  readonly after: number;
  /** Passes only n − after = every, 2·every, … (1 = each). */
  readonly every: number;
  /** Only the first so many of those that pass `after` and `every`, drawn or not. */
  readonly first?: number;
  /** Only these calls of one request, counted from 1. */
  readonly attempt?: { readonly min: number; readonly max: number };
  /** Share 0..1 of what is left. */
  readonly rateShare: number;
  /** How many that the rate is asked of are hit in a row, on average; absent: each is hit or not by itself. Layer exchange only. */
  readonly burstLength?: number;
  /** Moves `rateShare` linearly from the start of the window. */
  readonly ramp?: { readonly fromShare: number; readonly toShare: number; readonly overMs: number };
  readonly per: Per;
}

/** Why an exchange was or was not hit by one fault; `rate`: by its share, or because the fault itself spared it (below a limit of calls, nothing to give again). */
export type Decision = "applied" | "match" | "window" | "ordinal" | "rate";
