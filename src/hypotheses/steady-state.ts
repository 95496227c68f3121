import type { MetricClaim, Metric } from "../model/experiment.ts";
import type { Observations, PhaseWindow, Sample } from "../model/observation.ts";
import type { SteadyStateReport } from "../model/report.ts";
import type { SteadyState } from "../model/experiment.ts";
import { within } from "../units/bound.ts";
import { format } from "../units/format.ts";
import { metricKind } from "../units/metric.ts";
import { droppedShare, finished, tally } from "./figures.ts";
import type { Figures } from "./figures.ts";

/** Fewer samples than this meet no gate. */
export const fewestSamples = 20;

/** Which quantile of the latencies a metric is. */
export const metricQuantile: Readonly<Partial<Record<Metric, number>>> = { p50: 0.5, p95: 0.95, p99: 0.99, max: 1 };

export interface GateClaim {
  readonly metric: Metric;
  readonly expected: string;
  readonly observed: string;
  readonly met: boolean;
  readonly reason?: string;
  /** In base units. */
  readonly value?: number;
  readonly n: number;
}

/** A metric as it stands: shares are of finished requests, throughput is finished good requests per second. Undefined: there is nothing to tell. */
export function measure(metric: Metric, figures: Figures): number | undefined {
  const q = metricQuantile[metric];
  if (q !== undefined) return figures.quantileMs(q);
  if (metric === "throughput") return figures.seconds === 0 ? undefined : figures.good / figures.seconds;
  const n = finished(figures);
  return n === 0 ? undefined : (metric === "success" ? figures.good : figures.good + figures.degraded) / n;
}

/**
 * A gate: the observed figures themselves against their bounds, from 20 samples on (fewer: not met).
 * The run asks it for the baseline and its guards while it goes on, the report asks it again of the journal.
 */
export function assessClaims(claims: readonly MetricClaim[], figures: Figures): readonly GateClaim[] {
  return claims.map(({ metric, bound }) => {
    const value = measure(metric, figures);
    const isShare = metricKind[metric] === "share";
    const n = finished(figures) + (isShare ? 0 : figures.pending);
    const observed = value === undefined ? "nothing" : format(metricKind[metric], value);
    const base = { metric, expected: bound.text, observed, n, ...(value === undefined ? {} : { value }) };
    if (n < fewestSamples) return { ...base, met: false, reason: `${n} ${isShare ? "finished " : ""}samples, and a gate needs at least ${fewestSamples}` };
    if (value !== undefined && within(bound, value)) return { ...base, met: true };
    return { ...base, met: false, reason: `${metric} was ${observed}, expected ${bound.text}` };
  });
}

/** One row of the report, and whether the machine disturbed too much of it to be judged. */
export interface AssessedGate {
  readonly row: SteadyStateReport;
  readonly disturbed: boolean;
}

/** Every steady state of the plan in every phase that ran: claims before and after, `during` claims during. */
export function assessSteadyState(observations: Observations): readonly AssessedGate[] {
  return observations.header.plan.experiment.steadyState.flatMap((steadyState) =>
    observations.phases.filter(({ name }) => name !== "warmup").map((window) => assessWindow(steadyState, window, observations)));
}

function assessWindow(steadyState: SteadyState, window: PhaseWindow, observations: Observations): AssessedGate {
  const { name: phase, epoch } = window;
  const fromMs = window.startMs + (phase === "after" ? steadyState.settleMs : 0);
  const samples = observations.samples({ probe: steadyState.probe, phase, epoch });
  const figures = tally(dueFrom(samples, fromMs), Math.max(0, window.endMs - fromMs) / 1000);
  const claims = assessClaims(phase === "during" ? steadyState.during : steadyState.claims, figures);
  const met = claims.every((claim) => claim.met);
  const share = measure("success", figures);
  const blame = met ? undefined : commonBlame(dueFrom(observations.samples({ probe: steadyState.probe, phase, epoch }), fromMs));
  const [p50Ms, p95Ms, p99Ms, maxMs] = [0.5, 0.95, 0.99, 1].map((q) => figures.quantileMs(q));
  return {
    disturbed: !met && droppedShare(figures) > 0.05,
    row: {
      probe: steadyState.probe,
      phase,
      epoch,
      ...(claims.length === 0 ? {} : { met }),
      claims: claims.map(({ metric, expected, observed, met, reason }) => ({ metric, expected, observed, met, ...(reason === undefined ? {} : { reason }) })),
      n: finished(figures) + figures.pending,
      good: figures.good,
      degraded: figures.degraded,
      bad: figures.bad,
      pending: figures.pending,
      ...(blame === undefined ? {} : { commonBlame: blame }),
      ...(share === undefined ? {} : { successShare: share }),
      ...(p50Ms === undefined || p95Ms === undefined || p99Ms === undefined || maxMs === undefined ? {} : { p50Ms, p95Ms, p99Ms, maxMs }),
    },
  };
}

function commonBlame(samples: Iterable<Sample>): SteadyStateReport["commonBlame"] {
  const counts = new Map<string, number>();
  let common: string | undefined;
  for (const { grade, blame, disturbed } of samples) {
    if (grade !== "bad" || blame === undefined || disturbed) continue;
    const count = (counts.get(blame) ?? 0) + 1;
    counts.set(blame, count);
    if (common === undefined || count > (counts.get(common) ?? 0)) common = blame;
  }
  return common === undefined ? undefined : { blame: common, count: counts.get(common) ?? 0 };
}

function* dueFrom(samples: Iterable<Sample>, fromMs: number): Iterable<Sample> {
  for (const sample of samples) if (sample.dueMs >= fromMs) yield sample;
}
