import type { Experiment, Hypothesis, PhaseName } from "../model/experiment.ts";
import type { Advice } from "../model/hypothesis-type.ts";

/** How many requests a probe will send in one run of a phase; undefined when that is not known in advance (serial load, no such probe). */
export function expectedSamples(experiment: Experiment, probe: string, phase: PhaseName): number | undefined {
  const load = experiment.probes.find(({ name }) => name === probe)?.load;
  if (load === undefined || load.kind === "serial") return undefined;
  const steps = phase === "during" ? load.steps : undefined;
  const rate = steps === undefined || steps.length === 0 ? load.rates[phase] : steps.reduce((sum, step) => sum + step, 0) / steps.length;
  return Math.floor((rate * load.burst * phaseMs(experiment, phase)) / 1000);
}

export function phaseMs(experiment: Experiment, phase: PhaseName): number {
  const { warmupMs, beforeMs, duringMs, afterMs } = experiment.phases;
  return { warmup: warmupMs, before: beforeMs, during: duringMs, after: afterMs }[phase];
}

/** A warning when a phase sends fewer requests than a claim needs, with the length and load that would do. */
export function adviseOnSamples(experiment: Experiment, probe: string, phase: PhaseName, needed: number, claim: string, path: Advice["path"]): readonly Advice[] {
  const expected = expectedSamples(experiment, probe, phase);
  if (expected === undefined || expected >= needed) return [];
  if (!Number.isFinite(needed)) {
    return [{ code: "undecidable-bound", message: `no number of requests can show ${claim}`, hint: "claim \">= 99%\" (459 requests without a failure at 99% confidence), or less", path }];
  }
  const seconds = phaseMs(experiment, phase) / 1000;
  const rate = expected / Math.max(seconds, 0.001);
  const hint = expected === 0 ? `give phases.${phase} a length and the probe a load` : `make ${phase} ${Math.ceil(needed / rate)}s long, or the load ${Math.ceil(needed / seconds)}/s`;
  return [{ code: "too-few-samples", message: `${claim} needs at least ${needed} requests of ${probe} in ${phase}, and about ${expected} will be sent: it would be inconclusive`, hint, path }];
}

/** For how long the longest of the faults that a hypothesis speaks of is in force in one `during`, and what share of calls it hits then; all of it when it speaks of none. */
export function exposureOf({ faults }: Pick<Hypothesis, "faults">, experiment: Pick<Experiment, "faults" | "phases">): { readonly lengthMs: number; readonly share: number } {
  const { duringMs } = experiment.phases;
  const mine = experiment.faults.filter(({ name }) => faults.includes(name)).map(({ selection: { fromMs, forMs, flap, ramp, rateShare } }) => ({
    lengthMs: Math.max(0, Math.min(forMs ?? duringMs, duringMs - fromMs)) * (flap === undefined ? 1 : flap.onMs / (flap.onMs + flap.offMs)),
    share: ramp === undefined ? rateShare : Math.max(ramp.fromShare, ramp.toShare),
  }));
  return mine.length === 0 ? { lengthMs: duringMs, share: 1 } : { lengthMs: Math.max(...mine.map(({ lengthMs }) => lengthMs)), share: Math.max(...mine.map(({ share }) => share)) };
}
