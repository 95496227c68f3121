import { Column } from "../../evidence/column.ts";
import { clopperPearson } from "../../math/proportion.ts";
import { quantile } from "../../math/quantile.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Sample } from "../../model/observation.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { surety } from "../decide.ts";
import { phaseWindow } from "../fault-span.ts";
import { fewestSamples } from "../steady-state.ts";
import { fateOf, fates } from "./fate.ts";
import type { Fate } from "./fate.ts";

/** One step of the load in the phase during, or all of it. */
interface Part {
  readonly startMs: number;
  readonly endMs: number;
  readonly offered: number;
  readonly counts: Readonly<Record<Fate, number>>;
}

/** How a probe's load pressed on the service while it was at its highest. */
export interface Pressure {
  readonly counts: Readonly<Record<Fate, number>>;
  readonly offered: number;
  readonly seconds: number;
  /** How it is known that there was more than the service takes: many were turned away, many failed, they waited longer and longer, or more were let in than the limit that is claimed. */
  readonly shownBy?: "rejected" | "failed" | "waiting" | "limit";
  /** So many were sent before the load rose; where they are too few to tell whether what fails now is usual. */
  readonly fewBefore?: number;
  /** Requests of the parts of the load that were too much; where none was, of the highest. */
  samples(): Iterable<Sample>;
}

/** Before the load rose, so many may fail without failing being taken for usual. */
const usualFailures = 0.05;
/** Those due last wait this much longer than those due first: a queue that grows. */
const growth = 1.5;
const growthMs = 100;

export function measurePressure(scope: Scope, probe: string, rejection: StatusTest): Pressure {
  const { observations, epoch, hypothesis } = scope;
  const window = phaseWindow(scope, "during");
  const all = (): Iterable<Sample> => observations.samples({ probe, phase: "during", epoch });
  const load = observations.header.plan.experiment.probes.find(({ name }) => name === probe)?.load;
  const parts = countParts(all(), window ?? { startMs: 0, endMs: 0 }, load?.steps?.length ?? 1, rejection);
  const turning = parts.filter(({ counts }) => counts.rejected >= 2);
  const rate = (part: Part): number => part.offered / Math.max(1, part.endMs - part.startMs);
  const leastRate = 0.9 * (turning.length > 0 ? Math.min(...turning.map(rate)) : Math.max(0, ...parts.map(rate)));
  const high = parts.filter((part) => rate(part) >= leastRate && part.offered > 0);
  const isHigh = ({ dueMs }: Sample): boolean => high.some(({ startMs, endMs }) => dueMs >= startMs && dueMs < endMs);
  const counts = sum(high);
  // What fails or waits under a fault may do so because of it.
  const isUnderFault = hypothesis.faults.length > 0;
  const usual = countBefore(scope, probe, rejection);
  const shownBy = counts.rejected >= fewestSamples ? "rejected" : isUnderFault ? undefined : hasFailing(counts, usual) ? "failed" : high.some((part) => isWaiting(all(), part)) ? "waiting" : undefined;
  const isFailing = !isUnderFault && unservedOf(counts).unserved >= fewestSamples;
  return {
    counts,
    offered: high.reduce((total, { offered }) => total + offered, 0),
    seconds: high.reduce((total, { startMs, endMs }) => total + (endMs - startMs) / 1000, 0),
    ...(shownBy === undefined ? {} : { shownBy }),
    ...(isFailing && unservedOf(usual).all < fewestSamples && { fewBefore: unservedOf(usual).all }),
    *samples() {
      for (const sample of all()) if (isHigh(sample)) yield sample;
    },
  };
}

function none(): Record<Fate, number> {
  return { rejected: 0, served: 0, refused: 0, unanswered: 0, failed: 0, pending: 0 };
}

function countParts(samples: Iterable<Sample>, { startMs, endMs }: { readonly startMs: number; readonly endMs: number }, length: number, rejection: StatusTest): readonly Part[] {
  const lengthMs = Math.max(1, endMs - startMs) / length;
  const parts = Array.from({ length }, (_, i) => ({ startMs: i === 0 ? Number.NEGATIVE_INFINITY : startMs + i * lengthMs, endMs: i === length - 1 ? Number.POSITIVE_INFINITY : startMs + (i + 1) * lengthMs, offered: 0, counts: none() }));
  for (const sample of samples) {
    const part = parts[Math.max(0, Math.min(length - 1, Math.floor((sample.dueMs - startMs) / lengthMs)))];
    if (part === undefined) continue;
    part.offered += 1;
    if (!sample.disturbed && sample.grade !== "unsent") part.counts[fateOf(sample, rejection)] += 1;
  }
  return parts.map((part) => ({ ...part, startMs: Math.max(startMs, part.startMs), endMs: Math.min(endMs, part.endMs) }));
}

function sum(parts: readonly Part[]): Readonly<Record<Fate, number>> {
  const total = none();
  for (const { counts } of parts) for (const fate of fates) total[fate] += counts[fate];
  return total;
}

function countBefore({ observations }: Scope, probe: string, rejection: StatusTest): Readonly<Record<Fate, number>> {
  const usual = none();
  for (const sample of observations.samples({ probe, phase: "before" })) if (!sample.disturbed && sample.grade !== "unsent") usual[fateOf(sample, rejection)] += 1;
  return usual;
}

function unservedOf({ served, refused, unanswered, failed }: Readonly<Record<Fate, number>>): { readonly unserved: number; readonly all: number } {
  return { unserved: refused + unanswered + failed, all: served + refused + unanswered + failed };
}

/** Many more requests are not served than before the load rose. */
function hasFailing(counts: Readonly<Record<Fate, number>>, usual: Readonly<Record<Fate, number>>): boolean {
  const [before, now] = [unservedOf(usual), unservedOf(counts)];
  if (before.all < fewestSamples || before.unserved > usualFailures * before.all) return false;
  return now.unserved >= fewestSamples && clopperPearson(now.unserved, now.all, surety).lo > usualFailures;
}

/** Under a constant load nearly all that were due last waited longer than nearly all that were due first. */
function isWaiting(samples: Iterable<Sample>, { startMs, endMs }: Part): boolean {
  const [first, last] = [new Column("f64"), new Column("f64")];
  const third = (endMs - startMs) / 3;
  for (const { dueMs, latencyMs, disturbed, grade } of samples) {
    if (disturbed || grade === "unsent" || dueMs < startMs || dueMs >= endMs) continue;
    if (dueMs < startMs + third) first.push(latencyMs);
    else if (dueMs >= endMs - third) last.push(latencyMs);
  }
  if (Math.min(first.length, last.length) < fewestSamples) return false;
  return quantile(last.sorted(), 0.1) > growth * quantile(first.sorted(), 0.9) + growthMs;
}
