import type { Random } from "../model/fault-type.ts";
import type { Load } from "../model/experiment.ts";
import type { PlannedPhase } from "../model/plan.ts";

/** When one request of an open load is due, ms from the start of the load, and the phase it belongs to. */
export interface Due {
  readonly dueMs: number;
  readonly phase: PlannedPhase["name"];
  readonly epoch: number;
}

/** A stretch of one rate. */
interface Stretch {
  readonly phase: PlannedPhase;
  readonly startMs: number;
  readonly endMs: number;
  readonly perSecond: number;
}

/**
 * Due times of an open load in order, one by one, to the microsecond; none for a serial load, whose answers set its pace.
 * Evenly paced, a constant rate is due at start + i / rate throughout: a change of phase keeps the step, a change of rate what is left of
 * it. Poisson arrivals have exponential gaps, drawn from `random`. `burst` makes so many at each due time. A pause keeps the rate of `after`.
 */
export function* dueTimes(load: Load, phases: readonly PlannedPhase[], random: Random): Generator<Due> {
  if (load.kind === "serial") return;
  // In units of a gap: how far the next due time is.
  let ahead = load.arrivals === "poisson" ? exponential(random) : 0;
  for (const { phase, startMs, endMs, perSecond } of stretches(load, phases)) {
    const gapMs = 1000 / perSecond;
    const gaps = (endMs - startMs) / gapMs;
    // Gaps are summed without their last digits, so that 25/s for 2 s is 50 and not one more on the very end.
    while (ahead < gaps - 1e-9) {
      const dueMs = Math.min(roundUs(startMs + ahead * gapMs), endMs - 0.001);
      for (let i = 0; i < load.burst; i += 1) yield { dueMs, phase: phase.name, epoch: phase.epoch };
      ahead += load.arrivals === "poisson" ? exponential(random) : 1;
    }
    ahead = Math.max(0, ahead - gaps);
  }
}

function* stretches(load: Load, phases: readonly PlannedPhase[]): Generator<Stretch> {
  for (const phase of phases) {
    const { startMs, endMs } = phase;
    const rates = phase.name === "during" && load.steps !== undefined ? load.steps : [load.rates[phase.name === "pause" ? "after" : phase.name]];
    const stepMs = (endMs - startMs) / rates.length;
    for (const [i, perSecond] of rates.entries()) {
      if (perSecond > 0) yield { phase, startMs: startMs + i * stepMs, endMs: i === rates.length - 1 ? endMs : startMs + (i + 1) * stepMs, perSecond };
    }
  }
}

/** Mean 1. */
function exponential(random: Random): number {
  return -Math.log(1 - random());
}

function roundUs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
