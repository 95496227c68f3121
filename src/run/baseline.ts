import type { Event, JournalHeader, SampleRecord } from "../model/event.ts";
import { Observer } from "../evidence/index.ts";
import { assessSteadyState } from "../hypotheses/steady-state.ts";

/** Whether the steady state holds before the fault, told from the run's own events by the very rules of the report. */
export class Baseline {
  readonly #header: JournalHeader;
  #observer: Observer | undefined;

  constructor(header: JournalHeader) {
    this.#header = header;
    this.#observer = new Observer(header);
  }

  /** Calls are not asked about, and would only take memory. */
  add(event: Event): void {
    if (event.kind !== "exchange" && event.kind !== "connection") this.#observer?.add(event);
  }

  /**
   * To be asked once, when `before` has ended; `pending` are the requests that are unfinished then.
   * What the machine disturbed too much to be judged is no reason to stop: the report will say that nothing is known.
   */
  isMet(pending: readonly SampleRecord[]): boolean {
    const observer = this.#observer ?? new Observer(this.#header);
    this.#observer = undefined;
    for (const sample of pending) observer.add({ seq: 0, ...sample });
    return assessSteadyState(observer.finish()).every(({ row, disturbed }) => row.phase !== "before" || row.met !== false || disturbed);
  }
}
