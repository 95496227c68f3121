import type { Event, JournalHeader, SampleRecord } from "../model/event.ts";
import { Observer } from "../evidence/index.ts";
import { needsConfirmation } from "../hypotheses/judge.ts";

/** Whether the epoch is to be repeated for hypotheses that ask to be confirmed: judged from the run's own events by the very rules of the report. */
export class Confirmation {
  /** Where nothing asks for it, no event is kept. */
  #observer: Observer | undefined;

  constructor(header: JournalHeader) {
    this.#observer = header.plan.schedule.some(({ ifViolated }) => ifViolated === true) ? new Observer(header) : undefined;
  }

  add(event: Event): void {
    this.#observer?.add(event);
  }

  /** To be asked once, when the epochs of the plan have been run; `pending` are the requests that are unfinished then. */
  isNeeded(pending: readonly SampleRecord[]): boolean {
    const observer = this.#observer;
    this.#observer = undefined;
    if (observer === undefined) return false;
    for (const sample of pending) observer.add({ seq: 0, ...sample });
    // As if the run ended here.
    observer.add({ seq: 0, kind: "ended", atMs: 0, cleanedUp: true, left: [] });
    return needsConfirmation(observer.finish());
  }
}
