import { z } from "zod";
import { partitionPoint } from "../evidence/partition-point.ts";
import { clopperPearson } from "../math/proportion.ts";
import { quantileInterval, samplesForQuantile } from "../math/quantile.ts";
import type { Bound } from "../model/bound.ts";
import type { Metric } from "../model/experiment.ts";
import type { Advice, HypothesisType, Scope } from "../model/hypothesis-type.ts";
import type { JsonObject } from "../model/json.ts";
import type { Sample } from "../model/observation.ts";
import type { ClaimVerdict } from "../model/verdict.ts";
import { within } from "../units/bound.ts";
import { atMost, bound } from "../units/fields.ts";
import { format } from "../units/format.ts";
import { decideByIntervals, decideByWitnesses, decideQuantile, decideShare, enoughForShare, isOutside, sendMore, surety, undecided } from "./decide.ts";
import type { Claimed, Interval } from "./decide.ts";
import { adviseOnSamples } from "./expected-samples.ts";
import { finished, merge, tally, withEndless } from "./figures.ts";
import type { Tally } from "./figures.ts";
import { phaseWindow } from "./fault-span.ts";
import { apparatusObstacle, exerciseObstacle, phaseObstacle } from "./preconditions.ts";
import { metricKind } from "../units/metric.ts";
import { fewestSamples, measure, metricQuantile } from "./steady-state.ts";
import { witnessesAmong } from "./witnesses.ts";

const metrics = ["success", "available", "p50", "p95", "p99", "max", "throughput"] as const satisfies readonly Metric[];

const schema = z
  .strictObject({
    probe: z.string(),
    phase: z.enum(["before", "during", "after"]).default("during"),
    success: bound("share").optional(),
    available: bound("share").optional(),
    p50: bound("duration").optional(),
    p95: bound("duration").optional(),
    p99: bound("duration").optional(),
    max: bound("duration").optional(),
    throughput: bound("rate").optional(),
    noWorseThan: z.strictObject({ phase: z.literal("before").default("before"), by: atMost("factor") }).optional(),
  })
  .refine((params) => params.noWorseThan !== undefined || metrics.some((metric) => params[metric] !== undefined), { message: `expected at least one of ${metrics.join(", ")}, noWorseThan` });
type Params = z.output<typeof schema>;

/** What a caller sees of the service in one phase, claimed as numbers. */
export const claim: HypothesisType<Params> = {
  type: "claim",
  summary: "What callers see in a phase: success, availability, latency, throughput, or no worse than before",
  about: {
    sees: "Every answer of one probe in one phase: how many were good, and how long they took from the moment they were due.",
    cannotTellApart: "Why an answer was bad or late: the service, its dependency and the way between look the same from here.",
    needs: "Enough samples for the asked confidence: 459 without a failure for a share of 99 %, 90 for a p95; at 99 % confidence.",
  },
  params: schema,
  example: 'probe: checkout\navailable: ">= 95%"\np95: "<= 800ms"',
  probes: ({ probe }) => [probe],
  proxies: () => [],
  explain(params) {
    const parts = metrics.flatMap((metric) => (params[metric] === undefined ? [] : [`${words[metric]} is ${params[metric].text}`]));
    const relative = params.noWorseThan === undefined ? [] : [`latency and availability are no worse than before, by a factor ${params.noWorseThan.by.text}`];
    return `${phaseWords[params.phase]}, ${[...parts, ...relative].join(" and ")} for ${params.probe}`;
  },
  advise(params, hypothesis, experiment) {
    return [
      ...metrics.flatMap((metric) => {
        const claimed = params[metric];
        return claimed === undefined ? [] : adviseOnSamples(experiment, params.probe, params.phase, enoughFor(metric, claimed, experiment.confidence), `"${metric}: ${claimed.text}"`, [metric]);
      }),
      ...(params.noWorseThan === undefined ? [] : (["before", params.phase] as const).flatMap((phase): readonly Advice[] => adviseOnSamples(experiment, params.probe, phase, samplesForQuantile(0.95, half(experiment.confidence)), "noWorseThan", ["noWorseThan"]))),
      ...(hypothesis.faults.length === 0 && params.phase !== "before" && experiment.faults.length > 0 ? [{ code: "no-fault", message: "this hypothesis speaks of no fault", hint: "name the faults that it is about in fault:", path: ["fault"] }] : []),
    ];
  },
  judge(params, scope) {
    const { observations, confidence } = scope;
    const window = phaseWindow(scope, params.phase);
    const samples = (): Iterable<Sample> => observations.samples({ probe: params.probe, phase: params.phase, ...(window === undefined ? {} : { epoch: window.epoch }) });
    const seen = tally(samples(), window === undefined ? 0 : (window.endMs - window.startMs) / 1000);
    const obstacle = phaseObstacle(scope, params.phase) ?? (params.phase === "before" ? undefined : exerciseObstacle(scope, params.probe)) ?? apparatusObstacle(seen);
    const measured: Record<string, number> = {};
    const claims = metrics.flatMap((metric): readonly ClaimVerdict[] => {
      const claimedBound = params[metric];
      if (claimedBound === undefined) return [];
      const value = measure(metric, seen);
      if (value !== undefined) measured[metric] = value;
      const claimed: Claimed = { claim: metric, bound: claimedBound, kind: metricKind[metric], what: words[metric] };
      return [obstacle === undefined ? decideMetric(metric, claimed, seen, confidence) : undecided(claimed, obstacle.reason, obstacle.nextStep, { n: finished(seen) })];
    });
    const relative = params.noWorseThan === undefined ? { claims: [], observed: {} } : compare(params.noWorseThan.by, params, scope, seen, obstacle);
    return {
      claims: [...claims, ...relative.claims],
      observed: { ...measured, ...relative.observed },
      samples: finished(seen) + seen.pending,
      evidence: [...claims, ...relative.claims].some(({ verdict }) => verdict === "violated") ? witnessesAmong(samples(), (sample) => isAgainst(params, sample.grade, sample.latencyMs)) : [],
    };
  },
};

