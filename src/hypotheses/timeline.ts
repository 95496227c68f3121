import { Column } from "../evidence/column.ts";
import type { Observations } from "../model/observation.ts";
import type { Timeline } from "../model/report.ts";
import { quantile } from "../math/quantile.ts";

/** At most so many bins: more than a terminal has columns would be noise. */
const mostBins = 120;
const binLengthsMs = [50, 100, 200, 250, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];

/** The shortest round length of which no more than `most` go into a stretch. */
export function binLengthMs(stretchMs: number, most: number): number {
  return binLengthsMs.find((ms) => stretchMs / ms <= most) ?? Math.ceil(stretchMs / most);
}

/** The series behind the drawings: every probe and every proxy, in bins of equal length over all phases. */
export function drawTimeline(observations: Observations, inferred: Pick<Timeline, "states" | "series">): Timeline {
  const { probes, proxies } = observations.header.plan.experiment;
  const startMs = Math.min(...observations.phases.map((phase) => phase.startMs), observations.endMs);
  const endMs = observations.phases.reduce((last, phase) => Math.max(last, phase.endMs), startMs);
  const binMs = binLengthMs(endMs - startMs, mostBins);
  const bins = Math.ceil((endMs - startMs) / binMs);
  const binOf = (atMs: number): number => Math.floor((atMs - startMs) / binMs);
  return {
    startMs,
    binMs,
    probes: probes.map(({ name }) => drawProbe(name, observations, bins, binOf)),
    proxies: proxies.map(({ name }) => drawProxy(name, observations, bins, binOf)),
    ...inferred,
  };
}

function drawProbe(probe: string, observations: Observations, bins: number, binOf: (atMs: number) => number): Timeline["probes"][number] {
  const counts = { good: zeros(bins), degraded: zeros(bins), bad: zeros(bins) };
  const p95Ms = Array.from({ length: bins }, (): number | null => null);
  // Requests come in due order, so that one bin at a time is enough.
  let open = 0;
  let latencies = new Column("f64");
  const close = (next: number): void => {
    if (next === open) return;
    if (latencies.length > 0) p95Ms[open] = quantile(latencies.sorted(), 0.95);
    open = next;
    latencies = new Column("f64");
  };
  for (const { dueMs, grade, latencyMs } of observations.samples({ probe })) {
    if (grade === "unsent" || bins === 0) continue;
    // A phase is marked a moment after the first request of it was due.
    const bin = Math.max(0, Math.min(bins - 1, binOf(dueMs)));
    close(bin);
    latencies.push(latencyMs);
    if (grade !== "pending") count(counts[grade], bin);
  }
  close(bins);
  return { probe, ...counts, p95Ms };
}

function drawProxy(proxy: string, observations: Observations, bins: number, binOf: (atMs: number) => number): Timeline["proxies"][number] {
  const exchanges = zeros(bins);
  const faulted = zeros(bins);
  for (const call of observations.calls({ proxy })) {
    const bin = binOf(call.startMs);
    if (bin < 0 || bin >= bins) continue;
    count(exchanges, bin);
    if (call.faulted) count(faulted, bin);
  }
  return { proxy, exchanges, faulted };
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function count(series: number[], bin: number): void {
  series[bin] = (series[bin] ?? 0) + 1;
}
