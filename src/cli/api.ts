import type { Event, Experiment, Issue, Json, Plan, Report, Reporter } from "../index.ts";

export type { Event, Experiment, Issue, Json, Plan, Report, Reporter } from "../index.ts";

/** What the commands use of the public API; tests hand in their own. */
export interface Api {
  readonly parse: (text: string, options: { readonly file: string; readonly env: Readonly<Record<string, string | undefined>>; readonly vars: Readonly<Record<string, Json>> }) => {
    readonly documents: readonly { readonly document: number; readonly experiment?: Experiment; readonly issues: readonly Issue[] }[];
    readonly issues: readonly Issue[];
  };
  readonly plan: (experiment: Experiment, options: { readonly file: string; readonly document: number; readonly seed?: string }) => Plan;
  readonly run: (plan: Plan, options: { readonly journalPath?: string; readonly allowHosts?: readonly string[]; readonly onEvent?: (event: Event) => void; readonly signal?: AbortSignal }) => Promise<{ readonly report: Report; readonly journalPath: string }>;
  readonly judgeJournal: (lines: AsyncIterable<string>) => Promise<Report>;
  readonly explainPlan: (plan: Plan) => string;
  readonly explainType: (name: string) => string;
  readonly experimentJsonSchema: () => Json;
  readonly faultTypes: readonly { readonly type: string; readonly layer: string; readonly summary: string }[];
  readonly probeTypes: readonly { readonly type: string; readonly summary: string }[];
  readonly hypothesisTypes: readonly { readonly type: string; readonly summary: string }[];
  readonly reporters: readonly Reporter[];
  readonly exitCodeOfSuite: (exitCodes: readonly number[]) => number;
  readonly formatQuantity: (kind: "duration" | "share", value: number) => string;
}