const phaseWords = { before: "Before the fault", during: "While the fault is in force", after: "After the fault" } as const;
const words: Readonly<Record<Metric, string>> = {
  success: "the share of good answers",
  available: "the share of good or degraded answers",
  p50: "the median latency",
  p95: "the p95 latency",
  p99: "the p99 latency",
  max: "the longest latency",
  throughput: "the throughput of good answers",
};

function enoughFor(metric: Metric, claimed: Bound, confidence: number): number {
  const q = metricQuantile[metric];
  return metricKind[metric] === "share" ? enoughForShare(claimed, confidence) : metric === "max" || q === undefined ? fewestSamples : samplesForQuantile(q, confidence);
}

function decideMetric(metric: Metric, claimed: Claimed, seen: Tally, confidence: number): ClaimVerdict {
  if (metric === "max") return decideMax(claimed, seen);
  if (metric === "throughput") return decideThroughput(claimed, seen, confidence);
  const q = metricQuantile[metric];
  if (q !== undefined) return decideQuantile(claimed, q, { sortedMs: seen.sortedMs, pendingMs: seen.pendingMs, confidence });
  const k = metric === "success" ? seen.good : seen.good + seen.degraded;
  return decideShare(claimed, { k, n: finished(seen), pending: seen.pending, confidence });
}

/** A single request can be beyond the longest latency allowed: two witness it. */
function decideMax(claimed: Claimed, seen: Tally): ClaimVerdict {
  const { bound } = claimed;
  const all = merge(seen.sortedMs, seen.pendingMs);
  const longest = Math.max(0, all.at(-1) ?? 0);
  const inside = partitionPoint(all.length, (at) => !isOutside({ ...bound, min: Number.NEGATIVE_INFINITY }, { lo: all[at] ?? 0 }));
  const beyond = all.length - inside;
  const witnesses = within(bound, longest) ? 0 : beyond > 0 ? beyond : all.length;
  return decideByWitnesses(claimed, { observed: longest, witnesses, n: all.length, enough: fewestSamples });
}

