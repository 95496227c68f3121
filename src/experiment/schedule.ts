import type { Phases } from "../model/experiment.ts";
import type { PlannedPhase } from "../model/plan.ts";
import { keyedRandom } from "../math/random.ts";

/** Between epochs, of random length, so that nothing periodic stays in step with them. */
const pauseMs = { least: 1000, most: 3000 };

/** The phases one after the other, ms from the start of the load; phases of no length are left out. */
export function scheduleOf({ warmupMs, beforeMs, duringMs, afterMs, epochs }: Phases, seed: string): readonly PlannedPhase[] {
  const schedule: PlannedPhase[] = [];
  const add = (name: PlannedPhase["name"], epoch: number, lengthMs: number): void => {
    const startMs = schedule.at(-1)?.endMs ?? 0;
    if (lengthMs > 0) schedule.push({ name, epoch, startMs, endMs: startMs + lengthMs });
  };
  add("warmup", 1, warmupMs);
  add("before", 1, beforeMs);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    add("during", epoch, duringMs);
    add("after", epoch, afterMs);
    if (epoch < epochs) add("pause", epoch, pauseOf(seed, epoch));
  }
  return schedule;
}

function pauseOf(seed: string, epoch: number): number {
  return Math.round(pauseMs.least + (pauseMs.most - pauseMs.least) * keyedRandom(seed, "pause", epoch)());
}
