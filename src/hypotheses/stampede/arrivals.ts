import { Column } from "../../evidence/column.ts";
import { poissonAtMost } from "../../math/poisson.ts";
import type { Scope } from "../../model/hypothesis-type.ts";
import type { Call, Disturbance } from "../../model/observation.ts";
import type { Probe } from "../../model/experiment.ts";
import { surety } from "../decide.ts";
import type { Arrivals, Usual } from "./peaks.ts";

/** After a disturbance what it held up comes together. */
const aftermathMs = 250;

/** When calls of a kind began in [fromMs, toMs). */
export function arrivalsIn({ observations }: Pick<Scope, "observations">, proxy: string, fromMs: number, toMs: number, isMeant: (call: Call) => boolean = () => true): Arrivals {
  const [all, clean] = [new Column("f64"), new Column("f64")];
  const spans = mergedSpans([...observations.disturbances, ...observations.strains]);
  let at = 0;
  for (const call of observations.calls({ proxy, fromMs, toMs })) {
    if (!isMeant(call)) continue;
    while ((spans[at]?.endMs ?? Number.POSITIVE_INFINITY) < call.startMs) at += 1;
    all.push(call.startMs);
    if (call.startMs < (spans[at]?.startMs ?? Number.POSITIVE_INFINITY)) clean.push(call.startMs);
  }
  return { atMs: all.sorted(), cleanMs: clean.sorted(), seconds: Math.max(0, toMs - fromMs) / 1000 };
}

/** How much of a stretch was disturbed, 0..1. */
export function disturbedShare(disturbances: readonly Disturbance[], fromMs: number, toMs: number): number {
  const ms = mergedSpans(disturbances).reduce((sum, { startMs, endMs }) => sum + Math.max(0, Math.min(endMs - aftermathMs, toMs) - Math.max(startMs, fromMs)), 0);
  return ms / Math.max(1, toMs - fromMs);
}

/** With what comes after them, in order. */
function mergedSpans(disturbances: readonly Disturbance[]): readonly { readonly startMs: number; readonly endMs: number }[] {
  const merged: { startMs: number; endMs: number }[] = [];
  for (const { startMs, endMs } of [...disturbances].sort((a, b) => a.startMs - b.startMs)) {
    const last = merged.at(-1);
    if (last !== undefined && startMs <= last.endMs) last.endMs = Math.max(last.endMs, endMs + aftermathMs);
    else merged.push({ startMs, endMs: endMs + aftermathMs });
  }
  return merged;
}

/** What is usual before the fault. Evenly paced requests that make one call each leave nothing to chance; of others the rate is known within bounds only. */
export function usualOf(before: Arrivals, probes: readonly Probe[]): Usual {
  const seen = before.atMs.length;
  const expected = probes.reduce((sum, { load }) => sum + (load.kind === "serial" ? 0 : load.rates.before * load.burst * before.seconds), 0);
  const isEven = expected > 0 && probes.every(({ load }) => load.kind === "open" && load.arrivals === "even" && load.burst === 1) && Math.abs(seen - expected) <= 0.25 * expected;
  return { before, perSecond: (isEven ? seen : poissonAtMost(seen, surety)) / Math.max(0.001, before.seconds), isBursty: probes.some(({ load }) => load.burst > 1) };
}

/** Probes whose requests are known to cause calls on the edge; all of them where none is known to. */
export function probesOn({ observations }: Pick<Scope, "observations">, proxy: string): readonly Probe[] {
  const { probes } = observations.header.plan.experiment;
  const joined = probes.filter(({ name }) => observations.rung(name, proxy) !== "statistical");
  return joined.length > 0 ? joined : probes;
}
