import type { Experiment } from "../model/experiment.ts";
import type { Issue } from "../model/issue.ts";
import type { Plan } from "../model/plan.ts";
import { digestOf } from "./digest.ts";
import { listenersOf } from "./listeners.ts";
import { scheduleOf } from "./schedule.ts";

export interface PlanOptions {
  readonly file: string;
  readonly document: number;
  /** Replaces the experiment's own. */
  readonly seed?: string;
  /** Asked when neither gives a seed; without it the seed is made of the experiment, and is the same as long as that is. */
  readonly chooseSeed?: () => string;
  /** Warnings of its document, which the report repeats. */
  readonly issues?: readonly Issue[];
}

/** What will be done, to the millisecond and the seed. The same experiment and seed give the same plan. */
export function plan(experiment: Experiment, options: PlanOptions): Plan {
  const given = options.seed ?? experiment.seed;
  const seed = given ?? options.chooseSeed?.() ?? digestOf(experiment).slice(0, 12);
  const schedule = scheduleOf(experiment.phases, seed, experiment.hypotheses.some(({ confirm }) => confirm));
  return {
    schema: "chaos/plan/1",
    file: options.file,
    document: options.document,
    seed,
    seedGiven: given !== undefined,
    digest: digestOf({ experiment, seed, schedule }),
    experiment,
    schedule,
    listeners: listenersOf(experiment),
    ...(options.issues === undefined || options.issues.length === 0 ? {} : { issues: options.issues.map(inShort) }),
  };
}

/** The text around it can be looked up in the file, which the plan names. */
function inShort({ code, severity, message, hint, line, column }: Issue): Issue {
  return { code, severity, message, ...(hint === undefined ? {} : { hint }), ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
}
