import type { Phases } from "../model/experiment.ts";
import type { PlannedPhase } from "../model/plan.ts";
import { keyedRandom } from "../math/random.ts";

/** Between epochs, of random length, so that nothing periodic stays in step with them. */
const pauseMs = { least: 1000, most: 3000 };

/** The phases one after the other, ms from the start of the load; phases of no length are left out. With `confirms` one epoch more, to be run if violated. */
export function scheduleOf({ warmupMs, beforeMs, duringMs, afterMs, epochs }: Phases, seed: string, confirms: boolean): readonly PlannedPhase[] {
  const schedule: PlannedPhase[] = [];
  const add = (name: PlannedPhase["name"], epoch: number, lengthMs: number, ifViolated = false): void => {
    const startMs = schedule.at(-1)?.endMs ?? 0;
    if (lengthMs > 0) schedule.push({ name, epoch, startMs, endMs: startMs + lengthMs, ...(ifViolated ? { ifViolated } : {}) });
  };
  add("warmup", 1, warmupMs);
  add("before", 1, beforeMs);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    add("during", epoch, duringMs);
    add("after", epoch, afterMs);
    if (epoch < epochs) add("pause", epoch, pauseOf(seed, epoch));
  }
  if (confirms) {
    // The pause comes in any case: whether it is violated is known when the last answers are in.
    add("pause", epochs, pauseOf(seed, epochs));
    add("during", epochs + 1, duringMs, true);
    add("after", epochs + 1, afterMs, true);
  }
  return schedule;
}

/** When a run ends that has nothing to confirm, and where it has. */
export function lengthsOf(schedule: readonly PlannedPhase[]): { readonly usualMs: number; readonly confirmedMs: number } {
  return { usualMs: schedule.findLast(({ ifViolated }) => ifViolated !== true)?.endMs ?? 0, confirmedMs: schedule.at(-1)?.endMs ?? 0 };
}

function pauseOf(seed: string, epoch: number): number {
  return Math.round(pauseMs.least + (pauseMs.most - pauseMs.least) * keyedRandom(seed, "pause", epoch)());
}