/** The load is fixed in advance; what is uncertain is the share of it that is answered well. */
function decideThroughput(claimed: Claimed, seen: Tally, confidence: number): ClaimVerdict {
  const total = finished(seen) + seen.pending;
  if (total < fewestSamples || seen.seconds === 0) return undecided(claimed, `${total} requests are too few to tell a throughput.`, sendMore(fewestSamples, total), { n: total });
  const perSecond = (total + seen.disturbed + seen.unsent) / seen.seconds;
  const interval = (level: number): Interval => ({ lo: clopperPearson(seen.good, total, level).lo * perSecond, hi: clopperPearson(seen.good + seen.pending, total, level).hi * perSecond });
  return decideByIntervals(claimed, { observed: (seen.good / total) * perSecond, n: total, confidence, asked: interval(confidence), sure: interval(surety), nextStep: sendMore(0, total) });
}

/** Availability, median and p95 of a phase against those of `before`, as ratios to it. The error is halved, as two estimates meet. */
function compare(by: Bound, params: Params, scope: Scope, seen: Tally, obstacle: { readonly reason: string; readonly nextStep: string } | undefined): { readonly claims: readonly ClaimVerdict[]; readonly observed: JsonObject } {
  const before = tally(scope.observations.samples({ probe: params.probe, phase: "before" }), 1);
  const blocked = obstacle ?? phaseObstacle(scope, "before") ?? apparatusObstacle(before);
  const observed: Record<string, number> = {};
  const claims = (["available", "p50", "p95"] as const).map((metric) => {
    const claimed: Claimed = { claim: `noWorseThan.${metric}`, bound: metric === "available" ? atLeastOneIn(by) : by, kind: "factor", what: `${words[metric]} now over that before` };
    const ratio = ratioOf(metric, seen, before);
    if (ratio !== undefined) observed[`${metric}Ratio`] = ratio;
    const n = Math.min(finished(seen), finished(before));
    if (blocked !== undefined) return undecided(claimed, blocked.reason, blocked.nextStep, { n });
    if (ratio === undefined) return undecided(claimed, "There is nothing to compare.", `Send at least ${fewestSamples} requests in both phases.`, { n });
    const interval = (level: number): Interval => (metric === "available" ? divide(availability(seen, half(level)), availability(before, half(level))) : divide(latency(metric, seen, half(level)), latency(metric, before, half(level))));
    const needed = metric === "available" ? fewestSamples : samplesForQuantile(metricQuantile[metric] ?? 0.5, half(scope.confidence));
    return decideByIntervals(claimed, { observed: ratio, n, confidence: scope.confidence, asked: interval(scope.confidence), sure: interval(surety), nextStep: sendMore(needed, n) });
  });
  return { claims, observed };
}

/** Of what is better when larger, `1.2x` worse is five sixths as much. */
function atLeastOneIn(by: Bound): Bound {
  if (by.max === undefined || by.max === 0) return by;
  const min = 1 / by.max;
  return { text: `>= ${format("factor", min)}`, min };
}

function ratioOf(metric: Metric, seen: Tally, before: Tally): number | undefined {
  const [now, then] = [measure(metric, seen), measure(metric, before)];
  return now === undefined || then === undefined || then === 0 ? undefined : now / then;
}

function availability(seen: Tally, level: number): Interval {
  const total = finished(seen) + seen.pending;
  const good = seen.good + seen.degraded;
  return { lo: clopperPearson(good, total, level).lo, hi: clopperPearson(good + seen.pending, total, level).hi };
}

function latency(metric: "p50" | "p95", seen: Tally, level: number): Interval {
  const { lo } = quantileInterval(seen.sortedMs, metricQuantile[metric] ?? 0.5, level);
  const { hi } = quantileInterval(withEndless(seen.sortedMs, seen.pendingMs.length), metricQuantile[metric] ?? 0.5, level);
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined || hi === Number.POSITIVE_INFINITY ? {} : { hi }) };
}

function divide(over: Interval, under: Interval): Interval {
  const lo = over.lo === undefined || under.hi === undefined || under.hi === 0 ? undefined : over.lo / under.hi;
  const hi = over.hi === undefined || under.lo === undefined || under.lo === 0 ? undefined : over.hi / under.lo;
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined ? {} : { hi }) };
}

/** The confidence of each of two estimates that are to hold together. */
function half(level: number): number {
  return 1 - (1 - level) / 2;
}

function isAgainst(params: Params, grade: string, latencyMs: number): boolean {
  if (grade === "bad" || (grade === "degraded" && params.success !== undefined)) return true;
  return [params.p50, params.p95, params.p99, params.max].some((limit) => limit?.max !== undefined && latencyMs > limit.max);
}
