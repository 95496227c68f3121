import type { ChaosError, Event, Experiment, Issue, Json, Plan, Report, Reporter } from "../index.ts";

export type { Event, Experiment, Issue, Json, Plan, Report, Reporter } from "../index.ts";

interface Listed { readonly type: string; readonly layer?: string; readonly summary: string }

/** What the commands use of the public API; tests hand in their own. */
export interface Api {
  readonly ChaosError: typeof ChaosError;
  readonly parse: (text: string, options: { readonly file: string; readonly env: Readonly<Record<string, string | undefined>>; readonly vars: Readonly<Record<string, Json>> }) => {
    readonly documents: readonly { readonly document: number; readonly experiment?: Experiment; readonly issues: readonly Issue[] }[];
    readonly issues: readonly Issue[];
  };
  readonly parseVars: (text: string, file: string) => Readonly<Record<string, Json>>;
  readonly plan: (experiment: Experiment, options: { readonly file: string; readonly document: number; readonly seed?: string; readonly chooseSeed?: () => string }) => Plan;
  readonly run: (plan: Plan, options: { readonly journalPath?: string; readonly allowHosts?: readonly string[]; readonly onEvent?: (event: Event) => void; readonly signal?: AbortSignal }) => Promise<{ readonly report: Report; readonly journalPath: string }>;
  readonly judgeJournal: (journal: string | AsyncIterable<string>) => Promise<Report>;
  readonly explainPlan: (plan: Plan) => string;
  readonly explainType: (name: string) => string;
  readonly experimentJsonSchema: () => unknown;
  readonly faultTypes: readonly Listed[];
  readonly probeTypes: readonly Listed[];
  readonly hypothesisTypes: readonly Listed[];
  readonly reporters: readonly Reporter[];
  readonly findReporter: (format: string) => Reporter | undefined;
  readonly exitCodeOfSuite: (exitCodes: readonly number[]) => number;
  readonly formatQuantity: (kind: "duration" | "share", value: number) => string;
  readonly Histogram: new () => { add(ms: number): void; quantile(q: number): number; readonly count: number };
}
