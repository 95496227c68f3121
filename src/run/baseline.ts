import type { Event, JournalHeader, SampleRecord } from "../model/event.ts";
import type { SteadyState } from "../model/experiment.ts";
import type { Observations, Sample } from "../model/observation.ts";
import { Observer } from "../evidence/index.ts";
import { tally } from "../hypotheses/figures.ts";
import { assessClaims, assessSteadyState } from "../hypotheses/steady-state.ts";
import { metricKind } from "../units/metric.ts";

/** Whether the steady state holds before the fault, told from the run's own events by the very rules of the report. */
export class Baseline {
  readonly #header: JournalHeader;
  #observer: Observer | undefined;

  constructor(header: JournalHeader) {
    this.#header = header;
    this.#observer = header.plan.experiment.steadyState.length === 0 ? undefined : new Observer(header);
  }

  /** Takes what bears on it: calls, and what comes after `before`, would only take memory. */
  add(event: Event): void {
    if (event.kind === "exchange" || event.kind === "connection") return;
    if (event.kind === "phase-started" && (event.phase === "during" || event.phase === "after")) this.#observer = undefined;
    this.#observer?.add(event);
  }

  /**
   * To be asked once, when `before` has ended; `pending` are the requests that are unfinished then.
   * Where the machine disturbed too much for the report to judge, the answers themselves must still be good enough: no stall of ours makes bad ones good.
   */
  isMet(pending: readonly SampleRecord[]): boolean {
    const observer = this.#observer ?? new Observer(this.#header);
    this.#observer = undefined;
    for (const sample of pending) observer.add({ seq: 0, ...sample });
    const observations = observer.finish();
    const missed = assessSteadyState(observations).filter(({ row }) => row.phase === "before" && row.met === false);
    if (missed.some(({ disturbed }) => !disturbed)) return false;
    return missed.length === 0 || this.#header.plan.experiment.steadyState.every((steadyState) => sharesHold(steadyState, observations));
  }
}

function sharesHold({ probe, claims }: SteadyState, observations: Observations): boolean {
  const all = tally(undisturbed(observations.samples({ probe, phase: "before" })), 1);
  return assessClaims(claims.filter(({ metric }) => metricKind[metric] === "share"), all).every(({ met }) => met);
}

function* undisturbed(samples: Iterable<Sample>): Iterable<Sample> {
  for (const sample of samples) yield { ...sample, disturbed: false };
}
