import type { Experiment, MetricClaim, PhaseName } from "../../model/experiment.ts";
import { expectedSamples, phaseMs } from "../../hypotheses/expected-samples.ts";
import { fewestSamples } from "../../hypotheses/steady-state.ts";
import { format } from "../../units/format.ts";
import type { Finding } from "../finding.ts";
import { largestRecoveryMs, recoveryMs } from "../settle.ts";
import type { Path } from "../yaml-source.ts";

/** Gates that cannot be met or cannot fail, and recoveries that no phase is there for. */
export function lintClaims(experiment: Experiment): readonly Finding[] {
  return [...gates(experiment), ...guards(experiment), ...recoveries(experiment), ...ending(experiment)];
}

function gates(experiment: Experiment): readonly Finding[] {
  const { beforeMs, duringMs, afterMs } = experiment.phases;
  return experiment.steadyState.flatMap(({ probe, claims, during, settleMs }, index): readonly Finding[] => {
    const path = ["steadyState", index];
    const enough = (phase: PhaseName, lengthMs: number): readonly Finding[] => tooFew(experiment, probe, phase, lengthMs, path);
    return [
      ...(claims.length > 0 ? [...enough("before", beforeMs), ...(afterMs === 0 ? [] : settleMs === 0 ? enough("after", afterMs) : settles(experiment, probe, settleMs, [...path, "settle"]))] : []),
      ...(during.length > 0 ? enough("during", duringMs) : []),
      ...cannotFail(experiment, probe, claims, path),
      ...cannotFail(experiment, probe, during, [...path, "during"]),
    ];
  });
}

/** What `settle`, given or taken from the recovery that is claimed, leaves of `after` must be enough for a gate. */
function settles(experiment: Experiment, probe: string, settleMs: number, path: Path): readonly Finding[] {
  const { afterMs } = experiment.phases;
  const expected = settleMs >= afterMs ? 0 : samplesIn(experiment, probe, "after", afterMs - settleMs);
  if (expected >= fewestSamples) return [];
  const why = settleMs === largestRecoveryMs(experiment.hypotheses) ? ", the largest recovery that is claimed" : "";
  const judged = `after lasts ${format("duration", afterMs)}, and ${probe} is judged in it from ${format("duration", settleMs)} on${why}`;
  const neededMs = timeForGate(experiment, probe);
  const hint = neededMs === undefined ? `make phases.after longer than ${format("duration", settleMs)}` : `phases: { after: ${seconds(settleMs + neededMs)} }${afterMs > neededMs ? `, or settle: ${seconds(Math.floor((afterMs - neededMs) / 100) * 100)}` : ""}`;
  return settleMs >= afterMs
    ? [{ code: "never-settles", message: `${judged}: never`, hint, path }]
    : [{ code: "too-few-samples", message: `${judged}: about ${expected} samples, and a gate needs ${fewestSamples}: it will not be met`, hint, path }];
}

/** How long `after` must be judged for a gate to have its samples, with one to spare, in whole tenths of a second; undefined where that is not known in advance. */
function timeForGate(experiment: Experiment, probe: string): number | undefined {
  const expected = expectedSamples(experiment, probe, "after");
  return expected === undefined || expected === 0 ? undefined : Math.ceil(((fewestSamples + 1) * phaseMs(experiment, "after")) / expected / 100) * 100;
}

/** As it can be pasted; not rounded down. */
function seconds(ms: number): string {
  return `${Math.ceil(ms / 100) / 10}s`;
}

function tooFew(experiment: Experiment, probe: string, phase: PhaseName, lengthMs: number, path: Path): readonly Finding[] {
  const expected = samplesIn(experiment, probe, phase, lengthMs);
  return expected >= fewestSamples ? [] : [{ code: "too-few-samples", message: `a gate needs ${fewestSamples} samples, and about ${expected} of ${probe} are judged in ${phase}: it will not be met`, hint: moreSamples(phase, lengthMs), path }];
}

/** How many samples a part of a phase will have; plenty where that is not known in advance. */
function samplesIn(experiment: Experiment, probe: string, phase: PhaseName, lengthMs: number): number {
  const wholeMs = phaseMs(experiment, phase);
  const whole = expectedSamples(experiment, probe, phase);
  return whole === undefined ? fewestSamples : Math.floor((whole * lengthMs) / Math.max(wholeMs, 1));
}

function moreSamples(phase: PhaseName, lengthMs: number): string {
  return lengthMs <= 0 ? `give phases.${phase} a length` : `load: ${Math.ceil((fewestSamples * 1000) / lengthMs)}/s, or make phases.${phase} longer`;
}

/** No answer takes longer than its timeout. */
function cannotFail({ probes }: Experiment, probe: string, claims: readonly MetricClaim[], path: Path): readonly Finding[] {
  const timeoutMs = probes.find(({ name }) => name === probe)?.timeoutMs ?? Number.POSITIVE_INFINITY;
  return claims.flatMap(({ metric, bound }): readonly Finding[] =>
    (/^p\d|^max$/.test(metric) && (bound.max ?? 0) >= timeoutMs ? [{ code: "bound-beyond-timeout", message: `${metric} cannot exceed the timeout of ${probe}, ${format("duration", timeoutMs)}: "${bound.text}" always holds`, hint: "make the timeout longer than the bound, or the bound tighter", path: [...path, metric] }] : []));
}

function guards(experiment: Experiment): readonly Finding[] {
  const { duringMs } = experiment.phases;
  return experiment.guards.flatMap(({ probe, overMs }, index): readonly Finding[] => {
    const path = ["guards", index];
    if (overMs > duringMs) return [{ code: "guard-too-slow", message: `this guard looks at ${format("duration", overMs)}, and the faults last ${format("duration", duringMs)}`, hint: `over: ${format("duration", Math.max(1000, duringMs / 4))}`, path }];
    const expected = samplesIn(experiment, probe, "during", duringMs);
    return expected >= fewestSamples ? [] : [{ code: "too-few-samples", message: `a guard is asked after ${fewestSamples} samples, and about ${expected} of ${probe} are sent in during: it will not be asked`, hint: moreSamples("during", duringMs), path }];
  });
}

function recoveries({ hypotheses, phases }: Experiment): readonly Finding[] {
  if (phases.afterMs > 0) return [];
  return hypotheses.flatMap((hypothesis, index): readonly Finding[] => {
    const limitMs = recoveryMs(hypothesis);
    return limitMs === undefined ? [] : [{ code: "no-recovery-phase", message: `${hypothesis.name} claims a recovery, and after lasts 0s: it would be inconclusive`, hint: `make phases.after longer than ${format("duration", limitMs)}`, path: ["hypotheses", index] }];
  });
}

function ending({ phases, maxDurationMs }: Experiment): readonly Finding[] {
  const wholeMs = phases.warmupMs + phases.beforeMs + phases.epochs * (phases.duringMs + phases.afterMs);
  if (maxDurationMs === undefined || maxDurationMs > wholeMs) return [];
  return [{ code: "ends-early", message: `the phases take ${format("duration", wholeMs)}, and maxDuration ends the run at ${format("duration", maxDurationMs)}`, hint: `maxDuration: ${format("duration", Math.ceil(wholeMs / 30_000) * 30_000 + 30_000).replace(" ", "")}`, path: ["maxDuration"] }];
}
