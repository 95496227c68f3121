import { dueTimes } from "../../math/pacer.ts";
import type { Experiment, Load, PhaseName } from "../../model/experiment.ts";
import type { Advice } from "../../model/hypothesis-type.ts";
import { format } from "../../units/format.ts";
import { phaseMs } from "../expected-samples.ts";
import { highestRate } from "../overload/advice.ts";
import type { Allowance } from "./allowance.ts";
import { betraysFixedWindow, isNearlyWindow } from "./arrivals.ts";

/** What the planned load cannot show of a limit. */
export function adviseOnLimit(experiment: Experiment, probe: string, load: Load, limit: Allowance, burst: number | undefined): readonly Advice[] {
  const perSecond = (limit.count * 1000) / limit.windowMs;
  const path = ["limit"];
  if (highestRate(load) <= perSecond) {
    return [{ code: "load-below-limit", message: `${probe} sends at most ${format("rate", highestRate(load))} in during, not above the limit of ${limit.text}: it would be inconclusive`, hint: `load: { rate: { before: ${format("rate", perSecond / 2)}, during: ${format("rate", perSecond * 3)} } }, or steps`, path }];
  }
  const due = isNearlyWindow(limit, burst) ? undefined : planned(experiment, load);
  if (due === undefined || betraysFixedWindow(due, experiment.phases.warmupMs, limit, burst)) return [];
  return [{
    code: "load-without-pauses", message: `under the load of ${probe} a limiter that counts afresh every ${format("duration", limit.windowMs)} may look like one that counts at any time: it may be inconclusive`,
    hint: `let the load come in pulses: steps: [${[3, 0.1, 3, 0.1].map((factor) => format("rate", perSecond * factor)).join(", ")}, …], of some ${format("duration", 0.7 * limit.windowMs)} each`, path,
  }];
}

/** More are not worth their while for a warning. */
const most = 200_000;

/** When requests are due; undefined where chance has a say in it, or where they are very many. */
function planned(experiment: Experiment, load: Load): Float64Array | undefined {
  if (load.arrivals === "poisson") return undefined;
  let endMs = 0;
  const schedule = (["warmup", "before", "during", "after"] satisfies readonly PhaseName[]).map((name) => {
    const startMs = endMs;
    endMs += phaseMs(experiment, name);
    return { name, epoch: 1, startMs, endMs };
  });
  const due: number[] = [];
  for (const { dueMs } of dueTimes(load, schedule, () => 0)) if (due.push(dueMs) > most) return undefined;
  return Float64Array.from(due);
}
