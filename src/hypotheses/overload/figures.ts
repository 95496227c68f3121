import { quantile } from "../../math/quantile.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Scope, Series } from "../../model/hypothesis-type.ts";
import type { StatusTest } from "../../probes/status-test.ts";
import { fateOf } from "./fate.ts";
import type { Judged } from "./claims.ts";
import type { Pressure } from "./pressure.ts";

/** What a report tells of a load and how it was borne. */
export function figuresOf({ counts, offered, seconds }: Pressure, { accepted, rejectedMs }: Judged): JsonObject {
  if (offered === 0) return {};
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const p95Ms = accepted.quantileMs(0.95);
  return {
    offeredPerSecond: round(offered / Math.max(seconds, 0.001)),
    servedPerSecond: round((counts.served / Math.max(1, all)) * (offered / Math.max(seconds, 0.001))),
    ...(all > 0 && { rejectedShare: counts.rejected / all }),
    ...(rejectedMs.length > 0 && { rejectedP95Ms: quantile(rejectedMs, 0.95) }),
    ...(p95Ms !== undefined && { acceptedP95Ms: p95Ms }),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const bins = 150;

/** Requests sent, served and turned away per second, over the phases of an epoch. */
export function drawRates(probe: string, { observations, epoch }: Scope, rejection: StatusTest): readonly Series[] {
  const windows = observations.phases.filter(({ name, epoch: of }) => name !== "warmup" && of === epoch);
  const startMs = Math.min(...windows.map((window) => window.startMs));
  const endMs = Math.max(...windows.map((window) => window.endMs));
  if (!(endMs > startMs)) return [];
  const binMs = Math.max(100, (endMs - startMs) / bins);
  const length = Math.ceil((endMs - startMs) / binMs);
  const [offered, served, rejected] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)];
  for (const sample of observations.samples({ probe, epoch })) {
    if (sample.phase === "warmup") continue;
    const bin = Math.max(0, Math.min(length - 1, Math.floor((sample.dueMs - startMs) / binMs)));
    const count = (series: Float64Array): void => {
      series[bin] = (series[bin] ?? 0) + 1;
    };
    count(offered);
    const fate = sample.grade === "unsent" ? undefined : fateOf(sample, rejection);
    if (fate === "served") count(served);
    if (fate === "rejected") count(rejected);
  }
  const line = (name: string, counts: Float64Array): Series => ({ name, unit: "perSecond", points: Array.from(counts, (count, i) => [startMs + i * binMs, round((count * 1000) / binMs)] as const) });
  return [line("offered", offered), line("served", served), line("turned away", rejected)];
}
