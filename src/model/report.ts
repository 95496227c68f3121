import type { Issue } from "./issue.ts";
import type { PhaseName } from "./experiment.ts";
import type { Series } from "./hypothesis-type.ts";
import type { Verdict } from "./verdict.ts";

export type Outcome = "held" | "violated" | "inconclusive" | "baseline-not-met" | "guard-stopped" | "failed" | "interrupted";

/** The numbers of one run, ready to print; the JSON reporter prints it as it is. What was not measured is absent. */
export interface Report {
  readonly schema: "chaos/report/1";
  readonly runId: string;
  readonly file: string;
  readonly document: number;
  readonly title: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly seed: string;
  readonly planDigest: string;
  readonly confidence: number;
  readonly tool: { readonly version: string; readonly node: string };
  readonly startedAt: string;
  readonly durationMs: number;
  readonly outcome: Outcome;
  /** Why the outcome is not held, in one sentence. */
  readonly because?: string;
  readonly exitCode: number;
  readonly phases: readonly { readonly name: PhaseName; readonly epoch: number; readonly startMs: number; readonly endMs: number }[];
  readonly steadyState: readonly SteadyStateReport[];
  readonly faults: readonly FaultReport[];
  readonly proxies: readonly ProxyReport[];
  readonly hypotheses: readonly Verdict[];
  readonly services: readonly { readonly name: string; readonly replica: number; readonly exitedAtMs?: number; readonly code?: number; readonly signal?: string; readonly lastLines?: readonly string[] }[];
  readonly issues: readonly Issue[];
  readonly timeline: Timeline;
}

export interface SteadyStateReport {
  readonly probe: string;
  readonly phase: PhaseName;
  readonly epoch: number;
  /** Absent when nothing was claimed of this phase. */
  readonly met?: boolean;
  readonly claims: readonly { readonly metric: string; readonly expected: string; readonly observed: string; readonly met: boolean; readonly reason?: string }[];
  readonly n: number;
  readonly good: number;
  readonly degraded: number;
  readonly bad: number;
  readonly pending: number;
  /** Where it is not met: what most of the bad answers were blamed for, and how many of them. */
  readonly commonBlame?: { readonly blame: string; readonly count: number };
  readonly successShare?: number;
  readonly p50Ms?: number;
  readonly p95Ms?: number;
  readonly p99Ms?: number;
  readonly maxMs?: number;
}

/** One fault in one epoch. */
export interface FaultReport {
  readonly name: string;
  readonly type: string;
  readonly proxy?: string;
  readonly service?: string;
  readonly epoch: number;
  readonly startMs?: number;
  readonly endMs?: number;
  /** From when to when it was in force, where that was not all the time between; those that no drawing could show apart are one. */
  readonly windows?: readonly { readonly startMs: number; readonly endMs?: number }[];
  readonly eligible: number;
  readonly applied: number;
  readonly felt: number;
  readonly missed: { readonly match: number; readonly window: number; readonly ordinal: number; readonly rate: number };
}

export interface ProxyReport {
  readonly name: string;
  readonly exchanges: number;
  readonly unwitnessedMs: number;
  readonly perPhase: Readonly<Partial<Record<PhaseName, { readonly exchanges: number; readonly faulted: number; readonly perSecond: number }>>>;
}

/** Series behind the drawings; bins of equal length from the start of the load. */
export interface Timeline {
  readonly startMs: number;
  readonly binMs: number;
  readonly probes: readonly { readonly probe: string; readonly good: readonly number[]; readonly degraded: readonly number[]; readonly bad: readonly number[]; readonly p95Ms: readonly (number | null)[] }[];
  readonly proxies: readonly { readonly proxy: string; readonly exchanges: readonly number[]; readonly faulted: readonly number[] }[];
  /** States inferred by a hypothesis, such as a breaker's. */
  readonly states: readonly { readonly hypothesis: string; readonly spans: readonly { readonly state: string; readonly startMs: number; readonly endMs: number }[] }[];
  /** Figures that a hypothesis rests on, such as the calls in flight of a bulkhead. */
  readonly series: readonly { readonly hypothesis: string; readonly series: readonly Series[] }[];
}
