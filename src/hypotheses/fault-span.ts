import type { Fault, Hypothesis, PhaseName } from "../model/experiment.ts";
import type { Scope } from "../model/hypothesis-type.ts";
import type { FaultObservation, PhaseWindow, Sample } from "../model/observation.ts";

/** When the faults of a hypothesis acted in one epoch, and whether anyone noticed. */
export interface FaultSpan {
  readonly faults: readonly Fault[];
  /** The first exchange, or process, that one of them was applied to. */
  readonly onsetMs?: number;
  /** The end of the last: its window closed, it was lifted, or its process was ready again. Absent: still in force when the journal ends. */
  readonly endMs?: number;
  readonly eligible: number;
  readonly applied: number;
  readonly felt: number;
}

/** Faults in one epoch: those that a hypothesis speaks of, or others. */
export type Faulted = Pick<Scope, "observations" | "epoch"> & { readonly hypothesis: Pick<Hypothesis, "faults"> };

/** The faults that a hypothesis speaks of, taken together. */
export function faultSpan({ hypothesis, observations, epoch }: Faulted): FaultSpan {
  const mine = observations.faults.filter((seen) => seen.epoch === epoch && hypothesis.faults.includes(seen.fault.name));
  const onsets = mine.flatMap(({ firstAppliedMs }) => (firstAppliedMs === undefined ? [] : [firstAppliedMs]));
  const ends = mine.flatMap((seen) => {
    const { endMs } = faultWindow(seen);
    return endMs === undefined ? [] : [endMs];
  });
  const sum = (count: (seen: (typeof mine)[number]) => number): number => mine.reduce((total, seen) => total + count(seen), 0);
  return {
    faults: mine.map(({ fault }) => fault),
    ...(onsets.length === 0 ? {} : { onsetMs: Math.min(...onsets) }),
    ...(ends.length < mine.length || mine.length === 0 ? {} : { endMs: Math.max(...ends) }),
    eligible: sum(({ eligible }) => eligible),
    applied: sum(({ applied }) => applied),
    felt: sum(({ felt }) => felt),
  };
}

/** Proxies on which a fault is felt: its own, or those that lead to its process. */
export function edgesOf({ proxy, edges = [] }: Fault): readonly string[] {
  return proxy === undefined ? edges.map((edge) => edge.proxy) : [proxy];
}

/** From when to when a fault could be applied, ms from the start of the run; of a process, from when to when it was away. No end: it was never lifted, or a process never came back. */
export function faultWindow({ fault, setMs, liftedMs, away = [] }: FaultObservation): { readonly startMs: number; readonly endMs?: number } {
  if (away.length > 0) {
    const ends = away.flatMap(({ endMs }) => (endMs === undefined ? [] : [endMs]));
    return { startMs: Math.min(...away.map(({ startMs }) => startMs)), ...(ends.length === away.length && { endMs: Math.max(...ends) }) };
  }
  const { fromMs, forMs } = fault.selection;
  const closedMs = forMs === undefined ? undefined : setMs + fromMs + forMs;
  const endMs = closedMs === undefined ? liftedMs : Math.min(closedMs, liftedMs ?? closedMs);
  return { startMs: setMs + fromMs, ...(endMs === undefined ? {} : { endMs }) };
}

/** Requests of a probe during the fault and after it that were due from a moment on. */
export function* samplesFrom({ observations, epoch }: Pick<Scope, "observations" | "epoch">, probe: string, fromMs: number): Iterable<Sample> {
  for (const phase of ["during", "after"] as const) {
    for (const sample of observations.samples({ probe, epoch, phase })) if (sample.dueMs >= fromMs) yield sample;
  }
}

/** The window of a phase as it ran; `before` and `warmup` have one, the others one per epoch. */
export function phaseWindow({ observations, epoch }: Pick<Scope, "observations" | "epoch">, phase: PhaseName): PhaseWindow | undefined {
  return observations.phases.find(({ name, epoch: of }) => name === phase && (phase === "before" || phase === "warmup" || of === epoch));
}
